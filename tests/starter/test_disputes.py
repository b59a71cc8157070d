"""Disputes on the command line, against a real server with a worker (C9)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.starter.conftest import CommandLine
from tests.starter.test_commands import CUSTOMER, PROVIDER, ago, agreed
from tests.starter.test_money import billed

pytestmark = pytest.mark.engine


def test_a_dispute_is_opened_offered_on_and_confirmed(online: CommandLine, tmp_path: Path):
    agreement = agreed(online, tmp_path, "D-settled")
    billed(online, agreement)
    about = ("dispute", "open", agreement, "Not what was agreed.")
    opened = online(*about, "--bill", "B001", "--amount", "10.00", *CUSTOMER, "--json").json
    assert (opened["dispute"]["number"], opened["dispute"]["state"]) == ("D001", "negotiating")
    again = online(*about, "--bill", "B001", *PROVIDER)
    assert "dispute D001 over bill B001 is open" in again.err
    amounts = ("--bill", "B001=4.00", "--credit", "1.00", "--text", "Nearly half.")
    said = online.well("dispute", "offer", agreement, "D001", *amounts, *PROVIDER)
    assert "offer 1 of the provider: bill B001 less 4; credit 1" in said
    assert "on hold, dispute D001" in online.well("statement", agreement)
    own = online("dispute", "confirm", agreement, "D001", "--offer", "1", *PROVIDER)
    assert "only the customer confirms it" in own.err
    settled = online("dispute", "confirm", agreement, "D001", "--offer", "1", *CUSTOMER, "--json").json
    assert settled["dispute"]["state"] == "settled"
    held = online("statement", agreement, "--json").json["held"]
    assert held == []
    read = online.well("dispute", "show", agreement, "D001")
    assert "Not what was agreed." in read
    assert "dispute settled" in read
    assert "D001" in online.well("dispute", "list", agreement)
    final = online(*about, "--bill", "B001", *CUSTOMER)
    assert "finally decided by the settlement of dispute D001" in final.err


def test_a_dispute_is_referred_once_both_have_declared_failure_and_awarded_once(
    online: CommandLine, tmp_path: Path
):
    agreement = agreed(online, tmp_path, "D-awarded", since=ago(20))
    online.well(
        "request", "submit", agreement, "R-1", "--service", "technical_support", "--title", "T", *CUSTOMER
    )
    online.well("dispute", "open", agreement, "It was your firewall.", "--request", "R-1", *PROVIDER)
    early = online("dispute", "refer", agreement, "D001", *PROVIDER)
    assert "in negotiation until" in early.err
    for by in (PROVIDER, CUSTOMER):
        online.well("dispute", "declare-failed", agreement, "D001", "--reason", "No.", *by)
    online.well("dispute", "refer", agreement, "D001", *PROVIDER)
    document = tmp_path / "award.pdf"
    document.write_bytes(b"the award")
    award = ("dispute", "award", agreement, "D001", "--penalty", "R-1=0", "--made-on", "2026-01-02")
    first = online(*award, "--document", document, *CUSTOMER, "--json").json
    assert first["dispute"]["ending"]["digest"] == hashlib.sha256(b"the award").hexdigest()
    digest = first["dispute"]["ending"]["digest"]
    assert online(*award, "--digest", digest, *PROVIDER, "--json").json["dispute"] == first["dispute"]
    other = online(*award, "--digest", "0" * 64, *PROVIDER)
    assert "another award" in other.err


def test_what_was_given_wrongly_is_told_with_what_is_allowed(online: CommandLine, tmp_path: Path):
    agreement = agreed(online, tmp_path, "D-wrong")
    billed(online, agreement)
    about = ("dispute", "open", agreement, "Why?")
    for words, said in (
        (("--bill", "B001", "--request", "R"), "name one thing"),
        (("--penalty", "R"), "REQUEST/late_response"),
        (("--penalty", "R/late_payment"), "one of 'late_response'"),
        (("--payment", "T-1"), "MEANS:REFERENCE"),
        (("--bill", "B009"), "B009 is not on record"),
        (("--request", "R-9"), "not on record: request R-9"),
        (("--amount", "1.00"), "no amount"),
    ):
        answer = online(*about, *words, *CUSTOMER)
        assert answer.code != 0
        assert said in answer.err
    assert "no dispute D001" in online("dispute", "show", agreement, "D001").err
    assert "no disputes" in online.well("dispute", "list", agreement)
    online.well(*about, *CUSTOMER)
    wrong = online("dispute", "offer", agreement, "D001", "--bill", "B001", *PROVIDER)
    assert "NAME=AMOUNT" in wrong.err
    online.well("dispute", "withdraw", agreement, "D001", "--reason", "Never mind.", *CUSTOMER)

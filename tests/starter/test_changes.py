"""Changing an agreement on the command line, against a real server with a worker (C4.2, C7.2, C10)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.starter.conftest import CommandLine
from tests.starter.test_commands import CUSTOMER, PROVIDER, agreed

pytestmark = pytest.mark.engine

TITLE = ("--title", "CEO")


def day(ahead: int) -> date:
    """A day in the contract's zone, Shanghai."""
    return (datetime.now(UTC) + timedelta(hours=8)).date() + timedelta(days=ahead)


def test_a_fee_change_is_negotiated_and_accepted(online: CommandLine, tmp_path: Path):
    agreement = agreed(online, tmp_path, "F-agreed")
    change = ("agreement", "fee-change")
    soon = online(*change, "propose", agreement, "13000.00", "--from", day(2), *PROVIDER)
    assert soon.code == 4
    assert "at the earliest" in soon.err
    assert "(C7.2.1)" in soon.err
    begins = ("--from", day(100))
    told = online.well(*change, "propose", agreement, "13000.00", *begins, *PROVIDER)
    assert "the customer may answer until" in told
    online.well(*change, "object", agreement, "--amount", "12500", "--reason", "too much", *CUSTOMER)
    online.well(*change, "counter", agreement, "12800.00", *PROVIDER)
    other = online(*change, "accept", agreement, "12500.00", *begins, *CUSTOMER)
    assert "the offer that stands is 12800.00 CNY" in other.err
    told = online.well(*change, "accept", agreement, "12800.00", *begins, *CUSTOMER)
    assert "version 2 takes effect" in told
    listed = online("agreement", "versions", agreement, "--json").json["versions"]
    assert [(one["version"], one["state"], one["clause"]) for one in listed] == [
        (1, "in_force", "C4.1"),
        (2, "to_come", "C7.2"),
    ]
    assert "fees.amount" in online.well("agreement", "diff", agreement, 1, 2)
    assert online("agreement", "diff", agreement, 1, 3).code == 5


def test_a_withdrawn_fee_change_is_over(online: CommandLine, tmp_path: Path):
    agreement = agreed(online, tmp_path, "F-withdrawn")
    change = ("agreement", "fee-change")
    online.well(*change, "propose", agreement, "13000.00", "--from", day(100), *PROVIDER)
    online.well(*change, "withdraw", agreement, "--reason", "not now", *PROVIDER)
    assert "no fee change is open" in online(*change, "object", agreement, *CUSTOMER).err


def test_an_amendment_is_read_and_consented_to(online: CommandLine, tmp_path: Path):
    agreement = agreed(online, tmp_path, "A-agreed")
    amend = ("agreement", "amendment")
    text = "A quicker answer, and a year longer."
    sets = ("--set", "targets.respond_hours=2.50", "--set", "term={years: 3}")
    online.well(*amend, "propose", agreement, text, *sets, *TITLE, *PROVIDER)
    shown = online.well(*amend, "show", agreement, 1)
    assert "targets.respond_hours" in shown
    assert text in shown
    digest = online(*amend, "show", agreement, 1, "--json").json["digest"]
    wrong = online(*amend, "consent", agreement, 1, "--digest", "0" * 64, *TITLE, *CUSTOMER, "--json")
    assert wrong.error["kind"] == "wrong_digest"
    told = online.well(*amend, "consent", agreement, 1, "--digest", digest, *TITLE, *CUSTOMER)
    assert "version 2 takes effect" in told
    found = online("agreement", "diff", agreement, 1, 2, "--json").json["differences"]
    assert {"path": "targets.respond_hours", "clause": "C5.2", "before": "4", "after": "2.5"} in found


def test_every_fault_of_an_amendment_is_a_line(online: CommandLine, tmp_path: Path):
    agreement = agreed(online, tmp_path, "A-faulty")
    sets = ("--set", "fees.currency=EUR", "--set", "rating_days=none", "--set", "colour=red")
    said = online("agreement", "amendment", "propose", agreement, "?", *sets, *TITLE, *PROVIDER)
    for path in ("fees.currency (C7.1)", "rating_days (C5.5)", "colour (§2)"):
        assert path in said.err
    usage = online("agreement", "amendment", "propose", agreement, "?", "--set", "x", *TITLE, *PROVIDER)
    assert "PATH=VALUE" in usage.err


def test_amendments_are_declined_and_withdrawn(online: CommandLine, tmp_path: Path):
    agreement = agreed(online, tmp_path, "A-declined")
    amend = ("agreement", "amendment")
    for number, (name, by) in enumerate((("decline", CUSTOMER), ("withdraw", PROVIDER)), 1):
        online.well(*amend, "propose", agreement, "?", "--set", "rating_days=9", *TITLE, *PROVIDER)
        online.well(*amend, name, agreement, number, *by)
    assert online(*amend, "show", agreement, 3).code == 5


def test_an_early_end_is_agreed(online: CommandLine, tmp_path: Path):
    agreement = agreed(online, tmp_path, "T-agreed")
    end = ("agreement", "termination")
    online.well(*end, "propose", agreement, "--on", day(20), *TITLE, *CUSTOMER)
    online.well(*end, "withdraw", agreement, *CUSTOMER)
    online.well(*end, "propose", agreement, "--on", day(20), *TITLE, *CUSTOMER)
    online.well(*end, "decline", agreement, *PROVIDER)
    online.well(*end, "propose", agreement, "--on", day(20), *TITLE, "--reason", "moving", *CUSTOMER)
    told = online.well(*end, "consent", agreement, "--on", day(20), *TITLE, *PROVIDER)
    assert "it ends early, as both agreed" in told
    again = online(*end, "propose", agreement, "--on", day(10), *TITLE, *PROVIDER, "--json")
    assert again.error["kind"] == "already_done"

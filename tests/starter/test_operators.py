"""`aftercare ops at-risk` and `attention`, on what a service really recorded."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from starter.exits import ExitCode
from tests.starter.conftest import CommandLine
from tests.starter.test_commands import CUSTOMER, PROVIDER, ago, agreed

pytestmark = pytest.mark.engine


@pytest.fixture
def agreement(online: CommandLine, tmp_path: Path) -> str:
    """A request nobody looked at for 3 h 50 min, and one that has been assigned; 4 h to respond."""
    if online("agreement", "show", "O-1").code == 0:
        return "O-1"
    agreed(online, tmp_path, "O-1", since=ago(4))
    for request, hours in (("R-old", 3.85), ("R-new", 3.5)):
        online.well(
            *("request", "submit", "O-1", request, *CUSTOMER, "--service", "technical_support"),
            *("--title", "Secret", "--at", ago(hours)),
        )
    online.well("request", "confirm", "O-1", "R-new", *PROVIDER, "--at", ago(3.4))
    online.well("request", "assign", "O-1", "R-new", "Chen Jie", *PROVIDER, "--at", ago(3.4))
    give_up = time.monotonic() + 30
    while not online("request", "list", "O-1", "--late", "--json").json["requests"]:
        assert time.monotonic() < give_up, "the breach of R-old is not on record"
    return "O-1"


def test_at_risk_lists_what_falls_due_with_clause_and_who_has_it(online: CommandLine, agreement: str):
    found = online("ops", "at-risk", "--agreement", agreement, "--within", "1h", "--json").json
    assert [
        (one["request_id"], one["target"], one["clause"], one["assignee"], one["provisional"])
        for one in found["requests"]
    ] == [("R-old", "respond", "C5.2", None, False), ("R-new", "respond", "C5.2", "Chen Jie", False)]
    first = found["requests"][0]
    left = datetime.fromisoformat(first["due"]) - datetime.fromisoformat(found["as_of"])
    assert first["seconds_left"] == int(left.total_seconds())
    assert (first["urgency"], found["requests"][1]["urgency"]) == ("now", "soon")
    assert [
        one["request_id"]
        for one in online("ops", "at-risk", "--agreement", agreement, "--within", "12m", "--json").json[
            "requests"
        ]
    ] == ["R-old"]
    assert (
        online.well("ops", "at-risk", "--priority", "low", "--within", "1h") == "nothing falls due by then\n"
    )
    shown = online.well("ops", "at-risk", "--agreement", agreement, "--within", "1h")
    assert "nobody" in shown
    assert "+08:00" in shown
    assert "Secret" not in shown, "operators are not shown what the customer wrote"


def test_a_due_that_passed_unjudged_comes_first(online: CommandLine, agreement: str):
    later = (datetime.now(UTC) + timedelta(minutes=20)).isoformat(timespec="seconds")
    found = online("ops", "at-risk", "--agreement", agreement, "--at", later, "--json").json["requests"]
    assert (found[0]["request_id"], found[0]["urgency"]) == ("R-old", "passed")
    assert found[0]["seconds_left"] < 0
    assert "passed" in online.well("ops", "at-risk", "--agreement", agreement, "--at", later)


def test_attention_names_what_is_late_and_nobodys_c6_1_2(online: CommandLine, agreement: str):
    found = online("ops", "attention", "--agreement", agreement, "--json").json["attention"]
    assert [(one["kind"], one["request_id"], one["clause"]) for one in found] == [
        ("breached_unassigned", "R-old", "C6.1.2")
    ]
    assert "late to confirm, assigned to nobody" in online.well("ops", "attention", "--agreement", agreement)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("at-risk", "--within", "soon"), ExitCode.USAGE),
        (("at-risk", "--within", "0h"), ExitCode.USAGE),
        (("at-risk", "--at", "2026-03-02T09:00"), ExitCode.USAGE),
        (("at-risk", "--agreement", "no id"), ExitCode.USAGE),
        (("at-risk", "--agreement", "O-nowhere"), ExitCode.UNKNOWN),
        (("attention", "--agreement", "O-nowhere"), ExitCode.UNKNOWN),
        (("reconcile", "--agreement", "O-nowhere"), ExitCode.UNKNOWN),
        (("verify", "--agreement", "O-nowhere"), ExitCode.UNKNOWN),
        (("stuck", "--grace", "-1m"), ExitCode.USAGE),
    ],
)
def test_a_mistake_is_one_line(online: CommandLine, arguments: tuple[str, ...], code: ExitCode):
    said = online("ops", *arguments)
    assert (said.code, said.out, said.err.count("\n")) == (code, "", 1)


@pytest.mark.parametrize("command", ["stuck", "reconcile"])
def test_an_engine_that_is_away_is_one_line(
    online: CommandLine, monkeypatch: pytest.MonkeyPatch, command: str
):
    monkeypatch.setenv("AFTERCARE_TEMPORAL_ADDRESS", "127.0.0.1:1")
    said = online("ops", command)
    assert (said.code, said.out, said.err.count("\n")) == (ExitCode.NOT_REACHED, "", 1)

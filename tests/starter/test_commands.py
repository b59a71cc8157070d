"""Every command of agreements, requests and reports, against a real server with a worker."""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.documents.reading import text_of, without_blanks
from tests.starter.conftest import CommandLine
from tests.starter.sheets import write_sheet

pytestmark = pytest.mark.engine

PROVIDER = ("--by", "provider:Li Ming")
CUSTOMER = ("--by", "customer:Wang Fang")
ROUND_THE_CLOCK: dict[str, Any] = {
    "service_hours": "always",
    "targets": {
        "confirm_hours": 1,
        "respond_hours": 4,
        "resolve_hours": 8,
        "by_priority": {"low": {"resolve_hours": 96}, "high": {"resolve_hours": 40}},
    },
}
NOW = datetime.now(UTC).replace(microsecond=0)


def ago(hours: float) -> str:
    """That many hours before the tests began, as people write it."""
    return (NOW - timedelta(hours=hours)).isoformat()


def agreed(
    online: CommandLine, folder: Path, agreement_id: str, *, since: str | None = None, **changes: Any
) -> str:
    """An agreement in force since an instant, signed on the command line."""
    sheet = write_sheet(folder, agreement_id, **ROUND_THE_CLOCK | changes)
    at = () if since is None else ("--at", since)
    online.well("agreement", "offer", sheet, *at)
    for by in (PROVIDER, CUSTOMER):
        online.well("agreement", "sign", agreement_id, *by, "--title", "CEO", "--terms", sheet, *at)
    return agreement_id


def test_an_agreement_comes_into_force_with_the_second_signature(online: CommandLine, tmp_path: Path):
    sheet = write_sheet(tmp_path, "C-signed")
    seal = tmp_path / "seal.png"
    seal.write_bytes(b"a red circle")
    offered = online("agreement", "offer", sheet, "--json").json
    digest = online("terms", "digest", sheet, "--json").json["digest"]
    assert (offered["state"], offered["digest"], offered["signed_by"]) == ("offered", digest, [])
    again = online("agreement", "offer", sheet, "--json").json
    assert again == offered
    first = online(
        "agreement", "sign", "C-signed", *PROVIDER, "--title", "总经理", "--digest", digest.upper()
    )
    assert first.out.splitlines()[0] == "agreement C-signed: offered, signed by provider"
    second = online(
        *("agreement", "sign", "C-signed", "--by", "acme:Wang Fang", "--title", "CEO"),
        *("--terms", sheet, "--seal", seal, "--json"),
    ).json
    assert (second["state"], second["signed_by"]) == ("active", ["customer", "provider"])
    shown = online("agreement", "show", "C-signed", "--json").json
    kinds = [row["event"]["kind"] for row in shown["events"]]
    assert kinds[:4] == ["offered", "signed", "signed", "activated"]
    sealed = shown["events"][2]["event"]["payload"]["seal_digest"]
    assert sealed == hashlib.sha256(b"a red circle").hexdigest()
    read = online.well("agreement", "show", "C-signed")
    for line in (
        "state           active",
        "signed by       Li Ming, 总经理 (provider), Wang Fang, CEO (customer)",
    ):
        assert line in read.splitlines()


@pytest.mark.parametrize(
    ("command", "by", "state"),
    [("refuse", CUSTOMER, "refused"), ("withdraw", PROVIDER, "withdrawn")],
)
def test_an_offer_can_be_refused_or_withdrawn(
    online: CommandLine, tmp_path: Path, command: str, by: tuple[str, str], state: str
):
    agreement = f"C-{state}"
    online.well("agreement", "offer", write_sheet(tmp_path, agreement))
    answered = online("agreement", command, agreement, *by, "--reason", "too dear", "--json").json
    assert answered["state"] == state
    assert "too dear" in online.well("agreement", "show", agreement)
    listed = online("agreement", "list", "--state", state, "--party", "acme", "--json").json["agreements"]
    assert [view["agreement_id"] for view in listed] == [agreement]
    assert online.well("agreement", "list", "--party", "nobody") == "no such agreements\n"


def test_a_request_lives_from_submission_to_the_answer_to_its_rating(online: CommandLine, tmp_path: Path):
    agreement = agreed(online, tmp_path, "C-lived")
    lived = []

    def tell(command: str, *words: str, by: tuple[str, str] = PROVIDER) -> dict[str, Any]:
        receipt: dict[str, Any] = online("request", command, agreement, "R-1", *words, *by, "--json").json
        lived.append((command, receipt["state"]))
        return receipt

    tell("submit", "--service", "technical_support", "--title", "No paper", by=CUSTOMER)
    tell("confirm")
    tell("assign", "Chen Jie")
    tell("reassign", "Zhao Lei", "--reason", "on the spot")
    tell("respond", "We look into it.")
    tell("diagnose", "The tray is empty.")
    asked = tell("ask", "a photo", "the serial number")
    assert asked["resolve_due"] is None
    tell("provide", "Both attached.", by=CUSTOMER)
    raised = tell("priority", "critical", "--reason", "payday")
    lowered = tell("priority", "low", by=CUSTOMER)
    assert datetime.fromisoformat(lowered["resolve_due"]) - datetime.fromisoformat(
        raised["resolve_due"]
    ) == timedelta(hours=88)
    tell("resolve", "Paper put in.")
    tell("reopen", "Empty again.", by=CUSTOMER)
    tell("resolve", "More paper.")
    tell("accept", "--comment", "thanks", by=CUSTOMER)
    tell("rate", "2", "--comment", "twice is too often", by=CUSTOMER)
    tell("answer", "There is now a stock of paper.")
    tell("note", "Stock checked.", by=CUSTOMER)
    assert lived == [
        ("submit", "submitted"),
        ("confirm", "confirmed"),
        ("assign", "assigned"),
        ("reassign", "assigned"),
        ("respond", "responded"),
        ("diagnose", "responded"),
        ("ask", "waiting"),
        ("provide", "responded"),
        ("priority", "responded"),
        ("priority", "responded"),
        ("resolve", "resolved"),
        ("reopen", "responded"),
        ("resolve", "resolved"),
        ("accept", "closed"),
        ("rate", "closed"),
        ("answer", "closed"),
        ("note", "closed"),
    ]
    shown = online("request", "show", agreement, "R-1", "--json").json
    assert [row["event"]["seq"] for row in shown["events"]] == list(range(1, len(lived) + 1))
    assert shown["allowed"] == {"provider": ["add_note"], "customer": ["add_note"]}
    said = online.well("request", "show", agreement, "R-1")
    for words in ("No paper", "to Zhao Lei: on the spot", "the serial number", "2 of 5: twice is too often"):
        assert words in said
    report = online("report", "ratings", agreement, "--json").json
    assert (report["count"], report["average"], report["overdue"]) == (1, "2.00", 0)
    assert "twice is too often" in online.well("report", "ratings", agreement)


def test_a_command_told_twice_under_its_id_counts_once(online: CommandLine, tmp_path: Path):
    agreement = agreed(online, tmp_path, "C-twice")
    submission = (
        *("request", "submit", agreement, "R-1", *CUSTOMER, "--service", "technical_support"),
        *("--title", "No paper", "--description", "None at all", "--json"),
    )
    first, again = online(*submission).json, online(*submission).json
    assert (again["request_id"], again["state"], again["seq"]) == ("R-1", "submitted", first["seq"])
    note = ("request", "note", agreement, "R-1", "Called.", *PROVIDER, "--command-id", "call-1", "--json")
    assert online(*note).json["seq"] == online(*note).json["seq"] == 2
    other = online(*submission[:-2], "Some", "--json")
    assert (other.code, other.error["kind"]) == (4, "other_content")


def test_who_acts_can_stand_in_the_environment(
    online: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    agreement = agreed(online, tmp_path, "C-environment")
    monkeypatch.setenv("AFTERCARE_BY", "customer:Wang Fang")
    online.well(
        *("request", "submit", agreement, "R-1", "--title", "T", "--service", "problem_resolution"),
    )
    withdrawn = online("request", "withdraw", agreement, "R-1", "--reason", "found it", "--json").json
    assert withdrawn["state"] == "withdrawn"


@pytest.fixture
def late(online: CommandLine, tmp_path: Path) -> str:
    """An agreement with four requests: one late in everything, one on time, one withdrawn, one to come."""
    if online("agreement", "show", "C-late").code == 0:
        return "C-late"
    agreement = agreed(online, tmp_path, "C-late", since=ago(23))
    for request, priority, hours, service in (
        ("R-late", "normal", 22, "technical_support"),
        ("R-good", "high", 21, "problem_resolution"),
        ("R-gone", "low", 20, "problem_resolution"),
        ("R-open", "normal", 0.5, "technical_support"),
    ):
        online.well(
            *("request", "submit", agreement, request, *CUSTOMER, "--service", service),
            *("--title", f"About {request}", "--priority", priority, "--at", ago(hours)),
        )
    online.well("request", "withdraw", agreement, "R-gone", *CUSTOMER, "--at", ago(19.5))
    for command, words, hours in (
        ("confirm", (), 20.9),
        ("assign", ("Chen Jie",), 20.8),
        ("respond", ("At once.",), 20.7),
        ("resolve", ("Done.",), 20.6),
    ):
        online.well("request", command, agreement, "R-good", *words, *PROVIDER, "--at", ago(hours))
    give_up = time.monotonic() + 30
    while len(online("request", "show", agreement, "R-late", "--json").json["entries"]) < 2:
        assert time.monotonic() < give_up, "what R-late costs is not posted"
    return agreement


def test_requests_are_listed_by_what_one_asks_for(online: CommandLine, late: str):
    for filters, expected in {
        (): ["R-late", "R-good", "R-gone", "R-open"],
        ("--open",): ["R-late", "R-good", "R-open"],
        ("--late",): ["R-late"],
        ("--late", "--target", "respond"): ["R-late"],
        ("--state", "resolved", "--state", "withdrawn"): ["R-good", "R-gone"],
        ("--service", "technical_support"): ["R-late", "R-open"],
        ("--priority", "high", "--priority", "low"): ["R-good", "R-gone"],
        ("--from", ago(20.5)): ["R-gone", "R-open"],
        ("--to", ago(20.5)): ["R-late", "R-good"],
        ("--from", ago(21.5), "--to", ago(1)): ["R-good", "R-gone"],
        ("--limit", "1"): ["R-late"],
    }.items():
        found = online("request", "list", late, *filters, "--json").json["requests"]
        assert [view["request_id"] for view in found] == expected, filters
    shown = online.well("request", "list", late, "--late")
    assert "confirm, respond, resolve 1 d" in shown
    assert "1 request; times in Asia/Shanghai" in shown
    assert online.well("request", "list", late, "--late", "--priority", "low") == "no such requests\n"


def test_a_day_is_a_day_of_the_contract(online: CommandLine, late: str):
    submitted = NOW - timedelta(hours=0.5)
    day = (submitted + timedelta(hours=8)).date()
    options = ("request", "list", late, "--service", "technical_support", "--json")
    for given, expected in ((day, ["R-open"]), (day + timedelta(days=1), [])):
        found = online(*options, "--from", given).json["requests"]
        assert [view["request_id"] for view in found if view["request_id"] == "R-open"] == expected
    found = online(*options, "--to", day).json["requests"]
    assert "R-open" in [view["request_id"] for view in found]


def test_a_late_request_shows_what_it_costs_with_clause_and_formula(online: CommandLine, late: str):
    shown = online.well("request", "show", late, "R-late")
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert any("C8.1.1 penalty 200.00 CNY once per request: 200.00 CNY" in line for line in lines)
    assert any(
        "C8.1.2 penalty 500.00 CNY day 1 of the delay, begun 0 h past the due: 500.00 CNY" in line
        for line in lines
    )
    assert "net 700.00 CNY" in lines
    assert any(" = 8 h of service time from " in line for line in lines)
    (resolve,) = (line for line in lines if line.startswith("resolve C8.1.2 8 h"))
    # Resolved by nobody: how late it is grows by the second, the days are what is on record.
    assert resolve.endswith("late, running, 1 started day so far")
    report = online("report", "penalties", late, "--json").json["years"]
    assert [(year["contract_year"], year["net"]) for year in report] == [
        (1, {"amount": "700.00", "currency": "CNY"})
    ]
    read = online.well("report", "penalties", late, "--year", "1")
    assert "once per request: 200.00 CNY" in read
    assert online.well("report", "penalties", late, "--year", "2") == "no penalties\n"


def test_compliance_counts_each_target(online: CommandLine, late: str):
    totals = {line["target"]: line for line in online("report", "compliance", late, "--json").json["totals"]}
    counted = {
        target: [line[name] for name in ("requests", "met", "late", "running", "withdrawn", "percent")]
        for target, line in totals.items()
    }
    assert counted == {
        "confirm": [4, 1, 1, 1, 1, "50.0"],
        "respond": [4, 1, 1, 1, 1, "50.0"],
        "resolve": [4, 1, 1, 1, 1, "50.0"],
    }
    only = online(
        "report", "compliance", late, "--priority", "high", "--service", "problem_resolution", "--json"
    )
    assert {line["percent"] for line in only.json["totals"]} == {"100.0"}
    assert "50.0 %" in online.well("report", "compliance", late)


def test_what_was_signed_is_written_with_the_signatures_on_record(online: CommandLine, tmp_path: Path):
    agreement = agreed(online, tmp_path, "C-written")
    told = online("agreement", "documents", agreement, "--out", tmp_path / "made", "--json").json
    assert sorted(Path(file).name for file in told["files"]) == [
        "agreement-zh-CN-customer.pdf",
        "agreement-zh-CN-provider.pdf",
    ]
    digest = online("agreement", "show", agreement, "--json").json["agreement"]["digest"]
    for file in told["files"]:
        text = without_blanks(text_of(Path(file).read_bytes()))
        assert digest in text
        assert text.count("CEO") == 2

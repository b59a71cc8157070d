"""A small log, worked out by hand: what the report says of it as JSON, CSV and tables."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from rich.console import Console

from starter.rehearsal.checking import check
from starter.rehearsal.report import as_json, write_csv
from starter.rehearsal.running import Lived
from starter.rehearsal.tables import pages
from tests.rehearsal.logs import BUSINESS_HOURS, live, own, sheet

pytestmark = pytest.mark.engine

SHEET = sheet(penalties={"cap_percent": 1})
"""Round the clock; 4 h and 72 h, 0.5 h and 8 h when critical; 50.00, and 120.00 a day; at most 540.00."""

LOG = """\
request_id,at,command,by,service,priority,assignee,score,text
exactly,2026-03-02 09:00:00+01:00,submit,,technical_support,normal,,,
exactly,2026-03-02 09:10:00+01:00,confirm,,,,,,
exactly,2026-03-02 09:11:00+01:00,assign,,,,Zhao Lei,,
exactly,2026-03-02 13:00:00+01:00,respond,,,,,,
exactly,2026-03-06 09:00:00+01:00,resolve,,,,,,
by-a-second,2026-03-02 10:00:00+01:00,submit,,problem_resolution,critical,,,
by-a-second,2026-03-02 10:10:00+01:00,confirm,,,,,,
by-a-second,2026-03-02 10:11:00+01:00,assign,,,,Zhao Lei,,
by-a-second,2026-03-02 10:30:01+01:00,respond,,,,,,
by-a-second,2026-03-02 12:00:00+01:00,ask_for_materials,,,,,,the log
by-a-second,2026-03-02 14:00:00+01:00,provide_materials,,,,,,
by-a-second,2026-03-03 20:00:01+01:00,resolve,,,,,,
taken-back,2026-03-02 10:00:00+01:00,submit,,technical_support,low,,,
taken-back,2026-03-02 11:00:00+01:00,withdraw,,,,,,
not-covered,2026-03-02 11:00:00+01:00,submit,,online_consulting,low,,,
not-covered,2026-03-02 11:30:00+01:00,confirm,,,,,,
left-open,2026-03-02 12:00:00+01:00,submit,,technical_support,critical,,,
left-open,2026-03-05 12:00:00+01:00,resolve,,,,,,
left-open,2026-03-06 12:00:00+01:00,confirm,,,,,,
"""


@pytest.fixture(scope="module")
def lived() -> Lived:
    return live(SHEET, own(LOG))


def text_of(lived: Lived) -> str:
    console = Console(file=io.StringIO(), width=300, record=True)
    for page in pages(lived, check(lived)):
        console.print(page)
    return console.export_text()


def test_each_request_has_its_dues_delays_and_penalties(lived: Lived):
    assert as_json(lived)["requests"] == [
        {
            # Responded and, a day later than promised to the second, resolved.
            "request_id": "exactly",
            "priority": "normal",
            "service": "technical_support",
            "submitted_at": "2026-03-02T08:00:00Z",
            "respond_due": "2026-03-02T12:00:00Z",
            "responded_at": "2026-03-02T12:00:00Z",
            "response_late": False,
            "resolve_due": "2026-03-05T08:00:00Z",
            "resolved_at": "2026-03-06T08:00:00Z",
            "delay_seconds": 86400,
            "delay_days": 1,
            "penalties": [{"clause": "C8.1.2", "amount": "120.00"}],
            "penalty_total": "120.00",
        },
        {
            # Eight hours from 10:00 without the two for the log: due at 20:00.
            "request_id": "by-a-second",
            "priority": "critical",
            "service": "problem_resolution",
            "submitted_at": "2026-03-02T09:00:00Z",
            "respond_due": "2026-03-02T09:30:00Z",
            "responded_at": "2026-03-02T09:30:01Z",
            "response_late": True,
            "resolve_due": "2026-03-02T19:00:00Z",
            "resolved_at": "2026-03-03T19:00:01Z",
            "delay_seconds": 86401,
            "delay_days": 2,
            "penalties": [
                {"clause": "C8.1.1", "amount": "50.00"},
                {"clause": "C8.1.2", "amount": "240.00"},
            ],
            "penalty_total": "290.00",
        },
        {
            "request_id": "taken-back",
            "priority": "low",
            "service": "technical_support",
            "submitted_at": "2026-03-02T09:00:00Z",
            "respond_due": "2026-03-02T13:00:00Z",
            "responded_at": None,
            "response_late": False,
            "resolve_due": "2026-03-07T09:00:00Z",
            "resolved_at": None,
            "delay_seconds": 0,
            "delay_days": 0,
            "penalties": [],
            "penalty_total": "0.00",
        },
        {
            # Never responded nor resolved: due at 20:00, lived until twenty seconds after noon of the 6th.
            "request_id": "left-open",
            "priority": "critical",
            "service": "technical_support",
            "submitted_at": "2026-03-02T11:00:00Z",
            "respond_due": "2026-03-02T11:30:00Z",
            "responded_at": None,
            "response_late": True,
            "resolve_due": "2026-03-02T19:00:00Z",
            "resolved_at": None,
            "delay_seconds": 3 * 86400 + 16 * 3600 + 20,
            "delay_days": 4,
            "penalties": [
                {"clause": "C8.1.1", "amount": "50.00"},
                {"clause": "C8.1.2", "amount": "480.00"},
            ],
            "penalty_total": "530.00",
        },
    ]


def test_requests_submitted_at_one_instant_are_in_order_of_their_ids(lived: Lived):
    ids = [request["request_id"] for request in as_json(lived)["requests"]]
    assert ids == ["exactly", "by-a-second", "taken-back", "left-open"]


def test_the_totals_are_sums_before_the_cap_and_say_what_is_above_it(lived: Lived):
    totals = as_json(lived)["totals"]
    assert {name: totals[name] for name in totals if name != "compliance"} == {
        "requests": 4,
        "response_late": 2,
        "resolution_late": 3,
        "delay_days": 7,
        "penalty_total": "940.00",
        "above_cap": "400.00",
        "penalty_net": "540.00",
        "cap_per_contract_year": "540.00",
        "currency": "EUR",
        "open": 3,  # two are resolved and not yet accepted
        "lived_until": "2026-03-06T11:00:20Z",
    }


def test_what_is_refused_is_told_with_its_line_and_why(lived: Lived):
    refused = as_json(lived)["refused"]
    assert [(one["line"], one["request_id"], one["command"], one["kind"]) for one in refused] == [
        (16, "not-covered", "submit", "not_covered"),
        (17, "not-covered", "confirm", "unknown"),
        (19, "left-open", "resolve", "not_allowed_now"),
    ]
    assert refused[2]["clause"] == "C6.2.2"
    assert "not allowed while the request is submitted" in refused[2]["message"]


def test_compliance_is_told_per_target_and_priority(lived: Lived):
    lines = as_json(lived)["totals"]["compliance"]
    resolve = {line["priority"]: line for line in lines if line["target"] == "resolve"}
    assert {
        priority: (line["met"], line["late"], line["withdrawn"]) for priority, line in resolve.items()
    } == {
        "critical": (0, 2, 0),
        "normal": (0, 1, 0),
        "low": (0, 0, 1),
        None: (0, 3, 1),
    }


def test_the_csv_has_a_row_per_request_with_a_column_per_clause(lived: Lived, tmp_path: Path):
    write_csv(lived, tmp_path / "report.csv")
    with (tmp_path / "report.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["request_id"] for row in rows] == ["exactly", "by-a-second", "taken-back", "left-open"]
    assert rows[1] == {
        "request_id": "by-a-second",
        "priority": "critical",
        "service": "problem_resolution",
        "submitted_at": "2026-03-02T09:00:00Z",
        "respond_due": "2026-03-02T09:30:00Z",
        "responded_at": "2026-03-02T09:30:01Z",
        "response_late": "True",
        "resolve_due": "2026-03-02T19:00:00Z",
        "resolved_at": "2026-03-03T19:00:01Z",
        "delay_seconds": "86401",
        "delay_days": "2",
        "penalty_C8.1.1": "50.00",
        "penalty_C8.1.2": "240.00",
        "penalty_total": "290.00",
        "currency": "EUR",
    }


def test_the_tables_name_the_worst_requests_the_cap_and_what_does_not_fit(lived: Lived):
    text = text_of(lived)
    worst = text[text.index("Worst requests") : text.index("Refused by")]
    assert [line.split()[0] for line in worst.splitlines()[2:5]] == ["left-open", "by-a-second", "exactly"]
    assert "above the cap of 540.00 EUR a contract year" in text
    assert "-400.00 EUR" in text
    assert "Not lived: 1 for services not in the sheet, which has technical support" in text
    assert "no difference" in text


def test_requests_after_the_end_of_a_term_shorter_than_the_log_are_refused_and_said_so():
    log = own(
        "request_id,at,command,service,assignee\n"
        "in,2026-03-02 10:00+08:00,submit,problem_resolution,\n"
        "in,2026-03-02 10:10+08:00,confirm,,\n"
        "out,2026-04-02 00:00+08:00,submit,problem_resolution,\n"
        "out,2026-04-02 00:10+08:00,confirm,,\n"
        "in,2026-04-03 10:00+08:00,assign,,Zhao Lei\n"
    )
    lived = live(sheet(BUSINESS_HOURS, term={"months": 1}), log)
    assert [(one.deed.request_id, one.deed.name, one.kind) for one in lived.refused] == [
        ("out", "submit", "not_in_force"),
        ("out", "confirm", "unknown"),
    ]
    assert check(lived).differences == ()
    assert "Not lived: 1 submitted after the end of the term, 2026-04-02 00:00:00" in text_of(lived)

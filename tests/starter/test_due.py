"""`aftercare due`: the contract's worked cases through the command line, from sheets the test writes (§3)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.starter.conftest import CommandLine
from tests.starter.sheets import OFFICE_WEEK, write_sheet

EIGHT_HOURS = {"confirm_hours": 1, "respond_hours": 4, "resolve_hours": 8}
NINE_TO_FIVE = {
    "weekly": {day: [["09:00", "17:00"]] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
}


def due(aftercare: CommandLine, sheet: Path, start: str, *options: str, target: str = "resolve") -> Any:
    return aftercare("due", "--terms", sheet, "--target", target, "--start", start, *options, "--json").json


def span(begin: str, end: str) -> dict[str, str]:
    return {"from": begin, "to": end}


@pytest.mark.parametrize(
    ("start", "expected", "segments"),
    [
        pytest.param(
            "2026-02-13T17:00",
            "2026-02-14T09:30:00Z",
            [
                span("2026-02-13T09:00:00Z", "2026-02-13T10:00:00Z"),
                span("2026-02-14T01:00:00Z", "2026-02-14T04:00:00Z"),
                span("2026-02-14T05:30:00Z", "2026-02-14T09:30:00Z"),
            ],
            id="a Friday evening runs on through a make-up Saturday",
        ),
        pytest.param(
            "2026-09-18T17:00:00+08:00",
            "2026-09-20T09:30:00Z",
            [
                span("2026-09-18T09:00:00Z", "2026-09-18T10:00:00Z"),
                span("2026-09-20T01:00:00Z", "2026-09-20T04:00:00Z"),
                span("2026-09-20T05:30:00Z", "2026-09-20T09:30:00Z"),
            ],
            id="and through a make-up Sunday",
        ),
    ],
)
def test_make_up_workdays_count(
    aftercare: CommandLine, tmp_path: Path, start: str, expected: str, segments: list[dict[str, str]]
):
    sheet = write_sheet(tmp_path, targets=EIGHT_HOURS)
    assert due(aftercare, sheet, start) == {"due": expected, "provisional": False, "segments": segments}


SEVEN_HOURS: dict[str, Any] = {"service_hours": NINE_TO_FIVE, "targets": {**EIGHT_HOURS, "resolve_hours": 7}}


@pytest.mark.parametrize(
    "pauses",
    [
        ["2026-03-02T10:00/2026-03-02T20:00"],
        ["2026-03-02T10:00/2026-03-02T15:00", "2026-03-02T12:00+08:00/2026-03-02T20:00"],
        ["2026-03-02T12:00/2026-03-02T12:00", "2026-03-02T10:00/2026-03-02T20:00"],
    ],
    ids=["one pause", "two that overlap count once", "an empty one counts nothing"],
)
def test_the_clock_stands_still_in_pauses(aftercare: CommandLine, tmp_path: Path, pauses: list[str]):
    sheet = write_sheet(tmp_path, **SEVEN_HOURS)
    options = [word for pause in pauses for word in ("--pause", pause)]
    assert due(aftercare, sheet, "2026-03-02T09:00", *options) == {
        "due": "2026-03-03T07:00:00Z",
        "provisional": False,
        "segments": [
            span("2026-03-02T01:00:00Z", "2026-03-02T02:00:00Z"),
            span("2026-03-03T01:00:00Z", "2026-03-03T07:00:00Z"),
        ],
    }


def test_while_a_pause_lasts_there_is_no_due(aftercare: CommandLine, tmp_path: Path):
    sheet = write_sheet(tmp_path, **SEVEN_HOURS)
    found = due(aftercare, sheet, "2026-03-02T09:00", "--pause", "2026-03-02T10:00/")
    assert found["due"] is None
    assert found["segments"] == [span("2026-03-02T01:00:00Z", "2026-03-02T02:00:00Z")]
    said = aftercare.well(
        *("due", "--terms", sheet, "--target", "resolve", "--start", "2026-03-02T09:00"),
        *("--pause", "2026-03-02T10:00/"),
    )
    assert "held by a pause" in said


def test_a_budget_spent_before_the_pause_is_due_all_the_same(aftercare: CommandLine, tmp_path: Path):
    sheet = write_sheet(tmp_path, **SEVEN_HOURS)
    found = due(aftercare, sheet, "2026-03-02T09:00", "--pause", "2026-03-02T16:00/")
    assert found["due"] == "2026-03-02T08:00:00Z"


def test_a_pause_of_months_only_moves_the_due(aftercare: CommandLine, tmp_path: Path):
    sheet = write_sheet(tmp_path, **SEVEN_HOURS)
    found = due(aftercare, sheet, "2026-03-02T09:00", "--pause", "2026-03-02T10:00/2026-11-02T09:00")
    assert found["due"] == "2026-11-02T07:00:00Z"


def test_around_the_clock_elapsed_time_counts(aftercare: CommandLine, tmp_path: Path):
    sheet = write_sheet(tmp_path, service_hours="always")
    found = due(aftercare, sheet, "2026-03-02T22:15:07", target="respond")
    assert found == {
        "due": "2026-03-02T18:15:07Z",
        "provisional": False,
        "segments": [span("2026-03-02T14:15:07Z", "2026-03-02T18:15:07Z")],
    }


def test_the_hour_that_repeats_counts_twice(aftercare: CommandLine, tmp_path: Path):
    sheet = write_sheet(tmp_path, service_hours="always", time_zone="Europe/Berlin", targets=EIGHT_HOURS)
    assert due(aftercare, sheet, "2026-10-24T22:00")["due"] == "2026-10-25T04:00:00Z"
    shown = aftercare.well(
        *("due", "--terms", sheet, "--target", "resolve", "--start", "2026-10-24T22:00"),
    )
    assert "Sun 2026-10-25 05:00:00 +01:00" in shown


def test_a_budget_that_ends_at_closing_time_is_due_at_closing_time(aftercare: CommandLine, tmp_path: Path):
    sheet = write_sheet(tmp_path, service_hours=NINE_TO_FIVE, targets=EIGHT_HOURS)
    assert due(aftercare, sheet, "2026-03-02T09:00")["due"] == "2026-03-02T09:00:00Z"


def test_a_year_not_announced_yet_is_provisional_and_said_so(aftercare: CommandLine, tmp_path: Path):
    sheet = write_sheet(tmp_path, targets=EIGHT_HOURS)
    assert due(aftercare, sheet, "2026-12-31T17:00") == {
        "due": "2027-01-04T09:30:00Z",
        "provisional": True,
        "segments": [
            span("2026-12-31T09:00:00Z", "2026-12-31T10:00:00Z"),
            span("2027-01-04T01:00:00Z", "2027-01-04T04:00:00Z"),
            span("2027-01-04T05:30:00Z", "2027-01-04T09:30:00Z"),
        ],
    }
    options = ("due", "--terms", sheet, "--target", "resolve", "--start", "2026-12-31T17:00")
    assert "provisional" in aftercare.well(*options)


BY = {
    **EIGHT_HOURS,
    "by_priority": {"critical": {"resolve_hours": 2}},
    "by_service": {"technical_support": {"resolve_hours": None}, "problem_resolution": {"resolve_hours": 3}},
}


@pytest.mark.parametrize(
    ("options", "hours"),
    [
        ([], 8),
        (["--priority", "critical"], 2),
        (["--service", "problem_resolution"], 3),
        (["--service", "problem_resolution", "--priority", "critical"], 2),
        (["--service", "technical_support", "--priority", "critical"], 2),
    ],
    ids=["base", "by priority", "by service", "priority wins", "priority promises what service does not"],
)
def test_the_budget_is_the_one_of_priority_and_service(
    aftercare: CommandLine, tmp_path: Path, options: list[str], hours: int
):
    sheet = write_sheet(tmp_path, service_hours="always", targets=BY)
    found = due(aftercare, sheet, "2026-03-02T00:00Z", *options)
    assert found["due"] == f"2026-03-02T{hours:02}:00:00Z"


def test_where_nothing_is_promised_it_says_so(aftercare: CommandLine, tmp_path: Path):
    sheet = write_sheet(tmp_path, service_hours="always", targets=BY)
    options = ("due", "--terms", sheet, "--target", "resolve", "--start", "2026-03-02T00:00Z")
    said = aftercare(*options, "--service", "technical_support")
    assert (said.code, said.out) == (4, "")
    assert said.err == (
        "aftercare: the terms promise no time to resolve for a request of technical_support"
        " with priority normal (C8.1.2)\n"
    )
    error = aftercare(*options, "--service", "online_consulting", "--json").error
    assert (error["kind"], error["clause"]) == ("not_promised", "C3.1")


def test_it_needs_neither_server_nor_database(
    aftercare: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    home = tmp_path / "nowhere"
    monkeypatch.setenv("AFTERCARE_HOME", str(home))
    due(aftercare, write_sheet(tmp_path), "2026-03-02T09:00")
    assert not home.exists()


@pytest.mark.parametrize(
    ("option", "value", "fault"),
    [
        ("--start", "yesterday", "a time in whole seconds"),
        ("--start", "2026-03-02T09:00:00.5", "a time in whole seconds"),
        ("--pause", "2026-03-02T10:00", "FROM/TO"),
        ("--pause", "2026-03-02T10:00/2026-03-02T09:00", "before it begins"),
        ("--pause", "soon/later", "a time in whole seconds"),
        ("--target", "answer", "'answer' is not one of 'confirm', 'respond', 'resolve'"),
        ("--priority", "urgent", "'urgent' is not one of"),
    ],
)
def test_a_word_that_cannot_be_read_is_a_line_and_code_two(
    aftercare: CommandLine, tmp_path: Path, option: str, value: str, fault: str
):
    given = {"--terms": str(write_sheet(tmp_path)), "--target": "resolve", "--start": "2026-03-02T09:00"}
    words = [word for pair in (given | {option: value}).items() for word in pair]
    said = aftercare("due", *words)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert fault in said.err


def test_hours_without_holidays_need_no_calendar(aftercare: CommandLine, tmp_path: Path):
    sheet = write_sheet(tmp_path, service_hours=OFFICE_WEEK | {"holidays": None}, targets=EIGHT_HOURS)
    # 1 October 2026 is a holiday in China; where the sheet names none it is a Thursday like any other.
    assert due(aftercare, sheet, "2026-10-01T09:00")["due"] == "2026-10-02T01:30:00Z"
    assert json.loads(sheet.read_text())["service_hours"]["holidays"] is None

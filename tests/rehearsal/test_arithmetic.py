"""The second way of computing agrees with every case the contract works out (contract §§3–5)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from activities.holiday_data import build_year
from contract.terms import TermSheet
from starter.rehearsal.arithmetic import (
    DAY,
    SECOND,
    Pause,
    ServiceTime,
    Term,
    days,
    delay,
    elapsed,
    hours,
    instant,
    moment,
    when_spent,
)
from tests.rehearsal.logs import BUSINESS_HOURS, sheet

OFFICE = sheet(BUSINESS_HOURS)
NINE_TO_FIVE = sheet(
    BUSINESS_HOURS,
    service_hours={
        "weekly": {"monday": [["09:00", "17:00"]], "tuesday": [["09:00", "17:00"]]},
        "holidays": None,
    },
)
ALWAYS = sheet(BUSINESS_HOURS, service_hours="always", time_zone="Europe/Berlin")
CALENDARS = {2026: build_year("CN", 2026)}


def at(text: str) -> int:
    return moment(datetime.fromisoformat(text))


def spans(*texts: str) -> list[Pause]:
    return [
        (at(begin), at(end) if end else None) for begin, _, end in (text.partition("/") for text in texts)
    ]


@pytest.mark.parametrize(
    ("terms", "start", "budget", "pauses", "due"),
    [
        (OFFICE, "2026-02-13T17:00+08:00", "8", [], "2026-02-14T17:30+08:00"),
        (OFFICE, "2026-09-18T17:00+08:00", "8", [], "2026-09-20T17:30+08:00"),
        (
            NINE_TO_FIVE,
            "2026-03-02T09:00+08:00",
            "7",
            ["2026-03-02T10:00+08:00/2026-03-02T20:00+08:00"],
            "2026-03-03T15:00+08:00",
        ),
        (ALWAYS, "2026-03-02T10:00+01:00", "4", [], "2026-03-02T14:00+01:00"),
        (ALWAYS, "2026-10-24T22:00+02:00", "8", [], "2026-10-25T05:00+01:00"),
    ],
)
def test_the_worked_dues(terms: TermSheet, start: str, budget: str, pauses: list[str], due: str):
    service_time = ServiceTime(terms, CALENDARS)
    assert when_spent(service_time, at(start), hours(Decimal(budget)), spans(*pauses)) == at(due)


def test_a_budget_that_ends_at_closing_time_is_due_at_closing_time():
    service_time = ServiceTime(OFFICE, CALENDARS)
    found = when_spent(service_time, at("2026-03-02T13:30+08:00"), hours(Decimal("4.5")), [])
    assert found == at("2026-03-02T18:00+08:00")


def test_nothing_is_due_while_a_pause_is_open_unless_it_was_due_before():
    service_time = ServiceTime(OFFICE, CALENDARS)
    start, open_pause = at("2026-03-02T09:00+08:00"), spans("2026-03-02T12:30+08:00/")
    assert when_spent(service_time, start, hours(Decimal(3)), open_pause) == at("2026-03-02T12:00+08:00")
    assert when_spent(service_time, start, hours(Decimal(4)), open_pause) is None


def test_pauses_that_overlap_count_once():
    start = at("2026-03-02T00:00+00:00")
    overlapping = spans(
        "2026-03-02T01:00+00:00/2026-03-02T04:00+00:00", "2026-03-02T02:00+00:00/2026-03-02T03:00+00:00"
    )
    assert when_spent(elapsed, start, hours(Decimal(2)), overlapping) == at("2026-03-02T05:00+00:00")


@pytest.mark.parametrize(
    ("late", "owed"),
    [(0, 0), (SECOND, 1), (DAY, 1), (DAY + SECOND, 2), (5 * DAY + 18 * 3600 * SECOND, 6)],
)
def test_the_worked_days_of_delay(late: int, owed: int):
    assert days(late) == owed


def test_a_pause_after_the_due_is_left_out_of_the_delay():
    due, solved = at("2026-03-02T00:00+00:00"), at("2026-03-07T18:00+00:00")
    pause = spans("2026-03-03T00:00+00:00/2026-03-05T00:00+00:00")
    assert days(delay(due, solved, pause)) == 4


@pytest.mark.parametrize(
    ("effective", "term", "ends"),
    [
        ("2026-01-06T09:30+08:00", {"years": 1}, "2027-01-06T00:00+08:00"),
        ("2028-02-29T09:30+08:00", {"years": 1}, "2029-02-28T00:00+08:00"),
        ("2026-01-31T23:59+08:00", {"months": 1}, "2026-02-28T00:00+08:00"),
    ],
)
def test_the_term_ends_on_the_day_before_the_anniversary(effective: str, term: Any, ends: str):
    terms = sheet(BUSINESS_HOURS, term=term)
    assert instant(Term(terms, datetime.fromisoformat(effective)).ends) == datetime.fromisoformat(ends)


def test_what_is_above_the_cap_is_found_for_each_contract_year():
    term = Term(sheet(BUSINESS_HOURS, term={"years": 2}), datetime.fromisoformat("2026-01-06T09:30+08:00"))
    assert term.cap == Decimal("28800.00")
    accrued = [
        (at("2026-02-01T00:00+08:00"), Decimal(28800)),
        (at("2027-01-05T23:59:59+08:00"), Decimal(1)),
        (at("2027-01-06T00:00+08:00"), Decimal(28800)),
        (at("2028-02-01T00:00+08:00"), Decimal(2)),  # after the end: the last year's
    ]
    assert term.above_cap(accrued) == {1: Decimal(1), 2: Decimal(2)}

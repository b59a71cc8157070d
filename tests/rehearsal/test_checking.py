"""`--check` finds no difference where there is none, and each kind of difference where there is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contract.money import Money
from contract.request import RequestState
from starter.rehearsal.checking import check
from starter.rehearsal.living import RefusedDeed
from starter.rehearsal.running import Lived, LivedRequest
from tests.rehearsal.logs import AROUND_THE_CLOCK, BUSINESS_HOURS, live, sheet, tickets

pytestmark = pytest.mark.engine

SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def lived() -> Lived:
    terms = sheet(BUSINESS_HOURS)
    return live(terms, tickets(terms))


@pytest.mark.parametrize("path", [AROUND_THE_CLOCK, BUSINESS_HOURS], ids=lambda path: path.stem)
def test_the_example_log_has_no_difference_under_either_sheet(path: Path):
    terms = sheet(path)
    assert check(live(terms, tickets(terms))).differences == ()


def of(lived: Lived, request_id: str, change: Callable[[LivedRequest], LivedRequest]) -> Lived:
    """The same rehearsal with one request recorded otherwise."""
    requests = tuple(
        change(request) if request.on_record.request_id == request_id else request
        for request in lived.requests
    )
    assert requests != lived.requests
    return replace(lived, requests=requests)


def found(lived: Lived) -> list[tuple[str, str]]:
    return [(difference.subject, difference.what) for difference in check(lived).differences]


def recorded(**fields: Any) -> Callable[[LivedRequest], LivedRequest]:
    return lambda request: replace(request, on_record=request.on_record.model_copy(update=fields))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("response_late", False),
        ("confirm_late", True),
        ("resolution_late", True),
        ("delay_days", 1),
        ("state", RequestState.RESOLVED),
        ("resolve_due", None),
        ("closed_at", None),
    ],
)
def test_a_field_that_was_recorded_wrongly_is_found(lived: Lived, field: str, value: object):
    assert found(of(lived, "T-002", recorded(**{field: value}))) == [("T-002", field)]


def test_a_due_that_is_wrong_by_a_second_is_found_with_both_values(lived: Lived):
    due = next(r.on_record.respond_due for r in lived.requests if r.on_record.request_id == "T-001")
    assert due is not None
    (difference,) = check(of(lived, "T-001", recorded(respond_due=due + SECOND))).differences
    assert difference.recorded == (due + SECOND).isoformat()
    assert difference.computed == due.isoformat()


def test_a_penalty_that_was_not_posted_is_found(lived: Lived):
    missing = of(lived, "T-003", lambda request: replace(request, entries=request.entries[:-1]))
    assert found(missing) == [("T-003", "penalties")]


def test_a_penalty_of_another_amount_or_instant_is_found(lived: Lived):
    def altered(**fields: Any) -> Callable[[LivedRequest], LivedRequest]:
        return lambda request: replace(
            request, entries=(request.entries[0].model_copy(update=fields), *request.entries[1:])
        )

    at = next(r.entries[0].effective_at for r in lived.requests if r.on_record.request_id == "T-003")
    amount = Money(minor=50001, currency="CNY")
    assert found(of(lived, "T-003", altered(amount=amount))) == [("T-003", "penalties")]
    assert found(of(lived, "T-003", altered(effective_at=at + SECOND))) == [("T-003", "penalties")]


def test_a_delay_counted_wrongly_is_found(lived: Lived):
    wrong = of(lived, "T-025", lambda request: replace(request, delay_seconds=request.delay_seconds - 1))
    assert found(wrong) == [("T-025", "delay_seconds")]


def test_a_request_that_is_not_on_record_is_found(lived: Lived):
    assert ("T-001", "on record") in found(replace(lived, requests=lived.requests[1:]))


def test_a_deed_refused_that_should_have_been_taken_is_found_and_the_other_way_round(lived: Lived):
    deed = lived.log.tickets[0].deeds[0]
    more = replace(lived, refused=(*lived.refused, RefusedDeed(deed, "not_allowed_now", "no", "C6.1.2")))
    assert found(more) == [("T-001", "confirm of line 3")]
    assert found(replace(lived, refused=())) == [("T-015", "accept of line 107")]


def test_a_contract_year_whose_cap_was_not_kept_is_found(lived: Lived):
    (year,) = lived.years
    wrong = year.model_copy(update={"above_cap": Money(minor=1, currency="CNY")})
    assert found(replace(lived, years=(wrong,))) == [("contract year 1", "above the cap")]

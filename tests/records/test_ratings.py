"""Ratings, counted by hand (C5.5)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from contract.facts import EventKind
from contract.request import RequestState
from contract.terms import Priority
from records import LowRating, RecordStore, RequestFilter
from tests.records.building import A, event, request, utc

DUE = utc("2026-02-10 00:00")
RATED_AT = utc("2026-02-05 00:00")


@pytest.fixture
async def rated(store: RecordStore) -> RecordStore:
    """Ratings 5, 4, 4, 2 (answered), 1 (not answered), and a request without one."""
    for name, rating, answered in (
        ("r1", 5, None),
        ("r2", 4, None),
        ("r3", 4, None),
        ("r4", 2, utc("2026-02-06 00:00")),
        ("r5", 1, None),
    ):
        payload = {"score": rating, "comment": f"comment on {name}"}
        batch = request(
            name,
            event(1, EventKind.SUBMITTED),
            event(2, EventKind.RATED, at=RATED_AT, payload=payload),
            event(3, EventKind.NOTED, at=RATED_AT),
            state=RequestState.CLOSED,
            rating=rating,
            priority=Priority.HIGH if rating == 1 else Priority.NORMAL,
            follow_up_due=DUE if rating <= 2 else None,
            follow_up_answered_at=answered,
        )
        await store.append(batch)
    await store.append(request("r6"))
    return store


async def test_ratings_are_counted_and_averaged(rated: RecordStore) -> None:
    report = await rated.ratings(A, as_of=DUE)
    assert report.count == 5
    assert report.average == Decimal("3.20")
    assert report.distribution == {1: 1, 2: 1, 3: 0, 4: 2, 5: 1}


async def test_low_ratings_come_with_comment_and_answer(rated: RecordStore) -> None:
    low = (await rated.ratings(A, as_of=DUE)).low
    answered = utc("2026-02-06 00:00")
    assert low == [
        LowRating(
            request_id="r4",
            rating=2,
            rated_at=RATED_AT,
            comment="comment on r4",
            follow_up_due=DUE,
            answered_at=answered,
            overdue=False,
        ),
        LowRating(
            request_id="r5",
            rating=1,
            rated_at=RATED_AT,
            comment="comment on r5",
            follow_up_due=DUE,
            answered_at=None,
            overdue=False,
        ),
    ]


async def test_a_follow_up_is_overdue_after_its_due_and_not_at_it(rated: RecordStore) -> None:
    assert (await rated.ratings(A, as_of=DUE)).overdue == 0
    after = await rated.ratings(A, as_of=utc("2026-02-10 00:00:01"))
    assert after.overdue == 1
    assert [rating.request_id for rating in after.low if rating.overdue] == ["r5"]


async def test_a_report_may_be_of_some_requests_only(rated: RecordStore) -> None:
    report = await rated.ratings(A, DUE, RequestFilter(priorities=[Priority.HIGH]))
    assert (report.count, report.average, len(report.low)) == (1, Decimal("1.00"), 1)


async def test_without_ratings_there_is_no_average(store: RecordStore) -> None:
    report = await store.ratings(A, as_of=DUE)
    assert (report.count, report.average, report.low, report.overdue) == (0, None, [], 0)

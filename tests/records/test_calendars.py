"""Calendar snapshots: the newest is used, every one is kept (contract §3)."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from contract.service_hours import CalendarYear, DayKind
from records import CalendarOutdated, RecordStore
from tests.records.building import A, request

CONTENT = "a" * 64

FORECAST = CalendarYear(country="CN", year=2027, announced=False, days={date(2027, 1, 1): DayKind.HOLIDAY})
ANNOUNCED = CalendarYear(
    country="CN",
    year=2027,
    announced=True,
    days={date(2027, 1, 1): DayKind.HOLIDAY, date(2027, 2, 14): DayKind.MAKE_UP},
)
BEFORE = CalendarYear(country="CN", year=2026, announced=True, days={})
GERMAN = CalendarYear(country="DE", year=2027, announced=True, days={})


async def test_the_newest_snapshot_of_each_year_is_used(empty_store: RecordStore) -> None:
    for year in (FORECAST, BEFORE, GERMAN, ANNOUNCED):
        assert await empty_store.keep_calendar(year)
    assert await empty_store.calendars("CN", range(2025, 2028)) == {2026: BEFORE, 2027: ANNOUNCED}
    assert await empty_store.calendars("DE", [2027]) == {2027: GERMAN}
    assert await empty_store.calendars("CN", []) == {}


async def test_the_same_snapshot_again_is_not_stored(empty_store: RecordStore) -> None:
    assert await empty_store.keep_calendar(FORECAST)
    assert not await empty_store.keep_calendar(FORECAST)


async def test_a_correction_may_be_taken_back(empty_store: RecordStore) -> None:
    for year in (ANNOUNCED, FORECAST, ANNOUNCED):
        assert await empty_store.keep_calendar(year)
    assert await empty_store.calendars("CN", [2027]) == {2027: ANNOUNCED}


async def test_an_old_snapshot_is_still_found_by_its_digest(empty_store: RecordStore) -> None:
    for year in (FORECAST, ANNOUNCED, FORECAST):
        await empty_store.keep_calendar(year)
    assert await empty_store.calendar_by_digest(FORECAST.digest) == FORECAST
    assert await empty_store.calendar_by_digest(ANNOUNCED.digest) == ANNOUNCED
    assert await empty_store.calendar_by_digest("0" * 64) is None


async def test_a_request_is_not_admitted_on_a_calendar_that_has_been_replaced(store: RecordStore) -> None:
    await store.keep_calendar(FORECAST)
    await store.keep_calendar(ANNOUNCED)
    with pytest.raises(CalendarOutdated):
        await store.admit(request("r1"), CONTENT, [FORECAST.digest])
    assert await store.request(A, "r1") is None
    assert (await store.admit(request("r1"), CONTENT, [ANNOUNCED.digest])).started
    # Once it is on record, whoever refreshes finds it: told again it is the same request.
    assert not (await store.admit(request("r1"), CONTENT, [FORECAST.digest])).started


async def test_a_calendar_that_came_back_is_the_newest_again(store: RecordStore) -> None:
    for year in (FORECAST, ANNOUNCED, FORECAST):
        await store.keep_calendar(year)
    assert (await store.admit(request("r1"), CONTENT, [FORECAST.digest])).started
    with pytest.raises(CalendarOutdated):
        await store.admit(request("r2"), CONTENT, [ANNOUNCED.digest])


async def test_whoever_kept_a_newer_calendar_finds_every_request_that_was_admitted_on_the_older(
    store: RecordStore,
) -> None:
    await store.keep_calendar(FORECAST)
    outdated = 0

    async def admit(number: int) -> None:
        nonlocal outdated
        try:
            await store.admit(request(f"r{number}"), CONTENT, [FORECAST.digest])
        except CalendarOutdated:
            outdated += 1

    async def refresh() -> set[str]:
        await store.keep_calendar(ANNOUNCED)
        return {view.request_id for view in await store.requests(A)}

    found, *_ = await asyncio.gather(refresh(), *(admit(number) for number in range(20)))
    assert found == {view.request_id for view in await store.requests(A)}
    assert len(found) + outdated == 20

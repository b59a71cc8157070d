"""Calendar snapshots: the newest is used, every one is kept (contract §3)."""

from __future__ import annotations

from datetime import date

from contract.service_hours import CalendarYear, DayKind
from records import RecordStore

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

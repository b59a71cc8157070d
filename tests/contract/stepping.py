"""An independent way to compute service time: no intervals, no sums, only one small step after another.

Steps are minutes for calendars and seconds for small clocks. A moment is a whole number of steps.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

OpenPause = tuple[int, int | None]


def minute_of(instant: datetime) -> int:
    minutes, rest = divmod(instant - EPOCH, MINUTE)
    assert not rest
    return minutes


def instant_of(minute: int) -> datetime:
    return EPOCH + minute * MINUTE


# Local time, found by looking at the clock on the wall every minute


@lru_cache(maxsize=4096)
def _wall(zone: str, day: date) -> dict[tuple[date, int], int]:
    """The first minute at which the wall clock of the zone shows each time of day, around a day."""
    begin = minute_of(datetime(day.year, day.month, day.day, tzinfo=UTC)) - 18 * 60
    found: dict[tuple[date, int], int] = {}
    for minute in range(begin, begin + 60 * 60):
        local = instant_of(minute).astimezone(ZoneInfo(zone))
        found.setdefault((local.date(), 60 * local.hour + local.minute), minute)
    return found


@lru_cache(maxsize=65536)
def minute_on_the_wall(zone: str, day: date, time_of_day: int) -> int:
    """When the wall clock first shows a time; a time it never shows is as long after the last one it does."""
    if time_of_day == 24 * 60:
        return minute_on_the_wall(zone, day + timedelta(days=1), 0)
    wall = _wall(zone, day)
    waited = 0
    while True:
        days, minute = divmod(time_of_day - waited, 24 * 60)
        if (shown := wall.get((day + timedelta(days=days), minute))) is not None:
            return shown + waited
        waited += 1


def open_minutes(
    zone: str, hours: Mapping[date, Sequence[tuple[int, int]]], begin: int, end: int
) -> frozenset[int]:
    """The minutes of service between two moments, from each day's local hours."""
    return frozenset(
        minute
        for day, intervals in hours.items()
        for opens, closes in intervals
        for minute in range(minute_on_the_wall(zone, day, opens), minute_on_the_wall(zone, day, closes))
        if begin <= minute < end
    )


# The clock


def is_paused(moment: int, pauses: Sequence[OpenPause]) -> bool:
    return any(begin <= moment and (end is None or moment < end) for begin, end in pauses)


def step_to_due(
    start: int, budget: int, pauses: Sequence[OpenPause], is_open: Collection[int] | None, give_up: int
) -> tuple[int | None, list[int]]:
    """Walks from the start until the budget is spent: the due (None if never) and the steps that counted."""
    counted: list[int] = []
    for moment in range(start, give_up):
        if (is_open is None or moment in is_open) and not is_paused(moment, pauses):
            counted.append(moment)
            if len(counted) == budget:
                return moment + 1, counted
    return None, counted


def step_delay(due: int, until: int, pauses: Sequence[OpenPause]) -> int:
    """Steps from the due to a moment, those in a pause left out."""
    return sum(1 for moment in range(due, until) if not is_paused(moment, pauses))


def step_to_delay(due: int, late: int, pauses: Sequence[OpenPause], give_up: int) -> int | None:
    """The first moment at which that many steps of delay have been counted."""
    left = late
    for moment in range(due, give_up):
        if left == 0:
            return moment
        if not is_paused(moment, pauses):
            left -= 1
    return give_up if left == 0 else None

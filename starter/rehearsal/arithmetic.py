"""The contract's arithmetic once more, for ``--check``: straight from its text, and on its own.

Nothing of ``contract``'s clock, deadlines, judging or request life is used, and the way of computing is
another: service time is walked through stretch by stretch, each cut wherever a pause begins or ends.
Instants and durations are whole microseconds; instants count from 1970-01-01 UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from contract.money import exponent
from contract.service_hours import CalendarYear, DayKind, ServiceHours, Weekday
from contract.terms import TermSheet

SECOND = 1_000_000
DAY = 24 * 3600 * SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

Pause = tuple[int, int | None]
"""From one instant to another, or until further notice (None)."""
Stretch = tuple[int, int]
Stretches = Callable[[int], Iterator[Stretch]]
"""Given an instant, the stretches of running time from there on, in order, without end."""


def moment(instant: datetime) -> int:
    return (instant - EPOCH) // MICROSECOND


def instant(moment: int) -> datetime:
    return EPOCH + moment * MICROSECOND


def hours(number: Decimal) -> int:
    return int((number * 3600 * SECOND).to_integral_value())


def elapsed(since: int) -> Iterator[Stretch]:
    """Time as it passes, day by day."""
    while True:
        yield since, since + DAY
        since += DAY


class ServiceTime:
    """When service is owed, from the sheet's hours and the announced calendars (C5.2, contract §3)."""

    def __init__(self, terms: TermSheet, calendars: Mapping[int, CalendarYear]) -> None:
        self._hours = terms.service_hours
        self._zone = ZoneInfo(terms.time_zone)
        self._calendars = calendars
        self._days: dict[date, list[Stretch]] = {}

    def __call__(self, since: int) -> Iterator[Stretch]:
        if not isinstance(self._hours, ServiceHours):
            yield from elapsed(since)
            return
        day = instant(since).astimezone(self._zone).date()
        while True:
            for opens, closes in self._of_day(day, self._hours):
                if closes > since:
                    yield max(opens, since), closes
            day += timedelta(days=1)

    def _of_day(self, day: date, hours: ServiceHours) -> list[Stretch]:
        if day not in self._days:
            owed = hours.weekly.get(list(Weekday)[day.weekday()], [])
            if hours.holidays is not None:
                kind = self._calendars[day.year].days.get(day)
                owed = (hours.make_up_hours or []) if kind is DayKind.MAKE_UP else owed
                owed = [] if kind is DayKind.HOLIDAY else owed
            on_the_wall = [(self._at(day, opens), self._at(day, closes)) for opens, closes in sorted(owed)]
            self._days[day] = [(opens, closes) for opens, closes in on_the_wall if opens < closes]
        return self._days[day]

    def _at(self, day: date, minutes: int) -> int:
        """The first instant at which clocks on the wall show a time, or would have shown it."""
        day, minutes = day + timedelta(days=minutes // 1440), minutes % 1440
        shown = datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=self._zone)
        return int(shown.timestamp()) * SECOND


def pieces(stretch: Stretch, pauses: Sequence[Pause]) -> Iterator[Stretch]:
    """The parts of a stretch that no pause holds: cut at every edge of a pause, each piece is in or out."""
    begin, end = stretch
    edges = {edge for pause in pauses for edge in pause if edge is not None and begin < edge < end}
    for a, b in pairwise(sorted({begin, end} | edges)):
        if not any(first <= a and (last is None or a < last) for first, last in pauses):
            yield a, b


def when_spent(stretches: Stretches, since: int, budget: int, pauses: Sequence[Pause]) -> int | None:
    """The first instant at which the time run since then reaches the budget.

    None while an open pause holds it off.
    """
    held_from = min((first for first, last in pauses if last is None), default=None)
    left = budget
    for stretch in stretches(since):
        for a, b in pieces(stretch, pauses):
            if b - a >= left:
                return a + left
            left -= b - a
        if held_from is not None and held_from <= stretch[1]:
            return None
    return None


def delay(due: int | None, until: int, pauses: Sequence[Pause]) -> int:
    """Elapsed time past the due, pauses left out (contract §4)."""
    if due is None or until <= due:
        return 0
    return sum(b - a for a, b in pieces((due, until), pauses))


def days(late: int) -> int:
    """Days of delay, a started day counting."""
    return (late + DAY - 1) // DAY


def same_day_later(first: date, months: int) -> date:
    """That many months later; where the month has no such day, its last (29 Feb → 28 Feb)."""
    month = first.month - 1 + months
    year, month = first.year + month // 12, month % 12 + 1
    for day in range(first.day, 0, -1):
        try:
            return date(year, month, day)
        except ValueError:
            continue
    raise AssertionError("every month has a first day")


class Term:
    """The dates of the term, and the cap of each contract year (C4.1, C8.1)."""

    def __init__(self, terms: TermSheet, effective: datetime) -> None:
        zone = ZoneInfo(terms.time_zone)
        first = effective.astimezone(zone).date()

        def midnight(months: int) -> int:
            day = same_day_later(first, months)
            return moment(datetime(day.year, day.month, day.day, tzinfo=zone))

        months = terms.term.total_months
        self.begins = moment(effective)
        self.ends = midnight(months)
        self.years = [midnight(passed) for passed in range(0, months, 12)]
        per_year = {"month": 12, "quarter": 4, "year": 1}[terms.fees.period]
        percent = terms.penalties.cap_percent
        self.cap = None
        if percent is not None:
            minor_unit = Decimal(1).scaleb(-exponent(terms.fees.currency))
            exact = terms.fees.amount * per_year * percent / 100
            self.cap = exact.quantize(minor_unit, ROUND_HALF_UP)

    def year_of(self, at: int) -> int:
        """The contract year of an instant; what is after the end belongs to the last."""
        begun = [number for number, begins in enumerate(self.years, start=1) if begins <= at]
        return begun[-1] if begun else 1

    def above_cap(self, accrued: Iterable[tuple[int, Decimal]]) -> dict[int, Decimal]:
        """What of each contract year's penalties is above the cap, from instants and amounts."""
        sums: dict[int, Decimal] = {}
        for at, amount in accrued:
            sums[self.year_of(at)] = sums.get(self.year_of(at), Decimal(0)) + amount
        if self.cap is None:
            return dict.fromkeys(sums, Decimal(0))
        return {year: max(Decimal(0), total - self.cap) for year, total in sums.items()}

"""When service is owed: weekly hours, holidays, make-up workdays, time zones (contract §3, C5.2).

Turns local hours into instants. Everything here that depends on time-zone rules or calendar data
is called from activities and the command line, never from workflow code: workflows carry the
result, a :class:`~contract.clock.ServiceWindow`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

import rfc8785
from pydantic import AfterValidator, BeforeValidator, PlainSerializer, model_validator

from contract.clock import ServiceWindow
from contract.parties import Country
from contract.values import Model

Always = Literal["always"]

FULL_DAY = 24 * 60
LONGEST_WINDOW = timedelta(days=366 * 12)
SLACK = timedelta(days=14)
"""How far past the budget a window reaches, so that an ordinary pause needs no new one."""


class Weekday(StrEnum):
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


_CLOCK_TIME = re.compile(r"^([01]\d|2[0-4]):([0-5]\d)$")


def _minutes(value: Any) -> Any:
    if isinstance(value, str) and (found := _CLOCK_TIME.match(value)):
        minutes = 60 * int(found[1]) + int(found[2])
        if minutes <= FULL_DAY:
            return minutes
    raise ValueError('a quoted time of day from "00:00" to "24:00"')


def _clock_time(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


TimeOfDay = Annotated[int, BeforeValidator(_minutes), PlainSerializer(_clock_time, return_type=str)]
"""Minutes since local midnight, written HH:MM; 24:00 is the end of the day."""

Interval = tuple[TimeOfDay, TimeOfDay]


def _ordered(intervals: list[Interval]) -> list[Interval]:
    for opens, closes in intervals:
        if closes <= opens:
            raise ValueError("intervals that end after they begin; none crosses midnight")
    for (_, closes), (opens, _) in pairwise(sorted(intervals)):
        if opens < closes:
            raise ValueError("intervals that do not overlap")
    return intervals


def _some_service(weekly: dict[Weekday, DayHours]) -> dict[Weekday, DayHours]:
    if not any(weekly.values()):
        raise ValueError("at least one interval of service in the week")
    return weekly


DayHours = Annotated[list[Interval], AfterValidator(_ordered)]


class ServiceHours(Model):
    """Weekly hours, with the holidays of a country and the hours of make-up workdays."""

    weekly: Annotated[dict[Weekday, DayHours], AfterValidator(_some_service)]
    holidays: Country | None = None
    make_up_hours: DayHours | None = None

    @model_validator(mode="after")
    def _make_up_as_monday(self) -> Self:
        if self.make_up_hours is None and self.holidays is not None:
            object.__setattr__(self, "make_up_hours", list(self.weekly.get(Weekday.MONDAY, [])))
        return self


class DayKind(StrEnum):
    HOLIDAY = "holiday"
    MAKE_UP = "make_up"


class CalendarYear(Model):
    """The exceptional days of one country and year, as announced.

    ``announced`` is False while the year's make-up workdays are not yet published: its holidays
    are then those the law fixes, no make-up workday is guessed, and what rests on it is provisional.
    """

    country: Country
    year: int
    announced: bool
    days: dict[date, DayKind]

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON: the identity of the snapshot."""
        return hashlib.sha256(rfc8785.dumps(self.model_dump(mode="json"))).hexdigest()


class Calendar:
    """Service intervals of one term sheet as instants, from snapshots of the years it needs."""

    def __init__(
        self, hours: Always | ServiceHours, zone: str, years: Mapping[int, CalendarYear] | None = None
    ) -> None:
        self.hours = hours
        self.zone = ZoneInfo(zone)
        self.years = years or {}

    def years_needed(self, begin: datetime, end: datetime) -> range:
        """Local calendar years that a span touches; empty when no holidays apply."""
        if self.hours == "always" or self.hours.holidays is None:
            return range(0)
        return range(begin.astimezone(self.zone).year, end.astimezone(self.zone).year + 1)

    def hours_on(self, day: date) -> list[Interval]:
        """The local intervals of service on a day."""
        if self.hours == "always":
            return [(0, FULL_DAY)]
        if self.hours.holidays is not None:
            year = self.years.get(day.year)
            if year is None:
                raise LookupError(f"calendar of {self.hours.holidays} {day.year} not loaded")
            kind = year.days.get(day)
            if kind is DayKind.HOLIDAY:
                return []
            if kind is DayKind.MAKE_UP:
                return self.hours.make_up_hours or []
        return self.hours.weekly.get(list(Weekday)[day.weekday()], [])

    def instant(self, day: date, minutes: int) -> datetime:
        """A local time as an instant: one that does not exist moves forward, of two it is the first."""
        local = datetime.combine(day, time(), tzinfo=None) + timedelta(minutes=minutes)
        return local.replace(tzinfo=self.zone, fold=0).astimezone(UTC)

    def _intervals(self, first: date, last: date) -> Iterator[tuple[datetime, datetime]]:
        day = first
        while day <= last:
            for opens, closes in sorted(self.hours_on(day)):
                begin, end = self.instant(day, opens), self.instant(day, closes)
                if begin < end:
                    yield begin, end
            day += timedelta(days=1)

    def provisional_from(self, begin: datetime, end: datetime) -> datetime | None:
        """The instant from which the span rests on a year not yet announced."""
        for number in self.years_needed(begin, end):
            year = self.years.get(number)
            if year is None or not year.announced:
                return self.instant(date(number, 1, 1), 0)
        return None

    def window(self, begin: datetime, end: datetime) -> ServiceWindow:
        """All service time between two instants; adjoining intervals are joined."""
        if self.hours == "always":
            return ServiceWindow.always()
        first = begin.astimezone(self.zone).date() - timedelta(days=1)
        last = end.astimezone(self.zone).date() + timedelta(days=1)
        joined: list[tuple[datetime, datetime]] = []
        # In order of instants: hours that a gap in local time moved may have overtaken those after them.
        for opens, closes in sorted(self._intervals_known(first, last)):
            opens, closes = max(opens, begin), min(closes, end)
            if opens >= closes:
                continue
            if joined and joined[-1][1] >= opens:
                joined[-1] = (joined[-1][0], max(closes, joined[-1][1]))
            else:
                joined.append((opens, closes))
        return ServiceWindow.of(
            begin,
            end,
            joined,
            provisional_from=self.provisional_from(begin, end),
            calendars=sorted(self.years[n].digest for n in self.years_needed(begin, end)),
        )

    def _intervals_known(self, first: date, last: date) -> Iterator[tuple[datetime, datetime]]:
        """Like _intervals, clipped to the years that were loaded (the day before a span may lie in none)."""
        if self.years:
            first = max(first, date(min(self.years), 1, 1))
            last = min(last, date(max(self.years), 12, 31))
        return self._intervals(first, last)

    def horizon(self, begin: datetime, budget: timedelta) -> datetime:
        """An instant by which the budget of service time is surely spent, with slack for pauses.

        An estimate from the weekly hours alone, so that it needs no calendar.
        """
        if self.hours == "always":
            return begin + budget
        weekly = sum(closes - opens for day in self.hours.weekly.values() for opens, closes in day)
        weeks = budget / timedelta(minutes=weekly)
        reach = timedelta(weeks=weeks * 1.25) + timedelta(weeks=2) + SLACK
        return begin + min(reach, LONGEST_WINDOW)

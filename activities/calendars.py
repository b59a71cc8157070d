"""Calendars: holidays and make-up workdays as announced, kept as snapshots in the record store (contract §3).

Workflows never read calendar data or time-zone rules: they carry what these activities worked out.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import holidays
from temporalio import activity

from activities.term_sheets import TermSheets
from contract.agreement import TermDates
from contract.clock import ServiceWindow
from contract.reading import read_terms
from contract.service_hours import Calendar, CalendarYear, DayKind
from contract.terms import TermSheet
from records.store import RecordStore
from workflows.payloads import DatesWanted, WindowWanted


def known_countries() -> set[str]:
    """ISO codes of the countries there is calendar data for."""
    return set(holidays.list_supported_countries(include_aliases=False))


def announced_years(country: str) -> range | None:
    """The years whose make-up workdays are published; None where a country has no such days.

    The library answers for years not announced yet too, from the law's rules and without make-up
    days, and does not say so: here it is told apart by the years it has announcements for.
    """
    substituted = [
        year
        for year, days in getattr(_entity(country), "special_public_holidays", {}).items()
        if any(len(day) >= 4 and isinstance(day[2], int) for day in _days(days))
    ]
    return range(min(substituted), max(substituted) + 1) if substituted else None


def _days(days: Any) -> Any:
    return [days] if isinstance(days[0], int) else days


def _entity(country: str) -> holidays.HolidayBase:
    if country not in known_countries():
        raise ValueError(f"no calendar data for country {country}")
    return holidays.country_holidays(country)


def build_year(country: str, year: int) -> CalendarYear:
    """One year from the library: announced days off and make-up workdays, or the law's holidays alone."""
    announced = announced_years(country)
    is_announced = announced is None or year in announced
    # A year's announcement may name workdays of the December before.
    following = [year + 1] if announced is not None and year + 1 in announced else []
    calendar = holidays.country_holidays(country, years=[year, *following])
    workdays: set[date] = set(getattr(calendar, "weekend_workdays", set())) if is_announced else set()
    days = {day: DayKind.HOLIDAY for day in calendar if day not in workdays}
    days |= dict.fromkeys(workdays, DayKind.MAKE_UP)
    if announced is not None and is_announced:
        days |= dict.fromkeys(_weekends_within(days), DayKind.HOLIDAY)
    of_year = {day: kind for day, kind in sorted(days.items()) if day.year == year}
    return CalendarYear(country=country, year=year, announced=is_announced, days=of_year)


def _weekends_within(days: dict[date, DayKind]) -> set[date]:
    """Weekend days that an announced holiday takes in; the library names only the weekdays.

    Announcements count the weekend before and after a holiday as part of it ("…至…放假，共3天"), unless
    a day of it is worked instead. It matters only to those who serve on weekends.
    """
    found: set[date] = set()
    for holiday in (day for day, kind in days.items() if kind is DayKind.HOLIDAY):
        for step in (timedelta(days=1), timedelta(days=-1)):
            day = holiday + step
            while day.weekday() >= 5 and day not in days:
                found.add(day)
                day += step
    return found


class Calendars:
    """Service time of an agreement, from snapshots; what is missing is taken from the library and kept."""

    def __init__(self, store: RecordStore, sheets: TermSheets) -> None:
        self._store = store
        self._sheets = sheets
        self._announced: dict[tuple[str, int], tuple[datetime, CalendarYear]] = {}

    async def year(self, country: str, number: int) -> CalendarYear:
        """The newest snapshot of a year. Read again after a minute: another process may have refreshed it."""
        now = datetime.now(UTC)
        read_at, snapshot = self._announced.get((country, number), (None, None))
        if read_at is not None and snapshot is not None and now - read_at < timedelta(minutes=1):
            return snapshot
        kept = (await self._store.calendars(country, [number])).get(number)
        if kept is None:
            kept = build_year(country, number)
            await self._store.keep_calendar(kept)
        self._announced[country, number] = (now, kept)
        return kept

    async def window(self, terms: TermSheet, begin: datetime, until: datetime) -> ServiceWindow:
        """All service time between two instants."""
        calendar = Calendar(terms.service_hours, terms.time_zone)
        needed = calendar.years_needed(begin, until)
        if not needed:
            return calendar.window(begin, until)
        country = terms.holiday_country
        assert country is not None
        years = {number: await self.year(country, number) for number in needed}
        return Calendar(terms.service_hours, terms.time_zone, years).window(begin, until)

    async def window_for(self, terms: TermSheet, begin: datetime, budget: timedelta) -> ServiceWindow:
        """Service time from an instant, surely enough for a budget."""
        until = Calendar(terms.service_hours, terms.time_zone).horizon(begin, budget)
        return await self.window(terms, begin, until)

    @activity.defn(name="service_window")
    async def service_window(self, wanted: WindowWanted) -> ServiceWindow:
        """Service time for a request whose pauses pushed a due past its window."""
        terms = await self._sheets.sheet(wanted.agreement_id, wanted.terms_version)
        return await self.window(terms, wanted.begin, wanted.until)

    @activity.defn(name="term_dates")
    async def term_dates(self, wanted: DatesWanted) -> TermDates:
        """The dates of a term from the instant of the second signature (contract §3 "Dates")."""
        return TermDates.of(read_terms(wanted.canonical), wanted.activated_at)

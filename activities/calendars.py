"""Calendars: holidays and make-up workdays as announced, kept as snapshots in the record store (contract §3).

Workflows never read calendar data or time-zone rules: they carry what these activities worked out.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from temporalio import activity

from activities.holiday_data import build_year
from activities.term_sheets import TermSheets
from contract.agreement_file import TermDates
from contract.clock import ServiceWindow
from contract.reading import read_terms
from contract.service_hours import Calendar, CalendarYear
from contract.terms import TermSheet
from records.store import RecordStore
from workflows.payloads import DatesWanted, WindowWanted


class Calendars:
    """Service time of an agreement, from snapshots; what is missing is taken from the library and kept."""

    def __init__(self, store: RecordStore, sheets: TermSheets) -> None:
        self._store = store
        self._sheets = sheets
        self._known: dict[tuple[str, int], CalendarYear] = {}

    def forget(self) -> None:
        """Read the snapshots anew from here on: another process may have kept newer ones."""
        self._known.clear()

    async def year(self, country: str, number: int) -> CalendarYear:
        """The snapshot of a year, as it was the newest when it was first asked for."""
        known = self._known.get((country, number))
        if known is None:
            known = (await self._store.calendars(country, [number])).get(number)
        if known is None:
            known = build_year(country, number)
            await self._store.keep_calendar(known)
        self._known[country, number] = known
        return known

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

    async def window_for(
        self, terms: TermSheet, begin: datetime, budget: timedelta, now: datetime | None = None
    ) -> ServiceWindow:
        """Service time from an instant, surely enough for a budget; even if none is used up by ``now``."""
        until = Calendar(terms.service_hours, terms.time_zone).horizon(max(begin, now or begin), budget)
        return await self.window(terms, begin, until)

    @activity.defn(name="service_window")
    async def service_window(self, wanted: WindowWanted) -> ServiceWindow:
        """Service time for a request whose pauses pushed a due past its window."""
        terms = await self._sheets.sheet(wanted.agreement_id, wanted.terms_version)
        self.forget()
        return await self.window(terms, wanted.begin, wanted.until)

    @activity.defn(name="term_dates")
    async def term_dates(self, wanted: DatesWanted) -> TermDates:
        """The dates of a term from the instant of the second signature (contract §3 "Dates")."""
        return TermDates.of(read_terms(wanted.canonical), wanted.activated_at, with_days=wanted.with_days)

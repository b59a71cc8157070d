"""Newly announced calendars brought to the requests that rest on older ones (contract §3).

A year that says something new is kept as the newest snapshot; every open request whose service time
touches it is told by an update, projects its dues anew, and corrects what was posted by entries. All of it
can be done again: a snapshot kept is not kept twice, and a request that rests on it stays as it is. So a
refresh that was cut short is finished by the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from activities.calendars import Calendars
from activities.holiday_data import build_year
from activities.term_sheets import TermSheets
from contract.agreement_states import AgreementState
from contract.facts import EntryKind, RequestSnapshot
from contract.reading import read_terms
from contract.service_hours import Calendar, CalendarYear
from contract.terms import Target, TermSheet
from records.results import AgreementFilter, PostedEntry, RequestFilter, RequestRecord
from records.store import RecordStore
from starter.client import Aftercare
from starter.errors import CommandRefused, Unknown
from workflows.payloads import Receipt, RequestStatus

AT_ONCE = 16
"""So many requests are told at the same time."""
IN_FORCE = [
    AgreementState.ACTIVE,
    AgreementState.EXPIRED,
    AgreementState.TERMINATED,
    AgreementState.CLOSED,
]
"""Agreements that may have open requests: some outlive the closing of theirs."""


Dues = dict[Target, datetime | None]


@dataclass(frozen=True, slots=True)
class Told:
    """A request that was told, how it stood before, and what became of it."""

    before: RequestSnapshot
    after: Receipt
    entries: list[PostedEntry]
    """What was posted because of it."""
    provisional_before: datetime | None = None
    """From when its dues rested on a year not announced; None: none of them did."""
    provisional_after: datetime | None = None

    @property
    def changed(self) -> bool:
        return self.dues_before != self.dues_after or bool(self.entries)

    @property
    def dues_before(self) -> Dues:
        return _dues(self.before)

    @property
    def dues_after(self) -> Dues:
        return _dues(self.after)


def _dues(view: RequestSnapshot | Receipt) -> Dues:
    return {
        Target.CONFIRM: view.confirm_due,
        Target.RESPOND: view.respond_due,
        Target.RESOLVE: view.resolve_due,
    }


@dataclass(slots=True)
class Refreshed:
    """What a refresh did."""

    kept: list[CalendarYear] = field(default_factory=list)
    """Years that said something new."""
    same: list[CalendarYear] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    missing: list[RequestSnapshot] = field(default_factory=list)
    """Open on record, but the engine does not know them."""
    closed: list[RequestRecord] = field(default_factory=list)
    """Closed with penalties that rest on what a year said before: they cannot be told any more, so a person
    has to look whether the penalties are right."""


async def countries(store: RecordStore) -> list[str]:
    """The countries whose holidays agreements on record go by, by any version: requests keep theirs."""
    found = set()
    for agreement in await store.agreements():
        for document in await store.versions(agreement.agreement_id):
            country = read_terms(document.canonical).holiday_country
            if country is not None:
                found.add(country)
    return sorted(found)


async def installed_years(store: RecordStore, country: str, only: int | None) -> list[CalendarYear]:
    """Years from the installed holiday data: the one asked for, else all that are kept.

    An announced year is never replaced by one that is not.
    """
    kept = await store.calendars(country, range(1900, 2201))
    wanted = [only] if only is not None else sorted(kept)
    built = [build_year(country, number) for number in wanted]
    return [
        year if year.announced or not (year.year in kept and kept[year.year].announced) else kept[year.year]
        for year in built
    ]


async def refresh(client: Aftercare, store: RecordStore, years: Sequence[CalendarYear]) -> Refreshed:
    """Keep the years, and tell every open request whose service time touches one of them."""
    result = Refreshed()
    for year in years:
        (result.kept if await store.keep_calendar(year) else result.same).append(year)
    # Made after the years are kept, so that it reads these.
    telling = _Telling(client, store, years)
    turns = asyncio.Semaphore(AT_ONCE)

    async def in_turn(view: RequestSnapshot, terms: TermSheet) -> None:
        async with turns:
            try:
                told = await telling.tell(view, terms)
            except Unknown:
                result.missing.append(view)
            else:
                result.told += [] if told is None else [told]

    await asyncio.gather(*[in_turn(view, terms) async for view, terms in telling.open_requests()])
    result.closed = [record async for record in telling.closed_too_soon(result.kept)]
    result.told.sort(key=lambda told: (told.before.agreement_id, told.before.submitted_at))
    return result


class _Telling:
    def __init__(self, client: Aftercare, store: RecordStore, years: Sequence[CalendarYear]) -> None:
        self._client = client
        self._store = store
        self._years = years
        self._sheets = TermSheets(store)
        self._calendars = Calendars(store, self._sheets)

    async def open_requests(self) -> AsyncIterator[tuple[RequestSnapshot, TermSheet]]:
        """Open requests of agreements that go by one of the countries, each with its terms."""
        concerned = {year.country for year in self._years}
        for agreement in await self._store.agreements(AgreementFilter(states=IN_FORCE)):
            for view in await self._store.requests(agreement.agreement_id, RequestFilter(open=True)):
                terms = await self._sheets.sheet(view.agreement_id, view.terms_version)
                if terms.holiday_country in concerned:
                    yield view, terms

    async def tell(self, view: RequestSnapshot, terms: TermSheet) -> Told | None:
        """Tell one request; None when it does not touch the years, rests on them already, or is over."""
        try:
            status = await self._client.request(view.agreement_id, view.request_id)
            if status.service_time_until is None or self._is_right(status, terms):
                return None
            record = await self._store.request(view.agreement_id, view.request_id)
            if record is None:
                return None
            # As far as what it has: a shorter window would take its dues away.
            window = await self._calendars.window(terms, view.submitted_at, status.service_time_until)
            receipt = await self._client.apply_calendar(view.agreement_id, view.request_id, window)
        except CommandRefused:
            return None  # closed for good in the meantime
        calendar = Calendar(terms.service_hours, terms.time_zone, await self._rested_on(status))
        span = (view.submitted_at, status.service_time_until)
        return Told(
            status.snapshot,
            receipt,
            await self._posted_since(record),
            provisional_before=calendar.provisional_from(*span),
            provisional_after=window.provisional_at,
        )

    async def _rested_on(self, status: RequestStatus) -> dict[int, CalendarYear]:
        """The years that a request's service time rested on."""
        found = [await self._store.calendar_by_digest(digest) for digest in status.calendars]
        return {year.year: year for year in found if year is not None}

    async def closed_too_soon(self, years: Sequence[CalendarYear]) -> AsyncIterator[RequestRecord]:
        """Closed requests with penalties that rest on what one of the years said before."""
        new = {(year.country, year.year): year.digest for year in years}
        for agreement in await self._store.agreements() if new else ():
            closed = RequestFilter(open=False, late=True)
            for view in await self._store.requests(agreement.agreement_id, closed):
                record = await self._store.request(view.agreement_id, view.request_id)
                if record is not None and await self._is_outdated(standing(record.entries), new):
                    yield record

    async def _is_outdated(
        self, penalties: Sequence[PostedEntry], new: Mapping[tuple[str, int], str]
    ) -> bool:
        digests = {name for posted in penalties for name in posted.entry.explanation.get("calendars", [])}
        for digest in digests - set(new.values()):
            year = await self._store.calendar_by_digest(digest)
            if year is not None and (year.country, year.year) in new:
                return True
        return False

    def _is_right(self, status: RequestStatus, terms: TermSheet) -> bool:
        """Whether none of the years matters, or the request's service time rests on them already."""
        begin, end = status.snapshot.submitted_at, status.service_time_until
        assert end is not None
        needed = Calendar(terms.service_hours, terms.time_zone).years_needed(begin, end)
        wanted = {
            year.digest
            for year in self._years
            if year.country == terms.holiday_country and year.year in needed
        }
        return wanted <= set(status.calendars)

    async def _posted_since(self, before: RequestRecord) -> list[PostedEntry]:
        after = await self._store.request(before.request.agreement_id, before.request.request_id)
        known = {entry.entry.key for entry in before.entries}
        return [] if after is None else [entry for entry in after.entries if entry.entry.key not in known]


def standing(posted: Sequence[PostedEntry]) -> list[PostedEntry]:
    """The penalties that were not reversed."""
    reversed_ = {one.entry.reverses for one in posted}
    return [one for one in posted if one.entry.kind is EntryKind.PENALTY and one.entry.key not in reversed_]

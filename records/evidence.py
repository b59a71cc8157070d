"""All that is on record of one agreement, read in one state of it and told piece by piece (C6.2.3, C9.2).

For evidence: nothing of another agreement is told, and nothing that came after the instant it is asked for.
What is much is told as it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from contract.deadlines import readings
from contract.facts import AgreementSnapshot, RequestSnapshot, TermsDocument
from contract.judging import needs_window
from contract.reading import read_terms
from contract.refusals import Refused
from contract.request_file import RequestFile, RequestTerms
from contract.request_record import request_from, submitted_at
from contract.service_hours import Calendar, CalendarYear
from contract.statements import Statement, statement
from contract.terms import Target, TermSheet
from records import calendars, entries, history, invoices, notices, queries, standings
from records.archive import Shelf
from records.entries import in_order
from records.money import money_of
from records.results import InvoiceRecord, KeptFile, Notification, PostedEntry, RecordedEvent
from records.schema import calendar_years, ledger_entries, notifications, requests, terms_versions
from records.snapshots import request_snapshot
from records.types import canonical_json

AT_ONCE = 500
"""So many rows are in memory at a time."""


@dataclass(frozen=True, slots=True)
class Outline:
    """What comes first: whose record it is, and how much."""

    agreement: AgreementSnapshot
    terms: tuple[TermsDocument, ...]
    chains: int
    as_of: date
    """The day of which the last statement is: today's, or that of the newest event if it is later."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A workflow's events, with its request where it is one."""

    workflow_id: str
    events: tuple[RecordedEvent, ...]
    request_id: str | None = None
    request: RequestFile | None = None
    """As its events tell it; None where the calendars on record do not come to the dues that were told."""
    posted: tuple[PostedEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Ledger:
    entries: Iterator[PostedEntry]


@dataclass(frozen=True, slots=True)
class Notices:
    sent: Iterator[Notification]


@dataclass(frozen=True, slots=True)
class Stated:
    """A statement, and the instant at which its day ends."""

    statement: Statement
    day_ends: datetime


@dataclass(frozen=True, slots=True)
class Invoiced:
    """An invoice or a credit note with its files; none of these while it is not issued (C7.1.3)."""

    record: InvoiceRecord
    files: tuple[KeptFile, ...]


Piece = Outline | Chain | CalendarYear | Ledger | Notices | Invoiced | Stated


def tell(
    connection: Connection,
    agreement_id: str,
    today: datetime,
    until: datetime | None,
    take: Callable[[Piece], None],
    shelf: Shelf,
) -> bool:
    """Tell all of an agreement in the order of :data:`Piece`, the chains one by one; False when unknown.

    ``until``: only what had happened by then, an instant of contract time.
    """
    agreement = queries.find_agreement(connection, agreement_id)
    if agreement is None:
        return False
    found = standings.workflows(connection, agreement_id)
    own = _events(connection, found[0].workflow_id, until)
    versions = _versions(connection, agreement_id, own)
    sheets = {document.version: read_terms(document.canonical) for document in versions}
    zone = ZoneInfo(sheets[max(sheets)].time_zone)
    newest = max([today, *(row.event.at for row in own)]) if until is None else until
    as_of = newest.astimezone(zone).date()
    take(Outline(agreement, tuple(versions), len(found), as_of))
    used: set[str] = set()
    take(Chain(found[0].workflow_id, tuple(own)))
    for workflow in found[1:]:
        events = _events(connection, workflow.workflow_id, until)
        if events:
            assert workflow.request_id is not None
            chain = _request(connection, agreement_id, workflow.request_id, events, sheets, until)
            if chain.request is not None:
                used.update(chain.request.window.calendars)
            take(chain)
    for digest in sorted(used):
        year = calendars.by_digest(connection, digest)
        assert year is not None
        take(year)
    take(Ledger(_entries(connection, agreement_id, until)))
    take(Notices(_notices(connection, agreement_id, until)))
    for record in invoices.of_agreement(connection, agreement_id):
        if until is None or record.at <= until:
            take(Invoiced(record, tuple(invoices.files_of(connection, agreement_id, record.document.key))))
    for stated in _statements(connection, agreement_id, as_of, until, shelf):
        take(stated)
    return True


def _events(connection: Connection, workflow_id: str, until: datetime | None) -> list[RecordedEvent]:
    """A chain up to its last event by then: what was recorded late belongs to what came before it."""
    found = history.read(connection, workflow_id)
    by_then = [place for place, row in enumerate(found, 1) if until is None or row.event.at <= until]
    return found[: max(by_then, default=0)]


def _versions(connection: Connection, agreement_id: str, own: Sequence[RecordedEvent]) -> list[TermsDocument]:
    """The versions that the agreement's events tell of, those not yet in force included."""
    wanted = select(terms_versions).where(terms_versions.c.agreement_id == agreement_id)
    rows = connection.execute(wanted.order_by(terms_versions.c.version)).mappings()
    fields = tuple(TermsDocument.model_fields)
    found = [TermsDocument.model_validate({name: row[name] for name in fields}) for row in rows]
    told = [canonical_json(row.event.payload) for row in own]
    return [one for one in found if one.version == 1 or any(one.digest in payload for payload in told)]


def _request(
    connection: Connection,
    agreement_id: str,
    request_id: str,
    events: Sequence[RecordedEvent],
    sheets: dict[int, TermSheet],
    until: datetime | None,
) -> Chain:
    wanted = select(requests).where(
        requests.c.agreement_id == agreement_id, requests.c.request_id == request_id
    )
    row = connection.execute(wanted).mappings().one()
    version = row["terms_version"]
    posted = select(ledger_entries).where(
        ledger_entries.c.agreement_id == agreement_id, ledger_entries.c.request_id == request_id
    )
    file = None
    if version in sheets:
        # Where calendars are missing, or the record was tampered with, the events stand for themselves.
        with suppress(LookupError, ValueError, Refused):
            file = _read_back(connection, agreement_id, request_id, events, sheets[version], version)
    if file is not None and until is None and not _comes_to(file, request_snapshot(row)):
        file = None
    return Chain(
        workflow_id=events[0].workflow_id,
        events=tuple(events),
        request_id=request_id,
        request=file,
        posted=tuple(p for p in entries.read(connection, in_order(posted)) if _by(p, until)),
    )


def _comes_to(file: RequestFile, view: RequestSnapshot) -> bool:
    """Whether the dues worked out again are those that were told."""
    found = {reading.target: reading.due for reading in readings(file)}
    told = {
        Target.CONFIRM: view.confirm_due,
        Target.RESPOND: view.respond_due,
        Target.RESOLVE: view.resolve_due,
    }
    return all(found.get(target) == due for target, due in told.items())


def _read_back(
    connection: Connection,
    agreement_id: str,
    request_id: str,
    events: Sequence[RecordedEvent],
    sheet: TermSheet,
    version: int,
) -> RequestFile | None:
    """A request's file on the calendars that its workflow had; raises LookupError where one is missing."""
    told = [row.event for row in events]
    begin, last = submitted_at(told[0]), max(event.at for event in told)
    terms = RequestTerms.from_sheet(sheet, version, told[0].payload["service"])
    named = [event.payload["calendars"] for event in told if event.payload.get("calendars")]
    calendar = Calendar(sheet.service_hours, sheet.time_zone)
    # As far as its workflow looked: further only when a pause pushed a due past the window.
    file = None
    for reach in (begin, last):
        until = calendar.horizon(reach, terms.longest_budget())
        years = {
            year: _year(connection, sheet, year, named[-1] if named else [], events[0].recorded_at)
            for year in calendar.years_needed(begin, until)
        }
        window = Calendar(sheet.service_hours, sheet.time_zone, years).window(begin, until)
        file = request_from(agreement_id, request_id, told, terms, window)
        if not needs_window(file):
            break
    return file


def _year(
    connection: Connection, sheet: TermSheet, year: int, named: Sequence[str], recorded_at: datetime
) -> CalendarYear:
    """The snapshot that the request names, else the newest at its submission, else the first after."""
    country = sheet.holiday_country
    wanted = select(calendar_years).where(calendar_years.c.country == country, calendar_years.c.year == year)
    rows = connection.execute(wanted.order_by(calendar_years.c.position)).mappings().all()
    if not rows:
        raise LookupError(f"the calendar of {country} {year} is not on record")
    chosen = [row for row in rows if row["digest"] in named]
    before = [row for row in rows if row["recorded_at"] <= recorded_at]
    return CalendarYear.model_validate_json((chosen or before or rows[:1])[-1]["canonical"])


def _by(posted: PostedEntry, until: datetime | None) -> bool:
    return until is None or posted.entry.effective_at <= until


def _entries(connection: Connection, agreement_id: str, until: datetime | None) -> Iterator[PostedEntry]:
    wanted = in_order(select(ledger_entries).where(ledger_entries.c.agreement_id == agreement_id))
    if until is not None:
        wanted = wanted.where(ledger_entries.c.effective_at <= until)
    rows = connection.execute(wanted.execution_options(yield_per=AT_ONCE)).mappings()
    return (entries.posted(row) for row in rows)


def _notices(connection: Connection, agreement_id: str, until: datetime | None) -> Iterator[Notification]:
    """Those of events that are told; what was sent later than ``until`` of an earlier event is told too."""
    wanted = select(notifications).where(notifications.c.agreement_id == agreement_id)
    order = (notifications.c.workflow_id, notifications.c.event_seq, notifications.c.message_id)
    rows = connection.execute(wanted.order_by(*order).execution_options(yield_per=AT_ONCE)).mappings()
    return (notices.notification(row) for row in rows)


def _statements(
    connection: Connection, agreement_id: str, as_of: date, until: datetime | None, shelf: Shelf
) -> Iterator[Stated]:
    """The statement of the end of every billed period and of the last day; none while nothing is billed."""
    money = money_of(connection, agreement_id, until, shelf)
    if money is None:
        return
    posted = [p.entry for p in _entries(connection, agreement_id, until)]
    ends = {bill.last for bill in money.bills if bill.last < as_of}
    for day in sorted({*ends, as_of}):
        following = date.fromordinal(day.toordinal() + 1)
        yield Stated(statement(money, posted, day), money.days.start_of(following))

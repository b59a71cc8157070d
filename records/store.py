"""The record store as the activities, the command line and the client see it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, date, datetime
from types import TracebackType
from typing import Self

from contract.billing import Bill
from contract.facts import AgreementSnapshot, Event, RecordBatch, Recorded, RequestSnapshot, TermsDocument
from contract.holds import PenaltyHold
from contract.invoices import Issued
from contract.invoicing import InvoiceWanted
from contract.money_file import MoneyFile
from contract.refusals import Refusal
from contract.request import RequestState
from contract.service_hours import CalendarYear
from contract.settling import Ask
from contract.statements import Statement
from records import (
    archive,
    attention,
    calendars,
    evidence,
    histories,
    history,
    invoices,
    lately,
    notices,
    queries,
    settling,
    standings,
    writing,
)
from records import money as accounts
from records.archive import Shelf
from records.compliance import compliance
from records.database import Database
from records.engine import database_url
from records.evidence import Piece
from records.migrate import check_ready
from records.penalties import penalties
from records.ratings import ratings
from records.results import (
    Admission,
    AgreementFilter,
    Attention,
    Books,
    ChainReport,
    ComplianceReport,
    InvoiceRecord,
    KeptFile,
    Minute,
    Notification,
    PenaltyYear,
    PostedEntry,
    RatingReport,
    RecordedEvent,
    RequestFilter,
    RequestRecord,
    RunHistory,
    Workflow,
)
from records.watching import News, Watch

_ANY_AGREEMENT = AgreementFilter()
_ANY_REQUEST = RequestFilter()


class RecordStore:
    """Everything recorded, in one database. Safe to share between the tasks of one event loop.

    Writes are whole or not at all, and may be tried again: what is on record already is not written twice.
    """

    def __init__(self, database: Database, watch: Watch | None = None) -> None:
        self._database = database
        self._watch = watch
        self._read, self._write = database.read, database.write
        self._shelf = Shelf()

    @classmethod
    async def open(cls, url: str, *, connections: int = 10, watch: Watch | None = None) -> Self:
        """Open the store at a SQLite or PostgreSQL URL, with at most that many connections.

        Raises SchemaNotReady when `upgrade(url)` has not been run, ValueError for another kind of URL.
        """
        database = Database.at(database_url(url), connections, watch)
        try:
            await database.read(check_ready)
        except BaseException:
            await database.close()
            raise
        return cls(database, watch)

    async def check_ready(self) -> None:
        """Raises what the driver does when the database is away, SchemaNotReady for older tables."""
        await self._read(check_ready)

    async def close(self) -> None:
        await self._database.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # Writing

    async def append(self, batch: RecordBatch) -> Recorded:
        """Write what one step of a workflow adds; see `append_many`."""
        (recorded,) = await self.append_many([batch])
        return recorded

    async def append_many(self, batches: Sequence[RecordBatch]) -> list[Recorded]:
        """Write several steps in one transaction, in order; of several workflows or of one.

        Answers for each with the state of its agreement, read in the same transaction and ordered against
        a concurrent change of it. A batch, or part of one, that is on record already adds nothing, and an
        older current state never replaces a newer one.

        Raises RecordConflict when the record says something else, RecordGap when something that comes
        before is missing (its subclass AgreementUnknown: the agreement itself), ValueError for a batch
        that could not be one step of a workflow. Then none of the batches is written, and the fault's
        ``workflow_id`` tells which one to leave out.
        """
        for batch in batches:
            writing.check(batch)
        if not batches:
            return []
        answers, news = await self._write(writing.write, batches, self._shelf, _now())
        self._tell(news)
        return answers

    async def admit(
        self, batch: RecordBatch, content_digest: str, rests_on: Collection[str] = ()
    ) -> Admission:
        """Put a new request on record with its first events, or tell that it is there (C6.1.1).

        Nothing is written, and nothing compared, when the request is on record: the caller compares
        ``existing_digest``. Raises like `append_many`, and CalendarOutdated when one of the calendar
        snapshots that its dues rest on is no longer the newest of its year.
        """
        writing.check(batch)
        admission, news = await self._write(
            writing.admit, batch, content_digest, rests_on, self._shelf, _now()
        )
        self._tell(news)
        return admission

    def _tell(self, news: News) -> None:
        if self._watch is not None:
            self._watch.written(news.events, news.entries)

    async def issue_bill(
        self,
        workflow_id: str,
        seq: int,
        draft: Bill,
        agreement_id: str,
        set_off: bool,
        holds: Sequence[PenaltyHold] = (),
        agreement: AgreementSnapshot | None = None,
    ) -> Bill:
        """Put a bill on record, less the penalties that stand and are not on hold, or tell the one that is
        there (C7.1)."""
        bill, news = await self._write(
            accounts.issue,
            workflow_id,
            seq,
            draft,
            agreement_id,
            set_off,
            holds,
            agreement,
            self._shelf,
            _now(),
        )
        self._tell(news)
        return bill

    async def begin_invoice(self, agreement_id: str, wanted: InvoiceWanted) -> InvoiceRecord | None:
        """Number a document and put it on record, or tell the one that is there (C7.1.3).

        None: its payment was taken back before. Raises LedgerDiffers, RecordGap.
        """
        return await self._write(invoices.begin, agreement_id, wanted, self._shelf, _now())

    async def keep_issued(self, agreement_id: str, key: str, issuer: str, issued: Issued) -> InvoiceRecord:
        """Put on record what issuing a document came to; the first answer stands (C7.1.3)."""
        return await self._write(invoices.keep_issued, agreement_id, key, issuer, issued, _now())

    async def settle_penalties(
        self, workflow_id: str, seq: int, agreement: AgreementSnapshot, ask: Ask
    ) -> tuple[Event | None, Refusal | None]:
        """Decide and record what depends on the penalties that stand, or tell what was decided (C8.1)."""
        event, refusal, news = await self._write(
            settling.answer, workflow_id, seq, agreement, ask, self._shelf, _now()
        )
        self._tell(news)
        return event, refusal

    async def last_end_of_requests(self, agreement_id: str) -> datetime | None:
        """When the last request that has ended did so, at the earliest the end of the term."""
        return await self._read(queries.last_end_of_requests, agreement_id)

    async def keep_calendar(self, year: CalendarYear) -> bool:
        """Store a snapshot of a calendar year as its newest; False when the newest is the same."""
        return await self._write(calendars.keep, year, _now())

    async def keep_notification(self, notification: Notification) -> bool:
        """Store that a message was sent; False when its id is on record already: the first one stands."""
        return await self._write(notices.keep, notification)

    async def keep_history(self, run: RunHistory, content: bytes) -> bool:
        """Store the engine's history of a run that is over; False when it is on record already."""
        return await self._write(histories.keep, run, content, _now())

    # Agreements and terms

    async def agreement(self, agreement_id: str) -> AgreementSnapshot | None:
        return await self._read(queries.find_agreement, agreement_id)

    async def agreements(
        self, wanted: AgreementFilter = _ANY_AGREEMENT, *, limit: int | None = None, offset: int = 0
    ) -> list[AgreementSnapshot]:
        """Agreements in order of their offer."""
        return await self._read(queries.list_agreements, wanted, limit, offset)

    async def terms(self, agreement_id: str, version: int) -> TermsDocument | None:
        return await self._read(archive.by_version, agreement_id, version)

    async def versions(self, agreement_id: str) -> list[TermsDocument]:
        """Every version of an agreement's terms, in order: agreed, in force or not (C10.1)."""
        return await self._read(archive.all_of, agreement_id)

    async def terms_by_digest(self, digest: str) -> TermsDocument | None:
        return await self._read(archive.by_digest, digest)

    # Requests and their events

    async def request(self, agreement_id: str, request_id: str) -> RequestRecord | None:
        """A request with its whole timeline and its ledger entries."""
        return await self._read(queries.find_request, agreement_id, request_id)

    async def requests(
        self,
        agreement_id: str,
        wanted: RequestFilter = _ANY_REQUEST,
        *,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[RequestSnapshot]:
        """An agreement's requests in order of their submission."""
        return await self._read(queries.list_requests, agreement_id, wanted, limit, offset)

    async def open_request_ids(self, agreement_id: str) -> list[str]:
        """Requests not yet closed or withdrawn, in order of their submission."""
        return await self._read(queries.open_request_ids, agreement_id)

    async def known_requests(self, agreement_id: str, request_ids: Sequence[str]) -> list[str]:
        """Those of the requests that are on record."""
        return await self._read(queries.known_requests, agreement_id, request_ids)

    async def provisional_requests(self, agreement_id: str) -> list[RequestSnapshot]:
        """Open requests with a due that rests on a year not yet announced (contract §3)."""
        return await self.requests(agreement_id, RequestFilter(open=True, provisional=True))

    async def events(self, workflow_id: str, first: int = 1, last: int | None = None) -> list[RecordedEvent]:
        """A workflow's events from one number to another, both included, in order."""
        return await self._read(history.read, workflow_id, first, last)

    async def verify_chain(self, workflow_id: str) -> ChainReport:
        """Recompute the hashes of a workflow's events and name the first row that is wrong (C6.2.3)."""
        return await self._read(history.verify, workflow_id)

    # Reports

    async def compliance(self, agreement_id: str, wanted: RequestFilter = _ANY_REQUEST) -> ComplianceReport:
        """How the targets were kept, per month of submission and priority (C5.1)."""
        return await self._read(compliance, agreement_id, wanted, self._shelf)

    async def ratings(
        self, agreement_id: str, as_of: datetime, wanted: RequestFilter = _ANY_REQUEST
    ) -> RatingReport:
        """How the customer rated the service; follow-ups overdue at ``as_of``, in contract time (C5.5)."""
        return await self._read(ratings, agreement_id, as_of, wanted)

    async def penalties(self, agreement_id: str, contract_year: int | None = None) -> list[PenaltyYear]:
        """What lateness costs the provider, per contract year, with its entries (C8.1)."""
        return await self._read(penalties, agreement_id, contract_year, self._shelf)

    # Across all agreements, for operators

    async def upcoming(
        self,
        until: datetime | None = None,
        *,
        agreement_ids: Sequence[str] | None = None,
        wanted: RequestFilter = _ANY_REQUEST,
        limit: int | None = None,
    ) -> list[RequestSnapshot]:
        """Requests whose next due is not after an instant of contract time, the most urgent first."""
        return await self._read(queries.upcoming, until, agreement_ids, wanted, limit)

    async def attention(self, as_of: datetime) -> list[Attention]:
        """What asks for a person at an instant of contract time: see :class:`AttentionKind`."""
        return await self._read(attention.attention, as_of, _now())

    async def open_by_state(self) -> dict[RequestState, int]:
        """How many requests are in each state that is not final; states without any are left out."""
        return await self._read(lately.open_by_state)

    async def minutes(self, since: datetime) -> list[Minute]:
        """Events and breaches per minute of their recording, from the minute of an instant on."""
        return await self._read(lately.minutes, since)

    async def breaches(self, since: datetime, limit: int) -> list[RecordedEvent]:
        """Breaches recorded since an instant, the newest first."""
        return await self._read(lately.breaches, since, limit)

    async def workflows(self, agreement_id: str) -> list[Workflow]:
        """An agreement's workflow and those of its requests, each with the end of its chain."""
        return await self._read(standings.workflows, agreement_id)

    async def stray_workflows(self) -> list[Workflow]:
        """Workflows that have events on record and no current state."""
        return await self._read(standings.strays)

    # Money

    async def money(self, agreement_id: str, known_at: datetime | None = None) -> MoneyFile | None:
        """The facts about an agreement's money as known at an instant (None: now)."""
        return await self._read(accounts.money_of, agreement_id, known_at, self._shelf)

    async def statement(
        self, agreement_id: str, on: date, known_at: datetime | None = None
    ) -> Statement | None:
        """What is owed at the end of a day, each line explained, by what was known at an instant."""
        return await self._read(accounts.statement_of, agreement_id, on, known_at, self._shelf)

    async def books(self, agreement_id: str) -> Books:
        """What the ledger of an agreement holds, added up as it stands."""
        return await self._read(accounts.books_of, agreement_id)

    async def journal(self, begin: datetime, end: datetime) -> list[PostedEntry]:
        """Every ledger entry recorded from one instant up to another, in the order of recording."""
        return await self._read(accounts.journal, begin, end)

    async def invoices(self, agreement_id: str) -> list[InvoiceRecord]:
        """An agreement's invoices and credit notes in the order in which they were begun (C7.1.3)."""
        return await self._read(invoices.of_agreement, agreement_id)

    async def invoice(self, agreement_id: str, number: str) -> InvoiceRecord | None:
        """A document by its number."""
        return await self._read(invoices.by_number, agreement_id, number)

    async def invoice_files(self, agreement_id: str, key: str) -> list[KeptFile]:
        """The files of a document by its key; none while it is not issued."""
        return await self._read(invoices.files_of, agreement_id, key)

    async def requests_open_since(self, agreement_id: str, since: datetime) -> list[str]:
        """Requests open at an instant or later, in order of their submission."""
        return await self._read(queries.open_since, agreement_id, since)

    # For evidence

    async def evidence(
        self,
        agreement_id: str,
        take: Callable[[Piece], None],
        *,
        today: datetime | None = None,
        until: datetime | None = None,
    ) -> bool:
        """Tell ``take`` all that is on record of an agreement, piece by piece, of one state of the record.

        ``today`` is the instant whose day the last statement is of, without it now; ``until`` leaves out what
        came later. ``take`` may run in another thread. False for an agreement that is not on record.
        """
        return await self._read(evidence.tell, agreement_id, today or _now(), until, take, self._shelf)

    # Histories of the engine

    async def histories_kept(self, run_ids: Sequence[str]) -> set[str]:
        """Those of some runs whose histories are on record."""
        return await self._read(histories.kept_among, run_ids)

    async def histories_of(self, agreement_id: str) -> list[str]:
        """The workflows of an agreement that have histories on record."""
        return await self._read(histories.workflows_of, agreement_id)

    async def histories(self, workflow_id: str) -> list[RunHistory]:
        """The runs of a workflow whose histories are on record, in order of their start."""
        return await self._read(histories.of_workflow, workflow_id)

    async def history_content(self, workflow_id: str, run_id: str) -> bytes | None:
        """The history of a run, as JSON, its payloads as the engine had them."""
        return await self._read(histories.content, workflow_id, run_id)

    # Calendars and notifications

    async def calendars(self, country: str, years: Iterable[int]) -> dict[int, CalendarYear]:
        """The newest snapshot of each year; years without one are left out."""
        return await self._read(calendars.newest_of, country, years)

    async def calendar_by_digest(self, digest: str) -> CalendarYear | None:
        """The snapshot a workflow rests on, however old."""
        return await self._read(calendars.by_digest, digest)

    async def notification(self, message_id: str) -> Notification | None:
        return await self._read(notices.find, message_id)

    async def notifications(self, workflow_id: str, event_seq: int | None = None) -> list[Notification]:
        """What was sent about a workflow's events, or about one of them."""
        return await self._read(notices.of_workflow, workflow_id, event_seq)

    async def unsent_notices(
        self, since: datetime, until: datetime, agreement_ids: Sequence[str] | None = None
    ) -> dict[str, list[int]]:
        """Per workflow, the events recorded between two instants of which a party was not told."""
        found: dict[str, list[int]] = {}
        for row in await self._read(notices.unsent, since, until, agreement_ids):
            seqs = found.setdefault(row.workflow_id, [])
            if row.seq not in seqs:
                seqs.append(row.seq)
        return found


def _now() -> datetime:
    return datetime.now(UTC)

"""One rehearsal from a term sheet and a log to what the record store then says.

Everything in a :class:`Lived` but the refusals is read from the record store, after the worker has stopped:
what is reported is what was recorded.
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from contract.facts import AgreementSnapshot, EntryKind, LedgerEntry, RequestSnapshot
from contract.faults import Fault, Faulty
from contract.money import Money
from contract.request import RequestState
from contract.service_hours import CalendarYear
from contract.terms import TermSheet
from records.engine import database_url
from records.results import ComplianceReport, PenaltyYear
from records.store import RecordStore
from runtime.settings import MailKind, Mode, Settings
from starter.reaching import settings
from starter.rehearsal.living import AFTER, RefusedDeed, Rehearsal
from starter.rehearsal.log import TicketLog
from starter.stage import stage

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class LivedRequest:
    """A request as it stands on record, and what was posted for it."""

    on_record: RequestSnapshot
    delay_seconds: int
    """Of late resolution, as of the last instant lived."""
    entries: tuple[LedgerEntry, ...] = ()

    @property
    def accruals(self) -> tuple[LedgerEntry, ...]:
        """Penalties that stand: accrued and not reversed."""
        reversed_keys = {entry.reverses for entry in self.entries}
        return tuple(
            entry
            for entry in self.entries
            if entry.kind is EntryKind.PENALTY and entry.key not in reversed_keys
        )

    def owed(self, currency: str) -> dict[str, Money]:
        """What the provider owes for it, by clause, before any cap."""
        owed: dict[str, Money] = defaultdict(lambda: Money(minor=0, currency=currency))
        for entry in self.accruals:
            owed[entry.clause] += entry.amount
        return dict(sorted(owed.items()))


@dataclass(frozen=True, slots=True)
class Lived:
    """What came of a rehearsal."""

    terms: TermSheet
    log: TicketLog
    until: datetime
    """The last instant lived."""
    agreement: AgreementSnapshot
    requests: tuple[LivedRequest, ...]
    """In order of submission, then of id."""
    years: tuple[PenaltyYear, ...]
    compliance: ComplianceReport
    calendars: Mapping[int, CalendarYear]
    """The snapshots of calendar years it rests on."""
    refused: tuple[RefusedDeed, ...]
    seconds: float
    """How long living it took."""
    records: str | None = None
    """Where the record is kept, without the password; None when it was thrown away."""

    @property
    def currency(self) -> str:
        return self.terms.fees.currency

    @property
    def nothing(self) -> Money:
        """No money, in the sheet's currency: what sums begin with."""
        return Money(minor=0, currency=self.currency)


async def rehearse(
    terms: TermSheet, log: TicketLog, *, records: str | None, progress: Callable[[int, datetime], None]
) -> Lived:
    """Live a log under a term sheet; ``progress`` is told how many deeds were done, and up to when.

    ``records`` is the URL of a record store to keep; it must not know the agreement yet. Raises Faulty when
    it does, and what :func:`starter.stage.stage` raises.
    """
    with _somewhere(records) as settings:
        began = time.monotonic()
        async with stage(settings) as scene:
            if await scene.store.agreement(terms.agreement_id) is not None:
                allowed = "a record store that does not know the agreement yet"
                fault = Fault(path="--records", clause="C10.2", given=terms.agreement_id, allowed=allowed)
                raise Faulty("record store", [fault])
            rehearsal = Rehearsal(scene)
            await rehearsal.live(terms, log, lambda done: progress(done, scene.time.now()))
        seconds = time.monotonic() - began
        async with await RecordStore.open(settings.records) as store:
            return await read_back(
                store,
                terms,
                log,
                until=log.last + AFTER,
                refused=tuple(rehearsal.refused),
                seconds=seconds,
                records=records,
            )


@contextmanager
def _somewhere(records: str | None) -> Iterator[Settings]:
    """Settings with mail off and a record store in a temporary folder, unless one is named."""
    with tempfile.TemporaryDirectory(prefix="aftercare-rehearsal-") as folder:
        url = records or f"sqlite+aiosqlite:///{Path(folder) / 'records.db'}"
        yield settings(mode=Mode.DEVELOPMENT, mail=MailKind.NONE, home=Path(folder), records_url=url)


async def read_back(
    store: RecordStore,
    terms: TermSheet,
    log: TicketLog,
    *,
    until: datetime,
    refused: tuple[RefusedDeed, ...],
    seconds: float,
    records: str | None,
) -> Lived:
    """What is on record of an agreement that was lived through a log, as of an instant."""
    agreement = await store.agreement(terms.agreement_id)
    assert agreement is not None
    years = await store.penalties(terms.agreement_id)
    posted: dict[str, list[LedgerEntry]] = defaultdict(list)
    for entry in (row.entry for year in years for row in year.entries):
        if entry.request_id is not None:
            posted[entry.request_id].append(entry)
    country = terms.holiday_country
    spans = range(log.first.year - 1, until.year + 5)
    return Lived(
        terms=terms,
        log=log,
        until=until,
        agreement=agreement,
        requests=tuple(
            LivedRequest(found, delay_at(found, until), tuple(posted[found.request_id]))
            for found in await store.requests(terms.agreement_id)
        ),
        years=tuple(years),
        compliance=await store.compliance(terms.agreement_id),
        calendars={} if country is None else await store.calendars(country, spans),
        refused=refused,
        seconds=seconds,
        records=None if records is None else database_url(records).render_as_string(hide_password=True),
    )


def delay_at(request: RequestSnapshot, until: datetime) -> int:
    """Seconds of late resolution at an instant, from a row that stands at the request's last event.

    Whatever starts or stops the clock is an event: since the last one it has run, or stood still.
    """
    stopped = request.resolved_at is not None or not request.state.is_open
    paused = request.state is RequestState.WAITING
    if request.resolve_due is None or not request.delay_seconds or stopped or paused:
        return request.delay_seconds
    in_pauses = (request.as_of - request.resolve_due) // SECOND - request.delay_seconds
    return (until.astimezone(UTC) - request.resolve_due) // SECOND - in_pauses

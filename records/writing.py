"""One write: events, money, terms and current state of several batches, all of it or nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise

from sqlalchemy import Connection

from contract.agreement_states import AgreementState
from contract.facts import PenaltiesPassed, RecordBatch, Recorded
from records import archive, calendars, decisions, excess, history, ledger, snapshots
from records.archive import Shelf
from records.faults import CalendarOutdated, RecordFault
from records.results import Admission
from records.snapshots import Standing
from records.watching import News

_AWAITING = (AgreementState.EXPIRED, AgreementState.TERMINATED, AgreementState.CLOSED)
"""Closed, it still nets the penalties of the requests it left open."""


def check(batch: RecordBatch) -> None:
    """Raises ValueError for a batch that could not be one step of one workflow."""
    seqs = [event.seq for event in batch.events]
    if any(seq < 1 for seq in seqs) or any(after != before + 1 for before, after in pairwise(seqs)):
        raise ValueError(f"{batch.workflow_id}: events numbered from 1, one after the other")
    if (batch.request or batch.agreement) and not seqs:
        raise ValueError(f"{batch.workflow_id}: a change of state comes with the event that made it")
    request, agreement, terms = batch.request, batch.agreement, batch.terms
    if request and (request.agreement_id, request.request_id) != (batch.agreement_id, batch.request_id):
        raise ValueError(f"{batch.workflow_id}: the state of the batch's own request")
    if any(part and part.agreement_id != batch.agreement_id for part in (agreement, terms)):
        raise ValueError(f"{batch.workflow_id}: the state and terms of the batch's own agreement")
    for entry in batch.entries:
        ledger.check(entry)


def write(
    connection: Connection, batches: Sequence[RecordBatch], shelf: Shelf, recorded_at: datetime
) -> tuple[list[Recorded], News]:
    """Write the batches in order and answer for each with the state its agreement then has.

    Raises RecordConflict, RecordGap; the caller rolls back.
    """
    standing = snapshots.hold(connection, batches)
    news = _write(connection, batches, standing, shelf, recorded_at)
    return [_recorded(connection, batch, standing[batch.agreement_id], shelf) for batch in batches], news


def _recorded(connection: Connection, batch: RecordBatch, held: Standing, shelf: Shelf) -> Recorded:
    passed: list[PenaltiesPassed] = []
    if batch.entries or batch.decisions:
        passed = excess.passed(connection, batch, held.year_starts, shelf)
    awaits = held.state in _AWAITING
    return Recorded(agreement_state=held.state, awaits_requests=awaits, passed=passed)


def admit(
    connection: Connection,
    batch: RecordBatch,
    content_digest: str,
    rests_on: Collection[str],
    shelf: Shelf,
    recorded_at: datetime,
) -> tuple[Admission, News]:
    """Write a request's first batch with the digest of its content, unless the request is on record.

    Raises CalendarOutdated when one of the calendar snapshots is no longer the newest of its year.
    """
    if batch.request is None or batch.agreement is not None:
        raise ValueError(f"{batch.workflow_id}: the request to admit, and no state of its agreement")
    standing = snapshots.hold(connection, [batch])
    # Before the row is made: an unknown agreement is told as such, not as a broken foreign key.
    snapshots.keep_agreements(connection, [batch], standing)
    started, existing = snapshots.claim_request(connection, batch, batch.request, content_digest)
    news = News()
    if started:
        if not calendars.hold_newest(connection, rests_on):
            raise CalendarOutdated("a newer calendar is kept", batch.workflow_id)
        news = _write(connection, [batch], standing, shelf, recorded_at)
    state = standing[batch.agreement_id].state
    return Admission(existing_digest=existing, started=started, agreement_state=state), news


def _write(
    connection: Connection,
    batches: Sequence[RecordBatch],
    standing: dict[str, Standing],
    shelf: Shelf,
    recorded_at: datetime,
) -> News:
    snapshots.keep_agreements(connection, batches, standing)
    for batch in batches:
        if batch.terms is not None:
            with _on_behalf_of(batch):
                archive.keep(connection, batch.terms, recorded_at)
    news = News(history.append(connection, batches, recorded_at))
    snapshots.keep_requests(connection, batches)
    for batch in batches:
        if batch.entries or batch.decisions:
            with _on_behalf_of(batch):
                year_starts = standing[batch.agreement_id].year_starts
                entries = [*batch.entries, *decisions.carry_out(connection, batch, year_starts)]
                news.entries.extend(
                    ledger.post(connection, batch.agreement_id, entries, year_starts, shelf, recorded_at)
                )
    return news


@contextmanager
def _on_behalf_of(batch: RecordBatch) -> Iterator[None]:
    """Name the workflow in a fault, so that of several batches the one at fault can be left out."""
    try:
        yield
    except RecordFault as fault:
        fault.workflow_id = fault.workflow_id or batch.workflow_id
        raise

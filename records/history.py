"""Events: appended in a hash chain per workflow, read back in order, and verified (C6.2.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, RowMapping, bindparam, func, select, union_all

from contract.chain import GENESIS, event_hash
from contract.facts import Event, RecordBatch
from records.faults import RecordConflict, RecordGap
from records.results import ChainFault, ChainReport, RecordedEvent
from records.schema import agreements, events, requests

_EVENT_FIELDS = tuple(Event.model_fields)
_WORKFLOWS: BindParameter[str] = bindparam("workflow_ids", expanding=True)

_last = (
    select(events.c.workflow_id, func.max(events.c.seq).label("seq"))
    .where(events.c.workflow_id.in_(_WORKFLOWS))
    .group_by(events.c.workflow_id)
    .subquery()
)
_HEADS = select(events.c.workflow_id, events.c.seq, events.c.hash).join(
    _last, (events.c.workflow_id == _last.c.workflow_id) & (events.c.seq == _last.c.seq)
)
_FROM_SEQ = (
    select(events.c.seq, events.c.previous, events.c.hash)
    .where(events.c.workflow_id == bindparam("workflow_id"))
    .where(events.c.seq.between(bindparam("first"), bindparam("last")))
)
_INSERT = events.insert()

Head = tuple[int, str]
"""Sequence number and hash of a workflow's last event."""


def append(connection: Connection, batches: Sequence[RecordBatch], recorded_at: datetime) -> list[Event]:
    """Add the events of the batches to their chains; those already there with the same content stay.

    Answers with those that were not there.

    Raises RecordConflict when another event stands at a number, RecordGap when one before is missing.
    """
    heads = _heads(connection, {batch.workflow_id for batch in batches if batch.events})
    rows: list[dict[str, Any]] = []
    new: list[Event] = []
    for batch in batches:
        head = heads.get(batch.workflow_id, (0, GENESIS))
        known = [event for event in batch.events if event.seq <= head[0]]
        if known:
            _check_known(connection, batch.workflow_id, known, rows)
        for event in batch.events[len(known) :]:
            seq, previous = head
            if event.seq != seq + 1:
                raise RecordGap(
                    f"{batch.workflow_id}: event {event.seq} came when {seq + 1} is next", batch.workflow_id
                )
            head = (event.seq, event_hash(batch.workflow_id, previous, event))
            rows.append(_row(batch, event, previous, head[1], recorded_at))
            new.append(event)
        heads[batch.workflow_id] = head
    if rows:
        # In one order everywhere, so that two writers of the same workflows cannot wait for each other.
        rows.sort(key=lambda row: (row["workflow_id"], row["seq"]))
        connection.execute(_INSERT, rows)
    return new


def _heads(connection: Connection, workflow_ids: set[str]) -> dict[str, Head]:
    found = connection.execute(_HEADS, {"workflow_ids": sorted(workflow_ids)})
    return {workflow_id: (seq, digest) for workflow_id, seq, digest in found}


def _check_known(
    connection: Connection, workflow_id: str, known: Sequence[Event], pending: Sequence[Mapping[str, Any]]
) -> None:
    """The hash covers all of an event, so comparing hashes compares contents."""
    span = {"workflow_id": workflow_id, "first": known[0].seq, "last": known[-1].seq}
    stored = {seq: (previous, digest) for seq, previous, digest in connection.execute(_FROM_SEQ, span)}
    stored |= {
        row["seq"]: (row["previous"], row["hash"]) for row in pending if row["workflow_id"] == workflow_id
    }
    for event in known:
        previous, digest = stored[event.seq]
        if event_hash(workflow_id, previous, event) != digest:
            raise RecordConflict(
                f"{workflow_id}: event {event.seq} is on record with other content", workflow_id
            )


def _row(
    batch: RecordBatch, event: Event, previous: str, digest: str, recorded_at: datetime
) -> dict[str, Any]:
    row = {name: getattr(event, name) for name in _EVENT_FIELDS}
    return row | {
        "workflow_id": batch.workflow_id,
        "agreement_id": batch.agreement_id,
        "request_id": batch.request_id,
        "recorded_at": recorded_at,
        # As the hash saw it: whatever the payload holds, in the form JSON gives it.
        "payload": event.model_dump(mode="json", include={"payload"})["payload"],
        "previous": previous,
        "hash": digest,
    }


def recorded(row: RowMapping) -> RecordedEvent:
    """The event a row holds."""
    return RecordedEvent(
        workflow_id=row["workflow_id"],
        event=Event.model_validate({name: row[name] for name in _EVENT_FIELDS}),
        recorded_at=row["recorded_at"],
        previous=row["previous"],
        hash=row["hash"],
    )


def read(
    connection: Connection, workflow_id: str, first: int = 1, last: int | None = None
) -> list[RecordedEvent]:
    """A workflow's events from one number to another, both included, in order."""
    wanted = select(events).where(events.c.workflow_id == workflow_id, events.c.seq >= first)
    if last is not None:
        wanted = wanted.where(events.c.seq <= last)
    return [recorded(row) for row in connection.execute(wanted.order_by(events.c.seq)).mappings()]


def verify(connection: Connection, workflow_id: str) -> ChainReport:
    """Recompute a workflow's chain and name the first row that is wrong.

    Found are a changed, missing, added or moved event, and events cut off at the end as long as the
    current state of the agreement or request still names the last one. Not covered by the hash, and so
    not found: a changed ``recorded_at``.
    """
    wanted = select(events).where(events.c.workflow_id == workflow_id).order_by(events.c.seq)
    rows = connection.execute(wanted).mappings().all()
    seq, previous, fault = 0, GENESIS, None
    for row in rows:
        fault = _fault(row, seq + 1, previous, rows[0])
        if fault is not None:
            break
        seq, previous = row["seq"], row["hash"]
    if fault is None:
        stands_at = connection.scalar(_stands_at(workflow_id)) or 0
        if seq < stands_at:
            fault = ChainFault(seq=seq + 1, reason=f"missing: the current state rests on event {stands_at}")
    return ChainReport(workflow_id=workflow_id, events=len(rows), fault=fault)


def _fault(row: RowMapping, expected: int, previous: str, first: RowMapping) -> ChainFault | None:
    seq = row["seq"]
    if seq != expected:
        return ChainFault(seq=expected, reason=f"missing: event {seq} is next on record")
    if row["previous"] != previous:
        return ChainFault(seq=seq, reason="does not continue the event before it")
    if (row["agreement_id"], row["request_id"]) != (first["agreement_id"], first["request_id"]):
        return ChainFault(seq=seq, reason="names another agreement or request than the first event")
    try:
        digest = event_hash(row["workflow_id"], previous, recorded(row).event)
    except ValueError:
        return ChainFault(seq=seq, reason="is not an event")
    if digest != row["hash"]:
        return ChainFault(seq=seq, reason="its content does not match its hash")
    return None


def _stands_at(workflow_id: str) -> Any:
    states = union_all(
        select(requests.c.last_seq).where(requests.c.workflow_id == workflow_id),
        select(agreements.c.last_seq).where(agreements.c.workflow_id == workflow_id),
    ).subquery()
    return select(func.max(states.c.last_seq))

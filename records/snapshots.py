"""The current state of agreements and requests, which lists and reports read.

A row stands at an event of its workflow and only ever moves to a later one: an older batch that is tried
again finds its events on record and leaves the row alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from contract.agreement_states import AgreementState
from contract.facts import AgreementSnapshot, RecordBatch, RequestSnapshot
from records.faults import AgreementUnknown
from records.schema import agreements, requests

_AGREEMENT_FIELDS = tuple(AgreementSnapshot.model_fields)
_REQUEST_FIELDS = tuple(RequestSnapshot.model_fields)

_STANDING = (
    select(agreements.c.agreement_id, agreements.c.last_seq, agreements.c.state, agreements.c.year_starts)
    .where(agreements.c.agreement_id.in_(bindparam("ids", expanding=True)))
    # One order everywhere: two writers of the same agreements cannot wait for each other.
    .order_by(agreements.c.agreement_id)
)
# SQLite has no row locks and leaves these out: there the whole write holds the lock.
_STANDING_SHARED = _STANDING.with_for_update(read=True)
_STANDING_ALONE = _STANDING.with_for_update()


@dataclass(slots=True)
class Standing:
    """Where an agreement stands within a transaction that holds its row."""

    last_seq: int
    state: AgreementState
    year_starts: Sequence[datetime]
    """When each contract year begins; empty before the agreement is active."""


def hold(
    connection: Connection, batches: Sequence[RecordBatch], *, alone: bool = False
) -> dict[str, Standing]:
    """Read the agreements of the batches and hold them until the end of the transaction.

    Shared with other requests, but against a change of the agreement; alone, when this is one or when
    money is posted, whose cap counts what others post, or where asked for.
    """
    alone = alone or any(batch.agreement or batch.entries or batch.decisions for batch in batches)
    wanted = _STANDING_ALONE if alone else _STANDING_SHARED
    ids = sorted({batch.agreement_id for batch in batches})
    found = connection.execute(wanted, {"ids": ids})
    return {
        agreement_id: Standing(last_seq, AgreementState(state), year_starts)
        for agreement_id, last_seq, state, year_starts in found
    }


def keep_agreements(
    connection: Connection, batches: Sequence[RecordBatch], standing: dict[str, Standing]
) -> None:
    """Move the rows of agreements on, and with them what ``standing`` says.

    Raises AgreementUnknown when a batch belongs to an agreement that neither it nor the record has.
    """
    rows = []
    for batch in batches:
        held = standing.get(batch.agreement_id)
        if batch.agreement is None:
            if held is None:
                raise AgreementUnknown(f"agreement {batch.agreement_id} is not on record", batch.workflow_id)
        elif held is None or held.last_seq < batch.events[-1].seq:
            rows.append(_row(batch, batch.agreement, _AGREEMENT_FIELDS))
            standing[batch.agreement_id] = Standing(
                batch.events[-1].seq, batch.agreement.state, batch.agreement.year_starts
            )
    if rows:
        connection.execute(_upsert(connection.dialect.name, agreements), rows)


def keep_requests(connection: Connection, batches: Sequence[RecordBatch]) -> None:
    """Move the rows of requests on."""
    rows = [_row(batch, batch.request, _REQUEST_FIELDS) for batch in batches if batch.request is not None]
    if rows:
        rows.sort(key=lambda row: (row["agreement_id"], row["request_id"], row["last_seq"]))
        connection.execute(_upsert(connection.dialect.name, requests), rows)


def claim_request(
    connection: Connection, batch: RecordBatch, request: RequestSnapshot, content_digest: str
) -> tuple[bool, str | None]:
    """Make a request's row with the digest of its content: whether it is new, and else the digest it has.

    The insertion decides, not a look before it: of several at once one makes the row, the others wait for
    it and find it.
    """
    row = _row(batch, request, _REQUEST_FIELDS) | {"content_digest": content_digest}
    if connection.scalar(_claim(connection.dialect.name), row) is not None:
        return True, None
    existing = select(requests.c.content_digest).where(
        requests.c.agreement_id == request.agreement_id, requests.c.request_id == request.request_id
    )
    return False, connection.scalar(existing)


def agreement_snapshot(row: RowMapping) -> AgreementSnapshot:
    """The agreement a row holds."""
    return AgreementSnapshot.model_validate({name: row[name] for name in _AGREEMENT_FIELDS})


def request_snapshot(row: RowMapping) -> RequestSnapshot:
    """The request a row holds."""
    return RequestSnapshot.model_validate({name: row[name] for name in _REQUEST_FIELDS})


def _row(
    batch: RecordBatch, snapshot: AgreementSnapshot | RequestSnapshot, fields: Sequence[str]
) -> dict[str, Any]:
    row = {name: getattr(snapshot, name) for name in fields}
    return row | {"workflow_id": batch.workflow_id, "last_seq": batch.events[-1].seq}


def _insert(dialect: str, table: Table) -> Any:
    return (sqlite if dialect == "sqlite" else postgresql).insert(table)


@cache
def _upsert(dialect: str, table: Table) -> Any:
    statement = _insert(dialect, table)
    keys = list(table.primary_key.columns)
    stays = {column.name for column in keys} | {"workflow_id", "content_digest"}
    return statement.on_conflict_do_update(
        index_elements=keys,
        set_={column.name: statement.excluded[column.name] for column in table.c if column.name not in stays},
        where=table.c.last_seq < statement.excluded.last_seq,
    )


@cache
def _claim(dialect: str) -> Any:
    return _insert(dialect, requests).on_conflict_do_nothing().returning(requests.c.request_id)

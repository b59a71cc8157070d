"""What the engine remembered of runs that are over, kept for longer than it keeps it (C6.2.3, C9.2).

A history is kept as the engine gave it, encrypted payloads included: compressed here, and nothing of it read.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from records.faults import AgreementUnknown, RecordConflict
from records.results import RunHistory
from records.schema import agreements, histories

_FIELDS = tuple(RunHistory.model_fields)
_KEPT = [histories.c[name] for name in _FIELDS]


def keep(connection: Connection, run: RunHistory, content: bytes, recorded_at: datetime) -> bool:
    """Store the history of a run that is over; False when it is on record already.

    Raises ValueError when the digest is not that of the content, AgreementUnknown when the agreement is not
    on record, RecordConflict when the same run is there with another content.
    """
    if hashlib.sha256(content).hexdigest() != run.digest:
        raise ValueError(f"{run.workflow_id}: the digest is of another history")
    known = connection.scalar(
        select(histories.c.digest).where(
            histories.c.workflow_id == run.workflow_id, histories.c.run_id == run.run_id
        )
    )
    if known is not None and known != run.digest:
        raise RecordConflict(f"{run.workflow_id}: run {run.run_id} is on record with another history")
    if known is not None:
        return False
    owner = select(agreements.c.agreement_id).where(agreements.c.agreement_id == run.agreement_id)
    if connection.scalar(owner) is None:
        raise AgreementUnknown(f"agreement {run.agreement_id} is not on record", run.workflow_id)
    row = {name: getattr(run, name) for name in _FIELDS}
    row |= {"content": zlib.compress(content), "recorded_at": recorded_at}
    connection.execute(histories.insert(), row)
    return True


def kept_among(connection: Connection, run_ids: Sequence[str]) -> set[str]:
    """Those of some runs whose histories are on record."""
    return set(connection.scalars(select(histories.c.run_id).where(histories.c.run_id.in_(run_ids))))


def workflows_of(connection: Connection, agreement_id: str) -> list[str]:
    """The workflows of an agreement that have histories on record: its own, its requests', and helpers'."""
    wanted = select(histories.c.workflow_id).where(histories.c.agreement_id == agreement_id)
    return sorted(connection.scalars(wanted.distinct()))


def of_workflow(connection: Connection, workflow_id: str) -> list[RunHistory]:
    """The runs of a workflow whose histories are on record, in order of their start."""
    wanted = select(*_KEPT).where(histories.c.workflow_id == workflow_id)
    rows = connection.execute(wanted.order_by(histories.c.started_at, histories.c.run_id)).mappings()
    return [RunHistory.model_validate(dict(row)) for row in rows]


def content(connection: Connection, workflow_id: str, run_id: str) -> bytes | None:
    """A run's history: JSON as the engine's own tools write it; None when it is not on record."""
    packed = connection.scalar(
        select(histories.c.content).where(
            histories.c.workflow_id == workflow_id, histories.c.run_id == run_id
        )
    )
    return None if packed is None else zlib.decompress(packed)

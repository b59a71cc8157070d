"""Every workflow on record with the end of its chain: what is compared with the engine, and verified."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, case, func, select

from contract.facts import Account, EntryKind
from records.results import Workflow
from records.schema import agreements, events, ledger_entries, requests

_ACCRUED = (EntryKind.PENALTY, EntryKind.PENALTY_REVERSAL)
_OF_AGREEMENT = select(agreements.c.workflow_id, agreements.c.last_seq)
_OF_REQUESTS = select(requests.c.workflow_id, requests.c.last_seq, requests.c.request_id)


def workflows(connection: Connection, agreement_id: str) -> list[Workflow]:
    """An agreement's own workflow, then those of its requests in order of their submission."""
    own = _OF_AGREEMENT.where(agreements.c.agreement_id == agreement_id)
    theirs = _OF_REQUESTS.where(requests.c.agreement_id == agreement_id)
    theirs = theirs.order_by(requests.c.submitted_at, requests.c.request_id)
    known = [(workflow_id, stands_at, None) for workflow_id, stands_at in connection.execute(own)]
    known += connection.execute(theirs).all()
    chains = {
        **_chains(
            connection, select(agreements.c.workflow_id).where(agreements.c.agreement_id == agreement_id)
        ),
        **_chains(connection, select(requests.c.workflow_id).where(requests.c.agreement_id == agreement_id)),
    }
    accrued = _accrued(connection, agreement_id)
    return [
        Workflow(
            workflow_id=workflow_id,
            agreement_id=agreement_id,
            request_id=request_id,
            stands_at=stands_at,
            penalties=accrued.get(request_id or "", 0),
            **chains.get(workflow_id, {"events": 0, "newest": 0, "head": None}),
        )
        for workflow_id, stands_at, request_id in known
    ]


def strays(connection: Connection) -> list[Workflow]:
    """Workflows that have events on record and no current state: the store alone never makes such."""
    known = (agreements.c.workflow_id, requests.c.workflow_id)
    wanted = select(events.c.workflow_id, func.max(events.c.agreement_id), func.max(events.c.request_id))
    for column in known:
        wanted = wanted.where(events.c.workflow_id.not_in(select(column)))
    found = connection.execute(wanted.group_by(events.c.workflow_id).order_by(events.c.workflow_id)).all()
    return [
        Workflow(
            workflow_id=workflow_id,
            agreement_id=agreement_id,
            request_id=request_id,
            stands_at=None,
            **_chains(connection, select(events.c.workflow_id).where(events.c.workflow_id == workflow_id))[
                workflow_id
            ],
        )
        for workflow_id, agreement_id, request_id in found
    ]


def _chains(connection: Connection, workflow_ids: Select[Any]) -> dict[str, dict[str, Any]]:
    """Count, last number and last hash of the events of each workflow that has any."""
    counted = (
        select(events.c.workflow_id, func.count().label("events"), func.max(events.c.seq).label("newest"))
        .where(events.c.workflow_id.in_(workflow_ids))
        .group_by(events.c.workflow_id)
        .subquery()
    )
    with_heads = select(counted, events.c.hash).join(
        events, (events.c.workflow_id == counted.c.workflow_id) & (events.c.seq == counted.c.newest)
    )
    return {
        workflow_id: {"events": count, "newest": newest, "head": head}
        for workflow_id, count, newest, head in connection.execute(with_heads)
    }


def _accrued(connection: Connection, agreement_id: str) -> dict[str, int]:
    """Per request, its penalties less what was reversed: before waivers and the cap."""
    owed = case((ledger_entries.c.credit == Account.PENALTY_PAYABLE.value, 1), else_=-1)
    wanted = (
        select(ledger_entries.c.request_id, func.sum(owed * ledger_entries.c.amount_minor))
        .where(ledger_entries.c.agreement_id == agreement_id, ledger_entries.c.request_id.is_not(None))
        .where(ledger_entries.c.kind.in_([kind.value for kind in _ACCRUED]))
        .group_by(ledger_entries.c.request_id)
    )
    # PostgreSQL sums whole numbers into a decimal.
    return {request_id: int(total) for request_id, total in connection.execute(wanted)}

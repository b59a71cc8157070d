"""Agreements and requests as they stand, and a request with all that was recorded of it (C6.2.3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from contract.agreement_states import AgreementState
from contract.facts import AgreementSnapshot, RequestSnapshot
from contract.request import FINISHED
from contract.terms import Target
from records import entries, history
from records.results import AgreementFilter, RequestFilter, RequestRecord
from records.schema import agreements, ledger_entries, requests
from records.snapshots import agreement_snapshot, request_snapshot

LATE = {
    Target.CONFIRM: requests.c.confirm_late,
    Target.RESPOND: requests.c.response_late,
    Target.RESOLVE: requests.c.resolution_late,
}
"""The column that says whether a target was missed."""

IS_OPEN = requests.c.state.not_in(sorted(FINISHED))


def find_agreement(connection: Connection, agreement_id: str) -> AgreementSnapshot | None:
    wanted = select(agreements).where(agreements.c.agreement_id == agreement_id)
    row = connection.execute(wanted).mappings().one_or_none()
    return None if row is None else agreement_snapshot(row)


def list_agreements(
    connection: Connection, wanted: AgreementFilter, limit: int | None, offset: int
) -> list[AgreementSnapshot]:
    """Agreements in order of their offer."""
    rows = select(agreements).order_by(agreements.c.offered_at, agreements.c.agreement_id)
    if wanted.states is not None:
        suspended = and_(
            agreements.c.state == AgreementState.ACTIVE.value, agreements.c.suspended_since.is_not(None)
        )
        asked = agreements.c.state.in_(wanted.states)
        rows = rows.where(or_(asked, suspended) if AgreementState.SUSPENDED in wanted.states else asked)
    if wanted.party_id is not None:
        either = (agreements.c.provider_id, agreements.c.customer_id)
        rows = rows.where(or_(*(column == wanted.party_id for column in either)))
    found = connection.execute(rows.limit(limit).offset(offset)).mappings()
    return [agreement_snapshot(row) for row in found]


def find_request(connection: Connection, agreement_id: str, request_id: str) -> RequestRecord | None:
    """A request with its whole timeline and its ledger entries."""
    wanted = select(requests).where(
        requests.c.agreement_id == agreement_id, requests.c.request_id == request_id
    )
    row = connection.execute(wanted).mappings().one_or_none()
    if row is None:
        return None
    money = select(ledger_entries).where(
        ledger_entries.c.agreement_id == agreement_id, ledger_entries.c.request_id == request_id
    )
    return RequestRecord(
        request=request_snapshot(row),
        workflow_id=row["workflow_id"],
        content_digest=row["content_digest"],
        events=history.read(connection, row["workflow_id"]),
        entries=entries.read(connection, entries.in_order(money)),
    )


def list_requests(
    connection: Connection, agreement_id: str, wanted: RequestFilter, limit: int | None, offset: int
) -> list[RequestSnapshot]:
    """Requests in order of their submission."""
    rows = matching(select(requests), agreement_id, wanted)
    order = (requests.c.submitted_at, requests.c.request_id)
    found = connection.execute(rows.order_by(*order).limit(limit).offset(offset)).mappings()
    return [request_snapshot(row) for row in found]


def open_request_ids(connection: Connection, agreement_id: str) -> list[str]:
    """Requests not yet closed or withdrawn, in order of their submission."""
    rows = matching(select(requests.c.request_id), agreement_id, RequestFilter(open=True))
    return list(connection.scalars(rows.order_by(requests.c.submitted_at, requests.c.request_id)))


def last_end_of_requests(connection: Connection, agreement_id: str) -> datetime | None:
    """When the last request that has ended did so, at the earliest the end of the agreement's term."""
    ends_at = select(agreements.c.ends_at).where(agreements.c.agreement_id == agreement_id)
    ended = select(func.max(requests.c.closed_at)).where(requests.c.agreement_id == agreement_id)
    known = (connection.scalar(ends_at), connection.scalar(ended))
    return max((at for at in known if at is not None), default=None)


def open_since(connection: Connection, agreement_id: str, since: datetime) -> list[str]:
    """Requests open at an instant or later, in order of their submission."""
    rows = select(requests.c.request_id).where(
        requests.c.agreement_id == agreement_id,
        or_(requests.c.closed_at.is_(None), requests.c.closed_at >= since),
    )
    return list(connection.scalars(rows.order_by(requests.c.submitted_at, requests.c.request_id)))


def upcoming(
    connection: Connection,
    until: datetime | None,
    agreement_ids: Sequence[str] | None,
    wanted: RequestFilter,
    limit: int | None,
) -> list[RequestSnapshot]:
    """Requests whose next due is not after an instant, the most urgent first; None: all that have one."""
    rows = select(requests).where(requests.c.next_due.is_not(None), *_conditions(wanted))
    if until is not None:
        rows = rows.where(requests.c.next_due <= until)
    if agreement_ids is not None:
        rows = rows.where(requests.c.agreement_id.in_(agreement_ids))
    order = (requests.c.next_due, requests.c.agreement_id, requests.c.request_id)
    return [
        request_snapshot(row) for row in connection.execute(rows.order_by(*order).limit(limit)).mappings()
    ]


def matching(rows: Select[Any], agreement_id: str, wanted: RequestFilter) -> Select[Any]:
    """Those rows of an agreement's requests that a filter asks for."""
    return rows.where(requests.c.agreement_id == agreement_id, *_conditions(wanted))


def _conditions(wanted: RequestFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.open is not None:
        conditions.append(IS_OPEN if wanted.open else ~IS_OPEN)
    if wanted.late is not None:
        late = or_(*LATE.values()) if wanted.target is None else LATE[wanted.target].is_(True)
        conditions.append(late if wanted.late else ~late)
    if wanted.provisional is not None:
        conditions.append(requests.c.provisional.is_(wanted.provisional))
    for column, values in (
        (requests.c.state, wanted.states),
        (requests.c.service, wanted.services),
        (requests.c.priority, wanted.priorities),
    ):
        if values is not None:
            conditions.append(column.in_(values))
    if wanted.submitted_from is not None:
        conditions.append(requests.c.submitted_at >= wanted.submitted_from)
    if wanted.submitted_before is not None:
        conditions.append(requests.c.submitted_at < wanted.submitted_before)
    return conditions


def known_requests(connection: Connection, agreement_id: str, request_ids: Sequence[str]) -> list[str]:
    """Those of the requests that are on record, in order."""
    wanted = select(requests.c.request_id).where(
        requests.c.agreement_id == agreement_id, requests.c.request_id.in_(request_ids)
    )
    return sorted(connection.execute(wanted).scalars())

"""What asks for a person, across all agreements: where nothing in the contract goes on by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, exists, func, or_, select

from contract.agreement_states import AgreementState
from contract.facts import EventKind
from records import notices
from records.queries import LATE
from records.results import Attention, AttentionKind
from records.schema import IS_OPEN, agreements, events, issued_invoices, requests

ENDING = timedelta(days=30)
"""An agreement that ends within this long, and is not followed by another, is told."""
LAPSING = timedelta(days=7)
"""An offer that lapses within this long."""
WAITING = timedelta(days=7)
"""Materials owed for longer than this."""
UNSENT = timedelta(minutes=15)
"""A notice may be on its way for this long."""
NOTICES_KEPT = timedelta(days=30)
"""Older notices that were not sent are history."""

A = AttentionKind


def attention(connection: Connection, now: datetime, wall: datetime) -> list[Attention]:
    """Everything that asks for a person at ``now`` (contract time), by kind and then the longest first.

    ``wall``: the time by which events and mails are stamped when they are recorded and sent.
    """
    return [
        *_follow_ups(connection, now),
        *_late_and_nobodys(connection),
        *_waiting(connection, now),
        *_open_after_close(connection),
        *_lapsing(connection, now),
        *_ending(connection, now),
        *_unsent(connection, wall),
        *_uninvoiced(connection),
    ]


def _follow_ups(connection: Connection, now: datetime) -> Iterator[Attention]:
    wanted = (
        select(requests)
        .where(requests.c.follow_up_due < now, requests.c.follow_up_answered_at.is_(None))
        .order_by(requests.c.follow_up_due)
    )
    for row in connection.execute(wanted).mappings():
        yield Attention(
            kind=A.FOLLOW_UP_OVERDUE,
            clause="C5.5",
            agreement_id=row["agreement_id"],
            request_id=row["request_id"],
            since=row["follow_up_due"],
            assignee=row["assignee"],
            what=f"rated {row['rating']} of 5, and not answered",
        )


def _late_and_nobodys(connection: Connection) -> Iterator[Attention]:
    wanted = (
        select(requests)
        .where(IS_OPEN, requests.c.assignee.is_(None), or_(*LATE.values()))
        .order_by(requests.c.submitted_at)
    )
    for row in connection.execute(wanted).mappings():
        late = [target for target, column in LATE.items() if row[column.name]]
        yield Attention(
            kind=A.BREACHED_UNASSIGNED,
            clause="C6.1.2",
            agreement_id=row["agreement_id"],
            request_id=row["request_id"],
            since=min(row[f"{target}_due"] or row["submitted_at"] for target in late),
            what=f"late to {' and '.join(late)}, assigned to nobody",
        )


def _waiting(connection: Connection, now: datetime) -> Iterator[Attention]:
    asked = (
        select(func.max(events.c.at))
        .where(events.c.workflow_id == requests.c.workflow_id)
        .where(events.c.kind == EventKind.MATERIALS_ASKED.value)
        .scalar_subquery()
    )
    wanted = (
        select(requests, asked.label("asked"))
        .where(IS_OPEN, requests.c.state == "waiting", asked < now - WAITING)
        .order_by("asked")
    )
    for row in connection.execute(wanted).mappings():
        yield Attention(
            kind=A.WAITING_LONG,
            clause="C5.4",
            agreement_id=row["agreement_id"],
            request_id=row["request_id"],
            since=row["asked"],
            assignee=row["assignee"],
            what=f"the customer has owed materials for {(now - row['asked']).days} days",
        )


def _open_after_close(connection: Connection) -> Iterator[Attention]:
    wanted = (
        select(requests, agreements.c.closed_at.label("agreement_closed_at"))
        .join(agreements, agreements.c.agreement_id == requests.c.agreement_id)
        .where(IS_OPEN, agreements.c.state == AgreementState.CLOSED.value)
        .order_by("agreement_closed_at", requests.c.submitted_at)
    )
    for row in connection.execute(wanted).mappings():
        yield Attention(
            kind=A.OPEN_AFTER_CLOSE,
            clause="C4.1",
            agreement_id=row["agreement_id"],
            request_id=row["request_id"],
            since=row["agreement_closed_at"],
            assignee=row["assignee"],
            what=f"{row['state']}, though its agreement is closed",
        )


def _lapsing(connection: Connection, now: datetime) -> Iterator[Attention]:
    wanted = (
        select(agreements.c.agreement_id, events.c.payload)
        .join(events, (events.c.workflow_id == agreements.c.workflow_id) & (events.c.seq == 1))
        .where(agreements.c.state == AgreementState.OFFERED.value)
    )
    ends = sorted(
        (datetime.fromisoformat(payload["offer_ends"]), agreement_id)
        for agreement_id, payload in connection.execute(wanted)
        if "offer_ends" in payload
    )
    for lapses, agreement_id in ends:
        if lapses <= now + LAPSING:
            yield Attention(
                kind=A.OFFER_LAPSING,
                clause="C4.1",
                agreement_id=agreement_id,
                since=lapses,
                what="not signed by both parties, and lapses then",
            )


def _ending(connection: Connection, now: datetime) -> Iterator[Attention]:
    later = agreements.alias()
    followed = exists().where(
        later.c.agreement_id != agreements.c.agreement_id,
        later.c.provider_id == agreements.c.provider_id,
        later.c.customer_id == agreements.c.customer_id,
        or_(
            later.c.state == AgreementState.OFFERED.value,
            (later.c.state == AgreementState.ACTIVE.value) & (later.c.ends_at > agreements.c.ends_at),
        ),
    )
    wanted = (
        select(agreements.c.agreement_id, agreements.c.ends_at)
        .where(agreements.c.state == AgreementState.ACTIVE.value, agreements.c.ends_at <= now + ENDING)
        .where(~followed)
        .order_by(agreements.c.ends_at)
    )
    for agreement_id, ends_at in connection.execute(wanted):
        yield Attention(
            kind=A.AGREEMENT_ENDING,
            clause="C4.1",
            agreement_id=agreement_id,
            since=ends_at,
            what="its term ends then, and no later agreement between the parties is offered or in force",
        )


def _unsent(connection: Connection, wall: datetime) -> Iterator[Attention]:
    for row in notices.unsent(connection, wall - NOTICES_KEPT, wall - UNSENT, only_mailed=True):
        yield Attention(
            kind=A.NOTICE_UNSENT,
            clause="C6.2.3",
            agreement_id=row.agreement_id,
            request_id=row.request_id,
            since=row.recorded_at,
            what=f"event {row.seq}, {row.kind.replace('_', ' ')}: the {row.recipient} was not told",
        )


def _uninvoiced(connection: Connection) -> Iterator[Attention]:
    """Documents of which it was told that they take long, and that are not issued since."""
    told = select(events).where(events.c.kind == EventKind.INVOICE_DELAYED.value).order_by(events.c.at)
    for row in connection.execute(told).mappings().all():
        payload = row["payload"]
        issued = select(issued_invoices.c.key).where(
            issued_invoices.c.agreement_id == row["agreement_id"], issued_invoices.c.key == payload["key"]
        )
        if connection.execute(issued).first() is None:
            yield Attention(
                kind=A.INVOICE_DELAYED,
                clause="C7.1.3",
                agreement_id=row["agreement_id"],
                since=datetime.fromisoformat(payload["wanted_at"]),
                what=f"the {payload['kind'].replace('_', ' ')} for a payment of {payload['amount']}"
                f" {payload['currency']} could not be issued: {payload['cause'].replace('_', ' ')}",
            )

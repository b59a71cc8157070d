"""What was sent to whom about which event, each message once; and what should have been."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, exists, select

from contract.notices import NOTICES
from contract.parties import Role
from records.results import Notification
from records.schema import agreements, events, notifications

_FIELDS = tuple(Notification.model_fields)


def keep(connection: Connection, sent: Notification) -> bool:
    """Store that a message was sent; False when one with its id is on record already."""
    if find(connection, sent.message_id) is not None:
        return False
    connection.execute(notifications.insert(), {name: getattr(sent, name) for name in _FIELDS})
    return True


def find(connection: Connection, message_id: str) -> Notification | None:
    found = connection.execute(
        select(notifications).where(notifications.c.message_id == message_id)
    ).mappings()
    row = found.one_or_none()
    return None if row is None else notification(row)


def of_workflow(connection: Connection, workflow_id: str, event_seq: int | None = None) -> list[Notification]:
    """What was sent about a workflow's events, or about one of them, in order of event and time."""
    wanted = select(notifications).where(notifications.c.workflow_id == workflow_id)
    if event_seq is not None:
        wanted = wanted.where(notifications.c.event_seq == event_seq)
    order = (notifications.c.event_seq, notifications.c.sent_at, notifications.c.message_id)
    return [notification(row) for row in connection.execute(wanted.order_by(*order)).mappings()]


@dataclass(frozen=True, slots=True)
class Unsent:
    """A notice that an event calls for and that is not on record as sent to one party."""

    recorded_at: datetime
    workflow_id: str
    seq: int
    recipient: Role
    kind: str
    agreement_id: str
    request_id: str | None


def unsent(
    connection: Connection,
    since: datetime,
    until: datetime,
    agreement_ids: Sequence[str] | None = None,
    *,
    only_mailed: bool = False,
) -> list[Unsent]:
    """Notices of events recorded between two instants that were not sent, the oldest first.

    Whether an agreement's notices are mailed at all is not on record. ``only_mailed``: only of agreements
    of which a party was told something.
    """
    found = []
    told_before = exists().where(
        agreements.c.agreement_id == events.c.agreement_id,
        notifications.c.workflow_id == agreements.c.workflow_id,
    )
    for role in Role:
        told = [kind.value for kind, readers in NOTICES.items() if role in readers]
        sent = exists().where(
            notifications.c.workflow_id == events.c.workflow_id,
            notifications.c.event_seq == events.c.seq,
            notifications.c.recipient == role.value,
        )
        wanted = select(events).where(
            events.c.recorded_at.between(since, until), events.c.kind.in_(told), ~sent
        )
        if only_mailed:
            wanted = wanted.where(told_before)
        if agreement_ids is not None:
            wanted = wanted.where(events.c.agreement_id.in_(agreement_ids))
        found += [
            Unsent(
                row["recorded_at"],
                row["workflow_id"],
                row["seq"],
                role,
                row["kind"],
                row["agreement_id"],
                row["request_id"],
            )
            for row in connection.execute(wanted).mappings()
        ]
    return sorted(found, key=lambda row: (row.recorded_at, row.workflow_id, row.seq, row.recipient))


def notification(row: RowMapping) -> Notification:
    return Notification.model_validate({name: row[name] for name in _FIELDS})

"""What was sent to whom about which event, each message once."""

from __future__ import annotations

from sqlalchemy import Connection, RowMapping, select

from records.results import Notification
from records.schema import notifications

_FIELDS = tuple(Notification.model_fields)


def keep(connection: Connection, notification: Notification) -> bool:
    """Store that a message was sent; False when one with its id is on record already."""
    if find(connection, notification.message_id) is not None:
        return False
    connection.execute(notifications.insert(), {name: getattr(notification, name) for name in _FIELDS})
    return True


def find(connection: Connection, message_id: str) -> Notification | None:
    found = connection.execute(
        select(notifications).where(notifications.c.message_id == message_id)
    ).mappings()
    row = found.one_or_none()
    return None if row is None else _notification(row)


def of_workflow(connection: Connection, workflow_id: str, event_seq: int | None = None) -> list[Notification]:
    """What was sent about a workflow's events, or about one of them, in order of event and time."""
    wanted = select(notifications).where(notifications.c.workflow_id == workflow_id)
    if event_seq is not None:
        wanted = wanted.where(notifications.c.event_seq == event_seq)
    order = (notifications.c.event_seq, notifications.c.sent_at, notifications.c.message_id)
    return [_notification(row) for row in connection.execute(wanted.order_by(*order)).mappings()]


def _notification(row: RowMapping) -> Notification:
    return Notification.model_validate({name: row[name] for name in _FIELDS})

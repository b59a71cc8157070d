"""What was recorded lately across all agreements, and how many requests are open: for those who watch.

Each question is answered from an index that has only the rows it is about, however long the record.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Connection, func, literal_column, select, text, type_coerce

from contract.clock import EPOCH
from contract.request import RequestState
from records.history import recorded
from records.results import Minute, RecordedEvent
from records.schema import IS_OPEN, events, requests

# In the words of their index: a bound value could be any kind, and the index is of one.
_IS_BREACH = text("events.kind = 'target_breached'")
_MICROSECONDS = literal_column("60000000", BigInteger)
_MINUTE = type_coerce(events.c.recorded_at, BigInteger) // _MICROSECONDS


def open_by_state(connection: Connection) -> dict[RequestState, int]:
    """How many requests are in each state that is not final; states without any are left out."""
    wanted = select(requests.c.state, func.count()).where(IS_OPEN).group_by(requests.c.state)
    found = {RequestState(state): count for state, count in connection.execute(wanted)}
    return {state: found[state] for state in RequestState if state in found}


def minutes(connection: Connection, since: datetime) -> list[Minute]:
    """Events and breaches per minute of their recording, from the minute of an instant on."""
    begin = since.replace(second=0, microsecond=0)
    counted = select(_MINUTE.label("minute"), func.count()).where(events.c.recorded_at >= begin)
    counted = counted.group_by(_MINUTE)
    breaches = {row[0]: row[1] for row in connection.execute(counted.where(_IS_BREACH))}
    return [
        Minute(begin=EPOCH + timedelta(minutes=minute), events=count, breaches=breaches.get(minute, 0))
        for minute, count in connection.execute(counted.order_by("minute"))
    ]


def breaches(connection: Connection, since: datetime, limit: int) -> list[RecordedEvent]:
    """Breaches recorded since an instant, the newest first."""
    wanted = select(events).where(_IS_BREACH, events.c.recorded_at >= since)
    order = (events.c.recorded_at.desc(), events.c.workflow_id, events.c.seq)
    return [recorded(row) for row in connection.execute(wanted.order_by(*order).limit(limit)).mappings()]

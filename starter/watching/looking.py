"""One look at the record store: a few questions, each answered from an index (see records/lately.py)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from contract.facts import RequestSnapshot
from contract.request import RequestState
from records.results import Minute, RecordedEvent
from records.store import RecordStore

ROWS = 200
"""So many of what is due next are looked at; a filter chooses among them."""
BREACHES = 50
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Look:
    """What there was to see at an instant."""

    at: datetime
    upcoming: list[RequestSnapshot]
    """By their next due."""
    open_by_state: dict[RequestState, int]
    breaches: list[RecordedEvent]
    """Of the last day, the newest first."""
    minutes: list[Minute]
    """Of the last hour; those in which nothing was recorded are left out."""

    def events_per_minute(self) -> list[int]:
        """The last sixty minutes, the one under way last."""
        return [minute.events if minute else 0 for minute in self._each_minute()]

    def breaches_in_last_hour(self) -> int:
        return sum(minute.breaches for minute in self._each_minute() if minute)

    def _each_minute(self) -> list[Minute | None]:
        found = {minute.begin: minute for minute in self.minutes}
        now = self.at.replace(second=0, microsecond=0)
        return [found.get(now - timedelta(minutes=back)) for back in reversed(range(60))]


async def look(store: RecordStore, now: datetime) -> Look:
    """What there is to see now."""
    return Look(
        at=now,
        upcoming=await store.upcoming(limit=ROWS),
        open_by_state=await store.open_by_state(),
        breaches=await store.breaches(now - DAY, BREACHES),
        minutes=await store.minutes(now - HOUR),
    )

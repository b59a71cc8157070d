"""A target is a budget of service time, never a stored due date (contract §3).

The due is projected: the first instant at which the service time run since the start, outside
pauses, reaches the budget. Budgets and pauses are kept; dues are computed from them.

All instants are aware datetimes in UTC; all functions are pure and exact to the microsecond.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from contract.values import DAY, Model

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Span = tuple[datetime, datetime]
"""A stretch of time, its beginning included, its end not."""

OpenSpan = tuple[datetime, datetime | None]
"""A stretch whose end may not be known yet."""


class ServiceWindow(Model):
    """Service time between two instants, as the workflow carries it: no zone, no calendar.

    ``edges`` are seconds since the epoch, opening and closing in turn. ``calendars`` names the
    snapshots the window rests on. ``provisional_from``: from there on a year is not announced yet.
    """

    around_the_clock: bool = False
    begin: int = 0
    end: int = 0
    edges: list[int] = []
    provisional_from: int | None = None
    calendars: list[str] = []

    @classmethod
    def always(cls) -> Self:
        return cls(around_the_clock=True)

    @classmethod
    def of(
        cls,
        begin: datetime,
        end: datetime,
        intervals: Sequence[Span],
        *,
        provisional_from: datetime | None = None,
        calendars: Sequence[str] = (),
    ) -> Self:
        return cls(
            begin=_second(begin),
            end=_second(end),
            edges=[_second(edge) for interval in intervals for edge in interval],
            provisional_from=None if provisional_from is None else _second(provisional_from),
            calendars=list(calendars),
        )

    def intervals(self, since: datetime) -> Iterator[Span]:
        """Stretches of service from an instant on, in order, up to the end of the window."""
        if self.around_the_clock:
            yield since, datetime.max.replace(tzinfo=UTC)
            return
        edges = self.edges
        index = bisect_right(edges, (since - EPOCH) / timedelta(seconds=1))
        if index % 2:
            yield since, _instant(edges[index])
            index += 1
        for place in range(index, len(edges), 2):
            yield _instant(edges[place]), _instant(edges[place + 1])

    @property
    def until(self) -> datetime | None:
        """How far the window reaches; None when it has no end."""
        return None if self.around_the_clock else _instant(self.end)

    @property
    def provisional_at(self) -> datetime | None:
        """From when a year is not announced yet; None when all are."""
        return None if self.provisional_from is None else _instant(self.provisional_from)

    def is_provisional(self, until: datetime) -> bool:
        return self.provisional_at is not None and until >= self.provisional_at


def _second(instant: datetime) -> int:
    return int((instant - EPOCH).total_seconds())


def _instant(second: int) -> datetime:
    return EPOCH + timedelta(seconds=second)


@dataclass(frozen=True, slots=True)
class Projection:
    """Where a budget ends.

    ``due`` is None while an open pause holds the clock, or when the window is too short
    (``exhausted``). ``segments`` are the stretches of service time counted, up to the due.
    """

    due: datetime | None
    segments: tuple[Span, ...]
    exhausted: bool = False
    provisional: bool = False


def union(pauses: Iterable[OpenSpan]) -> list[OpenSpan]:
    """Pauses in order, those that overlap or touch joined."""
    joined: list[OpenSpan] = []
    for begin, end in sorted(pauses, key=lambda pause: pause[0]):
        if end is not None and end <= begin:
            continue
        if joined and (joined[-1][1] is None or joined[-1][1] >= begin):
            last_begin, last_end = joined[-1]
            if last_end is not None and (end is None or end > last_end):
                joined[-1] = (last_begin, end)
        else:
            joined.append((begin, end))
    return joined


def without(span: Span, pauses: Sequence[OpenSpan]) -> Iterator[Span]:
    """The parts of a span outside pauses (which are a :func:`union`)."""
    begin, end = span
    for pause_begin, pause_end in pauses:
        if pause_begin >= end:
            break
        if pause_end is not None and pause_end <= begin:
            continue
        if pause_begin > begin:
            yield begin, pause_begin
        if pause_end is None:
            return
        begin = pause_end
        if begin >= end:
            return
    if begin < end:
        yield begin, end


def project(
    start: datetime, budget: timedelta, pauses: Iterable[OpenSpan], window: ServiceWindow
) -> Projection:
    """The first instant at which service time since ``start``, outside pauses, reaches ``budget`` (> 0)."""
    joined = union(pauses)
    left = budget
    segments: list[Span] = []
    for interval in window.intervals(start):
        for begin, end in without(interval, joined):
            # Comparing before adding: "always" runs to the end of representable time.
            if end - begin >= left:
                due = begin + left
                segments.append((begin, due))
                return Projection(due, tuple(segments), provisional=window.is_provisional(due))
            segments.append((begin, end))
            left -= end - begin
    held = bool(joined) and joined[-1][1] is None
    if held and window.around_the_clock:
        return Projection(None, tuple(segments))
    if held and joined[-1][0] <= _instant(window.end):
        return Projection(None, tuple(segments))
    return Projection(None, tuple(segments), exhausted=True)


def delay(due: datetime, until: datetime, pauses: Iterable[OpenSpan]) -> timedelta:
    """Elapsed time past the due, pauses left out (contract §4)."""
    if until <= due:
        return timedelta(0)
    return sum((end - begin for begin, end in without((due, until), union(pauses))), timedelta(0))


def days_started(late: timedelta) -> int:
    """Days of lateness, a started day counting: 24 h 0 min 0 s is one, a second more is two (C8.1.2)."""
    return -(-late // DAY)


def instant_of_delay(due: datetime, late: timedelta, pauses: Iterable[OpenSpan]) -> datetime | None:
    """The first instant at which the delay reaches ``late``; None when an open pause holds it off."""
    left = late
    at = due
    for begin, end in union(pauses):
        if end is not None and end <= at:
            continue
        if begin > at:
            if begin - at >= left:
                break
            left -= begin - at
        if end is None:
            return None
        at = max(at, end)
    return at + left

"""Where a request stands against its targets, computed from its file alone (contract §§3–4).

Nothing here changes the file: a reading is a view of the facts, the same whenever it is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from contract.clock import OpenSpan, Projection, Span, days_started, delay, instant_of_delay, project
from contract.request import RequestState
from contract.request_file import Basis, PauseKind, RequestFile
from contract.terms import Target
from contract.values import DAY, TICK

CLAUSES = {Target.CONFIRM: "C6.1.2", Target.RESPOND: "C5.2", Target.RESOLVE: "C8.1.2"}


@dataclass(frozen=True, slots=True)
class Reading:
    """One target of one request.

    ``due`` is None while a pause holds the clock, or when the window of service time is too short
    (``exhausted``). ``stopped`` is the instant at which the clock stopped for good or for now.
    """

    target: Target
    due: datetime | None
    warn_at: datetime | None
    stopped: datetime | None
    segments: tuple[Span, ...]
    pauses: tuple[OpenSpan, ...]
    provisional: bool
    exhausted: bool

    def lateness(self, now: datetime) -> timedelta:
        """The delay that counts: of a running clock, as of the last whole second."""
        return self.delay(now if self.stopped is not None else now.replace(microsecond=0))

    def is_late(self, now: datetime) -> bool:
        """At exactly the due it is still on time."""
        return self.lateness(now) > timedelta(0)

    def delay(self, now: datetime) -> timedelta:
        """Elapsed time past the due, pauses left out."""
        if self.due is None:
            return timedelta(0)
        return delay(self.due, self.stopped or now, self.pauses)

    def exceeds(self, late: timedelta) -> datetime | None:
        """The first whole second at which the delay is more than ``late``; None while paused."""
        return None if self.due is None else _second_of_excess(self.due, late, self.pauses)


def _second_of_excess(due: datetime, late: timedelta, pauses: Iterable[OpenSpan]) -> datetime | None:
    """Late means after, and commands are stamped in whole seconds: a clock is judged at the next of them."""
    at = instant_of_delay(due, late + timedelta.resolution, pauses)
    if at is None or not at.microsecond:
        return at
    return at.replace(microsecond=0) + TICK


def pauses_of(file: RequestFile, target: Target) -> tuple[OpenSpan, ...]:
    """The pauses that hold a target's clock: a suspension holds all, the others only resolution."""
    return tuple(
        (pause.begin, pause.end)
        for pause in file.pauses
        if target is Target.RESOLVE or pause.kind is PauseKind.SUSPENSION
    )


def stopped_at(file: RequestFile, target: Target) -> datetime | None:
    """When a target's clock stopped: by being met, or by the end of the request."""
    met = {
        Target.CONFIRM: file.confirmed_at,
        Target.RESPOND: file.responded_at,
        Target.RESOLVE: file.resolved_at,
    }[target]
    return met or (file.closed_at if file.state is RequestState.WITHDRAWN else None)


def _projection(file: RequestFile, target: Target, basis: Basis) -> Projection:
    budget = timedelta(microseconds=basis.budget)
    return project(file.submitted_at, budget, pauses_of(file, target), file.window)


def _due(basis: Basis, projected: datetime | None) -> datetime | None:
    """A change of priority re-projects from the start, but nothing falls due before the change."""
    if projected is None or basis.not_before is None:
        return projected
    return max(projected, basis.not_before)


def read(file: RequestFile, target: Target) -> Reading | None:
    """A target's reading, or None when nothing is promised."""
    basis = file.bases.get(target)
    if basis is None:
        return None
    projection = _projection(file, target, basis)
    stopped = stopped_at(file, target)
    warn_at = None
    if stopped is None and projection.due is not None:
        share = timedelta(microseconds=int(basis.budget * file.terms.warn_percent / 100))
        warn_at = project(file.submitted_at, share, pauses_of(file, target), file.window).due
    return Reading(
        target=target,
        due=_due(basis, projection.due),
        warn_at=warn_at,
        stopped=stopped,
        segments=projection.segments,
        pauses=pauses_of(file, target),
        provisional=projection.provisional,
        exhausted=projection.exhausted,
    )


def readings(file: RequestFile) -> Iterator[Reading]:
    for target in Target:
        reading = read(file, target)
        if reading is not None:
            yield reading


def projected_due(file: RequestFile, target: Target, basis: Basis) -> datetime | None:
    """Where a target falls due by one basis, the present one or one of before."""
    return _due(basis, _projection(file, target, basis).due)


def segments_by(file: RequestFile, target: Target, basis: Basis) -> tuple[Span, ...]:
    """The service time that one basis counts."""
    return _projection(file, target, basis).segments


def _days_by(file: RequestFile, basis: Basis, until: datetime) -> int:
    due = projected_due(file, Target.RESOLVE, basis)
    return 0 if due is None else days_started(delay(due, until, pauses_of(file, Target.RESOLVE)))


def days_owed(file: RequestFile, reading: Reading | None, now: datetime) -> int:
    """Days of late resolution: the most that any basis came to while it was in force (contract §3)."""
    present = 0 if reading is None else days_started(reading.lateness(now))
    return max([present, *(_days_by(file, basis, basis.until) for basis in file.past_bases if basis.until)])


def days_before(file: RequestFile) -> int:
    """Days of late resolution that stand in the balances of before, or would: they do not accrue here."""
    before = file.before
    if before is None:
        return 0
    last = before.run_from - TICK
    if file.resolved_at is not None:
        last = min(last, file.resolved_at)
    bases = [(basis, last if basis.until is None else min(last, basis.until)) for basis in file.past_bases]
    if Target.RESOLVE in file.bases:
        bases.append((file.bases[Target.RESOLVE], last))
    return max(
        [before.accrued.late_resolution_days, *(_days_by(file, basis, until) for basis, until in bases)]
    )


def day_started(file: RequestFile, reading: Reading | None, day: int) -> tuple[datetime, Basis]:
    """The first whole second of day *n* of lateness, and the basis that first reached it."""
    late, pauses = (day - 1) * DAY, pauses_of(file, Target.RESOLVE)
    for basis in file.past_bases:
        due = projected_due(file, Target.RESOLVE, basis)
        at = _second_of_excess(due, late, pauses) if due is not None else None
        if at is not None and basis.until is not None and at <= basis.until:
            return at, basis
    present = None if reading is None else reading.exceeds(late)
    if present is None:
        raise ValueError(f"day {day} of lateness has not started")
    return present, file.bases[Target.RESOLVE]

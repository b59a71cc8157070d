"""What the contract makes of one ticket, by its text alone (contract §§3–4, §7), for ``--check``.

A second reading of the rules, on purpose apart from ``contract``: who may do what and when, when each clock
starts, stops, pauses and is due, and what lateness comes to. Instants are microseconds, as in
:mod:`.arithmetic`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from contract.terms import Priority, Service, Target, TermSheet
from starter.rehearsal.arithmetic import (
    DAY,
    SECOND,
    Pause,
    ServiceTime,
    days,
    delay,
    elapsed,
    hours,
    moment,
    when_spent,
)
from starter.rehearsal.log import Deed, Ticket

OPEN = ("submitted", "confirmed", "assigned", "responded", "waiting")
EVERY = (*OPEN, "resolved", "closed", "withdrawn")
AT_WORK = ("assigned", "responded", "waiting")

RULES: dict[str, tuple[str, tuple[str, ...], str | None]] = {
    "confirm": ("provider", ("submitted",), "confirmed"),
    "assign": ("provider", ("confirmed",), "assigned"),
    "reassign": ("provider", AT_WORK, None),
    "respond": ("provider", ("assigned",), "responded"),
    "note_diagnosis": ("provider", AT_WORK, None),
    "ask_for_materials": ("provider", ("responded",), "waiting"),
    "provide_materials": ("customer", ("waiting",), "responded"),
    "resolve": ("provider", ("responded", "waiting"), "resolved"),
    "accept": ("customer", ("resolved",), "closed"),
    "reopen": ("customer", ("resolved",), "responded"),
    "withdraw": ("customer", (*OPEN, "resolved"), "withdrawn"),
    "raise_priority": ("provider", OPEN, None),
    "lower_priority": ("customer", OPEN, None),
    "rate": ("customer", ("closed", "withdrawn"), None),
    "answer_rating": ("provider", ("closed", "withdrawn"), None),
    "add_note": ("provider customer", EVERY, None),
}
"""Who may give a command, while the request is what, and what it is then (None: what it was)."""

LATE_RESPONSE, LATE_RESOLUTION = "C8.1.1", "C8.1.2"


@dataclass(frozen=True, slots=True)
class Accrual:
    clause: str
    at: int
    amount: Decimal


@dataclass(slots=True)
class Clock:
    """What a target is measured by."""

    budget: int | None
    """Of service time; None when nothing is promised."""
    changed: int | None = None
    """When the priority was last changed: nothing falls due before."""


@dataclass(slots=True)
class Expected:
    """One request, told its deeds in order."""

    terms: TermSheet
    service_time: ServiceTime
    service: Service
    priority: Priority
    submitted_at: int
    state: str = "submitted"
    confirmed_at: int | None = None
    responded_at: int | None = None
    resolved_at: int | None = None
    closed_at: int | None = None
    rated_at: int | None = None
    owes_answer: bool = False
    answered_at: int | None = None
    pauses: list[Pause] = field(default_factory=list)
    """Of the resolution clock: for materials, and between a resolution and its reopening."""
    clocks: dict[Target, Clock] = field(default_factory=dict)
    judged: dict[Target, int | None] = field(default_factory=dict)
    """Targets judged before a change of priority, with the due they were judged by."""
    accruals: list[Accrual] = field(default_factory=list)

    @classmethod
    def submitted(cls, ticket: Ticket, terms: TermSheet, service_time: ServiceTime) -> Expected:
        at = moment(ticket.submitted_at)
        self = cls(terms, service_time, ticket.service, ticket.priority, at)
        for target in Target:
            self.clocks[target] = Clock(self._budget(target))
        return self

    # What is allowed, and what it does

    def take(self, deed: Deed) -> bool:
        """Whether the contract allows a deed; if so, it is done."""
        at = moment(deed.at)
        self._close_by_itself(at)
        if not self._allowed(deed, at):
            return False
        if self.state == "waiting" and RULES[deed.name][2] is not None:
            self._end_pause(at)
        match deed.name:
            case "confirm":
                self.confirmed_at = at
            case "respond":
                self.responded_at = at
            case "ask_for_materials":
                self.pauses.append((at, None))
            case "resolve":
                self.resolved_at = at
            case "reopen":
                assert self.resolved_at is not None
                self.pauses.append((self.resolved_at, at))
                self.resolved_at = None
            case "accept" | "withdraw":
                self.closed_at = at
            case "raise_priority" | "lower_priority":
                self._change_priority(Priority(deed.content["priority"]), at)
            case "rate":
                self.rated_at, self.owes_answer = at, deed.content["score"] <= 2
            case "answer_rating":
                self.owes_answer, self.answered_at = False, at
        self.state = RULES[deed.name][2] or self.state
        return True

    def live_until(self, now: int) -> None:
        """The rest, as of an instant."""
        self._close_by_itself(now)
        self._count_days(now)
        late, due = self.is_late(Target.RESPOND, now), self.due(Target.RESPOND)
        if late and due is not None:
            self._accrue(LATE_RESPONSE, due + SECOND, self.terms.penalties.late_response)

    def _allowed(self, deed: Deed, at: int) -> bool:
        parties, states, _ = RULES[deed.name]
        if deed.by.value not in parties.split() or self.state not in states or self._is_over(at):
            return False
        match deed.name:
            case "raise_priority" | "lower_priority":
                order = ["critical", "high", "normal", "low"]
                step = order.index(deed.content["priority"]) - order.index(self.priority)
                return step < 0 if deed.name == "raise_priority" else step > 0
            case "rate":
                assert self.closed_at is not None
                return self.rated_at is None and at <= self.closed_at + self.terms.rating_days * DAY
            case "answer_rating":
                return self.owes_answer
        return True

    def _is_over(self, at: int) -> bool:
        """Nothing more is taken when no rating, no command stamped in time and no answer can still come."""
        if self.closed_at is None or self.owes_answer:
            return False
        ends = self.closed_at + self.terms.rating_days * DAY + self.terms.command_delay_hours * 3600 * SECOND
        return at > max(ends, self.answered_at or ends)

    def _close_by_itself(self, now: int) -> None:
        if self.state == "resolved" and self.resolved_at is not None:
            ends = self.resolved_at + self.terms.acceptance_days * DAY
            if now > ends:
                self.state, self.closed_at = "closed", ends

    def _end_pause(self, at: int) -> None:
        self.pauses = [(begin, at if end is None else end) for begin, end in self.pauses]

    # Clocks

    def _budget(self, target: Target) -> int | None:
        number = self.terms.targets.hours(target, self.service, self.priority)
        return None if number is None else hours(number)

    def _pauses(self, target: Target) -> list[Pause]:
        return self.pauses if target is Target.RESOLVE else []

    def due(self, target: Target) -> int | None:
        """The instant promised; None when nothing is, or while a pause holds the clock."""
        if target in self.judged:
            return self.judged[target]
        clock = self.clocks[target]
        if clock.budget is None:
            return None
        spent = when_spent(self.service_time, self.submitted_at, clock.budget, self._pauses(target))
        return spent if spent is None or clock.changed is None else max(spent, clock.changed)

    def stopped(self, target: Target) -> int | None:
        """When the clock stopped: by being met, or because the request was withdrawn."""
        met = {
            Target.CONFIRM: self.confirmed_at,
            Target.RESPOND: self.responded_at,
            Target.RESOLVE: self.resolved_at,
        }[target]
        return met if met is not None else self.closed_at if self.state == "withdrawn" else None

    def is_late(self, target: Target, now: int) -> bool:
        """At exactly the due it is still on time; for resolution, whether any day is owed."""
        if target is Target.RESOLVE:
            return self.delay_days(now) > 0
        stopped, due = self.stopped(target), self.due(target)
        return due is not None and (now if stopped is None else stopped) > due

    def _change_priority(self, priority: Priority, at: int) -> None:
        """From the start with the new budget, pauses kept; what is judged already stays judged."""
        self._count_days(at)
        for target in (Target.CONFIRM, Target.RESPOND):
            if target not in self.judged and (self.stopped(target) is not None or self.is_late(target, at)):
                self.judged[target] = self.due(target)
        self.priority = priority
        for target in Target:
            self.clocks[target] = Clock(self._budget(target), changed=at)

    # What lateness comes to

    def delay(self, now: int) -> int:
        """Of late resolution, by the present projection."""
        stopped = self.stopped(Target.RESOLVE)
        return delay(self.due(Target.RESOLVE), now if stopped is None else stopped, self.pauses)

    def delay_days(self, now: int) -> int:
        """The most days that any projection came to while it was in force."""
        return max(self._days_accrued, days(self.delay(now)))

    @property
    def _days_accrued(self) -> int:
        return sum(1 for accrual in self.accruals if accrual.clause == LATE_RESOLUTION)

    def _count_days(self, now: int) -> None:
        """Days of late resolution that started by now, each as of the first whole second of its own."""
        due, owed = self.due(Target.RESOLVE), self.delay_days(now)
        for day in range(self._days_accrued, owed):
            assert due is not None
            at = when_spent(elapsed, due, day * DAY + SECOND, self.pauses)
            self._accrue(
                LATE_RESOLUTION,
                now if at is None else at,
                self.terms.penalties.late_resolution_per_day,
            )

    def _accrue(self, clause: str, at: int, amount: Decimal) -> None:
        self.accruals.append(Accrual(clause, at, amount))

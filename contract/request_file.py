"""The file of one service request: the facts its workflow carries, and nothing derived from them.

Dues, lateness and days owed are computed from these facts by :mod:`contract.deadlines`; what has
already been said and posted is kept beside them, so that a difference can be put right by an entry.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from contract.clock import ServiceWindow
from contract.money import Money
from contract.parties import Role, role_of
from contract.request import RequestState
from contract.taken_over import AccruedBefore
from contract.terms import Priority, Service, Target, TermSheet
from contract.values import DAY, Instant, Model, Record

SECOND = Decimal(1_000_000)


def _microseconds(hours: Decimal) -> int:
    return int((hours * 3600 * SECOND).to_integral_value())


class RequestTerms(Model):
    """What of the terms a request lives by: the version in force at its submission (C10.4)."""

    version: int
    provider_id: str
    customer_id: str
    budgets: dict[Priority, dict[Target, int]]
    """Microseconds of service time; a target that is not promised is absent."""
    warn_percent: Decimal
    acceptance_days: int
    rating_days: int
    follow_up_days: int
    command_delay_hours: int
    time_zone: str = "UTC"
    """For showing instants; what depends on its rules is in the window of service time."""
    late_response: Money
    late_resolution_per_day: Money

    @classmethod
    def from_sheet(cls, terms: TermSheet, version: int, service: Service) -> RequestTerms:
        budgets: dict[Priority, dict[Target, int]] = {}
        for priority in Priority:
            hours = {target: terms.targets.hours(target, service, priority) for target in Target}
            budgets[priority] = {t: _microseconds(h) for t, h in hours.items() if h is not None}
        return cls(
            version=version,
            provider_id=terms.provider.party_id,
            customer_id=terms.customer.party_id,
            budgets=budgets,
            warn_percent=terms.targets.warn_percent,
            acceptance_days=terms.acceptance_days,
            rating_days=terms.rating_days,
            follow_up_days=terms.follow_up_days,
            command_delay_hours=terms.command_delay_hours,
            time_zone=terms.time_zone,
            late_response=terms.money(terms.penalties.late_response),
            late_resolution_per_day=terms.money(terms.penalties.late_resolution_per_day),
        )

    def budget(self, priority: Priority, target: Target) -> timedelta | None:
        found = self.budgets[priority].get(target)
        return None if found is None else timedelta(microseconds=found)

    def longest_budget(self) -> timedelta:
        """The largest budget of any priority: how far a window of service time must reach."""
        return timedelta(microseconds=max(m for b in self.budgets.values() for m in b.values()))

    def role_of(self, party: str) -> Role | None:
        return role_of(party, self.provider_id, self.customer_id)


class PauseKind(StrEnum):
    MATERIALS = "materials"
    """Waiting for the customer's materials (C5.4): resolution only."""
    SOLVED = "solved"
    """Between resolve and reopen: resolution only."""
    SUSPENSION = "suspension"
    """Service suspended (C8.2): all clocks."""


class Pause(Model):
    kind: PauseKind
    begin: Instant
    end: Instant | None = None
    what: list[str] = []


class Basis(Model):
    """What a target is measured by: the budget in force, and the instant before which it cannot be due.

    ``not_before`` is the instant of the last change of priority. ``until`` is set on a basis that a
    later change replaced: days owed by then stay owed.
    """

    priority: Priority
    budget: int
    not_before: Instant | None = None
    until: Instant | None = None


class Said(Record):
    """What has been announced and posted so far, to be compared with what the facts call for."""

    warned: dict[Target, int] = {}
    """Per target, the number of priority changes at the time of the warning."""
    breached: dict[Target, Instant] = {}
    """Per target, the due whose passing was announced."""
    accrued: dict[str, Instant] = {}
    """Penalties that stand, by what they are for, with the instant each is owed as of."""
    reaccruals: dict[str, int] = {}
    """How often a penalty that was reversed has accrued anew, by its key."""
    follow_up_overdue: bool = False

    @property
    def response_penalty(self) -> bool:
        return LATE_RESPONSE in self.accrued

    @property
    def days(self) -> int:
        """Days of late resolution that stand."""
        return len(self.accrued) - self.response_penalty


LATE_RESPONSE = "late-response"


def late_day(day: int) -> str:
    """What the penalty for day *n* of late resolution is for."""
    return f"late-resolution:{day}"


class TakenCommand(Model):
    command_id: str
    at: Instant
    content: str | None = None
    """Digest of what it said; None when it was taken before that was kept."""


class Before(Model):
    """What a request that was taken over brings with it: for the time before nothing accrues here."""

    run_from: Instant
    """From when it is run here; commands are stamped then or later."""
    heard_from: Instant
    """From when commands could be told."""
    accrued: AccruedBefore


class RequestFile(Record):
    """Everything a request's workflow knows; travels through continue-as-new."""

    schema_version: int = 1
    agreement_id: str
    request_id: str
    service: Service
    title: str
    terms: RequestTerms
    window: ServiceWindow
    priority: Priority
    state: RequestState = RequestState.SUBMITTED
    submitted_at: Instant
    last_at: Instant
    seq: int = 0
    judged_until: Instant
    bases: dict[Target, Basis]
    past_bases: list[Basis] = []
    priority_changes: int = 0
    pauses: list[Pause] = []
    confirmed_at: Instant | None = None
    assignee: str | None = None
    responded_at: Instant | None = None
    resolved_at: Instant | None = None
    closed_at: Instant | None = None
    closed_by_itself: bool = False
    rating: int | None = None
    follow_up_due: Instant | None = None
    follow_up_answered_at: Instant | None = None
    said: Said
    taken: list[TakenCommand] = []
    before: Before | None = None

    def clone(self) -> RequestFile:
        """A copy whose changes do not reach this one (its elements are frozen and shared)."""
        said = self.said.model_copy(
            update={
                "warned": dict(self.said.warned),
                "breached": dict(self.said.breached),
                "accrued": dict(self.said.accrued),
                "reaccruals": dict(self.said.reaccruals),
            }
        )
        return self.model_copy(
            update={
                "bases": dict(self.bases),
                "past_bases": list(self.past_bases),
                "pauses": list(self.pauses),
                "taken": list(self.taken),
                "said": said,
            }
        )

    def taken_as(self, command_id: str) -> TakenCommand | None:
        """The command taken under an id, if one was."""
        return next((taken for taken in self.taken if taken.command_id == command_id), None)

    def knows(self, command_id: str) -> bool:
        return self.taken_as(command_id) is not None

    @property
    def penalties(self) -> Money:
        """The penalties that stand, before waivers and the cap (C8.1)."""
        of_days = self.terms.late_resolution_per_day * self.said.days
        return of_days + self.terms.late_response if self.said.response_penalty else of_days

    @property
    def acceptance_ends(self) -> datetime | None:
        """The last instant at which the customer may accept or reopen."""
        return self.resolved_at and self.resolved_at + self.terms.acceptance_days * DAY

    @property
    def rating_ends(self) -> datetime | None:
        """The last instant at which the customer may rate."""
        return self.closed_at and self.closed_at + self.terms.rating_days * DAY

    @property
    def follow_up_open(self) -> bool:
        return self.follow_up_due is not None and self.follow_up_answered_at is None

    @property
    def ends_at(self) -> datetime | None:
        """When nothing is left to wait for; None while the request is open or owes an answer."""
        if self.rating_ends is None or self.follow_up_open:
            return None
        return self.rating_ends + timedelta(hours=self.terms.command_delay_hours)

    def next_seq(self) -> int:
        self.seq += 1
        return self.seq

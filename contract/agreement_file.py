"""The file of one agreement: what its workflow carries (C4.1, C10.3, contract §3 "Dates")."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import Field

from contract.agreement_states import AgreementState, shown_state
from contract.commands import Command
from contract.days import Days
from contract.facts import AgreementSnapshot
from contract.money_file import MoneyFile
from contract.negotiations import Negotiations
from contract.parties import Role
from contract.penalties import add_months
from contract.terms import TermSheet
from contract.values import DAY, Digest, Instant, Model, Record
from contract.versions import AgreementTerms, TermsVersion, version_at

REMINDERS = (60, 30, 7)
"""Days before the end of the term at which both sides are reminded (contract §7)."""

REMEMBERED = 2000
"""So many commands of an agreement are known again when they are told again, however late."""

DAYS_BEYOND = timedelta(days=3653)
"""How far beyond the term its days are worked out: late fees go on until all is paid."""


class TermDates(Model):
    """The dates of a term as instants, worked out once in its time zone, when it begins."""

    effective_date: date
    ends_at: Instant
    """24:00 on the day before the anniversary."""
    last_day: date
    """That day, in the zone of the contract."""
    year_starts: list[Instant]
    reminders: dict[int, Instant]
    effective_at: Instant | None = None
    """Of an agreement that is taken over: when its effective date began."""
    run_from: Instant | None = None
    """Of an agreement that is taken over: from when it is run here; what was before is in its terms."""
    days: Days | None = None
    """Every local day of the term and long after it; where the agreement's money is run, it has them."""

    @classmethod
    def of(cls, terms: TermSheet, activated_at: datetime, *, with_days: bool = False) -> TermDates:
        """From the instant of the second signature. Uses time-zone rules: for activities, not workflows."""
        zone, before = ZoneInfo(terms.time_zone), terms.taken_over

        def midnight(day: date) -> datetime:
            return datetime(day.year, day.month, day.day, tzinfo=zone)

        first = activated_at.astimezone(zone).date() if before is None else before.effective_date
        dates = cls.within(first, terms.term.total_months, midnight)
        since = activated_at
        if before is not None:
            since = midnight(first).astimezone(UTC)
            run_from = min(midnight(before.run_from), activated_at).astimezone(UTC)
            dates = dates.model_copy(update={"effective_at": since, "run_from": run_from})
        if not with_days:
            return dates
        days = Days.of(terms.time_zone, since - DAY, dates.ends_at + DAYS_BEYOND)
        return dates.model_copy(update={"days": days})

    @classmethod
    def within(cls, first: date, months: int, midnight: Callable[[date], datetime]) -> TermDates:
        """Of a term of so many months from its first day; ``midnight`` tells when a day begins."""
        end = add_months(first, months)
        return cls(
            effective_date=first,
            ends_at=midnight(end),
            last_day=end - timedelta(days=1),
            year_starts=[midnight(add_months(first, year)) for year in range(0, months, 12)],
            reminders={days: midnight(end - timedelta(days=days)) for days in REMINDERS},
        )


class Signature(Model):
    person: str
    title: str
    at: Instant
    seal_digest: Digest | None = None


class AgreementFile(Record):
    """Everything an agreement's workflow knows; travels through continue-as-new."""

    schema_version: int = 1
    agreement_id: str
    digest: str
    terms_version: int = 1
    terms: AgreementTerms
    state: AgreementState = AgreementState.OFFERED
    offered_at: Instant
    last_at: Instant
    seq: int = 0
    signatures: dict[Role, Signature] = {}
    effective_at: Instant | None = None
    dates: TermDates | None = None
    days_until: Instant | None = None
    """How far its days reach, once the term was made longer; before, :data:`DAYS_BEYOND` the term."""
    reminded: list[int] = []
    closed_at: Instant | None = None
    settled_at: Instant | None = None
    open_requests: list[str] | None = None
    """Known from the end of the term on; None before, when nobody needs to know."""
    last_ended_at: Instant | None = None
    """When the last request ended, at the earliest the end of the term; None while nobody has told."""
    taken: list[str] = []
    contents: dict[str, str] = {}
    """Digest of what a command said, by its id; missing when it was taken before that was kept."""
    money: MoneyFile | None = None
    """None before it is in force, and where its money is not run here."""
    versions: list[TermsVersion] = []
    """All that were agreed; ``terms``, ``terms_version`` and ``digest`` are of the one in force now."""
    negotiations: Negotiations = Field(default_factory=Negotiations)
    warned: list[int] = []
    """Contract years whose penalties both sides were warned of (contract §7)."""

    def take(self, command: Command) -> None:
        """Know the command when it is told again."""
        self.taken = [*self.taken[1 - REMEMBERED :], command.command_id]
        self.contents[command.command_id] = command.content
        self.contents = {known: self.contents[known] for known in self.taken if known in self.contents}

    def become(self, other: AgreementFile) -> None:
        """Say what another says: for a step that is taken back."""
        for name in type(self).model_fields:
            setattr(self, name, getattr(other, name))

    def clone(self) -> AgreementFile:
        """A copy whose changes do not reach this one."""
        copy = self.model_copy(update={"money": None}).model_copy(deep=True)
        copy.money = None if self.money is None else self.money.clone()
        return copy

    @property
    def days(self) -> Days | None:
        """Every local day of the term and long after it; None before it is in force."""
        if self.money is not None:
            return self.money.days
        return None if self.dates is None else self.dates.days

    @property
    def newest(self) -> TermsVersion:
        """The version agreed last, in force or to be."""
        return self.versions[-1]

    def version_at(self, at: datetime) -> TermsVersion:
        """The version of the terms in force at an instant."""
        return version_at(self.versions, at)

    @property
    def offer_ends(self) -> datetime:
        """The last instant at which the offer can be signed."""
        return self.offered_at + self.terms.offer_days * DAY

    @property
    def closing_ends(self) -> datetime:
        """When the agreement closes even if requests are open: ``closing_days`` after the end."""
        assert self.dates is not None
        return self.dates.ends_at + self.terms.closing_days * DAY

    @property
    def signed_at(self) -> datetime:
        """When the second one signed."""
        return max(signature.at for signature in self.signatures.values())

    @property
    def run_from(self) -> datetime | None:
        """From when requests can have been submitted here; None while it is not in force."""
        return self.effective_at if self.dates is None else self.dates.run_from or self.effective_at

    @property
    def heard_from(self) -> datetime | None:
        """Of an agreement that is taken over: from when it can be told what happened since it is run here."""
        return None if self.dates is None or self.dates.run_from is None else self.signed_at

    @property
    def fully_signed(self) -> bool:
        return len(self.signatures) == len(Role)

    @property
    def suspended_since(self) -> datetime | None:
        """Since when service is suspended (C8.2); None while it is not."""
        running = None if self.money is None else self.money.suspended
        return None if running is None else running.begin

    @property
    def shown_state(self) -> AgreementState:
        """The state as people are shown it; see :func:`contract.agreement_states.shown_state`."""
        return shown_state(self.state, self.suspended_since)

    def next_seq(self) -> int:
        self.seq += 1
        return self.seq

    def snapshot(self) -> AgreementSnapshot:
        return AgreementSnapshot(
            agreement_id=self.agreement_id,
            state=self.state,
            provider_id=self.terms.provider_id,
            customer_id=self.terms.customer_id,
            terms_version=self.terms_version,
            digest=self.digest,
            offered_at=self.offered_at,
            effective_at=self.effective_at,
            ends_at=self.dates.ends_at if self.dates else None,
            closed_at=self.closed_at,
            year_starts=self.dates.year_starts if self.dates else [],
            suspended_since=self.suspended_since,
            settled_at=self.settled_at,
        )

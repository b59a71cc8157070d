"""What the parties of an agreement are negotiating: changes of fee, amendments, an early end (contract §7).

Facts only, as the agreement's file carries them. A proposal that lapsed by itself stays as long as an answer
stamped in time can still arrive; everything else that is decided stands in the record.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from contract.money import Money
from contract.parties import Role
from contract.terms import IfUnanswered
from contract.values import Digest, Instant, Model, Record


class FeeOffer(Model):
    """What one side offers: an amount for each full period, from a date."""

    number: int
    """1 is the notice, counter-offers follow."""
    by: Role
    amount: Money
    effective_on: date


class FeeChangeState(StrEnum):
    OPEN = "open"
    TAKEN = "taken"
    """Nobody answered and the terms let it take effect; an answer stamped in time may still arrive."""
    LAPSED = "lapsed"
    DECIDED = "decided"
    """Accepted, withdrawn, or lapsed with the agreement: nothing can change it."""


class FeeChange(Model):
    """A fee change (费用调整) of which notice was given (C7.2)."""

    number: int
    state: FeeChangeState = FeeChangeState.OPEN
    noticed_at: Instant
    closes_at: Instant
    """The last instant at which it may be negotiated."""
    remind_at: Instant
    final_at: Instant
    """Until when an answer stamped in time can arrive; it cannot take effect before."""
    earliest_on: date
    if_unanswered: IfUnanswered
    offers: int = 1
    standing: FeeOffer | None
    """None after an objection without a counter-offer."""
    offered_on: date
    """The day of the last offer, objected to or not."""
    answered: bool = False
    reminded: bool = False

    @property
    def undecided(self) -> bool:
        return self.state in (FeeChangeState.OPEN, FeeChangeState.TAKEN)

    def may_be_answered(self, at: datetime) -> bool:
        """Whether something said at an instant was said in time, however late it arrives."""
        return self.state is not FeeChangeState.DECIDED and at <= self.closes_at


class Proposal(Model):
    """What one side proposes and the other consents to or declines."""

    number: int
    by: Role
    at: Instant
    expires_at: Instant
    """The last instant at which it can be consented to."""
    expired: bool = False

    def may_be_answered(self, at: datetime) -> bool:
        return at <= self.expires_at


class Amendment(Proposal):
    """An amendment (补充协议) proposed: the terms that would result (C10.1)."""

    base: int
    """The version it changes: the newest when it was proposed."""
    effective_on: date | None = None
    """None: with the consent."""
    digest: Digest
    canonical: str


class Termination(Proposal):
    """An early end (提前终止) proposed (C4.2)."""

    last_day: date


class Negotiations(Record):
    """Everything that is being negotiated, and how much ever was."""

    fee_changes: int = 0
    fee_change: FeeChange | None = None
    """The last one."""
    proposed_amendments: int = 0
    amendments: list[Amendment] = []
    proposed_terminations: int = 0
    termination: Termination | None = None
    ends_early: bool = False
    """An early end is agreed: the dates of the term say when."""


class OpenChange(Model):
    """Something that is being negotiated, as it is shown."""

    what: str
    """``fee_change``, ``amendment`` or ``termination``."""
    number: int
    by: Role
    """Who spoke last."""
    until: Instant
    """The last instant at which the other may answer."""
    clause: str
    amount: Money | None = None
    effective_on: date | None = None
    last_day: date | None = None
    digest: Digest | None = None
    base: int | None = None

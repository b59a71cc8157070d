"""A dispute (争议): over what, in which state, until when, and what it holds while it is open (C9).

The transition table is data: the refusals, the documents and the tests are made from it. What a command
does to a dispute stands in :mod:`contract.dispute_deeds`, what is held in :mod:`contract.holds`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, model_validator

from contract.dispute_names import DisputeCommandName as C
from contract.money import Money
from contract.parties import Role
from contract.penalties import PenaltyKind
from contract.terms import Means, TermSheet
from contract.values import DAY, Digest, Exact, Identifier, Instant, Line, Model, Text, Whole


class DisputeState(StrEnum):
    NEGOTIATING = "negotiating"
    SETTLED = "settled"
    """By a settlement that both confirmed (C9.1): final."""
    REFERRED = "referred"
    """To the arbitration commission that the terms name (C9.2)."""
    AWARDED = "awarded"
    """By the commission's award (C9.3): final."""
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    """Nobody referred it in ``stale_days``: closed without effect."""

    @property
    def is_open(self) -> bool:
        """While it is, its amount is on hold."""
        return self in (DisputeState.NEGOTIATING, DisputeState.REFERRED)

    @property
    def is_decided(self) -> bool:
        """Finally: what it was over cannot be disputed again."""
        return self in (DisputeState.SETTLED, DisputeState.AWARDED)


S = DisputeState


@dataclass(frozen=True, slots=True)
class Rule:
    """In which states a command is given, where it leads (None: the state stays), and its clause."""

    states: tuple[DisputeState, ...]
    leads_to: DisputeState | None
    clause: str


TRANSITIONS: dict[C, Rule] = {
    C.OPEN_DISPUTE: Rule((), S.NEGOTIATING, "C9.1"),
    C.OFFER_SETTLEMENT: Rule((S.NEGOTIATING, S.REFERRED), None, "C9.1"),
    C.CONFIRM_SETTLEMENT: Rule((S.NEGOTIATING, S.REFERRED), S.SETTLED, "C9.1"),
    C.DECLARE_FAILED: Rule((S.NEGOTIATING,), None, "C9.2"),
    C.REFER_DISPUTE: Rule((S.NEGOTIATING,), S.REFERRED, "C9.2"),
    C.RECORD_AWARD: Rule((S.REFERRED,), S.AWARDED, "C9.3"),
    C.WITHDRAW_DISPUTE: Rule((S.NEGOTIATING, S.REFERRED), S.WITHDRAWN, "C9.1"),
}
"""Every command is either party's; opening makes a dispute and so has no state before it."""


# What it is over


class Matter(StrEnum):
    REQUEST = "request"
    """All its penalties."""
    PENALTY = "penalty"
    """One kind of a request's penalties."""
    BILL = "bill"
    PAYMENT = "payment"
    OTHER = "other"
    """Something else: no amount, nothing on hold."""


_FIELDS: dict[Matter, frozenset[str]] = {
    Matter.REQUEST: frozenset({"request_id"}),
    Matter.PENALTY: frozenset({"request_id", "penalty"}),
    Matter.BILL: frozenset({"bill"}),
    Matter.PAYMENT: frozenset({"means", "reference"}),
    Matter.OTHER: frozenset(),
}


class Item(Model):
    """What a dispute is over."""

    matter: Matter
    request_id: Identifier | None = None
    penalty: PenaltyKind | None = None
    bill: Identifier | None = None
    means: Means | None = None
    reference: Line | None = None

    @model_validator(mode="after")
    def _names_its_matter(self) -> Item:
        given = {name for name, value in self if name != "matter" and value is not None}
        if given != _FIELDS[self.matter]:
            wanted = ", ".join(sorted(_FIELDS[self.matter])) or "nothing else"
            raise ValueError(f"for a {self.matter}: {wanted}")
        return self

    @property
    def penalties(self) -> tuple[PenaltyKind, ...]:
        """Which of its request's penalties it is over."""
        if self.matter is Matter.REQUEST:
            return tuple(PenaltyKind)
        return (self.penalty,) if self.penalty is not None else ()

    @property
    def parts(self) -> frozenset[str]:
        """The undivided things it is over, in words: two items overlap where they share one."""
        match self.matter:
            case Matter.BILL:
                return frozenset({f"bill {self.bill}"})
            case Matter.PAYMENT:
                return frozenset({f"payment {self.means} {self.reference}"})
            case Matter.OTHER:
                return frozenset()
            case _:
                return frozenset(penalty_part(str(self.request_id), kind) for kind in self.penalties)


def penalty_part(request_id: str, kind: PenaltyKind) -> str:
    return f"{kind.value} of request {request_id}"


# How it ends


class AmountKind(StrEnum):
    PENALTY = "penalty"
    """A request's penalty, or all of them, is set to the amount."""
    BILL = "bill"
    """A bill is credited the amount."""
    LATE_FEE = "late_fee"
    """So much of a bill's late fee falls away."""
    CREDIT = "credit"
    """The customer is credited the amount, for no bill in particular."""


class Amount(Model):
    """One amount of a settlement or an award."""

    kind: AmountKind
    amount: Annotated[Exact, Field(ge=0, le=10**11)]
    request_id: Identifier | None = None
    penalty: PenaltyKind | None = None
    """None: all penalties of the request."""
    bill: Identifier | None = None

    @model_validator(mode="after")
    def _names_what_it_changes(self) -> Amount:
        of_penalty = self.kind is AmountKind.PENALTY
        of_bill = self.kind in (AmountKind.BILL, AmountKind.LATE_FEE)
        if of_penalty != (self.request_id is not None) or (self.penalty and not of_penalty):
            raise ValueError("request_id, with or without penalty, for a penalty and for nothing else")
        if of_bill != (self.bill is not None):
            raise ValueError("bill, for a bill or its late fee and for nothing else")
        if not self.amount and not of_penalty:
            raise ValueError("an amount above zero; only a penalty can be set to nothing")
        return self

    @property
    def penalties(self) -> tuple[PenaltyKind, ...]:
        if self.kind is not AmountKind.PENALTY:
            return ()
        return tuple(PenaltyKind) if self.penalty is None else (self.penalty,)

    @property
    def changes(self) -> frozenset[str]:
        """What it changes, in words, so that no outcome changes a thing twice."""
        if self.kind is AmountKind.PENALTY:
            return frozenset(penalty_part(str(self.request_id), kind) for kind in self.penalties)
        return frozenset() if self.bill is None else frozenset({f"{self.kind} {self.bill}"})


class Offer(Model):
    """An offer of settlement that stands: the last one made. Its maker has confirmed it by making it."""

    number: Whole
    by: Role
    person: Line
    at: Instant
    amounts: list[Amount] = []
    charge_held_days: bool = False
    text: Text | None = None


class Ending(Model):
    """How a dispute was finally decided."""

    clause: str
    amounts: list[Amount] = []
    charge_held_days: bool = False
    """Late fees are charged for the days on hold as well."""
    text: Text | None = None
    digest: Digest | None = None
    """Of the award's document."""
    persons: dict[Role, Line] = {}
    """Who confirmed a settlement, or recorded an award."""


class DisputeTerms(Model):
    """What of the terms disputes go by (C9)."""

    negotiation_days: int
    stale_days: int
    arbitration_commission: str

    @classmethod
    def from_sheet(cls, terms: TermSheet) -> DisputeTerms:
        return cls(**terms.disputes.model_dump())


class Dispute(Model):
    """One dispute, by the terms in force when it was opened."""

    number: Identifier
    """``D001`` and so on within the agreement."""
    item: Item
    amount: Money | None = None
    """None: the whole item."""
    about: Text
    by: Role
    person: Line
    command_id: Identifier
    opened_at: Instant
    window_ends: Instant
    """The last instant of the negotiation window (C9.1)."""
    stale_ends: Instant
    """The last instant at which it can be referred."""
    commission: Line
    state: DisputeState = DisputeState.NEGOTIATING
    window_told: bool = False
    failed_by: list[Role] = []
    """Who has declared that negotiation failed."""
    offers: int = 0
    offer: Offer | None = None
    referred_by: Role | None = None
    referred_at: Instant | None = None
    ended_at: Instant | None = None
    """When its hold was lifted."""
    ending: Ending | None = None

    @property
    def may_be_referred_from(self) -> datetime:
        """The first instant at which one party alone may refer it (C9.2)."""
        return self.window_ends + timedelta(seconds=1)

    def state_at(self, at: datetime) -> DisputeState:
        """The state a command meets: a lapse does not stand against one stamped before it."""
        lapsed_since = self.state is DisputeState.LAPSED and at <= self.stale_ends
        return DisputeState.NEGOTIATING if lapsed_since else self.state

    @property
    def next_date(self) -> datetime | None:
        """The next instant at which something happens to it by itself."""
        if self.state is not DisputeState.NEGOTIATING:
            return None
        return self.stale_ends if self.window_told else self.window_ends

    def told(self) -> dict[str, Any]:
        """The whole fact, as every event of it tells it."""
        return self.model_dump(mode="json", exclude_none=True)


def opened(number: int, terms: DisputeTerms, at: datetime, **given: Any) -> Dispute:
    """A new dispute; window and staleness run from its opening, × 24 h (contract §3)."""
    window_ends = at + terms.negotiation_days * DAY
    return Dispute(
        number=f"D{number:03d}",
        opened_at=at,
        window_ends=window_ends,
        # Where the terms leave no time between the two, there is a day to refer it in.
        stale_ends=max(at + terms.stale_days * DAY, window_ends + DAY),
        commission=terms.arbitration_commission,
        **given,
    )


def clash(disputes: Iterable[Dispute], item: Item) -> tuple[Dispute, frozenset[str]] | None:
    """The dispute that keeps an item from being disputed, and the parts that both are over.

    One that is open, or one by which a part was finally decided: as its item, or by an amount of its ending.
    """
    for dispute in disputes:
        if dispute.state.is_open and item.parts & dispute.item.parts:
            return dispute, item.parts & dispute.item.parts
        if shared := item.parts & decided_parts(dispute):
            return dispute, shared
    return None


def decided_parts(dispute: Dispute) -> frozenset[str]:
    """What a dispute has finally decided."""
    if not dispute.state.is_decided or dispute.ending is None:
        return frozenset()
    changed = [part for amount in dispute.ending.amounts if amount.penalties for part in amount.changes]
    return dispute.item.parts | frozenset(changed)


def decided_by(dispute: Dispute) -> str:
    """By what a dispute was finally decided."""
    return "award" if dispute.state is DisputeState.AWARDED else "settlement"


def open_disputes(disputes: Iterable[Dispute]) -> list[Dispute]:
    return [dispute for dispute in disputes if dispute.state.is_open]

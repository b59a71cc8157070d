"""What the parties tell an agreement about disputes (C9): one frozen model per command, either party's."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from contract.commands import Command
from contract.dispute_names import DisputeCommandName
from contract.disputes import TRANSITIONS, Amount, Item, Matter
from contract.money_commands import Sum
from contract.values import Digest, Identifier, Model, Text, Whole

Amounts = Annotated[list[Amount], Field(max_length=100)]


class DisputeCommand(Command):
    """A command on a dispute of an agreement."""

    name: ClassVar[DisputeCommandName]

    @property
    def requests(self) -> frozenset[str]:
        """The requests it names: they have to be on record."""
        return frozenset()


class OpenDispute(DisputeCommand):
    """A party disputes an amount, or something else: negotiation first, the amount on hold (C9.1)."""

    name = DisputeCommandName.OPEN_DISPUTE
    clause = TRANSITIONS[name].clause
    item: Item
    amount: Sum | None = None
    """None for the whole item; something else has none."""
    about: Text

    @model_validator(mode="after")
    def _no_amount_of_something_else(self) -> OpenDispute:
        if self.item.matter is Matter.OTHER and self.amount is not None:
            raise ValueError("no amount: it is over a request, a bill, a penalty or a payment")
        return self

    @property
    def requests(self) -> frozenset[str]:
        return frozenset() if self.item.request_id is None else frozenset({self.item.request_id})


class _OfDispute(DisputeCommand):
    dispute: Identifier


class _Deciding(Model):
    """The amounts of a settlement or an award, each thing named once."""

    amounts: Amounts = []
    charge_held_days: bool = False
    """Whether late fees are charged for the days on hold as well."""
    text: Text | None = None

    @model_validator(mode="after")
    def _each_thing_once(self) -> _Deciding:
        changed = [part for amount in self.amounts for part in amount.changes]
        if len(set(changed)) != len(changed):
            raise ValueError("each penalty, bill and late fee named once")
        return self

    @property
    def requests(self) -> frozenset[str]:
        return frozenset(amount.request_id for amount in self.amounts if amount.request_id is not None)


class OfferSettlement(_Deciding, _OfDispute):
    """A party offers a settlement; it takes the place of the offer before it (C9.1)."""

    name = DisputeCommandName.OFFER_SETTLEMENT
    clause = TRANSITIONS[name].clause


class ConfirmSettlement(_OfDispute):
    """The other party confirms the offer that stands: the dispute is settled, for good (C9.1)."""

    name = DisputeCommandName.CONFIRM_SETTLEMENT
    clause = TRANSITIONS[name].clause
    offer: Annotated[Whole, Field(ge=1)]
    """The number of the offer that is confirmed: never another one."""


class DeclareFailed(_OfDispute):
    """A party declares that negotiation has failed; once both have, either may refer (C9.2)."""

    name = DisputeCommandName.DECLARE_FAILED
    clause = TRANSITIONS[name].clause
    reason: Text | None = None


class ReferDispute(_OfDispute):
    """A party refers the dispute to the arbitration commission that the terms name (C9.2)."""

    name = DisputeCommandName.REFER_DISPUTE
    clause = TRANSITIONS[name].clause
    reason: Text | None = None


class RecordAward(_Deciding, _OfDispute):
    """A party records the commission's award, final for both: once, by its document's digest (C9.3)."""

    name = DisputeCommandName.RECORD_AWARD
    clause = TRANSITIONS[name].clause
    digest: Digest
    made_on: date | None = None


class WithdrawDispute(_OfDispute):
    """Whoever opened the dispute withdraws it: closed without effect, the hold lifted (C9.1)."""

    name = DisputeCommandName.WITHDRAW_DISPUTE
    clause = TRANSITIONS[name].clause
    reason: Text | None = None


AnyDisputeCommand = (
    OpenDispute
    | OfferSettlement
    | ConfirmSettlement
    | DeclareFailed
    | ReferDispute
    | RecordAward
    | WithdrawDispute
)

DISPUTE_COMMANDS: dict[DisputeCommandName, type[DisputeCommand]] = {
    model.name: model
    for model in (
        OpenDispute,
        OfferSettlement,
        ConfirmSettlement,
        DeclareFailed,
        ReferDispute,
        RecordAward,
        WithdrawDispute,
    )
}
"""The model of each command."""

"""What the parties tell an agreement about its money (C7.1, C8.1, C8.2): one frozen model per command."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from contract.commands import Command
from contract.parties import Role
from contract.penalties import PenaltyKind
from contract.terms import Means
from contract.values import Exact, Identifier, Line, Text


class MoneyCommandName(StrEnum):
    """Names of the commands, as they stand in records, updates and errors."""

    RECORD_PAYMENT = "record_payment"
    CLEAR_PAYMENT = "clear_payment"
    BOUNCE_PAYMENT = "bounce_payment"
    REVERSE_PAYMENT = "reverse_payment"
    WAIVE_LATE_FEE = "waive_late_fee"
    GIVE_CREDIT = "give_credit"
    SUSPEND = "suspend"
    RESUME = "resume"
    RECORD_PAYOUT = "record_payout"
    REVERSE_PAYOUT = "reverse_payout"
    WAIVE_PENALTY = "waive_penalty"


Sum = Annotated[Exact, Field(gt=0, le=10**11)]
"""An amount of money above zero, in the agreement's currency."""


class MoneyCommand(Command):
    """A command on the money of an agreement."""

    name: ClassVar[MoneyCommandName]
    by: ClassVar[Role] = Role.PROVIDER
    clause: ClassVar[str]


class PaymentNamed(MoneyCommand):
    """A command about a payment on record, named by its means and reference."""

    means: Means
    reference: Line


class RecordPayment(MoneyCommand):
    """The provider records money of the customer's (C7.1.2); a cheque counts only when cleared."""

    name = MoneyCommandName.RECORD_PAYMENT
    clause = "C7.1.2"
    means: Means
    label: Line | None = None
    """What the means is, when it is none of those with a name."""
    reference: Line
    amount: Sum
    value_date: date
    """The day the money came; of a cheque, the day it was received."""
    bill: Identifier | None = None


class ClearPayment(PaymentNamed):
    """The bank has cleared a cheque: from that day it counts (C7.1.2)."""

    name = MoneyCommandName.CLEAR_PAYMENT
    clause = "C7.1.2"
    cleared_on: date


class BouncePayment(PaymentNamed):
    """The bank has returned a cheque, before or after it cleared: it never counted (contract §5)."""

    name = MoneyCommandName.BOUNCE_PAYMENT
    clause = "C7.1.2"
    reason: Text


class ReversePayment(PaymentNamed):
    """A payment was recorded wrongly or taken back: what followed is put right (contract §5)."""

    name = MoneyCommandName.REVERSE_PAYMENT
    clause = "C7.1.2"
    reason: Text


class WaiveLateFee(MoneyCommand):
    """The provider waives a late fee of a bill, all of it or a part (C8.2.1)."""

    name = MoneyCommandName.WAIVE_LATE_FEE
    clause = "C8.2.1"
    bill: Identifier
    amount: Sum | None = None
    """None for all that is outstanding."""
    reason: Text


class GiveCredit(MoneyCommand):
    """The provider credits the customer out of goodwill (contract §5)."""

    name = MoneyCommandName.GIVE_CREDIT
    clause = "C7.1.1"
    amount: Sum
    bill: Identifier | None = None
    reason: Text


class Suspend(MoneyCommand):
    """The provider suspends service for late payment: after notice, at the earliest (C8.2)."""

    name = MoneyCommandName.SUSPEND
    clause = "C8.2"
    reason: Text | None = None


class Resume(MoneyCommand):
    """The provider resumes service, or gives up suspending it, although not all is paid (C8.2)."""

    name = MoneyCommandName.RESUME
    clause = "C8.2"
    reason: Text | None = None


class RecordPayout(MoneyCommand):
    """The provider records money it paid the customer: penalties, or what is left at the end (C8.1)."""

    name = MoneyCommandName.RECORD_PAYOUT
    clause = "C8.1"
    means: Means
    label: Line | None = None
    """What the means is, when it is none of those with a name."""
    reference: Line
    amount: Sum
    value_date: date
    """The day the money was paid."""


class ReversePayout(PaymentNamed):
    """A payout was recorded wrongly or came back: an entry takes it back (C8.1)."""

    name = MoneyCommandName.REVERSE_PAYOUT
    clause = "C8.1"
    reason: Text


class WaivePenalty(MoneyCommand):
    """The customer waives a penalty of a request, all that stands of it or a part (C8.1)."""

    name = MoneyCommandName.WAIVE_PENALTY
    by = Role.CUSTOMER
    clause = "C8.1"
    request_id: Identifier
    of: PenaltyKind
    amount: Sum | None = None
    """None for all that stands."""
    reason: Text


AnyMoneyCommand = (
    RecordPayment
    | ClearPayment
    | BouncePayment
    | ReversePayment
    | WaiveLateFee
    | GiveCredit
    | Suspend
    | Resume
    | RecordPayout
    | ReversePayout
    | WaivePenalty
)

MONEY_COMMANDS: dict[MoneyCommandName, type[MoneyCommand]] = {
    model.name: model
    for model in (*PaymentNamed.__subclasses__(), *MoneyCommand.__subclasses__())
    if "name" in model.__dict__
}
"""The model of each command."""

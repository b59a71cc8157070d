"""What the parties say to change their agreement (C4.2, C7.2, C10): one frozen model per command.

Whoever accepts or consents says to what: the amount and date, the digest, the last day. So nothing is agreed
to that somebody has not seen.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, model_validator

from contract.commands import Command
from contract.values import MAX_INTEGER, Digest, Exact, Line, Text, Whole, normalised, storable

MOST_CHANGES = 200


class ChangeCommandName(StrEnum):
    """Names of the commands, as they stand in records, updates and errors."""

    PROPOSE_FEE_CHANGE = "propose_fee_change"
    ACCEPT_FEE_CHANGE = "accept_fee_change"
    OBJECT_TO_FEE_CHANGE = "object_to_fee_change"
    COUNTER_FEE_CHANGE = "counter_fee_change"
    WITHDRAW_FEE_CHANGE = "withdraw_fee_change"
    PROPOSE_AMENDMENT = "propose_amendment"
    CONSENT_TO_AMENDMENT = "consent_to_amendment"
    DECLINE_AMENDMENT = "decline_amendment"
    WITHDRAW_AMENDMENT = "withdraw_amendment"
    PROPOSE_TERMINATION = "propose_termination"
    CONSENT_TO_TERMINATION = "consent_to_termination"
    DECLINE_TERMINATION = "decline_termination"
    WITHDRAW_TERMINATION = "withdraw_termination"


Fee = Annotated[Exact, Field(ge=0, le=10**11)]
"""The fee of a full period, tax included, in the agreement's currency."""


def _plain(value: Any) -> Any:
    """A value of the term sheet as plain data: numbers with a point as text, as they were written."""
    match value:
        case bool() | None:
            return value
        case Decimal() if value.is_finite():
            return normalised(value)
        case Decimal() | float():
            raise ValueError("a number written exactly: as a decimal, or as text")
        case int() if abs(value) > MAX_INTEGER:
            raise ValueError(f"a whole number of at most {MAX_INTEGER}")
        case str():
            return storable(value)
        case dict():
            return {str(key): _plain(part) for key, part in value.items()}
        case list() | tuple():
            return [_plain(part) for part in value]
        case _:
            return value


Plain = Annotated[dict[str, Any], BeforeValidator(_plain)]


class ChangeCommand(Command):
    """A command that changes the agreement, or speaks of a change."""

    name: ClassVar[ChangeCommandName]
    clause: ClassVar[str]


class ProposeFeeChange(ChangeCommand):
    """The provider gives notice of another fee, from a date (C7.2.1)."""

    name = ChangeCommandName.PROPOSE_FEE_CHANGE
    clause = "C7.2.1"
    amount: Fee
    effective_on: date
    reason: Text | None = None


class AcceptFeeChange(ChangeCommand):
    """The other side accepts the offer that stands, naming it (C7.2.2)."""

    name = ChangeCommandName.ACCEPT_FEE_CHANGE
    clause = "C7.2.2"
    amount: Fee
    effective_on: date


class ObjectToFeeChange(ChangeCommand):
    """The customer objects to the provider's offer, with a counter-offer or without (C7.2.2)."""

    name = ChangeCommandName.OBJECT_TO_FEE_CHANGE
    clause = "C7.2.2"
    amount: Fee | None = None
    effective_on: date | None = None
    """None: as in the offer before."""
    reason: Text | None = None


class CounterFeeChange(ChangeCommand):
    """The other side offers something else (C7.2.2)."""

    name = ChangeCommandName.COUNTER_FEE_CHANGE
    clause = "C7.2.2"
    amount: Fee
    effective_on: date | None = None
    """None: as in the offer before."""
    reason: Text | None = None


class WithdrawFeeChange(ChangeCommand):
    """The provider takes its fee change back (C7.2)."""

    name = ChangeCommandName.WITHDRAW_FEE_CHANGE
    clause = "C7.2"
    reason: Text | None = None


class ProposeAmendment(ChangeCommand):
    """A party proposes other terms, as changes by path or as the whole sheet, with a text (C10.1).

    To propose is to sign: the other's consent makes it binding.
    """

    name = ChangeCommandName.PROPOSE_AMENDMENT
    clause = "C10.1"
    changes: Annotated[Plain, Field(max_length=MOST_CHANGES)] = {}
    """New values by path: ``fees.payment_days``; a mapping or a list is replaced whole."""
    sheet: Plain | None = None
    """The whole term sheet instead, as it would be."""
    base: Whole | None = None
    """The version that is changed; None for the newest. A whole sheet must say."""
    effective_on: date | None = None
    """None: with the consent."""
    text: Text
    title: Line
    """The signatory's."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.sheet is not None and self.changes:
            raise ValueError("either changes by path or a whole sheet")
        if self.sheet is not None and self.base is None:
            raise ValueError("the version that a whole sheet changes, as base")
        return self


class ConsentToAmendment(ChangeCommand):
    """The other party signs the digest of the terms that result (C10.1, C10.4)."""

    name = ChangeCommandName.CONSENT_TO_AMENDMENT
    clause = "C10.1"
    amendment: Whole
    digest: Digest
    title: Line
    seal_digest: Digest | None = None


class DeclineAmendment(ChangeCommand):
    """The other party declines an amendment (C10.1)."""

    name = ChangeCommandName.DECLINE_AMENDMENT
    clause = "C10.1"
    amendment: Whole
    reason: Text | None = None


class WithdrawAmendment(ChangeCommand):
    """A party withdraws the amendment it proposed (C10.1)."""

    name = ChangeCommandName.WITHDRAW_AMENDMENT
    clause = "C10.1"
    amendment: Whole
    reason: Text | None = None


class ProposeTermination(ChangeCommand):
    """A party proposes that the agreement ends early, at 24:00 of a day (C4.2)."""

    name = ChangeCommandName.PROPOSE_TERMINATION
    clause = "C4.2"
    last_day: date
    title: Line
    reason: Text | None = None


class ConsentToTermination(ChangeCommand):
    """The other party consents to the early end, naming its day (C4.2)."""

    name = ChangeCommandName.CONSENT_TO_TERMINATION
    clause = "C4.2"
    last_day: date
    title: Line
    seal_digest: Digest | None = None


class DeclineTermination(ChangeCommand):
    """The other party declines the early end (C4.2)."""

    name = ChangeCommandName.DECLINE_TERMINATION
    clause = "C4.2"
    reason: Text | None = None


class WithdrawTermination(ChangeCommand):
    """A party withdraws the early end it proposed (C4.2)."""

    name = ChangeCommandName.WITHDRAW_TERMINATION
    clause = "C4.2"
    reason: Text | None = None


AnyChangeCommand = (
    ProposeFeeChange
    | AcceptFeeChange
    | ObjectToFeeChange
    | CounterFeeChange
    | WithdrawFeeChange
    | ProposeAmendment
    | ConsentToAmendment
    | DeclineAmendment
    | WithdrawAmendment
    | ProposeTermination
    | ConsentToTermination
    | DeclineTermination
    | WithdrawTermination
)

CHANGE_COMMANDS: dict[ChangeCommandName, type[ChangeCommand]] = {
    model.name: model for model in ChangeCommand.__subclasses__()
}
"""The model of each command."""

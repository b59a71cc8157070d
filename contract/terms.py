"""The term sheet: the blanks of the contract as one document (contract §2).

Every rule the software applies is in it, so that the signed document and the running contract
cannot differ. Signing binds :func:`digest_of` its :func:`canonical_bytes`, which are stored at
the offer and never generated again.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

import rfc8785
from pydantic import AfterValidator, Discriminator, Field, Tag, model_serializer, model_validator

from contract.money import Money
from contract.parties import Country, Party, Role
from contract.service_hours import Always, ServiceHours
from contract.services import Priority as Priority
from contract.services import Service as Service
from contract.taken_over import TakenOver
from contract.values import Amount, Currency, Digest, Exact, Identifier, Line, Model, Whole


class Target(StrEnum):
    """What is promised within a budget of service time."""

    CONFIRM = "confirm"
    RESPOND = "respond"
    RESOLVE = "resolve"


class Period(StrEnum):
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    @property
    def per_year(self) -> int:
        return {"month": 12, "quarter": 4, "year": 1}[self.value]


class Means(StrEnum):
    """Means of payment (C7.1.2)."""

    TRANSFER = "transfer"
    CHEQUE = "cheque"
    ONLINE = "online"
    OTHER = "other"


class IfUnanswered(StrEnum):
    TAKES_EFFECT = "takes_effect"
    LAPSES = "lapses"


class Settlement(StrEnum):
    SET_OFF = "set_off"
    PAY_OUT = "pay_out"


class Allocation(StrEnum):
    INTEREST_FIRST = "interest_first"
    """PRC Civil Code art. 561."""
    PRINCIPAL_FIRST = "principal_first"


_zones = cache(available_timezones)


def _zone(name: str) -> str:
    if name not in _zones():
        raise ValueError("an IANA time zone such as Asia/Shanghai")
    return name


Hours = Annotated[Exact, Field(ge=Decimal("0.001"), le=8784)]
Days = Annotated[Whole, Field(ge=0, le=3660)]
SomeDays = Annotated[Whole, Field(ge=1, le=3660)]
Percent = Annotated[Exact, Field(ge=0, le=100)]
TimeZone = Annotated[str, AfterValidator(_zone)]


class ServiceStandard(Model):
    """The provider's written standard, attached by title and digest (C6.1.3)."""

    title: Line
    digest: Digest


class Term(Model):
    """How long the agreement lasts (C4.1): years or months."""

    years: Annotated[Whole, Field(ge=1, le=50)] | None = None
    months: Annotated[Whole, Field(ge=1, le=600)] | None = None

    @property
    def total_months(self) -> int:
        return self.months if self.months is not None else 12 * (self.years or 0)


class TargetOverride(Model):
    """Targets that differ for a service or a priority. Only the keys given override; null is a value."""

    confirm_hours: Hours | None = None
    respond_hours: Hours | None = None
    resolve_hours: Hours | None = None

    @model_validator(mode="after")
    def _something_to_promise(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("at least one of confirm_hours, respond_hours, resolve_hours")
        for name in ("confirm_hours", "respond_hours"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"hours for {name}; only resolve_hours may be null")
        return self

    @model_serializer(mode="wrap")
    def _only_what_was_given(self, handler: Any) -> dict[str, Any]:
        return {key: value for key, value in handler(self).items() if key in self.model_fields_set}


class Targets(Model):
    """Budgets of service hours (C5.2, C6.1.2, C8.1.2); ``by_priority`` wins over ``by_service``."""

    confirm_hours: Hours
    respond_hours: Hours
    resolve_hours: Hours | None
    warn_percent: Annotated[Exact, Field(gt=0, lt=100)] = Decimal(75)
    by_service: dict[Service, TargetOverride] = Field(default_factory=dict)
    by_priority: dict[Priority, TargetOverride] = Field(default_factory=dict)

    def hours(self, target: Target, service: Service, priority: Priority) -> Decimal | None:
        """The budget in hours of service time; None when nothing is promised."""
        field = f"{target}_hours"
        for override in (self.by_priority.get(priority), self.by_service.get(service)):
            if override is not None and field in override.model_fields_set:
                value: Decimal | None = getattr(override, field)
                return value
        base: Decimal | None = getattr(self, field)
        return base


class Fees(Model):
    """What the service costs (C7.1)."""

    amount: Amount
    currency: Currency
    tax_percent: Percent | None = None
    period: Period
    payment_days: Days
    means: Annotated[list[Means], Field(min_length=1)]


class FeeChangeTerms(Model):
    """Notice and negotiation of a fee change (C7.2)."""

    notice_days: SomeDays
    negotiation_days: SomeDays
    if_unanswered: IfUnanswered


class PenaltyTerms(Model):
    """What the provider owes for lateness (C8.1)."""

    late_response: Amount
    late_resolution_per_day: Amount
    cap_percent: Percent | None = None
    warning_percent: Percent = Decimal(30)
    settlement: Settlement


class LatePayment(Model):
    """What the customer owes for lateness (C8.2)."""

    percent_per_day: Percent
    grace_days: Days = 0
    suspend_after_days: Days | None = None
    suspend_notice_days: Days = 3
    allocation: Allocation = Allocation.INTEREST_FIRST


class Disputes(Model):
    """Negotiation before arbitration (C9)."""

    negotiation_days: SomeDays
    stale_days: SomeDays = 180
    arbitration_commission: Line


def _not_given(value: object) -> bool:
    return value is None


class TermSheet(Model):
    """The whole contract's blanks. Unknown keys are refused.

    Read one with :func:`contract.reading.read_terms`, which also checks what must hold between fields.
    """

    schema_version: Literal[1] = 1
    agreement_id: Identifier
    provider: Party
    customer: Party
    services: Annotated[list[Service], Field(min_length=1)]
    service_standard: ServiceStandard | None = None
    term: Term
    offer_days: SomeDays = 30
    time_zone: TimeZone
    service_hours: Annotated[
        Annotated[Always, Tag("always")] | Annotated[ServiceHours, Tag("weekly")],
        Discriminator(lambda value: "always" if isinstance(value, str) else "weekly"),
    ]
    targets: Targets
    acceptance_days: SomeDays = 7
    rating_days: SomeDays = 7
    follow_up_days: SomeDays = 5
    command_delay_hours: Annotated[Whole, Field(ge=1, le=720)] = 24
    fees: Fees
    fee_change: FeeChangeTerms
    penalties: PenaltyTerms
    late_payment: LatePayment
    consent_days: SomeDays = 14
    disputes: Disputes
    closing_days: Days = 30
    taken_over: TakenOver | None = Field(default=None, exclude_if=_not_given)
    """Left out of the canonical JSON where it is not given: the digests of sheets signed before stay."""

    def money(self, amount: Decimal) -> Money:
        """An amount of the sheet in its currency."""
        return Money.of(amount, self.fees.currency)

    def party(self, role: Role) -> Party:
        return self.provider if role is Role.PROVIDER else self.customer

    @property
    def holiday_country(self) -> Country | None:
        return self.service_hours.holidays if isinstance(self.service_hours, ServiceHours) else None


def canonical_bytes(terms: TermSheet) -> bytes:
    """RFC 8785 canonical JSON of the sheet, defaults filled in, decimals as normalised strings."""
    return rfc8785.dumps(terms.model_dump(mode="json"))


def digest_of(canonical: bytes) -> str:
    """SHA-256 of the canonical bytes, in lower-case hexadecimal: what a signature binds."""
    return hashlib.sha256(canonical).hexdigest()

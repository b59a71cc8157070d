"""An agreement that has been running and is taken over: what both parties state about its past (C4.1, C10.2).

A part of the term sheet, signed with its digest. Balances are those at the beginning of ``run_from``, 00:00
in the zone of the contract; what is for the time before stands here and nowhere else. Amounts are in the
sheet's currency.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from contract.services import Priority, Service
from contract.values import Amount, Day, Identifier, Line, Model, Whole, WrittenStamp


class OpenBill(Model):
    """A bill from before that is not paid in full (C7.1.1)."""

    number: Identifier
    first: Day
    """The first and the last day that it asks for."""
    last: Day
    due_on: Day
    unpaid: Amount
    """Principal left to pay."""
    late_fee: Amount = Decimal(0)
    """Late fees through the day before ``run_from`` that are neither paid nor waived (C8.2.1)."""


class PenaltiesBefore(Model):
    """Penalties of one contract year, those of requests still open included (C8.1)."""

    contract_year: Annotated[Whole, Field(ge=1, le=50)]
    accrued: Amount
    """All that accrued in the year, less what was reversed or waived; before the cap, which counts it."""
    unsettled: Amount
    """What the provider still owes of it."""


class PauseBefore(Model):
    """A stretch in which the clocks of a request stood; without an end it lasts."""

    kind: Literal["materials", "solved", "suspension"] = "materials"
    begin: WrittenStamp
    end: WrittenStamp | None = None
    what: Annotated[list[Line], Field(max_length=50)] = []
    """The materials that are missing."""


class AccruedBefore(Model):
    """Penalties of one request that stand in the balances already: they do not accrue a second time."""

    late_response: bool = False
    late_resolution_days: Annotated[Whole, Field(ge=0, le=3660)] = 0


class OpenRequest(Model):
    """A request that is still open, with everything its clocks go by (C5.2, C6.2.3)."""

    request_id: Identifier
    service: Service
    priority: Priority = Priority.NORMAL
    title: Line
    submitted_at: WrittenStamp
    confirmed_at: WrittenStamp | None = None
    assignee: Line | None = None
    responded_at: WrittenStamp | None = None
    resolved_at: WrittenStamp | None = None
    pauses: Annotated[list[PauseBefore], Field(max_length=50)] = []
    accrued: AccruedBefore = Field(default_factory=AccruedBefore)


class TakenOver(Model):
    """What a running agreement brings with it."""

    effective_date: Day
    """The first day of the agreement: its term, contract years and billing periods count from it."""
    run_from: Day
    """The first day that is run here."""
    billed_through: Day | None = None
    """The last day billed before; None: the day before the first billing period that begins here."""
    bills: Annotated[list[OpenBill], Field(max_length=200)] = []
    credit: Amount = Decimal(0)
    """What the customer has paid or been credited beyond its bills."""
    penalties: Annotated[list[PenaltiesBefore], Field(max_length=50)] = []
    requests: Annotated[list[OpenRequest], Field(max_length=500)] = []

"""What the provider owes for lateness (C8.1, contract §4): amounts, contract years, the cap.

Days of delay are elapsed time past the due, pauses left out; day *n* accrues when it starts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from contract.money import Money
from contract.terms import TermSheet


class PenaltyKind(StrEnum):
    LATE_RESPONSE = "late_response"
    LATE_RESOLUTION = "late_resolution"
    """All its days, those still to come included."""

    @property
    def clause(self) -> str:
        return "C8.1.1" if self is PenaltyKind.LATE_RESPONSE else "C8.1.2"


def add_months(first: date, months: int) -> date:
    """That many months after the first date, counted from it: 31 Jan + 1 → 28 or 29 Feb, + 2 → 31 Mar."""
    index = first.year * 12 + first.month - 1 + months
    year, month = divmod(index, 12)
    month += 1
    next_month = date(year + (month == 12), month % 12 + 1, 1)
    last_day = (next_month - timedelta(days=1)).day
    return date(year, month, min(first.day, last_day))


def contract_year(at: datetime, year_starts: Sequence[datetime]) -> int:
    """The contract year (1, 2, …) an instant falls in; before the first is 1, after the last is the last.

    ``year_starts`` are the instants at which the years of the term begin, in order.
    """
    return max(1, sum(1 for start in year_starts if start <= at))


def annual_cap(terms: TermSheet) -> Money | None:
    """The most that penalties of one contract year can come to; None when the terms set no cap.

    ``cap_percent`` of that year's fees: the fee at its start times the periods of a full year.
    """
    if terms.penalties.cap_percent is None:
        return None
    return annual_fees(terms).percent(terms.penalties.cap_percent)


def annual_fees(terms: TermSheet) -> Money:
    """The fees of a full contract year: the fee at its start times the periods of a year (contract §4)."""
    return terms.money(terms.fees.amount) * terms.fees.period.per_year


def excess(accrued: Money, cap: Money | None) -> Money:
    """What of a contract year's penalties is above the cap (never below zero)."""
    zero = Money(minor=0, currency=accrued.currency)
    return zero if cap is None or accrued.minor <= cap.minor else accrued - cap


def late_response_formula(amount: Money) -> str:
    return f"once per request: {amount} {amount.currency}"


def late_resolution_formula(per_day: Money, day: int) -> str:
    """How day *n* of a delay comes to its amount."""
    return f"day {day} of the delay, begun {24 * (day - 1)} h past the due: {per_day} {per_day.currency}"

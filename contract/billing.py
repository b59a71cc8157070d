"""Billing periods and bills (C7.1.1, contract §5): when, how much, due when.

Period *k* is counted from the first date, so periods never drift: 31 Jan → 28 or 29 Feb → 31 Mar.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from contract.money import Money
from contract.penalties import add_months
from contract.terms import Allocation, Means, Period, Settlement, TermSheet
from contract.values import Exact, Identifier, Instant, Model

_ONE_DAY = timedelta(days=1)


class LateTerms(Model):
    """What a bill keeps of the terms of its issue: how paying it late is dealt with (C8.2, contract §7)."""

    percent_per_day: Exact
    grace_days: int
    suspend_after_days: int | None
    suspend_notice_days: int


class MoneyTerms(Model):
    """What of the terms the money of an agreement goes by."""

    version: int
    fee: Money
    period: Period
    payment_days: int
    means: list[Means]
    settlement: Settlement
    allocation: Allocation
    late: LateTerms

    @classmethod
    def from_sheet(cls, terms: TermSheet, version: int) -> MoneyTerms:
        late = terms.late_payment
        return cls(
            version=version,
            fee=terms.money(terms.fees.amount),
            period=terms.fees.period,
            payment_days=terms.fees.payment_days,
            means=terms.fees.means,
            settlement=terms.penalties.settlement,
            allocation=late.allocation,
            late=LateTerms(
                percent_per_day=late.percent_per_day,
                grace_days=late.grace_days,
                suspend_after_days=late.suspend_after_days,
                suspend_notice_days=late.suspend_notice_days,
            ),
        )


@dataclass(frozen=True, slots=True)
class BillingPeriod:
    """What is billed of period *k* (0, 1, …) of an agreement, the first and the last day included.

    The period itself runs from ``full_first`` to ``full_last``. The last one of a term may end earlier; when
    the term is then made longer, the rest of it is billed as a part that begins later.
    """

    k: int
    first: date
    last: date
    full_first: date
    full_last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def full_days(self) -> int:
        return (self.full_last - self.full_first).days + 1

    def part(self, first: date, last: date) -> BillingPeriod:
        """What of the period lies within two days, both included."""
        return replace(self, first=max(first, self.full_first), last=min(last, self.full_last))

    def fee(self, full: Money) -> Money:
        """The full fee, or its share by days, half up; the parts of a period add up to the whole."""
        return self._through(self.last, full) - self._through(self.first - _ONE_DAY, full)

    def _through(self, last: date, full: Money) -> Money:
        """The share of the days from the period's first to a day."""
        days = (last - self.full_first).days + 1
        if days == self.full_days:
            return full
        return Money.rounded(Fraction(full.minor * days, self.full_days), full.currency)

    def formula(self, full: Money) -> str:
        if self.days == self.full_days:
            return f"one period: {full} {full.currency}"
        through = (self.last - self.full_first).days + 1
        before = self._through(self.first - _ONE_DAY, full)
        less = f" − {before} for the days before" if before.minor else ""
        return f"{full} × {through} / {self.full_days} days{less} = {self.fee(full)} {full.currency}"


def full_period(k: int, effective: date, every: Period) -> BillingPeriod:
    """Period *k* in full, whenever the term ends."""
    months = 12 // every.per_year
    first = add_months(effective, k * months)
    last = add_months(effective, (k + 1) * months) - _ONE_DAY
    return BillingPeriod(k, first, last, first, last)


def billing_period(k: int, effective: date, last: date, every: Period) -> BillingPeriod | None:
    """Period *k* of a term from its effective date to its last day; None when the term ends before it."""
    whole = full_period(k, effective, every)
    return None if whole.first > last else whole.part(whole.first, last)


def billing_periods(effective: date, last: date, every: Period) -> Iterator[BillingPeriod]:
    """Every period of a term, in order, without gap or overlap."""
    k = 0
    while (period := billing_period(k, effective, last, every)) is not None:
        yield period
        k += 1


def periods_before(effective: date, run_from: date, billed_through: date | None, every: Period) -> int:
    """How many periods were billed before an agreement was taken over: those begun before it is run here,
    and those billed ahead. The number of the first period that is billed here."""
    k, months = 0, 12 // every.per_year
    while (first := add_months(effective, k * months)) < run_from or (
        billed_through is not None and first <= billed_through
    ):
        k += 1
    return k


class Bill(Model):
    """A bill (账单) as issued: it asks for ``amount`` less ``set_off``.

    ``set_off`` are penalties the bill was lowered by (C8.1); below zero when penalties set off before
    were reversed since, which raises it. ``bears_late_fees_from`` is given for a bill taken over from
    before, which bears none for the time before the taking over; ``late_fee_before`` is what it bore then
    and is still unpaid.
    """

    number: Identifier
    """``B001`` and so on within the agreement."""
    period: int | None = None
    """The billing period *k*; None for what was taken over."""
    first: date
    last: date
    issued_on: date
    issued_at: Instant
    due_on: date
    fee: Money
    """Of a full period."""
    amount: Money
    set_off: Money
    terms_version: int
    late: LateTerms
    formula: str
    bears_late_fees_from: date | None = None
    late_fee_before: Money | None = None

    @property
    def principal(self) -> Money:
        """What is asked for."""
        return self.amount - self.set_off

    @property
    def bears_from(self) -> date:
        """The first day that bears late fees while principal is unpaid."""
        return self.bears_late_fees_from or self.due_on + _ONE_DAY

    @property
    def grace_ends(self) -> date:
        """The last day on which principal can be paid without a late fee."""
        return max(self.due_on + timedelta(days=self.late.grace_days), self.bears_from - _ONE_DAY)


def bill_number(k: int) -> str:
    return f"B{k + 1:03d}"


def bill(
    period: BillingPeriod,
    terms: MoneyTerms,
    issued_on: date,
    issued_at: Instant,
    set_off: Money,
    part: int = 1,
) -> Bill:
    """The bill of a period, issued at its start, or when it was taken over if that is later.

    Due ``payment_days`` after the day of its issue, at the end of that day. ``part``: 1, or which part of its
    period it is for.
    """
    return Bill(
        number=bill_number(period.k) if part == 1 else f"{bill_number(period.k)}-{part}",
        period=period.k,
        first=period.first,
        last=period.last,
        issued_on=issued_on,
        issued_at=issued_at,
        due_on=issued_on + timedelta(days=terms.payment_days),
        fee=terms.fee,
        amount=period.fee(terms.fee),
        set_off=set_off,
        terms_version=terms.version,
        late=terms.late,
        formula=period.formula(terms.fee),
    )


def set_off_limit(amount: Money, available: Money) -> Money:
    """How much of the penalties available lowers a bill: never below zero, the rest carried on."""
    return available if available.minor <= amount.minor else amount

"""What the customer owes for paying late (C8.2.1, contract §5): simple interest on unpaid principal.

The late fee of a bill to date is the half-up of an exact sum that runs since its due date; a day's accrual is
the difference of two such values. So payments never restart the sum, and daily accruals add up to the total.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from contract.billing import Bill
from contract.money import half_up
from contract.values import Model

ONE_DAY = timedelta(days=1)

Change = tuple[date, int]
"""A day, and the principal left unpaid at its end."""


class Hold(Model):
    """What of a bill is in dispute: no late fee for the held days (contract §7).

    ``amount`` is in minor units, None for the whole bill; ``last`` is None while it is held.
    """

    bill: str
    first: date
    last: date | None = None
    amount: int | None = None
    dispute: str | None = None
    """The dispute it belongs to."""

    def held_on(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class Segment:
    """Days on which the same principal (minor units) bore late fees, the first and the last included."""

    first: date
    last: date
    base: int

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def segments(bill: Bill, changes: Sequence[Change], holds: Sequence[Hold], through: date) -> list[Segment]:
    """What bore late fees through a day, that day included.

    ``changes`` are in order of days. Principal paid within the grace days bears nothing; what remains
    after them bears from the first day after the due date. On the day of a payment the money paid
    still bears.
    """
    if through <= bill.grace_ends:
        return []
    remaining = _unpaid_before(bill, changes, bill.grace_ends + ONE_DAY)
    found = list(_split(bill.bears_from, min(bill.grace_ends, through), [], remaining))
    first = max(bill.bears_from, bill.grace_ends + ONE_DAY)
    cuts = [day + ONE_DAY for day, _ in changes]
    for segment in _split(first, through, cuts, 0):
        base = _unpaid_before(bill, changes, segment.first)
        found.append(Segment(segment.first, segment.last, base))
    return _merged(_without_held(found, [hold for hold in holds if hold.bill == bill.number]))


def exact(bill: Bill, bearing: Sequence[Segment]) -> Fraction:
    """The exact sum in minor units."""
    rate = Fraction(bill.late.percent_per_day) / 100
    return sum((segment.base * segment.days * rate for segment in bearing), Fraction(0))


def late_fee(bill: Bill, changes: Sequence[Change], holds: Sequence[Hold], through: date) -> int:
    """The late fee of a bill to date, in minor units, half up."""
    if through <= bill.grace_ends:
        return 0
    return half_up(exact(bill, segments(bill, changes, holds, through)))


def _unpaid_before(bill: Bill, changes: Sequence[Change], day: date) -> int:
    """The principal unpaid when a day begins."""
    unpaid = bill.principal.minor
    for changed, left in changes:
        if changed >= day:
            break
        unpaid = left
    return unpaid


def _split(first: date, last: date, cuts: Sequence[date], base: int) -> list[Segment]:
    """A stretch of days, cut before each of some days."""
    found: list[Segment] = []
    for cut in sorted({cut for cut in cuts if first < cut <= last}):
        found.append(Segment(first, cut - ONE_DAY, base))
        first = cut
    if first <= last:
        found.append(Segment(first, last, base))
    return found


def _without_held(found: Sequence[Segment], holds: Sequence[Hold]) -> list[Segment]:
    if not holds:
        return list(found)
    cuts = [hold.first for hold in holds] + [hold.last + ONE_DAY for hold in holds if hold.last]
    return [
        Segment(part.first, part.last, max(0, part.base - held(holds, part.first, part.base)))
        for segment in found
        for part in _split(segment.first, segment.last, cuts, segment.base)
    ]


def held(holds: Sequence[Hold], day: date, base: int) -> int:
    """How much of an unpaid principal is held on a day; at most all of it."""
    amounts = [base if hold.amount is None else hold.amount for hold in holds if hold.held_on(day)]
    return min(base, sum(amounts))


def _merged(found: Sequence[Segment]) -> list[Segment]:
    """Without what bears nothing; neighbours that bear the same joined."""
    merged: list[Segment] = []
    for segment in found:
        if segment.base == 0:
            continue
        before = merged[-1] if merged else None
        if before and before.base == segment.base and before.last + ONE_DAY == segment.first:
            merged[-1] = Segment(before.first, segment.last, segment.base)
        else:
            merged.append(segment)
    return merged

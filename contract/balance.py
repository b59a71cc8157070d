"""What is owed on a day, computed from the facts alone (C7.1, C8.2, contract §5).

Whatever the order in which facts were recorded, the balance is the same: payments count in the order of
the days on which the money came. Nothing here changes the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from contract.billing import Bill
from contract.late_fees import Change, Hold, Segment, held, late_fee, segments
from contract.money_file import CreditKind, LateFeeWaiver, MoneyFile, Payout, PayoutOf
from contract.terms import Allocation


class Part(StrEnum):
    PRINCIPAL = "principal"
    LATE_FEE = "late_fee"


@dataclass(frozen=True, slots=True)
class Fund:
    """Money or credit of the customer's that lowers what is owed, from the day it came. Minor units."""

    key: str
    on: date
    at: datetime
    amount: int
    bill: str | None
    own_principal_first: bool = False
    """A credit of a bill's fee: goes to that bill's principal before anything else."""


@dataclass(frozen=True, slots=True)
class Paid:
    """What of a fund went where. Minor units."""

    fund: str
    bill: str
    part: Part
    amount: int
    on: date


@dataclass(slots=True)
class BillBalance:
    """Where one bill stands. Minor units."""

    bill: Bill
    holds: Sequence[Hold]
    unpaid: int
    changes: list[Change] = field(default_factory=list)
    late_paid: int = 0
    late_waived: int = 0

    def accrued(self, through: date) -> int:
        """Its late fee to date, without what it was taken over with."""
        return late_fee(self.bill, self.changes, self.holds, through)

    @property
    def late_before(self) -> int:
        """The late fee that the bill was taken over with."""
        before = self.bill.late_fee_before
        return 0 if before is None else before.minor

    def late_unpaid(self, through: date) -> int:
        return max(0, self.late_before + self.accrued(through) - self.late_paid - self.late_waived)

    def segments(self, through: date) -> list[Segment]:
        return segments(self.bill, self.changes, self.holds, through)

    def undisputed(self, on: date) -> int:
        """The unpaid principal that is not on hold."""
        return self.unpaid - held([h for h in self.holds if h.bill == self.bill.number], on, self.unpaid)

    def late_undisputed(self, on: date) -> int:
        """The unpaid late fee; nothing where the whole bill is on hold, its late fee with it."""
        whole = any(h.bill == self.bill.number and h.amount is None and h.held_on(on) for h in self.holds)
        return 0 if whole else self.late_unpaid(on)

    def overdue(self, on: date) -> int:
        """Unpaid, undisputed principal past its due date."""
        return self.undisputed(on) if self.bill.due_on < on else 0

    def pay(self, amount: int, on: date) -> int:
        """Lower the principal; how much of the amount it took."""
        taken = min(amount, self.unpaid)
        if taken:
            self.unpaid -= taken
            self.changes.append((on, self.unpaid))
        return taken

    def pay_late_fee(self, amount: int, on: date) -> int:
        """Pay of the late fee to date; how much of the amount it took."""
        taken = min(amount, self.late_unpaid(on))
        self.late_paid += taken
        return taken


Goal = tuple[BillBalance, Part]
"""What a fund can be spent on."""


@dataclass(slots=True)
class Balance:
    """What is owed at the end of a day. Minor units."""

    on: date
    bills: dict[str, BillBalance] = field(default_factory=dict)
    paid: list[Paid] = field(default_factory=list)
    credit: dict[str, int] = field(default_factory=dict)
    """What is left of each fund, for the next bill."""
    waived: dict[str, int] = field(default_factory=dict)
    """What each waiver came to."""
    overdrawn: int = 0
    """Credit that was paid out and turned out not to be there: the customer owes it."""

    @property
    def unpaid(self) -> int:
        """Principal, due or not."""
        return sum(bill.unpaid for bill in self.bills.values())

    @property
    def late_fees(self) -> int:
        """Late fees outstanding, through the day."""
        return sum(bill.late_unpaid(self.on) for bill in self.bills.values())

    @property
    def credit_left(self) -> int:
        """Below zero when more was paid out than there turned out to be."""
        return sum(self.credit.values()) - self.overdrawn

    @property
    def overdue(self) -> int:
        """What full payment is (C8.2): overdue principal and late fees through the day, both undisputed."""
        return sum(bill.overdue(self.on) + bill.late_undisputed(self.on) for bill in self.bills.values())

    @property
    def owed(self) -> int:
        """What the customer owes in all, less credit; below zero when credit is left."""
        return self.unpaid + self.late_fees - self.credit_left


def funds(file: MoneyFile) -> Iterator[Fund]:
    """Everything that lowers what is owed."""
    for payment in file.payments:
        if payment.counts_on is not None:
            yield Fund(payment.key, payment.counts_on, payment.at, payment.amount.minor, payment.bill)
    for credit in file.credits:
        own = credit.kind is CreditKind.EARLY_END or credit.dispute is not None
        yield Fund(credit.key, credit.on, credit.at, credit.amount.minor, credit.bill, own)


def balance(file: MoneyFile, on: date) -> Balance:
    """What is owed at the end of a day, by all that is recorded now.

    Within a day: bills are issued first and take what credit is left, then waivers, then funds, then what
    is paid out of credit.
    """
    result = Balance(on)
    holds = file.holds
    steps: list[tuple[date, int, datetime, str, Bill | LateFeeWaiver | Fund | Payout]] = []
    steps += [(bill.issued_on, 0, bill.issued_at, bill.number, bill) for bill in file.bills]
    steps += [(waiver.on, 1, waiver.at, waiver.key, waiver) for waiver in file.waivers]
    steps += [(fund.on, 2, fund.at, fund.key, fund) for fund in funds(file)]
    steps += [(out.value_date, 3, out.at, out.key, out) for out in paid_out(file)]
    for day, _, _, _, item in sorted(steps, key=lambda step: step[:4]):
        if day > on:
            break
        match item:
            case Bill():
                result.bills[item.number] = BillBalance(item, holds, item.principal.minor)
                _spend_credit(result, file, day)
            case LateFeeWaiver():
                _waive(result, item)
            case Fund():
                result.credit[item.key] = item.amount
                _spend(result, item, day, file.terms.allocation)
            case Payout():
                _pay_out(result, item)
    return result


def paid_out(file: MoneyFile) -> Iterator[Payout]:
    """What was paid out of the customer's credit; penalties paid out in the term are not among it."""
    return (p for p in file.payouts if p.of is PayoutOf.CREDIT and not p.reversed)


def _pay_out(result: Balance, payout: Payout) -> None:
    """Take a payout from the customer's credit, what came first first."""
    left = payout.amount.minor
    for key, amount in result.credit.items():
        taken = min(left, amount)
        result.credit[key] -= taken
        left -= taken
    result.overdrawn += left


def _spend_credit(result: Balance, file: MoneyFile, day: date) -> None:
    """A new bill takes the credit that is left, in the order in which it came."""
    if result.credit_left:
        for fund in sorted(funds(file), key=lambda fund: (fund.on, fund.at, fund.key)):
            if result.credit.get(fund.key):
                _spend(result, fund, day, file.terms.allocation)


def _waive(result: Balance, waiver: LateFeeWaiver) -> None:
    bill = result.bills.get(waiver.bill)
    waived = 0 if bill is None else min(waiver.amount.minor, bill.late_unpaid(waiver.on))
    if bill is not None:
        bill.late_waived += waived
    result.waived[waiver.key] = waived


def _spend(result: Balance, fund: Fund, day: date, allocation: Allocation) -> None:
    """Spend what is left of a fund: on the bill it names, else oldest due first (contract §5)."""
    order = sorted(
        result.bills.values(),
        key=lambda bill: (bill.bill.number != fund.bill, bill.bill.due_on, bill.bill.number),
    )
    goals: list[Goal] = []
    if fund.own_principal_first:
        goals += [(bill, Part.PRINCIPAL) for bill in order if bill.bill.number == fund.bill]
    if allocation is Allocation.INTEREST_FIRST:
        goals += [(bill, Part.LATE_FEE) for bill in order] + [(bill, Part.PRINCIPAL) for bill in order]
    else:
        goals += [(bill, part) for bill in order for part in (Part.PRINCIPAL, Part.LATE_FEE)]
    for bill, part in goals:
        left = result.credit[fund.key]
        if not left:
            return
        taken = bill.pay(left, day) if part is Part.PRINCIPAL else bill.pay_late_fee(left, day)
        if taken:
            result.credit[fund.key] -= taken
            result.paid.append(Paid(fund.key, bill.bill.number, part, taken, day))

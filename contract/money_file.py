"""The money of one agreement: the facts its workflow carries, and nothing that follows from them.

What is owed on a day is computed from these facts by :mod:`contract.balance`. What has been posted and told
stands beside them, so that a difference can be put right by an entry (see :mod:`contract.books`).
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Self

from contract.billing import Bill, MoneyTerms
from contract.days import Days
from contract.disputes import Dispute
from contract.facts import Account, EntryKind
from contract.invoices import IssuedInvoice
from contract.late_fees import Hold
from contract.money import Money
from contract.terms import Means
from contract.values import Identifier, Instant, Line, Model, Record


class PaymentState(StrEnum):
    PENDING = "pending"
    """A cheque not cleared yet."""
    COUNTED = "counted"
    BOUNCED = "bounced"
    REVERSED = "reversed"


class Payment(Model):
    """A payment (付款) on record."""

    key: str
    """``payment:{means}:{reference}``, told apart by ``~2`` when one before it was taken back."""
    means: Means
    label: Line | None = None
    reference: Line
    amount: Money
    value_date: date
    bill: Identifier | None = None
    at: Instant
    cleared_on: date | None = None
    taken_back: PaymentState | None = None
    """``bounced`` or ``reversed``, once it is."""
    taken_back_at: Instant | None = None
    """When that was recorded."""

    @property
    def came_on(self) -> date | None:
        """The day the money came, though it may have been taken back since; None of a cheque not cleared."""
        return self.cleared_on if self.means is Means.CHEQUE else self.value_date

    @property
    def counts_on(self) -> date | None:
        """The day the money came (contract §5): None while it has not, or when it was taken back."""
        return None if self.taken_back is not None else self.came_on

    @property
    def state(self) -> PaymentState:
        if self.taken_back is not None:
            return self.taken_back
        return PaymentState.PENDING if self.counts_on is None else PaymentState.COUNTED

    def says(self, other: Payment) -> bool:
        """Whether two records of a reference have the same content."""
        mine, others = (
            p.model_dump(exclude={"key", "at", "cleared_on", "taken_back", "taken_back_at"})
            for p in (self, other)
        )
        return mine == others


class CreditKind(StrEnum):
    GOODWILL = "goodwill"
    EARLY_END = "early_end"
    """The part of a bill's period that an early end left unserved."""
    OPENING = "opening"
    """Taken over from before."""
    PENALTIES = "penalties"
    """Penalties netted by the final statement."""
    SETTLEMENT = "settlement"
    """By a settlement of a dispute that both confirmed (C9.1)."""
    AWARD = "award"
    """By the arbitration commission's award (C9.3)."""


class Credit(Model):
    """Something other than a payment that lowers what the customer owes."""

    key: str
    kind: CreditKind
    amount: Money
    on: date
    at: Instant
    bill: Identifier | None = None
    reason: str | None = None
    dispute: Identifier | None = None
    """The dispute whose ending it is of."""


class LateFeeWaiver(Model):
    """A late fee that the provider waives (C8.2.1): at most what is outstanding on that day."""

    key: str
    bill: Identifier
    amount: Money
    on: date
    at: Instant
    reason: str
    dispute: Identifier | None = None
    clause: str | None = None
    """Of the ending of a dispute; else C8.2.1."""


class PayoutOf(StrEnum):
    """What of the provider's debt a payout settles."""

    PENALTIES = "penalties"
    """Penalties accrued in the term, where the terms pay them out (C8.1)."""
    CREDIT = "credit"
    """What the final statement left the customer (contract §4)."""


class Payout(Model):
    """Money the provider paid the customer."""

    key: str
    """``payout:{means}:{reference}``, told apart by ``~2`` when one before it was taken back."""
    of: PayoutOf
    means: Means
    label: Line | None = None
    reference: Line
    amount: Money
    value_date: date
    at: Instant
    reversed: bool = False

    def says(self, other: Payout) -> bool:
        """Whether two records of a reference have the same content."""
        mine, others = (p.model_dump(exclude={"key", "of", "at", "reversed"}) for p in (self, other))
        return mine == others


class FinalStatement(Model):
    """A final statement (结算单) that was made: which one, as of when, and the requests it left open."""

    number: int
    on: date
    at: Instant
    still_open: list[str]


def told(fact: Payment | Credit | LateFeeWaiver | Payout) -> dict[str, Any]:
    """A fact as an event tells it: all of it, its amount as text."""
    fields = fact.model_dump(mode="json", exclude={"amount", "at", "taken_back_at"}, exclude_none=True)
    return fields | {"amount": str(fact.amount), "currency": fact.amount.currency}


class Suspension(Model):
    """A stretch in which service is suspended (C8.2); ``end`` is None while it lasts."""

    number: int
    begin: Instant
    end: Instant | None = None
    by_command: bool = False


class Posted(Model):
    """What the ledger holds of one thing, in minor units, in how many entries, the last on which day."""

    minor: int = 0
    entries: int = 0
    on: date | None = None
    kind: EntryKind | None = None
    debit: Account | None = None
    credit: Account | None = None


class Announcement(Model):
    """A notice that service will be suspended: which event, for which overdue bills, and when it was told."""

    seq: int
    bills: list[str]
    told_at: Instant | None = None
    """None while it has not reached the customer; until then nothing is suspended (C8.2)."""
    refused_at: Instant | None = None
    """When the customer's mail server refused it for good."""
    refusal_told: bool = False


class LaterTerms(Model):
    """What a later version of the terms says of money, and from when (contract §7)."""

    effective_at: Instant
    terms: MoneyTerms


class MoneyFile(Record):
    """Everything about the money of one agreement; travels through continue-as-new."""

    agreement_id: str
    terms: MoneyTerms
    """Of the first version; see :meth:`terms_at`."""
    later: list[LaterTerms] = []
    """Of the versions since, in order."""
    days: Days
    effective: date
    last: date
    """The last day of service: of the term, or of an early end."""
    effective_at: Instant
    """When both had signed and it is run here: no bill is issued before."""
    run_from: date | None = None
    """Of an agreement that was taken over: the first day run here. What came before is in its balances."""
    judged_until: Instant
    """Up to when what fell due has been done."""
    next_period: int = 0
    bills: list[Bill] = []
    payments: list[Payment] = []
    credits: list[Credit] = []
    waivers: list[LateFeeWaiver] = []
    payouts: list[Payout] = []
    finals: list[FinalStatement] = []
    unstated: bool = False
    """Penalties may have changed since the last final statement: another one is to be made."""
    disputes: list[Dispute] = []
    holds: list[Hold] = []
    """What of bills the disputes hold or held: follows from them (:mod:`contract.holds`)."""
    suspensions: list[Suspension] = []
    invoices: list[IssuedInvoice] = []
    """Invoices and credit notes that were issued (C7.1.3)."""
    announcements: list[Announcement] = []
    """Of the present arrears; forgotten with full payment."""
    service_over: bool = False
    """The agreement is closed: there is no service left to suspend."""
    ordered_at: Instant | None = None
    """When the provider ordered the suspension of the present arrears."""
    excused: list[str] = []
    """Bills for which the provider gave up suspending; they suspend nothing by themselves any more."""
    posted: dict[str, Posted] = {}
    reminded: list[str] = []
    """Bills whose due date was reminded of."""
    dunned: list[str] = []
    """Bills whose passed due date was told."""
    accrued_on: date | None = None
    """The day through which late fees have been posted."""

    def clone(self) -> Self:
        """A copy whose changes do not reach this one (its elements are frozen and shared)."""
        copied = {name: list(value) for name, value in self if isinstance(value, list)}
        return self.model_copy(update={**copied, "posted": dict(self.posted)})

    def terms_at(self, at: datetime) -> MoneyTerms:
        """What the version in force at an instant says of money."""
        in_force = [later.terms for later in self.later if later.effective_at <= at]
        return in_force[-1] if in_force else self.terms

    def money(self, minor: int) -> Money:
        return Money(minor=minor, currency=self.terms.fee.currency)

    def bill(self, number: str) -> Bill | None:
        return next((bill for bill in self.bills if bill.number == number), None)

    def payment(self, means: Means, reference: str) -> Payment | None:
        """The newest payment of a reference."""
        found = [p for p in self.payments if (p.means, p.reference) == (means, reference)]
        return found[-1] if found else None

    def payout(self, means: Means, reference: str) -> Payout | None:
        """The newest payout of a reference."""
        found = [p for p in self.payouts if (p.means, p.reference) == (means, reference)]
        return found[-1] if found else None

    def dispute(self, number: str) -> Dispute | None:
        return next((dispute for dispute in self.disputes if dispute.number == number), None)

    @property
    def suspended(self) -> Suspension | None:
        """The suspension that lasts."""
        last = self.suspensions[-1] if self.suspensions else None
        return last if last is not None and last.end is None else None

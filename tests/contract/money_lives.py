"""The money of agreements to test with: told to the product, and worked out again in another way.

:class:`MoneyLife` drives the product's file as the workflow does and keeps everything it says and posts.
:func:`worked_out` knows the contract's rules in its own words: it walks day by day through the facts with
exact fractions, and sums every late fee anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from contract import books, dunning, money_life
from contract.balance import Balance, balance
from contract.billing import LateTerms, MoneyTerms, set_off_limit
from contract.days import Days
from contract.facts import Account, Event, EventKind, LedgerEntry
from contract.late_fees import Hold
from contract.money import Money
from contract.money_commands import MONEY_COMMANDS, MoneyCommandName
from contract.money_deeds import apply
from contract.money_file import MoneyFile
from contract.parties import Actor, Role
from contract.penalties import add_months
from contract.terms import Allocation, Means, Period, Settlement

ONE_DAY = timedelta(days=1)
FIRST = date(2026, 1, 1)


def cny(amount: str) -> Money:
    return Money.of(amount, "CNY")


@dataclass(frozen=True)
class MoneyAgreed:
    """The terms of a life."""

    first: date = FIRST
    months: int = 12
    fee: str = "12000.00"
    period: Period = Period.MONTH
    payment_days: int = 15
    percent: str = "0.05"
    grace: int = 0
    suspend_after: int | None = None
    notice: int = 3
    allocation: Allocation = Allocation.INTEREST_FIRST
    zone: str = "Asia/Shanghai"
    currency: str = "CNY"

    def terms(self) -> MoneyTerms:
        return MoneyTerms(
            version=1,
            fee=Money.of(self.fee, self.currency),
            period=self.period,
            payment_days=self.payment_days,
            means=list(Means),
            settlement=Settlement.SET_OFF,
            allocation=self.allocation,
            late=LateTerms(
                percent_per_day=Decimal(self.percent),
                grace_days=self.grace,
                suspend_after_days=self.suspend_after,
                suspend_notice_days=self.notice,
            ),
        )

    @property
    def last(self) -> date:
        return add_months(self.first, self.months) - ONE_DAY

    def file(self, agreement_id: str = "A") -> MoneyFile:
        begin = datetime(self.first.year, self.first.month, self.first.day, tzinfo=UTC)
        days = Days.of(self.zone, begin, begin + timedelta(days=31 * self.months + 900))
        effective_at = days.start_of(self.first) + timedelta(hours=9)
        return MoneyFile(
            agreement_id=agreement_id,
            terms=self.terms(),
            days=days,
            effective=self.first,
            last=self.last,
            effective_at=effective_at,
            judged_until=effective_at,
        )


@dataclass
class MoneyLife:
    """One agreement's money, lived."""

    agreed: MoneyAgreed = field(default_factory=MoneyAgreed)
    set_offs: dict[int, Money] = field(default_factory=dict)
    """Penalties that stand when a period's bill is issued."""
    mail_delay: timedelta | None = timedelta(seconds=5)
    """How long a notice takes to reach the customer; None: it never does."""
    agreement_id: str = "A"

    def __post_init__(self) -> None:
        self.file = self.agreed.file(self.agreement_id)
        self.entries: list[LedgerEntry] = []
        self.events: list[Event] = []
        self.seq = 0
        self.commands = 0

    def at(self, day: date, hour: float = 10) -> datetime:
        return self.file.days.start_of(day) + timedelta(hours=hour)

    def day(self, number: int) -> date:
        """The *n*-th day after the first bill's due date."""
        return self.agreed.first + timedelta(days=self.agreed.payment_days + number)

    def number(self) -> int:
        self.seq += 1
        return self.seq

    def wake(self, until: datetime) -> None:
        """Issue what is due by an instant, then do what fell due, in order."""
        while (due := money_life.next_bill(self.file)) is not None and due[0] <= until:
            self._advance(due[0])
            draft = money_life.draft_bill(self.file)
            assert draft is not None
            assert draft.period is not None
            stands = self.set_offs.get(draft.period, Money(minor=0, currency=draft.amount.currency))
            bill = draft.model_copy(update={"set_off": set_off_limit(draft.amount, stands)})
            event = money_life.issued(bill, self.number())
            self._keep([event], books.bill_entries(self.agreement_id, bill))
            outcome = money_life.take_bill(self.file, bill, event.seq)
            self._keep(outcome.events, outcome.entries)
        self._advance(until)

    def _advance(self, until: datetime) -> None:
        """Wake whenever something falls due, as the workflow does."""
        now = self.file.judged_until
        while (doing := dunning.next_doing(self.file, now)) is not None and doing.at <= until:
            now = doing.at
            outcome = dunning.advance(self.file, now, self.number)
            self._keep(outcome.events, outcome.entries)
            self._deliver(now)
        outcome = dunning.advance(self.file, until, self.number)
        self._keep(outcome.events, outcome.entries)
        self._deliver(until)

    def _deliver(self, now: datetime) -> None:
        for announcement in self.file.announcements:
            if self.mail_delay is not None and announcement.told_at is None:
                dunning.told(self.file, announcement.seq, now + self.mail_delay)

    def _keep(self, events: Sequence[Event], entries: Sequence[LedgerEntry]) -> None:
        self.events += events
        self.entries += entries

    def do(
        self, name: str, day: date, hour: float = 10, *, role: Role = Role.PROVIDER, **content: Any
    ) -> None:
        """Wake, then give a command at an hour of a day; raises :class:`Refused`."""
        at = self.at(day, hour)
        self.wake(at)
        self.commands += 1
        command = MONEY_COMMANDS[MoneyCommandName(name)].model_validate(
            {
                "command_id": f"c{self.commands}",
                "at": at,
                "actor": Actor(party=role.value, person="P"),
                **content,
            }
        )
        outcome = apply(self.file, command, role, self.number)  # type: ignore[arg-type]
        self._keep(outcome.events, outcome.entries)

    def pay(self, amount: str, day: date, reference: str | None = None, **content: Any) -> None:
        """Money that comes by transfer and is recorded the same day."""
        given: dict[str, Any] = {
            "means": "transfer",
            "reference": reference or f"T{len(self.file.payments) + 1}",
            "amount": amount,
            "value_date": day,
        }
        recorded = content.pop("recorded", day)
        self.do("record_payment", recorded, **(given | content))

    def balance(self, day: date) -> Balance:
        return balance(self.file, day)

    def late_fees(self, day: date) -> str:
        """All late fees to date, paid or not."""
        return str(self.file.money(sum(b.accrued(day) for b in self.balance(day).bills.values())))

    def owed(self, day: date) -> str:
        return str(self.file.money(self.balance(day).owed))

    def told(self, kind: EventKind) -> list[datetime]:
        return [event.at for event in self.events if event.kind is kind]

    def account(self, account: Account) -> int:
        """What an account holds: debits less credits, in minor units."""
        debits = sum(e.amount.minor for e in self.entries if e.debit is account)
        return debits - sum(e.amount.minor for e in self.entries if e.credit is account)

    def assert_books_hold(self) -> None:
        """The ledger says what the facts say, through the day for which late fees were posted last."""
        assert sum(map(self.account, Account)) == 0
        assert max(Counter(entry.key for entry in self.entries).values(), default=1) == 1
        known = {entry.key for entry in self.entries}
        assert all(entry.reverses in known for entry in self.entries if entry.reverses)
        if self.file.accrued_on is None:
            return
        now = self.balance(self.file.accrued_on)
        assert self.account(Account.RECEIVABLE) == now.unpaid
        assert self.account(Account.LATE_FEE_RECEIVABLE) == now.late_fees
        assert -self.account(Account.CUSTOMER_CREDIT) == now.credit_left


# The same, worked out in another way


@dataclass
class Debt:
    """One bill in the walk through the days."""

    due: date
    left: int
    mornings: dict[date, int] = field(default_factory=dict)
    """What was unpaid when each day began."""
    paid: int = 0
    waived: int = 0


@dataclass
class WorkedOut:
    unpaid: dict[str, int]
    late: dict[str, int]
    """Late fees to date, paid or not."""
    late_left: dict[str, int]
    credit: int

    @property
    def owed(self) -> int:
        return sum(self.unpaid.values()) + sum(self.late_left.values()) - self.credit


def worked_out(agreed: MoneyAgreed, file: MoneyFile, on: date) -> WorkedOut:
    """What is owed at the end of a day, by the facts of a file, one day after the other."""
    debts: dict[str, Debt] = {}
    purses: list[list[Any]] = []
    day = min([agreed.first, *(p.counts_on for p in file.payments if p.counts_on)])
    while day <= on:
        for debt in debts.values():
            debt.mornings[day] = debt.left
        for bill in file.bills:
            if bill.issued_on == day:
                asked = bill.amount.minor - bill.set_off.minor
                debts[bill.number] = Debt(day + timedelta(days=agreed.payment_days), asked)
                debts[bill.number].mornings[day] = asked
                for purse in purses:
                    _open(agreed, file, debts, purse, day)
        for waiver in sorted(file.waivers, key=lambda w: (w.at, w.key)):
            if waiver.on == day:
                debt = debts[waiver.bill]
                left = _late(agreed, file.holds, waiver.bill, debt, day) - debt.paid - debt.waived
                debt.waived += min(waiver.amount.minor, max(0, left))
        coming: list[tuple[datetime, str, int, str | None]] = []
        for payment in file.payments:
            if payment.counts_on == day:
                coming.append((payment.at, payment.key, payment.amount.minor, payment.bill))
        coming += [(c.at, c.key, c.amount.minor, c.bill) for c in file.credits if c.on == day]
        for _, _, amount, named in sorted(coming, key=lambda one: one[:2]):
            purse = [amount, named]
            purses.append(purse)
            _open(agreed, file, debts, purse, day)
        day += ONE_DAY
    late = {name: _late(agreed, file.holds, name, debt, on) for name, debt in debts.items()}
    return WorkedOut(
        unpaid={name: debt.left for name, debt in debts.items()},
        late=late,
        late_left={name: max(0, late[name] - debts[name].paid - debts[name].waived) for name in debts},
        credit=sum(purse[0] for purse in purses),
    )


def _open(agreed: MoneyAgreed, file: MoneyFile, debts: dict[str, Debt], purse: list[Any], day: date) -> None:
    """Pay out of a purse: the debt it is meant for, then the oldest."""
    names = sorted(debts, key=lambda name: (debts[name].due, name))
    if purse[1] in debts:
        names.remove(purse[1])
        names.insert(0, purse[1])

    def interest(name: str) -> None:
        debt = debts[name]
        owing = _late(agreed, file.holds, name, debt, day) - debt.paid - debt.waived
        part = min(purse[0], max(0, owing))
        debt.paid += part
        purse[0] -= part

    def principal(name: str) -> None:
        part = min(purse[0], debts[name].left)
        debts[name].left -= part
        purse[0] -= part

    if agreed.allocation is Allocation.INTEREST_FIRST:
        for name in names:
            interest(name)
        for name in names:
            principal(name)
    else:
        for name in names:
            principal(name)
            interest(name)


def _late(agreed: MoneyAgreed, holds: Sequence[Hold], name: str, debt: Debt, on: date) -> int:
    """Every day since the due date by itself; nothing while the grace days last."""
    late_days = (on - debt.due).days
    if late_days <= agreed.grace:
        return 0
    total = 0
    for n in range(1, late_days + 1):
        # What was paid within the grace days never bore: take what was left after them.
        morning = debt.due + timedelta(days=max(n, agreed.grace + 1))
        base = debt.mornings.get(morning, debt.left)
        day = debt.due + timedelta(days=n)
        for hold in holds:
            if hold.bill == name and hold.first <= day and (hold.last is None or day <= hold.last):
                base -= base if hold.amount is None else hold.amount
        total += max(base, 0)
    return floor(Fraction(total) * Fraction(agreed.percent) / 100 + Fraction(1, 2))

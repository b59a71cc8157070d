"""The money of agreements to test with: told to the product, and worked out again in another way.

:class:`MoneyLife` drives the product's file as the workflow does and keeps everything it says and posts.
:func:`worked_out` knows the contract's rules in its own words: it walks day by day through the facts with
exact fractions, and sums every late fee anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from contract import agreement, agreement_money, books, dispute_deeds, dunning, money_life, set_off, settling
from contract.agreement_file import REMINDERS, AgreementFile, TermDates
from contract.agreement_states import AgreementState
from contract.balance import Balance, balance
from contract.billing import LateTerms, MoneyTerms, set_off_limit
from contract.days import Days
from contract.decided_penalties import Cell, differences, entry_of
from contract.dispute_commands import DISPUTE_COMMANDS
from contract.dispute_names import DisputeCommandName
from contract.disputes import DisputeTerms
from contract.facts import Account, EntryKind, Event, EventKind, LedgerEntry, PenaltyDecision
from contract.holds import penalty_holds
from contract.late_fees import Hold
from contract.money import Money
from contract.money_commands import MONEY_COMMANDS, AnyMoneyCommand, MoneyCommandName
from contract.money_deeds import apply, asks_ledger, check
from contract.money_file import MoneyFile, PayoutOf
from contract.opening import opening_balances
from contract.parties import Actor, Role
from contract.penalties import add_months
from contract.refusals import Refused
from contract.taken_over import TakenOver
from contract.terms import Allocation, Means, Period, Service, Settlement
from contract.values import TICK
from contract.versions import AgreementTerms

ONE_DAY = timedelta(days=1)
FIRST = date(2026, 1, 1)
PERSONS = {Role.PROVIDER: "Li Ming", Role.CUSTOMER: "Wang Fang"}
DISPUTES = DisputeTerms(
    negotiation_days=30, stale_days=60, arbitration_commission="Beijing Arbitration Commission"
)


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
    settlement: Settlement = Settlement.SET_OFF
    zone: str = "Asia/Shanghai"
    currency: str = "CNY"
    taken_over: TakenOver | None = None

    def terms(self) -> MoneyTerms:
        return MoneyTerms(
            version=1,
            fee=Money.of(self.fee, self.currency),
            period=self.period,
            payment_days=self.payment_days,
            means=list(Means),
            settlement=self.settlement,
            allocation=self.allocation,
            late=LateTerms(
                percent_per_day=Decimal(self.percent),
                grace_days=self.grace,
                suspend_after_days=self.suspend_after,
                suspend_notice_days=self.notice,
            ),
        )

    @property
    def begins(self) -> date:
        """The first day that is run here."""
        return self.first if self.taken_over is None else self.taken_over.run_from

    @property
    def last(self) -> date:
        return add_months(self.first, self.months) - ONE_DAY

    def file(self, agreement_id: str = "A") -> MoneyFile:
        begin = datetime(self.first.year, self.first.month, self.first.day, tzinfo=UTC)
        days = Days.of(self.zone, begin, begin + timedelta(days=31 * self.months + 900))
        effective_at = days.start_of(self.begins) + timedelta(hours=9)
        file = MoneyFile(
            agreement_id=agreement_id,
            terms=self.terms(),
            days=days,
            effective=self.first,
            last=self.last,
            effective_at=effective_at,
            judged_until=effective_at,
        )
        if self.taken_over is not None:
            opening_balances(file, self.taken_over)
        return file

    def agreement(self, agreement_id: str = "A") -> AgreementFile:
        """In force, with its money."""
        money = self.file(agreement_id)
        terms = AgreementTerms(
            provider_id="provider",
            customer_id="customer",
            services=[Service.TECHNICAL_SUPPORT],
            offer_days=30,
            command_delay_hours=24,
            closing_days=10,
        )
        dates = TermDates(
            effective_date=self.first,
            ends_at=money.days.start_of(self.last + ONE_DAY),
            last_day=self.last,
            year_starts=[],
            reminders={},
        )
        return AgreementFile(
            agreement_id=agreement_id,
            digest="0" * 64,
            terms=terms,
            state=AgreementState.ACTIVE,
            offered_at=money.effective_at,
            last_at=money.effective_at,
            effective_at=money.effective_at,
            dates=dates,
            reminded=list(REMINDERS),
            money=money,
        )


Parts = Mapping[set_off.Part, int]


@dataclass
class MoneyLife:
    """One agreement's money, lived."""

    agreed: MoneyAgreed = field(default_factory=MoneyAgreed)
    set_offs: dict[int, Money] = field(default_factory=dict)
    """Penalties that are taken to stand when a period's bill is issued; else those in the ledger."""
    mail_delay: timedelta | None = timedelta(seconds=5)
    """How long a notice takes to reach the customer; None: it never does."""
    agreement_id: str = "A"

    def __post_init__(self) -> None:
        self.agreement = self.agreed.agreement(self.agreement_id)
        assert self.agreement.money is not None
        self.file = self.agreement.money
        self.open_requests: list[str] = []
        opening = [books.bill_entries(self.agreement_id, bill) for bill in self.file.bills]
        self.entries: list[LedgerEntry] = [entry for entries in opening for entry in entries]
        if self.agreed.taken_over is not None:
            self.entries += books.settle(self.file, self.file.days.start_of(self.agreed.begins) - TICK)
        self.events: list[Event] = []
        self.decisions: list[PenaltyDecision] = []
        self.decided: set[set_off.Part] = set()
        self.commands = 0

    def at(self, day: date, hour: float = 10) -> datetime:
        return self.file.days.start_of(day) + timedelta(hours=hour)

    def day(self, number: int) -> date:
        """The *n*-th day after the first bill's due date."""
        return self.agreed.first + timedelta(days=self.agreed.payment_days + number)

    def number(self) -> int:
        return self.agreement.next_seq()

    def wake(self, until: datetime, *, after_outage: bool = False) -> None:
        """Issue what is due by an instant, do what fell due in order; after an outage all of it at once."""
        dates = self.agreement.dates
        assert dates is not None
        if self.agreement.state is AgreementState.ACTIVE and dates.ends_at < until and not after_outage:
            self.wake(dates.ends_at)
        advance = self._catch_up if after_outage else self._advance
        while (due := money_life.next_bill(self.file)) is not None and due[0] <= until:
            advance(due[0])
            draft = money_life.draft_bill(self.file)
            assert draft is not None
            assert draft.period is not None
            parts, reserved = self._on_hold(draft.issued_at)
            stands = self.set_offs.get(draft.period, self._set_off(draft.issued_at, reserved))
            bill = draft.model_copy(update={"set_off": set_off_limit(draft.amount, stands)})
            event = money_life.issued(bill, self.number())
            of = set_off.taken_from(parts, reserved, bill.set_off) if reserved else None
            self._keep([event], books.bill_entries(self.agreement_id, bill, of))
            self._assert_held(reserved)
            outcome = money_life.take_bill(self.file, bill, event.seq)
            self._keep(outcome.events, outcome.entries)
        advance(until)
        self._end(until)
        if after_outage:
            self._deliver(until)

    def _set_off(self, before: datetime, reserved: Parts) -> Money:
        known = [e for e in self.entries if e.effective_at < before]
        stands = _payable(known) if self.agreed.settlement is Settlement.SET_OFF else 0
        return Money(minor=set_off.available(stands, reserved), currency=self.agreed.currency)

    def _on_hold(self, before: datetime) -> tuple[Parts, Parts]:
        """What of penalties stands, and what of it is on hold."""
        parts = set_off.outstanding(e for e in self.entries if e.effective_at < before)
        return parts, set_off.held(parts, penalty_holds(self.file.disputes))

    def _assert_held(self, reserved: Parts) -> None:
        """Nothing was set off of what was on hold."""
        left = set_off.outstanding(self.entries)
        assert all(left[part] >= minor for part, minor in reserved.items())

    def _carry_out(self, decision: PenaltyDecision) -> None:
        """What the record store posts for a decision (its own tests hold it to more)."""
        kinds = [k for k in decision.penalties if (decision.request_id, k) not in self.decided]
        self.decided |= {(decision.request_id, kind) for kind in kinds}
        stood: dict[Cell, int] = {}
        for entry in self.entries:
            kind = set_off.penalty_kind(entry) if entry.request_id == decision.request_id else None
            if kind in kinds:
                stood[kind, 1] = stood.get((kind, 1), 0) + set_off.owed(entry)
        cells = stood or {(kinds[-1], 1): 0} if kinds else {}
        for cell, minor in differences(cells, decision).items() if cells else ():
            money = Money(minor=cells[cell], currency=self.agreed.currency)
            self._keep([], [entry_of(self.agreement_id, decision, cell, minor, money)])

    def _end(self, until: datetime) -> None:
        """Expire, close, state finally, settle: what has come of these by an instant."""
        file = self.agreement
        events = agreement.advance(file, until)
        if file.state is AgreementState.EXPIRED and file.open_requests is None:
            assert file.dates is not None
            file.open_requests, file.last_ended_at = list(self.open_requests), file.dates.ends_at
        self._keep(events + agreement.close(file, until), [])
        while (ask := agreement_money.next_statement(file, until)) is not None:
            assert self._decide(ask) is None

    def end_request(self, request_id: str, at: datetime) -> None:
        """A request ends; after the end of the term the agreement is told."""
        self.open_requests.remove(request_id)
        if self.agreement.open_requests is not None:
            agreement.tell_request(self.agreement, request_id, False, at)
        self.wake(at)

    def accrue(self, minor: int, at: datetime, request_id: str = "r") -> None:
        """A request posts a penalty for a late response."""
        self.wake(at)
        entry = LedgerEntry(
            key=f"penalty:{len(self.entries)}",
            kind=EntryKind.PENALTY,
            clause="C8.1.1",
            effective_at=at,
            debit=Account.PENALTY_EXPENSE,
            credit=Account.PENALTY_PAYABLE,
            amount=Money(minor=minor, currency=self.agreed.currency),
            terms_version=1,
            request_id=request_id,
        )
        self._keep([], [entry])

    def _decide(self, ask: settling.Ask, command: AnyMoneyCommand | None = None) -> Refused | None:
        """What the record store does with an ask, from this ledger."""
        at = ask.at if isinstance(ask, settling.FinalAsk) else ask.command.at
        touching = [e for e in self.entries if Account.PENALTY_PAYABLE in (e.debit, e.credit)]
        accruals: Sequence[settling.Accrual] = ()
        by_then, parts = _payable([e for e in touching if e.effective_at <= at]), None
        if isinstance(ask, settling.WaiverAsk):
            of_request = [e for e in touching if e.request_id == ask.command.request_id]
            accruals = settling.standing_of(of_request, ask.command.of)
        reserved: Parts = {}
        if isinstance(ask, settling.FinalAsk):
            outstanding, reserved = self._on_hold(at + TICK)
            by_then = set_off.available(by_then, reserved)
            netted = Money(minor=max(0, by_then), currency=self.agreed.currency)
            parts = set_off.taken_from(outstanding, reserved, netted) if reserved else None
        latest = max((e.effective_at for e in touching), default=None)
        standing = settling.Standing(_payable(touching), by_then, latest, accruals, parts)
        decision = settling.decide(ask, standing, self.agreement.seq + 1)
        if decision.event is None:
            assert decision.refusal is not None
            return Refused(decision.refusal)
        self.number()
        self._keep([decision.event], decision.entries)
        self._assert_held(reserved)
        outcome = agreement_money.take_decided(self.agreement, decision.event, command)
        self._keep(outcome.events, outcome.entries)
        return None

    def _advance(self, until: datetime) -> None:
        """Wake whenever something falls due, as the workflow does."""
        now = self.file.judged_until
        while (at := self._next(now)) is not None and at <= until:
            now = at
            outcome = dispute_deeds.advance(self.file, now, self.number)
            self._keep(outcome.events, outcome.entries)
            self._deliver(now)
            self._end(now)
        outcome = dispute_deeds.advance(self.file, until, self.number)
        self._keep(outcome.events, outcome.entries)
        self._deliver(until)

    def _next(self, now: datetime) -> datetime | None:
        doing, dispute = dunning.next_doing(self.file, now), dispute_deeds.next_wake(self.file)
        return min((one.at for one in (doing, dispute) if one is not None), default=None)

    def _catch_up(self, until: datetime) -> None:
        """Wake once, as a worker does that was away; what it tells leaves when it is back."""
        outcome = dispute_deeds.advance(self.file, until, self.number)
        self._keep(outcome.events, outcome.entries)

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
        self._take(command, role)  # type: ignore[arg-type]
        self.wake(at)

    def _take(self, command: AnyMoneyCommand, role: Role) -> None:
        if asks_ledger(self.file, command):
            check(self.file, command, role)
            refused = self._decide(agreement_money.ask_of(self.agreement, command), command)
            if refused is not None:
                raise refused
            return
        outcome = apply(self.file, command, role, self.number)
        self.agreement.last_at = command.at
        self._keep(outcome.events, outcome.entries)

    def dispute(
        self, name: str, day: date, hour: float = 10, *, role: Role = Role.CUSTOMER, **content: Any
    ) -> None:
        """Wake, then give a command on a dispute; raises :class:`Refused`."""
        self.dispute_at(name, self.at(day, hour), role=role, **content)

    def dispute_at(self, name: str, at: datetime, *, role: Role = Role.CUSTOMER, **content: Any) -> None:
        """The same at an instant; stamped before what fell due when that was done already."""
        if at > self.file.judged_until:
            self.wake(at)
        self.commands += 1
        command = DISPUTE_COMMANDS[DisputeCommandName(name)].model_validate(
            {
                "command_id": f"c{self.commands}",
                "at": at,
                "actor": Actor(party=role.value, person=PERSONS[role]),
                **content,
            }
        )
        outcome = dispute_deeds.apply(self.file, command, role, DISPUTES, self.number)  # type: ignore[arg-type]
        self.agreement.last_at = max(self.agreement.last_at, at)
        self._keep(outcome.events, outcome.entries)
        self.decisions += outcome.decisions
        for decision in outcome.decisions:
            self._carry_out(decision)
        self.wake(max(at, self.file.judged_until))

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


def _payable(entries: Sequence[LedgerEntry]) -> int:
    """What the provider owes in penalties, in minor units."""
    owed = sum(e.amount.minor for e in entries if e.credit is Account.PENALTY_PAYABLE)
    return owed - sum(e.amount.minor for e in entries if e.debit is Account.PENALTY_PAYABLE)


# The same, worked out in another way


@dataclass
class Debt:
    """One bill in the walk through the days."""

    due: date
    left: int
    since: date
    """The first day that may bear a late fee."""
    before: int = 0
    """The late fee it was taken over with."""
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
    overdrawn = 0
    day = min([agreed.begins - ONE_DAY, *(p.counts_on for p in file.payments if p.counts_on)])
    while day <= on:
        for debt in debts.values():
            debt.mornings[day] = debt.left
        for bill in file.bills:
            if bill.issued_on == day:
                asked = bill.amount.minor - bill.set_off.minor
                due = day + timedelta(days=agreed.payment_days) if bill.period is not None else bill.due_on
                before = bill.late_fee_before.minor if bill.late_fee_before is not None else 0
                debts[bill.number] = Debt(due, asked, max(agreed.begins, due + ONE_DAY), before)
                debts[bill.number].mornings[day] = asked
                for purse in purses:
                    _open(agreed, file, debts, purse, day)
        for waiver in sorted(file.waivers, key=lambda w: (w.at, w.key)):
            if waiver.on == day:
                debt = debts[waiver.bill]
                left = (
                    _late(agreed, file.holds, waiver.bill, debt, day) - debt.paid - debt.waived + debt.before
                )
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
        for out in file.payouts:
            if out.value_date == day and out.of is PayoutOf.CREDIT and not out.reversed:
                wanted = out.amount.minor
                for purse in purses:
                    taken = min(wanted, purse[0])
                    purse[0] -= taken
                    wanted -= taken
                overdrawn += wanted
        day += ONE_DAY
    late = {name: _late(agreed, file.holds, name, debt, on) for name, debt in debts.items()}
    return WorkedOut(
        unpaid={name: debt.left for name, debt in debts.items()},
        late=late,
        late_left={
            name: max(0, debt.before + late[name] - debt.paid - debt.waived) for name, debt in debts.items()
        },
        credit=sum(purse[0] for purse in purses) - overdrawn,
    )


def _open(agreed: MoneyAgreed, file: MoneyFile, debts: dict[str, Debt], purse: list[Any], day: date) -> None:
    """Pay out of a purse: the debt it is meant for, then the oldest."""
    names = sorted(debts, key=lambda name: (debts[name].due, name))
    if purse[1] in debts:
        names.remove(purse[1])
        names.insert(0, purse[1])

    def interest(name: str) -> None:
        debt = debts[name]
        owing = _late(agreed, file.holds, name, debt, day) - debt.paid - debt.waived + debt.before
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
        if day < debt.since:
            continue
        for hold in holds:
            if hold.bill == name and hold.first <= day and (hold.last is None or day <= hold.last):
                base -= base if hold.amount is None else hold.amount
        total += max(base, 0)
    return floor(Fraction(total) * Fraction(agreed.percent) / 100 + Fraction(1, 2))

"""The money of an agreement lived at random, with the contract worked out beside it day by day."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contract import dispute_deeds, dunning
from contract.agreement_states import AgreementState
from contract.balance import paid_out
from contract.dispute_names import DisputeCommandName
from contract.disputes import Dispute, open_disputes
from contract.facts import Account, EventKind
from contract.money import Money
from contract.money_file import PaymentState
from contract.money_record import take
from contract.parties import Role
from contract.penalties import add_months
from contract.refusals import Refused
from contract.set_off import owed
from contract.statements import statement
from contract.taken_over import OpenBill, TakenOver
from contract.terms import Allocation, Means, Period, Settlement
from tests.contract.money_lives import FIRST, ONE_DAY, MoneyAgreed, MoneyLife, worked_out

AMOUNTS = st.sampled_from([1, 99, 5000_00, 7024_00, 12000_00, 12060_00, 12345_67, 24000_00])
AGREED = st.builds(
    MoneyAgreed,
    first=st.sampled_from([FIRST, FIRST.replace(day=31), FIRST.replace(year=2024, month=2, day=29)]),
    months=st.sampled_from([1, 5, 12]),
    fee=st.sampled_from(["12000.00", "0.01", "3333.33"]),
    period=st.sampled_from(Period),
    payment_days=st.sampled_from([0, 5, 15, 40]),
    percent=st.sampled_from(["0.05", "0.0333", "0", "1"]),
    grace=st.sampled_from([0, 3]),
    suspend_after=st.sampled_from([None, 3, 10]),
    notice=st.sampled_from([0, 3]),
    allocation=st.sampled_from(Allocation),
    settlement=st.sampled_from(Settlement),
    zone=st.sampled_from(["Asia/Shanghai", "Europe/Berlin"]),
)


@st.composite
def taken_over(draw: st.DrawFn, agreed: MoneyAgreed) -> MoneyAgreed:
    """The same terms, of an agreement that has run for some time when it is taken over."""
    begun = draw(st.integers(1, 6).filter(lambda months: months < agreed.months))
    run_from = add_months(agreed.first, begun) + timedelta(days=draw(st.sampled_from([0, 0, 9])))
    bills = []
    for number in ("OLD-1", "OLD-2")[: draw(st.integers(0, 2))]:
        due_on = run_from + timedelta(days=draw(st.sampled_from([-60, -3, -1, 0, 12])))
        bore = due_on + timedelta(days=agreed.grace + 1) < run_from
        late_fee = draw(st.sampled_from([0, 3, 60_00])) if bore else 0
        unpaid = draw(st.sampled_from([12000_00, 1, 0] if late_fee else [12000_00, 33_33]))
        bills.append(
            OpenBill(
                number=number,
                first=agreed.first,
                last=run_from - ONE_DAY,
                due_on=due_on,
                unpaid=Decimal(amount(unpaid)),
                late_fee=Decimal(amount(late_fee)),
            )
        )
    credit = Decimal(draw(st.sampled_from(["0", "0", "50.00"])))
    before = TakenOver(effective_date=agreed.first, run_from=run_from, bills=bills, credit=credit)
    return replace(agreed, taken_over=before)


EITHER = AGREED.flatmap(
    lambda agreed: st.just(agreed) if agreed.months == 1 else st.one_of(st.just(agreed), taken_over(agreed))
)


_ENDINGS = {
    EventKind.DISPUTE_SETTLED,
    EventKind.DISPUTE_AWARDED,
    EventKind.DISPUTE_WITHDRAWN,
    EventKind.DISPUTE_LAPSED,
}


def _about(dispute: Dispute) -> dict[str, Any]:
    return dispute.item.model_dump(include={"bill", "request_id"}, exclude_none=True)


def amount(minor: int) -> str:
    return str(Money(minor=minor, currency="CNY"))


class MoneyLives(RuleBasedStateMachine):
    """Contract days only move forward; value dates lie anywhere before."""

    @initialize(agreed=EITHER, set_off=st.sampled_from([0, 0, 200_00, 20000_00]), mail=st.booleans())
    def agree(self, agreed: MoneyAgreed, set_off: int, mail: bool) -> None:
        self.agreed = agreed
        self.life = MoneyLife(agreed, mail_delay=timedelta(hours=5) if mail else None)
        self.today = agreed.begins
        self.hour = 9.0
        if set_off:
            self.life.accrue(set_off, self.life.at(agreed.begins, 9.5))

    @property
    def settled(self) -> bool:
        return self.life.agreement.state is AgreementState.SETTLED

    def _do(self, name: str, **content: Any) -> bool:
        self.hour += 0.01
        if self.settled:
            return False
        try:
            self.life.do(name, self.today, self.hour, **content)
        except Refused:
            return False
        return True

    @rule(days=st.sampled_from([1, 1, 2, 7, 30]))
    def days_pass(self, days: int) -> None:
        self.today += timedelta(days=days)
        self.hour = 9.0
        self.life.wake(self.life.at(self.today, self.hour))

    @rule(
        minor=AMOUNTS,
        means=st.sampled_from([Means.TRANSFER, Means.CHEQUE]),
        back=st.sampled_from([0, 0, 1, 5, 33]),
        named=st.sampled_from([None, None, "B001", "B002"]),
    )
    def money_comes(self, minor: int, means: Means, back: int, named: str | None) -> None:
        self._do(
            "record_payment",
            means=means,
            reference=f"R{len(self.life.file.payments)}",
            amount=amount(minor),
            value_date=max(self.agreed.begins, self.today - timedelta(days=back)),
            bill=named if named and self.life.file.bill(named) else None,
        )

    @rule(data=st.data())
    def exactly_what_is_owed_comes(self, data: st.DataObject) -> None:
        self.life.wake(self.life.at(self.today, self.hour))
        to_pay = self.life.balance(self.today).overdue
        if to_pay:
            self._do(
                "record_payment",
                means="transfer",
                reference=f"R{len(self.life.file.payments)}",
                amount=amount(to_pay),
                value_date=self.today,
            )

    @precondition(lambda self: self.life.file.payments)
    @rule(data=st.data(), how=st.sampled_from(["clear", "clear", "bounce", "reverse"]))
    def a_payment_turns_out(self, data: st.DataObject, how: str) -> None:
        payment = data.draw(st.sampled_from(self.life.file.payments))
        named: dict[str, Any] = {"means": payment.means, "reference": payment.reference}
        if how == "clear":
            if payment.state is PaymentState.PENDING:
                day = data.draw(st.dates(payment.value_date, self.today))
                assert self._do("clear_payment", **named, cleared_on=day)
        else:
            self._do(f"{how}_payment", **named, reason="r")

    @precondition(lambda self: self.life.file.payments)
    @rule(data=st.data())
    def the_same_payment_comes_again(self, data: st.DataObject) -> None:
        payment = data.draw(st.sampled_from(self.life.file.payments))
        before = len(self.life.file.payments)
        again = payment.model_dump(include={"means", "reference", "value_date", "bill"})
        self._do("record_payment", **again, amount=str(payment.amount))
        assert len(self.life.file.payments) == before

    @precondition(lambda self: self.life.file.bills)
    @rule(data=st.data(), minor=st.sampled_from([None, 1, 20_00]))
    def a_late_fee_is_waived(self, data: st.DataObject, minor: int | None) -> None:
        bill = data.draw(st.sampled_from(self.life.file.bills))
        content: dict[str, Any] = {} if minor is None else {"amount": amount(minor)}
        self._do("waive_late_fee", bill=bill.number, reason="r", **content)

    @rule(minor=AMOUNTS)
    def goodwill_is_shown(self, minor: int) -> None:
        assert self._do("give_credit", amount=amount(minor), reason="r") or self.settled

    @precondition(lambda self: not self.settled)
    @rule(request_id=st.sampled_from(["q", "r"]))
    def a_request_is_opened(self, request_id: str) -> None:
        if self.life.agreement.state is AgreementState.ACTIVE and request_id not in self.life.open_requests:
            self.life.open_requests.append(request_id)

    @precondition(lambda self: self.life.open_requests)
    @rule(minor=st.sampled_from([200_00, 500_00, 12345_67]), ends=st.booleans())
    def a_request_is_late_and_perhaps_ends(self, minor: int, ends: bool) -> None:
        self.hour += 0.01
        request_id = self.life.open_requests[0]
        self.life.accrue(minor, self.life.at(self.today, self.hour), request_id)
        if ends:
            self.life.end_request(request_id, self.life.at(self.today, self.hour))

    @rule(request_id=st.sampled_from(["q", "r"]), minor=st.sampled_from([None, 1, 200_00]))
    def the_customer_waives_a_penalty(self, request_id: str, minor: int | None) -> None:
        content: dict[str, Any] = {"request_id": request_id, "of": "late_response", "reason": "r"}
        content |= {} if minor is None else {"amount": amount(minor)}
        self.life.wake(self.life.at(self.today, self.hour + 0.01))
        settled, before = self.settled, self._waivable(request_id)
        wanted = before if minor is None else minor
        done = self._do("waive_penalty", role=Role.CUSTOMER, **content)
        assert done == (0 < wanted <= before and not settled)
        assert self._waivable(request_id) == before - (wanted if done else 0)

    def _waivable(self, request_id: str) -> int:
        """Penalties of a request less what was waived of them."""
        return sum(owed(e) for e in self.life.entries if e.request_id == request_id)

    @rule(minor=st.sampled_from([None, None, 1, 100_00]), back=st.sampled_from([0, 0, 4]))
    def the_provider_pays_out(self, minor: int | None, back: int) -> None:
        """Never more than is owed: penalties in the term where they are paid out, else credit at the end."""
        self.life.wake(self.life.at(self.today, self.hour))
        file = self.life.file
        if file.finals:
            owed = max(0, worked_out(self.agreed, file, self.today).credit)
        else:
            owed = -self.life.account(Account.PENALTY_PAYABLE)
            owed = max(0, owed) if self.agreed.settlement is Settlement.PAY_OUT else 0
        wanted = owed if minor is None else minor
        done = not self.settled and self._do(
            "record_payout",
            means="transfer",
            reference=f"P{len(file.payouts)}",
            amount=amount(max(1, wanted)),
            value_date=max(self.agreed.first, self.today - timedelta(days=back)),
        )
        assert not done or 0 < wanted <= owed

    @precondition(lambda self: self.life.file.payouts)
    @rule(data=st.data())
    def a_payout_is_told_again_or_taken_back(self, data: st.DataObject) -> None:
        payout = data.draw(st.sampled_from(self.life.file.payouts))
        known = len(self.life.file.payouts)
        named = {"means": payout.means, "reference": payout.reference}
        again = {"amount": str(payout.amount), "value_date": payout.value_date}
        if not payout.reversed:
            self._do("record_payout", **named, **again)
            assert len(self.life.file.payouts) == known
        if data.draw(st.booleans()):
            self._do("reverse_payout", **named, reason="r")

    @precondition(lambda self: self.life.file.bills)
    @rule(data=st.data(), minor=st.sampled_from([None, 1, 1000_00]), role=st.sampled_from(Role))
    def a_bill_is_disputed(self, data: st.DataObject, minor: int | None, role: Role) -> None:
        bill = data.draw(st.sampled_from(self.life.file.bills))
        content: dict[str, Any] = {} if minor is None else {"amount": amount(minor)}
        item = {"matter": "bill", "bill": bill.number}
        known = [d for d in self.life.file.disputes if d.item.bill == bill.number]
        taken = self._argue("open_dispute", role, item=item, about="r", **content)
        after = [d for d in self.life.file.disputes if d.item.bill == bill.number]
        if taken:
            # Whatever lapsed meanwhile: none was open, and none had been decided.
            assert not any(d.state.is_open or d.state.is_decided for d in after[:-1])
        else:
            assert [d.number for d in after] == [d.number for d in known]

    @rule(
        request_id=st.sampled_from(["q", "r"]),
        minor=st.sampled_from([None, 1, 100_00]),
        role=st.sampled_from(Role),
        whole=st.booleans(),
    )
    def penalties_are_disputed(self, request_id: str, minor: int | None, role: Role, whole: bool) -> None:
        content: dict[str, Any] = {} if minor is None else {"amount": amount(minor)}
        item = {"matter": "request" if whole else "penalty", "request_id": request_id}
        item |= {} if whole else {"penalty": "late_response"}
        if self._argue("open_dispute", role, item=item, about="r", **content):
            *before, new = self.life.file.disputes
            rivals = [d for d in before if d.item.parts & new.item.parts]
            assert not any(d.state.is_open or d.state.is_decided for d in rivals)

    @precondition(lambda self: self.life.file.disputes)
    @rule(
        data=st.data(),
        name=st.sampled_from([name for name in DisputeCommandName if name != "open_dispute"]),
        role=st.sampled_from(Role),
        minor=AMOUNTS,
        charged=st.booleans(),
    )
    def a_dispute_goes_on(
        self, data: st.DataObject, name: DisputeCommandName, role: Role, minor: int, charged: bool
    ) -> None:
        dispute = data.draw(st.sampled_from(self.life.file.disputes))
        content: dict[str, Any] = {"dispute": dispute.number}
        if name in ("offer_settlement", "record_award"):
            kinds = ["credit", *(["bill", "late_fee"] if dispute.item.bill else ["penalty"])]
            kind = data.draw(st.sampled_from(kinds))
            one = {"kind": kind, "amount": amount(minor)} | ({} if kind == "credit" else _about(dispute))
            content |= {"amounts": [one], "charge_held_days": charged}
        if name == "record_award":
            content["digest"] = "0" * 64
        if name == "confirm_settlement":
            content["offer"] = max(1, dispute.offers)
        self._argue(name, role, **content)

    def _argue(self, name: str, role: Role, **content: Any) -> bool:
        self.hour += 0.01
        self.life.wake(self.life.at(self.today, self.hour))
        if self.settled:
            return False
        try:
            self.life.dispute(name, self.today, self.hour, role=role, **content)
        except Refused:
            return False
        return True

    @rule(name=st.sampled_from(["suspend", "resume"]))
    def the_provider_suspends_or_resumes(self, name: str) -> None:
        self._do(name)

    @invariant()
    def it_is_what_the_contract_gives(self) -> None:
        expected = worked_out(self.agreed, self.life.file, self.today)
        found = self.life.balance(self.today)
        assert {n: b.unpaid for n, b in found.bills.items()} == expected.unpaid
        assert {n: b.accrued(self.today) for n, b in found.bills.items()} == expected.late
        assert {n: b.late_unpaid(self.today) for n, b in found.bills.items()} == expected.late_left
        assert found.credit_left == expected.credit
        assert found.owed == expected.owed

    @invariant()
    def nothing_paid_is_below_zero_and_no_money_is_lost(self) -> None:
        found = self.life.balance(self.today)
        assert all(paid.amount > 0 for paid in found.paid)
        assert min(found.credit.values(), default=0) >= 0
        assert all(b.unpaid >= 0 for b in found.bills.values())
        spent: dict[str, int] = {}
        for paid in found.paid:
            spent[paid.fund] = spent.get(paid.fund, 0) + paid.amount
        came = {p.key: p.amount.minor for p in self.life.file.payments if p.counts_on}
        came |= {c.key: c.amount.minor for c in self.life.file.credits}
        out = sum(p.amount.minor for p in paid_out(self.life.file)) - found.overdrawn
        assert sum(spent.values()) + sum(found.credit.values()) + out == sum(came.values())
        if not out:
            assert {key: spent.get(key, 0) + left for key, left in found.credit.items()} == came

    @invariant()
    def the_ledger_says_the_same(self) -> None:
        self.life.assert_books_hold()
        came = sum(p.amount.minor for p in self.life.file.payments if p.counts_on)
        out = sum(p.amount.minor for p in self.life.file.payouts if not p.reversed)
        assert self.life.account(Account.CASH) == came - out

    @invariant()
    def it_is_settled_when_and_only_when_neither_owes_the_other_anything(self) -> None:
        """And then the customer has paid what the contract gives, to the cent."""
        life, file = self.life, self.life.agreement
        self.life.wake(self.life.at(self.today, self.hour))
        open_accounts = (
            Account.PENALTY_PAYABLE,
            Account.RECEIVABLE,
            Account.LATE_FEE_RECEIVABLE,
            Account.CUSTOMER_CREDIT,
        )
        if self.settled:
            assert [life.account(account) for account in open_accounts] == [0, 0, 0, 0]
            assert not file.open_requests
            expected = worked_out(self.agreed, life.file, self.today)
            fees = sum(bill.amount.minor for bill in life.file.bills)
            goodwill = life.account(Account.GOODWILL_EXPENSE)
            penalties = sum(self._waivable(request_id) for request_id in ("q", "r"))
            waived = sum(w for w in life.balance(self.today).waived.values())
            fees -= sum(c.amount.minor for c in life.file.credits if c.dispute and c.bill)
            assert not open_disputes(life.file.disputes)
            paid = life.account(Account.CASH)
            assert paid == fees + sum(expected.late.values()) - waived - goodwill - penalties
        elif file.state is AgreementState.CLOSED:
            since = max(file.closed_at or life.at(self.today), file.last_ended_at or life.at(self.today))
            waits = bool(file.open_requests or open_disputes(life.file.disputes))
            waits = waits or any(p.state is PaymentState.PENDING for p in life.file.payments)
            if not waits and since + timedelta(hours=24) <= life.at(self.today, self.hour):
                assert life.balance(self.today).owed or life.account(Account.PENALTY_PAYABLE)

    @invariant()
    def a_final_statement_nets_all_that_was_owed_by_then(self) -> None:
        for made in [e for e in self.life.events if e.kind is EventKind.FINAL_STATEMENT]:
            told = made.payload
            netted = told["credit"]["amount"] if "credit" in told else "0.00"
            if "bill" in told:
                netted = f"-{told['bill']['to_pay']}"
            assert netted == told["penalties"]

    @invariant()
    def nobody_is_suspended_untold_or_without_owing(self) -> None:
        running = self.life.file.suspended
        if running is None:
            return
        told = [a.told_at for a in self.life.file.announcements if a.told_at is not None]
        assert told
        assert min(told) + timedelta(days=self.agreed.notice) <= running.begin
        assert self.life.balance(self.today).overdue

    @invariant()
    def the_statement_adds_up_and_the_events_tell_every_fact(self) -> None:
        found = statement(self.life.file, [], self.today)
        assert sum(line.amount.minor for line in found.lines) == found.owed.minor
        read = self.agreed.file()
        for event in self.life.events:
            take(read, event)
        facts = ("bills", "payments", "credits", "waivers", "payouts", "finals", "suspensions")
        for name in (*facts, "disputes", "holds"):
            assert getattr(read, name) == getattr(self.life.file, name)

    @invariant()
    def a_hold_is_a_dispute_s_and_is_lifted_exactly_once(self) -> None:
        disputes = {dispute.number: dispute for dispute in self.life.file.disputes}
        charged = {n for n, d in disputes.items() if d.ending is not None and d.ending.charge_held_days}
        holds = self.life.file.holds
        over_bills = {n for n, d in disputes.items() if d.item.bill is not None}
        assert sorted(str(hold.dispute) for hold in holds) == sorted(over_bills - charged)
        assert all((hold.last is None) == disputes[str(hold.dispute)].state.is_open for hold in holds)
        endings = Counter(event.payload["number"] for event in self.life.events if event.kind in _ENDINGS)
        ended = {number for number, dispute in disputes.items() if not dispute.state.is_open}
        assert endings == dict.fromkeys(ended, 1)

    @invariant()
    def nothing_held_is_overdue(self) -> None:
        for bill in self.life.balance(self.today).bills.values():
            held = [h for h in self.life.file.holds if h.bill == bill.bill.number and h.last is None]
            if any(h.amount is None for h in held):
                assert bill.overdue(self.today) == 0
            elif held:
                assert bill.overdue(self.today) <= max(0, bill.unpaid - sum(h.amount or 0 for h in held))

    @invariant()
    def nothing_is_left_undone(self) -> None:
        now = self.life.at(self.today, self.hour)
        self.life.wake(now)
        doing, dispute = dunning.next_doing(self.life.file, now), dispute_deeds.next_wake(self.life.file)
        assert doing is None or doing.at > now
        assert dispute is None or dispute.at > now


class MoneyEnds(MoneyLives):
    """Lives that begin a month before their end, with penalties, and mostly come to it."""

    @initialize(
        agreed=AGREED,
        penalties=st.lists(st.sampled_from([200_00, 500_00, 20000_00]), max_size=3),
        left_open=st.booleans(),
    )
    def agree(self, agreed: MoneyAgreed, penalties: list[int], left_open: bool) -> None:
        self.agreed = replace(agreed, months=1)
        self.life = MoneyLife(self.agreed)
        self.hour = 9.0
        for hour, minor in enumerate(penalties):
            self.life.accrue(minor, self.life.at(agreed.first, 9.1 + hour / 10), "r")
        if left_open:
            self.life.open_requests.append("q")
        self.today = self.agreed.last

    @rule(exactly=st.booleans())
    def what_is_owed_is_paid(self, exactly: bool) -> None:
        self.life.wake(self.life.at(self.today, self.hour))
        owed = self.life.balance(self.today).owed + (0 if exactly else 1)
        content: dict[str, Any] = {"means": "transfer", "value_date": self.today, "amount": amount(abs(owed))}
        if owed > 0:
            reference = f"R{len(self.life.file.payments)}"
            assert self._do("record_payment", **content, reference=reference) or self.settled
        elif owed < 0 and self.life.file.finals:
            assert self._do("record_payout", **content, reference=f"P{len(self.life.file.payouts)}")

    @rule(days=st.sampled_from([1, 2, 14]))
    def more_days_pass(self, days: int) -> None:
        self.today += timedelta(days=days)
        self.hour = 9.0
        self.life.wake(self.life.at(self.today, self.hour))

    @precondition(lambda self: self.life.open_requests)
    @rule()
    def a_request_ends(self) -> None:
        self.hour += 0.01
        self.life.end_request(self.life.open_requests[0], self.life.at(self.today, self.hour))


MoneyEnds.TestCase.settings = settings(max_examples=100, stateful_step_count=25)
TestMoneyEnds = MoneyEnds.TestCase
MoneyLives.TestCase.settings = settings(max_examples=100, stateful_step_count=30)
TestMoneyLives = MoneyLives.TestCase


@settings(max_examples=40)
@given(
    agreed=AGREED,
    deeds=st.lists(
        st.tuples(st.integers(0, 80), AMOUNTS, st.integers(0, 40), st.booleans()), min_size=1, max_size=4
    ),
)
def test_whether_and_when_somebody_looked_makes_no_difference(
    agreed: MoneyAgreed, deeds: list[tuple[int, int, int, bool]]
) -> None:
    """Waking every day or only when a command comes; in the order of recording or of value dates."""
    diligent, lazy = MoneyLife(agreed), MoneyLife(agreed)
    day = 0
    for place, (gap, minor, back, taken_back) in enumerate(sorted(deeds)):
        while day < gap:
            diligent.wake(diligent.at(agreed.first + timedelta(days=day), 8))
            day += 1
        on = agreed.first + timedelta(days=gap)
        for life in (diligent, lazy):
            value = max(agreed.first, on - timedelta(days=back))
            life.pay(amount(minor), value, f"R{place}", recorded=on, hour=9 + place / 10)
            if taken_back:
                hour = 9.05 + place / 10
                life.do("reverse_payment", on, hour, means="transfer", reference=f"R{place}", reason="r")
    end = agreed.first + timedelta(days=100)
    for life in (diligent, lazy):
        life.wake(life.at(end))
    assert diligent.balance(end) == lazy.balance(end)
    assert [(e.kind, e.at) for e in diligent.events] == [(e.kind, e.at) for e in lazy.events]
    assert diligent.file.suspensions == lazy.file.suspensions
    for account in Account:
        assert diligent.account(account) == lazy.account(account)

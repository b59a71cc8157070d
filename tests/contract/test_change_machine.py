"""An agreement changed at random: fee changes, amendments, renewal, suspension, the end, in any order.

Whatever comes, in whatever order and however late: exactly one version of the terms is in force at any
instant, no period is billed at two prices, and nobody accepts what it proposed itself.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contract import agreement_changes as changes
from contract.agreement import advance
from contract.agreement_states import AgreementState
from contract.billing import full_period
from contract.facts import EventKind
from contract.money_commands import MONEY_COMMANDS, MoneyCommandName
from tests.contract.changing import DAY, HOUR, PARTIES, SECOND, Living

SIDES = st.sampled_from(["provider", "customer"])
LATE = st.sampled_from([timedelta(0), timedelta(0), SECOND, HOUR, 24 * HOUR])
"""How long a command is on its way."""
FEES = st.sampled_from(["11000.00", "12000.00", "12500.00", "0", "13000"])
AMENDED: list[dict[str, Any]] = [
    {},
    {"fees.payment_days": 20},
    {"rating_days": 9},
    {"fees.amount": "11500.00"},
    {"command_delay_hours": 48},
    {"fee_change": {"notice_days": 20, "negotiation_days": 20, "if_unanswered": "takes_effect"}},
    {"term": {"months": 16}},
    {"term": {"months": 20}},
    {"late_payment.suspend_after_days": 2},
]


class ChangedLives(RuleBasedStateMachine):
    """Contract time only moves forward; commands are stamped up to a day before they arrive."""

    @initialize(
        silence=st.sampled_from(["takes_effect", "lapses"]),
        negotiation=st.sampled_from([5, 30]),
        period=st.sampled_from(["month", "quarter"]),
        months=st.sampled_from([4, 8]),
        billing=st.booleans(),
    )
    def agree(self, silence: str, negotiation: int, period: str, months: int, billing: bool) -> None:
        rules = {"notice_days": 30, "negotiation_days": negotiation, "if_unanswered": silence}
        late = {"suspend_after_days": 10, "suspend_notice_days": 3, "grace_days": 0}
        self.life = Living(
            billing,
            term={"years": None, "months": months},
            fee_change=rules,
            fees={"period": period},
            late_payment=late,
        )

    def say(self, name: str, by: str, late: timedelta, **content: Any) -> None:
        stamp = max(self.life.now - late, self.life.file.last_at)
        self.life.wake(self.life.now, self.life.command(name, by, stamp, **content))

    # What comes

    @rule(days=st.sampled_from([1, 2, 7, 14, 30]), seconds=st.sampled_from([0, 0, 1]))
    def time_passes(self, days: int, seconds: int) -> None:
        self.life.pass_until(self.life.now + days * DAY + seconds * SECOND)

    @rule(days=st.sampled_from([1, 3, 20]))
    def nobody_works_for_days(self, days: int) -> None:
        """An outage: everything that fell due is found at once."""
        self.life.wake(self.life.now + days * DAY)

    @rule(how=st.sampled_from([timedelta(0), SECOND]))
    def time_passes_until_a_window_closes(self, how: timedelta) -> None:
        ends = [one.until for one in changes.open_changes(self.life.file)]
        if ends:
            self.life.pass_until(max(min(ends) + how, self.life.now))

    @rule(by=SIDES, amount=FEES, ahead=st.integers(20, 120), late=LATE)
    def notice_is_given(self, by: str, amount: str, ahead: int, late: timedelta) -> None:
        on = self.life.today + timedelta(days=ahead)
        self.say("propose_fee_change", by, late, amount=amount, effective_on=on)

    @rule(by=SIDES, amount=st.none() | FEES, late=LATE, what=st.sampled_from(["object_to", "counter"]))
    def an_offer_is_answered(self, by: str, amount: str | None, late: timedelta, what: str) -> None:
        content = {} if amount is None and what == "object_to" else {"amount": amount or "12345.00"}
        self.say(f"{what}_fee_change", by, late, **content)

    @rule(by=SIDES, late=LATE)
    def an_offer_is_accepted(self, by: str, late: timedelta) -> None:
        change = self.life.file.negotiations.fee_change
        if change is not None and change.standing is not None:
            offer = change.standing
            told = {"amount": str(offer.amount), "effective_on": offer.effective_on}
            self.say("accept_fee_change", by, late, **told)

    @rule(by=SIDES, late=LATE)
    def a_fee_change_is_withdrawn(self, by: str, late: timedelta) -> None:
        self.say("withdraw_fee_change", by, late)

    @rule(by=SIDES, what=st.sampled_from(AMENDED), ahead=st.none() | st.integers(0, 90), late=LATE)
    def an_amendment_is_proposed(self, by: str, what: Any, ahead: int | None, late: timedelta) -> None:
        on = None if ahead is None else self.life.today + timedelta(days=ahead)
        told = {"changes": what, "effective_on": on, "text": "t", "title": "CEO"}
        self.say("propose_amendment", by, late, **told)

    @precondition(lambda self: self.life.file.negotiations.amendments)
    @rule(by=SIDES, data=st.data(), late=LATE)
    def an_amendment_is_consented_to(self, by: str, data: st.DataObject, late: timedelta) -> None:
        one = data.draw(st.sampled_from(self.life.file.negotiations.amendments))
        signed = {"amendment": one.number, "digest": one.digest, "title": "CEO"}
        self.say("consent_to_amendment", by, late, **signed)

    @rule(by=SIDES, ahead=st.integers(0, 60), late=LATE)
    def an_early_end_is_proposed(self, by: str, ahead: int, late: timedelta) -> None:
        on = self.life.today + timedelta(days=ahead)
        self.say("propose_termination", by, late, last_day=on, title="CEO")

    @precondition(lambda self: self.life.file.negotiations.termination)
    @rule(by=SIDES, late=LATE, agreed=st.sampled_from([False, False, True]))
    def an_early_end_is_answered(self, by: str, late: timedelta, agreed: bool) -> None:
        termination = self.life.file.negotiations.termination
        assert termination is not None
        if agreed:
            self.say("consent_to_termination", by, late, last_day=termination.last_day, title="CEO")
        else:
            self.say("decline_termination", by, late)

    @precondition(lambda self: self.life.file.money and self.life.file.money.bills)
    @rule(data=st.data())
    def a_bill_is_paid(self, data: st.DataObject) -> None:
        file = self.life.file.money
        assert file is not None
        bill = data.draw(st.sampled_from(file.bills))
        if bill.amount.minor:
            self.life.told += 1
            told = {
                "command_id": f"p-{self.life.told}",
                "at": max(self.life.now, self.life.file.last_at),
                "actor": {"party": PARTIES["provider"], "person": "Li"},
                "means": "transfer",
                "reference": f"T-{self.life.told}",
                "amount": str(bill.amount),
                "value_date": self.life.today,
            }
            command = MONEY_COMMANDS[MoneyCommandName.RECORD_PAYMENT].model_validate(told)
            assert not self.life.wake(self.life.now, command)

    # What always holds

    @invariant()
    def exactly_one_version_is_in_force_and_they_take_effect_in_order(self) -> None:
        file = self.life.file
        starts = [version.effective_at for version in file.versions]
        assert starts[0] is None
        assert starts[1:] == sorted(start for start in starts if start is not None)
        assert [version.number for version in file.versions] == list(self.life.sheets)
        if file.state is AgreementState.ACTIVE:
            assert file.terms_version == file.version_at(self.life.now).number
            assert file.digest == file.version_at(self.life.now).digest

    @invariant()
    def no_version_rewrites_what_was_before_it(self) -> None:
        agreed = [event for event in self.life.events if event.kind is EventKind.TERMS_AGREED]
        for event in agreed:
            assert datetime.fromisoformat(event.payload["effective_at"]) > event.at

    @invariant()
    def no_period_is_billed_at_two_prices_nor_any_day_twice(self) -> None:
        file = self.life.file
        if file.money is None:
            return
        billed: dict[date, str] = {}
        for bill in file.money.bills:
            assert bill.period is not None
            whole = full_period(bill.period, file.money.effective, file.money.terms.period)
            start = max(file.money.days.start_of(whole.first), file.money.effective_at)
            terms = self.life.sheets[file.version_at(start).number]
            assert bill.fee == terms.money(terms.fees.amount)
            day = bill.first
            while day <= bill.last:
                assert day not in billed
                billed[day] = bill.number
                day += timedelta(days=1)
        for k in {bill.period for bill in file.money.bills}:
            parts = [bill for bill in file.money.bills if bill.period == k]
            whole = full_period(k or 0, file.money.effective, file.money.terms.period)
            if (parts[0].first, parts[-1].last) == (whole.first, whole.last):
                assert sum(part.amount.minor for part in parts) == parts[0].fee.minor

    @invariant()
    def nobody_accepts_what_it_proposed(self) -> None:
        standing: dict[str, Any] = {}
        for event in self.life.events:
            kind = event.kind
            if kind in (
                EventKind.FEE_CHANGE_PROPOSED,
                EventKind.FEE_CHANGE_COUNTERED,
                EventKind.FEE_CHANGE_OBJECTED,
            ):
                standing["fee"] = event.party
            elif kind is EventKind.FEE_CHANGE_ACCEPTED:
                assert event.party is not standing["fee"]
            elif kind is EventKind.AMENDMENT_PROPOSED:
                standing[f"amendment {event.payload['number']}"] = event.party
            elif kind is EventKind.AMENDMENT_CONSENTED:
                assert event.party is not standing[f"amendment {event.payload['number']}"]
            elif kind is EventKind.TERMINATION_PROPOSED:
                standing["end"] = event.party
            elif kind is EventKind.TERMINATION_AGREED:
                assert event.party is not standing["end"]

    @invariant()
    def a_version_differs_from_the_one_before_by_what_was_agreed(self) -> None:
        for event in self.life.events:
            if event.kind is EventKind.TERMS_AGREED and event.clause == "C7.2":
                number = event.payload["version"]
                before, after = self.life.sheets[number - 1], self.life.sheets[number]
                fees = before.fees.model_copy(update={"amount": after.fees.amount})
                assert before.model_copy(update={"fees": fees}) == after

    @invariant()
    def nothing_is_left_undone(self) -> None:
        file = self.life.file
        assert not advance(file.clone(), self.life.now)
        wake = changes.next_wake(file) if file.state is AgreementState.ACTIVE else None
        assert wake is None or wake.at > self.life.now

    @invariant()
    def what_has_ended_is_not_negotiated(self) -> None:
        if self.life.file.state is not AgreementState.ACTIVE:
            assert changes.open_changes(self.life.file) == []
            assert not self.life.file.negotiations.amendments


ChangedLives.TestCase.settings = settings(max_examples=150, stateful_step_count=30)
TestChangedLives = ChangedLives.TestCase

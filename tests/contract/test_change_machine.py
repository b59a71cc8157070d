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
from contract import agreement_money as money
from contract import dunning
from contract.agreement import advance, next_wake, step
from contract.agreement_states import AgreementState
from contract.billing import full_period
from contract.facts import Event, EventKind
from contract.money_commands import MONEY_COMMANDS, MoneyCommandName
from contract.money_life import draft_bill, next_bill, take_bill
from contract.terms import TermSheet
from tests.contract.changing import DAY, HOUR, PARTIES, SECOND, SHANGHAI, START, Changing

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
        self.life = Changing(
            billing,
            term={"years": None, "months": months},
            fee_change=rules,
            fees={"period": period},
            late_payment=late,
        )
        self.now = START
        self.events: list[Event] = []
        self.sheets = {1: TermSheet.model_validate_json(self.life.file.newest.canonical)}
        self.pass_until(START)

    # The workflow's part

    def pass_until(self, until: datetime) -> None:
        """Wake whenever something is due, as the workflow does, up to an instant."""
        file = self.life.file
        while True:
            bill = next_bill(file.money) if file.money is not None else None
            wakes = [next_wake(file), money.next_wake(file, self.now)]
            due = [wake.at for wake in wakes if wake is not None] + ([bill[0]] if bill else [])
            at = max(min(due, default=until), self.now)
            if at > until or not due or file.state is not AgreementState.ACTIVE:
                break
            before = (file.model_dump(), self.now)
            self.wake(at)
            if (file.model_dump(), self.now) == before:
                break
        self.wake(until)

    def wake(self, now: datetime, *commands: Any) -> dict[str, Any]:
        """One step of the workflow: what became final, the bills, commands, time."""
        self.now = max(self.now, now)
        file = self.life.file
        self._keep(changes.advance(file, self.now))
        self.bill(self.now)
        found = step(file, list(commands), self.now)
        self._keep(found)
        self._keep(money.advance(file, self.now))
        if file.money is not None:
            for announcement in file.money.announcements:
                if announcement.told_at is None:
                    dunning.told(file.money, announcement.seq, self.now.replace(microsecond=0) + SECOND)
        return found.refused

    def bill(self, now: datetime) -> None:
        file = self.life.file
        while file.money is not None and (following := next_bill(file.money)) and following[0] <= now:
            self._keep(money.advance(file, following[0]))
            draft = draft_bill(file.money)
            assert draft is not None
            take_bill(file.money, draft, file.next_seq())

    def _keep(self, outcome: Any) -> None:
        self.events += outcome.events
        for document in outcome.documents:
            assert document.version == len(self.sheets) + 1
            self.sheets[document.version] = TermSheet.model_validate_json(document.canonical)

    def say(self, name: str, by: str, late: timedelta, **content: Any) -> None:
        stamp = max(self.now - late, self.life.file.last_at)
        self.wake(self.now, self.life.command(name, by, stamp, **content))

    # What comes

    @rule(days=st.sampled_from([1, 2, 7, 14, 30]), seconds=st.sampled_from([0, 0, 1]))
    def time_passes(self, days: int, seconds: int) -> None:
        self.pass_until(self.now + days * DAY + seconds * SECOND)

    @rule(days=st.sampled_from([1, 3, 20]))
    def nobody_works_for_days(self, days: int) -> None:
        """An outage: everything that fell due is found at once."""
        self.wake(self.now + days * DAY)

    @rule(how=st.sampled_from([timedelta(0), SECOND]))
    def time_passes_until_a_window_closes(self, how: timedelta) -> None:
        ends = [one.until for one in changes.open_changes(self.life.file)]
        if ends:
            self.pass_until(max(min(ends) + how, self.now))

    @rule(by=SIDES, amount=FEES, ahead=st.integers(20, 120), late=LATE)
    def notice_is_given(self, by: str, amount: str, ahead: int, late: timedelta) -> None:
        on = self.today + timedelta(days=ahead)
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
        on = None if ahead is None else self.today + timedelta(days=ahead)
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
        on = self.today + timedelta(days=ahead)
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
            reference = f"T-{self.life.told}"
            told = {"means": "transfer", "reference": reference, "amount": str(bill.amount)}
            actor = {"party": PARTIES["provider"], "person": "Li"}
            stamp = max(self.now, self.life.file.last_at)
            self.life.told += 1
            command = MONEY_COMMANDS[MoneyCommandName.RECORD_PAYMENT].model_validate(
                told
                | {"value_date": self.today, "command_id": f"p-{self.life.told}", "at": stamp, "actor": actor}
            )
            assert not self.wake(self.now, command)

    @property
    def today(self) -> date:
        return self.now.astimezone(SHANGHAI).date()

    # What always holds

    @invariant()
    def exactly_one_version_is_in_force_and_they_take_effect_in_order(self) -> None:
        file = self.life.file
        starts = [version.effective_at for version in file.versions]
        assert starts[0] is None
        assert starts[1:] == sorted(start for start in starts if start is not None)
        assert [version.number for version in file.versions] == list(self.sheets)
        if file.state is AgreementState.ACTIVE:
            assert file.terms_version == file.version_at(self.now).number
            assert file.digest == file.version_at(self.now).digest

    @invariant()
    def no_version_rewrites_what_was_before_it(self) -> None:
        agreed = [event for event in self.events if event.kind is EventKind.TERMS_AGREED]
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
            terms = self.sheets[file.version_at(start).number]
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
        for event in self.events:
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
        made = {
            event.payload["version"]: event for event in self.events if event.kind is EventKind.TERMS_AGREED
        }
        for number, event in made.items():
            if event.clause == "C7.2":
                before, after = self.sheets[number - 1], self.sheets[number]
                fees = before.fees.model_copy(update={"amount": after.fees.amount})
                assert before.model_copy(update={"fees": fees}) == after

    @invariant()
    def nothing_is_left_undone(self) -> None:
        file = self.life.file
        assert not advance(file.clone(), self.now)
        wake = changes.next_wake(file) if file.state is AgreementState.ACTIVE else None
        assert wake is None or wake.at > self.now

    @invariant()
    def what_has_ended_is_not_negotiated(self) -> None:
        if self.life.file.state is not AgreementState.ACTIVE:
            assert changes.open_changes(self.life.file) == []
            assert not self.life.file.negotiations.amendments


ChangedLives.TestCase.settings = settings(max_examples=150, stateful_step_count=30)
TestChangedLives = ChangedLives.TestCase

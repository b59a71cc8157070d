"""Disputes by the contract's clauses: states, windows, what is on hold, how they end (C9, contract §7).

12,000.00 a month from 2026-01-01, due after 15 days, 0.05 % a day: 6.00 a day on a whole bill. Negotiation
lasts 30 days, a dispute that nobody refers lapses after 60.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from contract.dispute_commands import DISPUTE_COMMANDS
from contract.dispute_names import DisputeCommandName as C
from contract.dispute_rules import possible
from contract.disputes import TRANSITIONS, Dispute, DisputeState, Item
from contract.facts import Account, EntryKind, EventKind
from contract.holds import penalty_holds
from contract.money_record import take
from contract.parties import Role
from contract.penalties import PenaltyKind
from contract.refusals import RefusalKind, Refused
from contract.terms import Period
from contract.values import DAY, TICK
from tests.contract.money_lives import DISPUTES, MoneyAgreed, MoneyLife, cny

B001 = {"matter": "bill", "bill": "B001"}
LATE = {"matter": "penalty", "request_id": "r-1", "penalty": "late_response"}
R1 = {"matter": "request", "request_id": "r-1"}
OTHER = {"matter": "other"}
DIGEST = "0" * 64
S = DisputeState


def one_bill(**agreed: Any) -> MoneyLife:
    """One bill of 12,000.00, and nothing after it."""
    return MoneyLife(MoneyAgreed(**({"months": 1} | agreed)))


def opened(life: MoneyLife, day: int = 5, item: dict[str, Any] = B001, **content: Any) -> Dispute:
    """A dispute of the customer's, opened on a day after the due date."""
    life.dispute("open_dispute", life.day(day), item=item, about="Not what was agreed.", **content)
    return life.file.disputes[-1]


def refused(life: MoneyLife, name: str, at: datetime, **content: Any) -> Refused:
    with pytest.raises(Refused) as found:
        life.dispute_at(name, at, **content)
    return found.value


# Every command in every state

CONTENT: dict[C, dict[str, Any]] = {
    C.OFFER_SETTLEMENT: {"amounts": [{"kind": "bill", "bill": "B001", "amount": "1.00"}]},
    C.CONFIRM_SETTLEMENT: {"offer": 1},
    C.RECORD_AWARD: {"digest": DIGEST},
}
WAYS: dict[DisputeState, tuple[tuple[C, Role], ...]] = {
    S.NEGOTIATING: ((C.OFFER_SETTLEMENT, Role.PROVIDER),),
    S.REFERRED: ((C.OFFER_SETTLEMENT, Role.PROVIDER), (C.REFER_DISPUTE, Role.CUSTOMER)),
    S.SETTLED: ((C.OFFER_SETTLEMENT, Role.PROVIDER), (C.CONFIRM_SETTLEMENT, Role.CUSTOMER)),
    S.AWARDED: ((C.REFER_DISPUTE, Role.CUSTOMER), (C.RECORD_AWARD, Role.PROVIDER)),
    S.WITHDRAWN: ((C.WITHDRAW_DISPUTE, Role.CUSTOMER),),
    S.LAPSED: (),
}
"""Commands that bring a dispute of the customer's to a state, given after its window."""


def brought(state: DisputeState) -> tuple[MoneyLife, datetime]:
    life = one_bill()
    dispute = opened(life)
    at = dispute.window_ends + DAY
    for name, role in WAYS[state]:
        life.dispute_at(name.value, at, role=role, dispute="D001", **CONTENT.get(name, {}))
        at += TICK
    if state is S.LAPSED:
        at = dispute.stale_ends + DAY
        life.wake(at)
    assert life.file.disputes[0].state is state
    return life, at


@pytest.mark.parametrize("state", DisputeState)
@pytest.mark.parametrize("name", [name for name in C if name is not C.OPEN_DISPUTE])
def test_every_command_in_every_state_is_taken_or_refused_as_the_table_says(name: C, state: DisputeState):
    life, at = brought(state)
    content = {"dispute": "D001"} | CONTENT.get(name, {})
    before = life.file.disputes[0]
    again = name is C.RECORD_AWARD and state is S.AWARDED
    if state in TRANSITIONS[name].states or again:
        assert again or name.value in possible(before, Role.CUSTOMER, at)
        life.dispute_at(name.value, at, **content)
        leads_to = TRANSITIONS[name].leads_to
        assert life.file.disputes[0].state is (leads_to or state)
    else:
        assert name.value not in possible(before, Role.CUSTOMER, at)
        problem = refused(life, name.value, at, **content).refusal
        assert problem.kind is RefusalKind.NOT_ALLOWED_NOW
        assert problem.clause == TRANSITIONS[name].clause
        assert state.value in problem.message
        assert life.file.disputes[0] == before


def test_every_command_has_a_model_and_a_clause():
    assert set(DISPUTE_COMMANDS) == set(TRANSITIONS) == set(C)
    assert {model.clause for model in DISPUTE_COMMANDS.values()} == {"C9.1", "C9.2", "C9.3"}


# What it is over


@pytest.mark.parametrize(
    "item",
    [
        {"matter": "bill"},
        {"matter": "bill", "bill": "B001", "request_id": "r"},
        {"matter": "penalty", "request_id": "r"},
        {"matter": "other", "bill": "B001"},
        {"matter": "payment", "means": "transfer"},
    ],
)
def test_an_item_names_what_it_is_over_and_nothing_else(item: dict[str, Any]):
    with pytest.raises(ValidationError):
        Item.model_validate(item)


def test_several_are_open_at_once_over_different_items():
    life = one_bill()
    for item in (B001, LATE, {**LATE, "penalty": "late_resolution"}, OTHER, OTHER):
        opened(life, item=item)
    assert [one.number for one in life.file.disputes] == ["D001", "D002", "D003", "D004", "D005"]


@pytest.mark.parametrize(
    ("first", "second", "left"),
    [(B001, B001, []), (R1, LATE, []), (LATE, R1, ["a dispute over late_resolution of request r-1"])],
)
def test_what_is_in_dispute_is_not_disputed_again(
    first: dict[str, Any], second: dict[str, Any], left: list[str]
):
    life = one_bill()
    opened(life, item=first)
    problem = refused(life, "open_dispute", life.at(life.day(6)), item=second, about="?").refusal
    assert problem.kind is RefusalKind.ALREADY_DONE
    assert "dispute D001" in problem.message
    assert problem.allowed == left


@pytest.mark.parametrize("state", DisputeState)
def test_only_what_was_finally_decided_cannot_be_disputed_again_c9_3(state: DisputeState):
    life, at = brought(state)
    if state in (S.WITHDRAWN, S.LAPSED):
        life.dispute_at("open_dispute", at, item=B001, about="Still.")
        assert life.file.disputes[1].state is S.NEGOTIATING
        return
    problem = refused(life, "open_dispute", at, item=B001, about="Still.").refusal
    assert problem.kind is RefusalKind.ALREADY_DONE
    if state in (S.SETTLED, S.AWARDED):
        word = "settlement" if state is S.SETTLED else "award"
        assert problem.message == f"bill B001 was finally decided by the {word} of dispute D001"


def test_a_penalty_that_a_settlement_of_something_else_decided_is_decided():
    life = one_bill()
    opened(life, item=OTHER)
    amounts = [{"kind": "penalty", "request_id": "r-1", "penalty": "late_response", "amount": "0"}]
    life.dispute("offer_settlement", life.day(6), dispute="D001", amounts=amounts)
    life.dispute("confirm_settlement", life.day(7), dispute="D001", offer=1, role=Role.PROVIDER)
    problem = refused(life, "open_dispute", life.at(life.day(8)), item=R1, about="?").refusal
    assert "late_response of request r-1" in problem.message


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        ({"item": {"matter": "bill", "bill": "B009"}}, RefusalKind.NOT_ON_RECORD, "B009"),
        (
            {"item": {"matter": "payment", "means": "transfer", "reference": "X"}},
            RefusalKind.NOT_ON_RECORD,
            "X",
        ),
        ({"item": B001, "amount": "12000.01"}, RefusalKind.INVALID, "12000.00"),
        ({"item": B001, "amount": "1.001"}, RefusalKind.INVALID, "amount"),
    ],
)
def test_what_is_not_on_record_or_too_much_is_refused(content: dict[str, Any], kind: RefusalKind, said: str):
    life = one_bill()
    problem = refused(life, "open_dispute", life.at(life.day(1)), about="?", **content).refusal
    assert problem.kind is kind
    assert said in problem.message or said == "X"


def test_something_else_has_no_amount():
    with pytest.raises(ValidationError):
        opened(one_bill(), item=OTHER, amount="1.00")


# Windows


def test_the_window_and_the_time_to_refer_run_from_the_opening():
    dispute = opened(one_bill())
    assert dispute.window_ends == dispute.opened_at + 30 * DAY
    assert dispute.stale_ends == dispute.opened_at + 60 * DAY
    assert dispute.commission == DISPUTES.arbitration_commission


def test_it_is_referred_after_the_window_and_not_in_its_last_instant_c9_2():
    life = one_bill()
    dispute = opened(life)
    problem = refused(life, "refer_dispute", dispute.window_ends, dispute="D001").refusal
    assert problem.details["earliest"] == (dispute.window_ends + TICK).isoformat()
    life.dispute_at("refer_dispute", dispute.window_ends + TICK, dispute="D001", role=Role.PROVIDER)
    assert life.file.disputes[0].referred_by is Role.PROVIDER


def test_it_is_referred_earlier_once_both_have_declared_negotiation_failed_c9_2():
    life = one_bill()
    opened(life)
    life.dispute("declare_negotiation_failed", life.day(6), dispute="D001")
    alone = refused(life, "refer_dispute", life.at(life.day(6), 11), dispute="D001")
    assert alone.refusal.kind is RefusalKind.NOT_ALLOWED_NOW
    again = refused(life, "declare_negotiation_failed", life.at(life.day(6), 11), dispute="D001")
    assert again.refusal.kind is RefusalKind.ALREADY_DONE
    life.dispute("declare_negotiation_failed", life.day(7), dispute="D001", role=Role.PROVIDER)
    life.dispute("refer_dispute", life.day(7), 11, dispute="D001")
    assert life.file.disputes[0].state is S.REFERRED


def test_both_are_told_once_that_the_window_is_over():
    life = one_bill()
    dispute = opened(life)
    life.wake(dispute.window_ends)
    assert life.told(EventKind.NEGOTIATION_OVER) == []
    life.wake(dispute.window_ends + TICK)
    life.wake(dispute.window_ends + DAY)
    assert life.told(EventKind.NEGOTIATION_OVER) == [dispute.window_ends]


def test_a_referral_in_the_last_instant_counts_and_later_the_dispute_has_lapsed():
    for late in (timedelta(0), TICK):
        life = one_bill()
        dispute = opened(life)
        if not late:
            life.dispute_at("refer_dispute", dispute.stale_ends, dispute="D001")
            assert life.file.disputes[0].state is S.REFERRED
            life.wake(dispute.stale_ends + DAY)
            assert life.told(EventKind.DISPUTE_LAPSED) == []
        else:
            refused(life, "refer_dispute", dispute.stale_ends + late, dispute="D001")
            assert life.told(EventKind.DISPUTE_LAPSED) == [dispute.stale_ends]


def test_a_referral_given_in_time_that_arrives_after_the_lapse_takes_the_lapse_back():
    life = one_bill()
    dispute = opened(life)
    life.wake(dispute.stale_ends + DAY)
    assert life.file.disputes[0].state is S.LAPSED
    assert life.late_fees(life.day(80)) == "120.00"
    life.dispute_at("refer_dispute", dispute.stale_ends, dispute="D001")
    kinds = [event.kind for event in life.events][-2:]
    assert kinds == [EventKind.DISPUTE_LAPSE_REVERSED, EventKind.DISPUTE_REFERRED]
    assert life.file.disputes[0].ended_at is None
    # On hold again without a gap: as if it had never lapsed.
    assert life.late_fees(life.day(80)) == life.late_fees(life.day(4)) == "24.00"
    life.assert_books_hold()


# On hold


def test_no_late_fee_for_the_held_days_whoever_wins():
    life = one_bill()
    opened(life, 5)
    assert life.late_fees(life.day(20)) == "24.00"
    life.dispute("withdraw_dispute", life.day(20), dispute="D001")
    # Days 1 to 4, and from the day on which the hold was lifted.
    assert life.late_fees(life.day(20)) == "30.00"
    assert life.late_fees(life.day(25)) == "60.00"
    life.assert_books_hold()


def test_only_the_amount_named_is_on_hold():
    life = one_bill()
    opened(life, 1, amount="4000.00")
    assert life.late_fees(life.day(10)) == "40.00"
    assert life.balance(life.day(10)).overdue == 8000_00 + 40_00


def test_held_days_are_charged_only_if_the_outcome_says_so():
    for charged, fee in ((False, "36.00"), (True, "60.00")):
        life = one_bill()
        opened(life, 5)
        life.dispute("offer_settlement", life.day(6), dispute="D001", charge_held_days=charged)
        life.dispute("confirm_settlement", life.day(9), dispute="D001", offer=1, role=Role.PROVIDER)
        assert life.late_fees(life.day(10)) == fee
        life.assert_books_hold()


def test_a_disputed_bill_is_not_overdue_and_nobody_is_suspended_for_it_c8_2():
    life = one_bill(suspend_after=10)
    opened(life, 2)
    life.wake(life.at(life.day(40)))
    assert life.balance(life.day(40)).overdue == 0
    assert life.told(EventKind.SUSPENDED) == []


def test_a_suspension_ends_when_all_that_is_overdue_is_disputed():
    life = one_bill(suspend_after=10)
    life.wake(life.at(life.day(12)))
    assert life.file.suspended
    opened(life, 12)
    assert life.file.suspended is None


def test_lifting_the_hold_makes_it_overdue_and_suspension_needs_a_notice_of_its_own():
    life = one_bill(suspend_after=10, months=12, period=Period.YEAR)
    opened(life, 2)
    life.dispute("withdraw_dispute", life.day(30), dispute="D001")
    life.wake(life.at(life.day(40)))
    (announced,) = life.told(EventKind.SUSPENSION_ANNOUNCED)
    (suspended,) = life.told(EventKind.SUSPENDED)
    assert announced >= life.at(life.day(30))
    assert suspended >= announced + 3 * DAY


def test_penalties_of_a_request_are_on_hold_those_still_to_accrue_included():
    life = one_bill()
    opened(life, item=R1)
    opened(life, item={**LATE, "request_id": "r-2"}, amount="50.00")
    opened(life, item=OTHER)
    held = penalty_holds(life.file.disputes)
    assert [(one.request_id, one.penalties, one.amount) for one in held] == [
        ("r-1", list(PenaltyKind), None),
        ("r-2", [PenaltyKind.LATE_RESPONSE], 50_00),
    ]
    life.dispute("withdraw_dispute", life.day(6), dispute="D001")
    assert [one.request_id for one in penalty_holds(life.file.disputes)] == ["r-2"]


def test_a_disputed_payment_says_nothing_about_what_is_owed():
    life = one_bill()
    life.pay("12000.00", life.day(0), "T-1")
    opened(life, 1, item={"matter": "payment", "means": "transfer", "reference": "T-1"})
    assert life.file.holds == []
    assert life.owed(life.day(5)) == "0.00"


# How it ends


AMOUNTS = [
    {"kind": "bill", "bill": "B001", "amount": "2000.00"},
    {"kind": "late_fee", "bill": "B001", "amount": "4.00"},
    {"kind": "credit", "amount": "300.00"},
    {"kind": "penalty", "request_id": "r-1", "amount": "100.00"},
]


def test_a_settlement_both_confirm_posts_its_amounts_with_clause_and_both_actors_c9_1():
    life = one_bill()
    opened(life, 5)
    life.dispute("offer_settlement", life.day(6), dispute="D001", amounts=AMOUNTS, text="Fair.")
    life.dispute("confirm_settlement", life.day(7), dispute="D001", offer=1, role=Role.PROVIDER)
    posted = [entry for entry in life.entries if entry.key.startswith("dispute:")]
    assert [(e.kind, e.debit, str(e.amount), e.clause) for e in posted] == [
        (EntryKind.CREDIT, Account.FEE_INCOME, "2000.00", "C9.1"),
        (EntryKind.CREDIT, Account.GOODWILL_EXPENSE, "300.00", "C9.1"),
        (EntryKind.LATE_FEE_WAIVER, Account.LATE_FEE_INCOME, "4.00", "C9.1"),
    ]
    both = {"customer": "Wang Fang", "provider": "Li Ming"}
    assert all(entry.explanation["decided_by"] == both for entry in posted)
    # 24.00 of late fees less 4.00; 300.00 pays 20.00 of them, and 6.00 of the day, before principal.
    (decision,) = life.decisions
    assert (decision.request_id, decision.amount, decision.clause) == ("r-1", cny("100.00"), "C9.1")
    assert life.file.bills[0].principal == cny("12000.00")
    assert life.balance(life.day(7)).unpaid == 10000_00 - (300_00 - 26_00)
    life.assert_books_hold()


def test_only_the_other_one_confirms_and_only_the_offer_that_stands():
    life = one_bill()
    opened(life)
    at = life.at(life.day(6))
    assert "no offer" in refused(life, "confirm_settlement", at, dispute="D001", offer=1).refusal.message
    life.dispute_at("offer_settlement", at, dispute="D001", amounts=AMOUNTS)
    own = refused(life, "confirm_settlement", at, dispute="D001", offer=1).refusal
    assert (own.kind, own.allowed) == (RefusalKind.WRONG_PARTY, ["provider"])
    life.dispute_at("offer_settlement", at, dispute="D001", role=Role.PROVIDER)
    stale = refused(life, "confirm_settlement", at, dispute="D001", offer=1).refusal
    assert (stale.kind, stale.allowed) == (RefusalKind.NOT_ALLOWED_NOW, ["offer 2"])
    life.dispute_at("confirm_settlement", at, dispute="D001", offer=2)
    assert life.file.disputes[0].state is S.SETTLED


def test_an_award_is_recorded_once_by_either_party_c9_3():
    life, at = brought(S.REFERRED)
    award = {"dispute": "D001", "digest": DIGEST, "amounts": AMOUNTS}
    life.dispute_at("record_award", at, role=Role.PROVIDER, **award)
    events, entries = len(life.events), len(life.entries)
    life.dispute_at("record_award", at, role=Role.CUSTOMER, **award)
    assert (len(life.events), len(life.entries)) == (events, entries)
    others: tuple[dict[str, Any], ...] = ({"digest": "1" * 64}, {"amounts": []})
    for changed in others:
        problem = refused(life, "record_award", at, **award | changed).refusal
        assert problem.kind is RefusalKind.OTHER_CONTENT
        assert problem.clause == "C9.3"
    credits = [credit for credit in life.file.credits if credit.dispute == "D001"]
    assert [str(credit.amount) for credit in credits] == ["2000.00", "300.00"]
    assert {e.clause for e in life.entries if e.key.startswith("dispute:")} == {"C9.3"}


def test_a_penalty_in_dispute_that_the_ending_does_not_name_is_left_as_it_stands():
    life = one_bill()
    opened(life, item=R1)
    amounts = [{"kind": "penalty", "request_id": "r-1", "penalty": "late_response", "amount": "0"}]
    life.dispute("offer_settlement", life.day(6), dispute="D001", amounts=amounts)
    life.dispute("confirm_settlement", life.day(6), dispute="D001", offer=1, role=Role.PROVIDER)
    assert [(d.penalties, d.amount) for d in life.decisions] == [
        ([PenaltyKind.LATE_RESPONSE], cny("0.00")),
        ([PenaltyKind.LATE_RESOLUTION], None),
    ]


@pytest.mark.parametrize(
    "amounts",
    [
        [{"kind": "bill", "amount": "1.00"}],
        [{"kind": "bill", "bill": "B001", "amount": "0"}],
        [{"kind": "penalty", "bill": "B001", "amount": "1.00"}],
        [{"kind": "credit", "bill": "B001", "amount": "1.00"}],
        [
            {"kind": "penalty", "request_id": "r-1", "amount": "1.00"},
            {"kind": "penalty", "request_id": "r-1", "penalty": "late_response", "amount": "1.00"},
        ],
        [{"kind": "credit", "amount": 1.5}],
    ],
)
def test_amounts_name_what_they_change_each_thing_once(amounts: list[dict[str, Any]]):
    life = one_bill()
    opened(life)
    with pytest.raises(ValidationError):
        life.dispute("offer_settlement", life.day(6), dispute="D001", amounts=amounts)


def test_who_opened_it_withdraws_it_unless_the_other_has_referred_it():
    life = one_bill()
    dispute = opened(life)
    at = dispute.window_ends + DAY
    other = refused(life, "withdraw_dispute", at, dispute="D001", role=Role.PROVIDER).refusal
    assert other.kind is RefusalKind.WRONG_PARTY
    life.dispute_at("refer_dispute", at, dispute="D001", role=Role.PROVIDER)
    problem = refused(life, "withdraw_dispute", at, dispute="D001").refusal
    assert "the provider has referred" in problem.message


# The record


@pytest.mark.parametrize("state", DisputeState)
def test_the_events_alone_give_disputes_holds_and_endings_back(state: DisputeState):
    life, _ = brought(state)
    read = life.agreed.file()
    for event in life.events:
        take(read, event)
    assert read.disputes == life.file.disputes
    assert read.holds == life.file.holds
    assert read.credits == life.file.credits
    assert read.waivers == life.file.waivers


def test_a_dispute_that_lapses_is_closed_without_effect_and_its_hold_lifted():
    life = one_bill()
    dispute = opened(life)
    life.wake(dispute.stale_ends + DAY)
    lapsed = life.file.disputes[0]
    assert (lapsed.state, lapsed.ended_at) == (S.LAPSED, dispute.stale_ends)
    (hold,) = life.file.holds
    assert hold.last == life.file.days.date_of(dispute.stale_ends) - timedelta(days=1)
    assert life.decisions == []
    assert [credit for credit in life.file.credits if credit.dispute] == []


def test_a_day_on_which_it_was_opened_and_withdrawn_is_no_held_day():
    life = one_bill()
    opened(life, 5)
    life.dispute("withdraw_dispute", life.day(5), 11, dispute="D001")
    assert life.late_fees(life.day(5)) == "30.00"


@pytest.mark.parametrize("name", ["offer_settlement", "record_award"])
def test_what_one_dispute_has_decided_is_not_decided_again_by_way_of_another_c9_3(name: str):
    life = one_bill()
    amounts = [{"kind": "bill", "bill": "B001", "amount": "1000.00"}]
    at = opened(life).window_ends
    life.dispute_at("open_dispute", at, item=OTHER, about="Something else.")
    for dispute in ("D001", "D002"):
        life.dispute_at("offer_settlement", at, dispute=dispute, amounts=amounts, role=Role.PROVIDER)
    life.dispute_at("confirm_settlement", at, dispute="D001", offer=1)
    confirmed = refused(life, "confirm_settlement", at, dispute="D002", offer=1)
    assert confirmed.refusal.kind is RefusalKind.ALREADY_DONE

    told: dict[str, Any] = {"dispute": "D002", "amounts": amounts}
    at = life.file.disputes[-1].window_ends + DAY
    if name == "record_award":
        life.dispute_at("refer_dispute", at, dispute="D002")
        told["digest"] = DIGEST
    why = refused(life, name, at, **told).refusal
    assert (why.kind, why.allowed) == (RefusalKind.ALREADY_DONE, ["a credit beside it"])
    life.dispute_at(name, at, **told | {"amounts": [{"kind": "credit", "amount": "1000.00"}]})

"""What lateness costs: the worked cases of contract §4, and what late-arriving facts take back (C8.1)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from contract.deadlines import read
from contract.facts import Account, EntryKind
from contract.judging import next_wake
from contract.snapshots import snapshot
from contract.terms import Target
from tests.contract.lives import (
    BUDGETS,
    Agreed,
    D,
    H,
    Life,
    Told,
    assert_can_be_redone,
    assert_is_well_kept,
    at,
    office_hours,
    seconds,
    standing,
)

RESPOND, RESOLVE = 4 * H, 24 * H


def amounts(life: Life) -> list[str]:
    return [f"{entry.clause} {entry.amount}" for entry in life.entries]


def assigned(agreed: Agreed | None = None) -> Life:
    life = Life(agreed)
    life.tell("confirm", 1)
    life.tell("assign", 2)
    return life


def responded(agreed: Agreed | None = None) -> Life:
    life = assigned(agreed)
    life.tell("respond", 3)
    return life


# Worked cases (200.00; 500.00 per day)


@pytest.mark.parametrize(("late", "owed"), [(0, "0"), (1, "200.00"), (59, "200.00"), (9 * D, "200.00")])
def test_a_late_response_costs_a_fixed_amount_once_C8_1_1(late, owed):
    life = assigned(Agreed(budgets={**BUDGETS, "normal": (H, RESPOND, None)}))
    life.tell("respond", RESPOND + late)
    life.wake(40 * D)
    assert life.owed == Fraction(owed)
    assert len(life.entries) == (late > 0)


@pytest.mark.parametrize(
    ("late", "owed"),
    [
        (0, "0"),
        (1, "500.00"),
        (D - 1, "500.00"),
        (D, "500.00"),
        (D + 1, "1000.00"),
        (2 * D, "1000.00"),
        (2 * D + 1, "1500.00"),
        (5 * D + 18 * H, "3000.00"),
        (30 * D, "15000.00"),
    ],
)
def test_each_started_day_of_a_late_solution_costs_a_fixed_amount_C8_1_2(late, owed):
    life = responded()
    life.tell("resolve", RESOLVE + late)
    life.wake(RESOLVE + 60 * D)
    assert life.owed == Fraction(owed)


def test_two_days_of_waiting_for_materials_after_the_due_are_left_out_C8_1_2():
    life = responded()
    life.tell("ask_for_materials", RESOLVE + D)
    life.tell("provide_materials", RESOLVE + 3 * D)
    life.tell("resolve", RESOLVE + 5 * D + 18 * H)
    assert life.owed == 2000
    assert snapshot(life.file, at(60 * D)).delay_seconds == 3 * D + 18 * H


def test_a_delay_is_elapsed_time_not_service_time_C8_1_2():
    office = Agreed(
        budgets={**BUDGETS, "normal": (H, RESPOND, 3 * H)}, open_hours=office_hours(28), window_end=28 * D
    )
    life = responded(office)
    life.tell("resolve", 3 * H + 3 * D + 1)
    assert life.owed == 2000


def test_a_late_confirmation_costs_nothing_but_is_told_C6_1_2():
    life = Life()
    life.tell("confirm", 2 * H)
    assert [event.payload["target"] for event in life.said("target_breached")] == ["confirm"]
    assert life.entries == []


def test_a_late_response_and_a_late_solution_both_count():
    life = Life()
    life.wake(RESOLVE + D + 1)
    assert life.owed == 200 + 1000


def test_each_day_accrues_when_it_starts_and_not_before_C8_1_2():
    life = responded()
    for day in range(5):
        life.wake(RESOLVE + day * D)
        assert life.owed == 500 * day
        life.wake(RESOLVE + day * D + 0.999999)
        assert life.owed == 500 * day
        life.wake(RESOLVE + day * D + 1)
        assert life.owed == 500 * (day + 1)
    assert [seconds(entry.effective_at) for entry in life.entries] == [
        RESOLVE + day * D + 1 for day in range(5)
    ]


def test_a_late_response_accrues_as_of_the_instant_after_the_due_C8_1_1():
    life = assigned()
    life.tell("respond", RESPOND + 3 * H)
    [entry] = life.entries
    assert seconds(entry.effective_at) == RESPOND + 1


@pytest.mark.parametrize("wakes", [[], [RESOLVE + 3 * D], list(range(RESOLVE, RESOLVE + 6 * D, 5 * H))])
def test_an_accrual_is_dated_by_the_facts_not_by_when_it_was_judged(wakes):
    life = responded()
    for now in wakes:
        life.wake(now)
    life.tell("resolve", RESOLVE + 5 * D + 18 * H)
    assert [seconds(entry.effective_at) for entry in life.entries] == [
        RESOLVE + day * D + 1 for day in range(6)
    ]


# What an entry says


def test_an_accrual_names_request_clause_version_clock_and_formula_so_that_it_can_be_redone():
    agreed = Agreed(open_hours=office_hours(28), window_end=28 * D)
    life = responded(agreed)
    life.tell("ask_for_materials", 1 * H)
    life.tell("provide_materials", 2 * H)
    life.wake(20 * D)
    entry = life.entries[1]
    due = read(life.file, Target.RESOLVE).due  # type: ignore[union-attr]
    assert entry.key == "penalty:A-1/R-1:late-resolution:2"
    assert (entry.kind, entry.clause, entry.terms_version, entry.request_id) == (
        EntryKind.PENALTY,
        "C8.1.2",
        1,
        "R-1",
    )
    assert (entry.debit, entry.credit) == (Account.PENALTY_EXPENSE, Account.PENALTY_PAYABLE)
    explained = entry.explanation
    counted = sum(
        (at_(segment["to"]) - at_(segment["from"]) for segment in explained["segments"]), timedelta()
    )
    assert counted == timedelta(hours=float(explained["budget_hours"])) == timedelta(hours=24)
    assert at_(explained["due"]) == at_(explained["segments"][-1]["to"]) == due
    assert explained["pauses"] == [
        {"kind": "materials", "from": at(H).isoformat(), "to": at(2 * H).isoformat()}
    ]
    assert explained["day"] == 2
    assert "500.00" in explained["formula"]
    assert due is not None
    assert entry.effective_at == due + timedelta(days=1, seconds=1)


def at_(text: str):
    from datetime import datetime

    return datetime.fromisoformat(text)


def test_a_day_that_accrued_under_an_earlier_priority_is_explained_by_that_priority():
    """The materials and the lower priority both arrive late: the day between them was one of `high`."""
    for lower in ("normal", "low"):
        life = Life(priority="high")
        for second, name in enumerate(("confirm", "assign", "respond", "ask_for_materials"), start=1):
            life.tell(name, second)
        now = 4 * D
        life.wake(now)
        provided = now - 20 * H
        life.step([Told("provide_materials", provided), Told("lower_priority", now - 5 * H, lower)], now)
        [entry] = life.entries
        assert seconds(entry.effective_at) == provided + 8 * H - 4 + 1
        assert (entry.explanation["priority"], entry.explanation["budget_hours"]) == ("high", "8")
        assert_can_be_redone(life.agreed, entry)


def test_a_late_response_is_explained_by_the_priority_whose_time_it_missed():
    life = Life()
    life.wake(2 * H)
    life.step([Told("raise_priority", 60, "critical"), Told("lower_priority", 2 * H, "low")], 2 * H)
    [entry] = life.entries
    assert (entry.clause, seconds(entry.effective_at)) == ("C8.1.1", H + 1)
    assert (entry.explanation["priority"], entry.explanation["budget_hours"]) == ("critical", "1")
    assert_can_be_redone(life.agreed, entry)


def test_a_penalty_of_nothing_is_not_posted_and_wakes_nobody():
    life = Life(Agreed(late_response=0, per_day=0))
    life.wake(RESOLVE + 1)
    assert life.entries == []
    assert {event.payload["target"] for event in life.said("target_breached")} == {
        "confirm",
        "respond",
        "resolve",
    }
    life.wake(RESOLVE + 5 * D)
    assert next_wake(life.file) is None
    assert snapshot(life.file, at(RESOLVE + 5 * D)).delay_days == 5


@pytest.mark.parametrize("hours", ["0.1234567", "0.33333333", "0.5", "1.25", "8784"])
def test_the_budget_an_explanation_gives_is_the_budget_of_the_terms(hours):
    budget = Fraction(hours) * 3_600_000_000
    assert budget.denominator == 1
    life = Life()
    basis = life.file.bases[Target.RESPOND]
    life.file.bases[Target.RESPOND] = basis.model_copy(update={"budget": int(budget)})
    life.wake(400 * D)
    [breach] = [event for event in life.said("target_breached") if event.payload["target"] == "respond"]
    assert Decimal(breach.payload["budget_hours"]) == Decimal(hours)


# Budgets that end within a second


def fractional() -> Life:
    """A response due 0.36 s into a second: budget 0.0001 h."""
    life = assigned(Agreed())
    file = life.file
    file.bases[Target.RESPOND] = file.bases[Target.RESPOND].model_copy(update={"budget": 3600_360_000})
    return life


def test_a_response_in_the_first_whole_second_after_a_due_within_a_second_is_late_C8_1_1():
    life = fractional()
    life.tell("respond", 3601)
    assert life.owed == 200


def test_nothing_accrues_as_of_an_instant_that_has_not_come():
    """Late from the first whole second after the due: 3600.36 s have passed at 3601 s."""
    life = fractional()
    life.tell("respond", 3601)
    assert seconds(life.entries[0].effective_at) == 3601
    assert life.entries[0].effective_at == at(3601)


def test_a_running_clock_is_late_from_the_first_whole_second_after_its_due():
    life = fractional()
    life.wake(3600.9)
    assert life.entries == []
    life.wake(3601)
    assert life.owed == 200


def test_a_due_within_a_second_that_has_passed_is_not_judged_again_by_a_change_of_priority_C8_1_1():
    life = fractional()
    life.tell("lower_priority", 3601, "low")
    life.wake(3700)
    assert life.owed == 200


# Late-arriving commands (contract §3: an outage costs nobody a penalty)


def test_a_response_stamped_in_time_takes_back_the_penalty_it_contradicts_C8_1_1():
    life = assigned()
    life.wake(RESPOND + 2 * H)
    assert life.owed == 200
    life.tell("respond", RESPOND, now=RESPOND + 3 * H)
    assert life.owed == 0
    accrual, reversal = life.entries
    assert (reversal.kind, reversal.reverses) == (EntryKind.PENALTY_REVERSAL, accrual.key)
    assert life.kinds()[-2:] == ["breach_reversed", "penalty_reversed"]
    assert not snapshot(life.file, at(RESPOND + 3 * H)).response_late


def test_a_response_stamped_a_second_late_leaves_the_penalty_C8_1_1():
    life = assigned()
    life.wake(RESPOND + 2 * H)
    life.tell("respond", RESPOND + 1, now=RESPOND + 3 * H)
    assert amounts(life) == ["C8.1.1 200.00"]


def test_a_solution_stamped_earlier_takes_back_the_days_after_it_C8_1_2():
    life = responded()
    life.wake(RESOLVE + 3 * D + 1)
    assert life.owed == 2000
    life.tell("resolve", RESOLVE + 2 * D + 5, now=RESOLVE + 3 * D + 2)
    assert life.owed == 1500
    assert [seconds(e.effective_at) for e in standing(life.entries)] == [
        RESOLVE + day * D + 1 for day in range(3)
    ]
    assert_is_well_kept(life)


def test_a_wait_for_materials_that_arrives_late_takes_back_what_it_contradicts_C5_4():
    life = responded()
    life.wake(RESOLVE + 1)
    assert life.owed == 500
    life.tell("ask_for_materials", RESOLVE - H, now=RESOLVE + 2)
    assert life.owed == 0
    life.tell("provide_materials", RESOLVE + 5 * H)
    life.wake(RESOLVE + 6 * H)
    assert life.owed == 0
    life.wake(RESOLVE + 6 * H + 1)
    assert life.owed == 500
    assert len({entry.key for entry in life.entries}) == 3
    assert_is_well_kept(life)


def test_materials_that_came_earlier_than_they_arrived_start_the_clock_as_of_their_stamp_C5_4():
    life = responded()
    life.tell("ask_for_materials", RESOLVE - H)
    life.wake(RESOLVE + 10 * H)
    life.tell("provide_materials", RESOLVE, now=RESOLVE + 10 * H)
    assert [seconds(entry.effective_at) for entry in life.entries] == [RESOLVE + H + 1]


def test_a_penalty_may_be_posted_reversed_and_posted_again_under_keys_of_their_own():
    life = responded()
    for turn in range(3):
        begin = RESOLVE + turn * 6 * H
        life.wake(begin + 1)
        life.tell("ask_for_materials", begin - H, now=begin + 2)
        life.tell("provide_materials", begin + 5 * H)
    life.wake(RESOLVE + 18 * H + 1)
    keys = [entry.key for entry in life.entries]
    assert len(set(keys)) == len(keys) == 7
    assert life.owed == 500
    assert_is_well_kept(life)


def test_an_accrual_that_a_late_command_moved_stands_at_the_instant_the_facts_give():
    """Caps and set-off go by the instant of accrual: it may not depend on when the engine woke."""
    prompt, late = responded(), responded()
    late.wake(RESOLVE + 10 * H)
    told = [Told("ask_for_materials", RESOLVE - H), Told("provide_materials", RESOLVE + 2 * H)]
    for life in (prompt, late):
        life.step(told, RESOLVE + 10 * H)
    assert prompt.owed == late.owed == 500
    dates = [[seconds(e.effective_at) for e in standing(life.entries)] for life in (prompt, late)]
    assert dates == [[RESOLVE + 3 * H + 1]] * 2
    assert_is_well_kept(late)


def test_a_priority_lowered_before_the_breach_was_judged_takes_it_back():
    life = Life()
    life.wake(RESPOND + H)
    assert life.owed == 200
    life.step([Told("lower_priority", RESPOND, "low")], RESPOND + H)
    assert life.owed == 0
    life.wake(2 * RESPOND + 1)
    assert life.owed == 200
    assert_is_well_kept(life)


def test_a_priority_raised_before_the_wake_costs_from_its_own_instant():
    life = responded()
    life.wake(20 * H)
    life.step([Told("raise_priority", 10 * H, "high")], 20 * H)
    assert [seconds(entry.effective_at) for entry in life.entries] == [10 * H + 1]

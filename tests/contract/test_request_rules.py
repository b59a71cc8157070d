"""When commands happen, what pauses a clock, how priorities change, how requests close and are rated."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.clock import ServiceWindow
from contract.deadlines import read
from contract.facts import EventKind
from contract.judging import is_over, needs_window, next_wake
from contract.reading import check_terms
from contract.refusals import RefusalKind
from contract.request import RequestState
from contract.request_file import Pause, PauseKind, RequestTerms
from contract.request_life import REMEMBERED, apply, apply_window, refusal_of
from contract.snapshots import snapshot
from contract.terms import Priority, Service, Target
from tests.contract.lives import (
    START,
    Agreed,
    D,
    H,
    Life,
    Told,
    assert_is_well_kept,
    at,
    brought_to,
    office_hours,
    seconds,
)
from tests.contract.sheets import changed, full_sheet
from tests.contract.test_service_hours import local, office

SECOND = timedelta(seconds=1)
CRITICAL_RESOLVE, HIGH_RESOLVE, NORMAL_RESOLVE = 4 * H, 8 * H, 24 * H
NORMAL_RESPOND, LOW_RESPOND, CRITICAL_RESPOND = 4 * H, 8 * H, 1 * H


def due(life: Life, target: Target) -> int | None:
    reading = read(life.file, target)
    return None if reading is None else seconds(reading.due)


def responded(agreed: Agreed | None = None, priority: str = "normal") -> Life:
    life = Life(agreed, priority)
    for second, name in enumerate(("confirm", "assign", "respond"), start=1):
        life.tell(name, second)
    return life


# Stamps (contract §3, "When a command happens")


def test_a_command_stamped_after_contract_time_is_refused_and_one_stamped_now_is_taken():
    life = brought_to("submitted")
    assert life.refuse("confirm", 101, now=100.999999).kind is RefusalKind.IN_THE_FUTURE
    life.tell("confirm", 101, now=101)


def test_a_command_stamped_before_the_previous_one_is_refused_and_one_of_the_same_second_is_taken():
    life = brought_to("confirmed")
    refusal = life.refuse("assign", 9, now=50)
    assert refusal.kind is RefusalKind.OUT_OF_ORDER
    assert refusal.details["not_before"] == at(10).isoformat()
    life.tell("assign", 10, now=50)


def test_the_submission_is_the_first_of_the_commands_that_none_may_precede():
    assert brought_to("submitted").refuse("confirm", -1, now=50).kind is RefusalKind.OUT_OF_ORDER


def test_a_command_older_than_command_delay_hours_is_refused_and_one_exactly_that_old_is_taken():
    life = brought_to("submitted")
    assert life.refuse("confirm", 100, now=100 + 24 * H + 0.000001).kind is RefusalKind.TOO_OLD
    life.tell("confirm", 100, now=100 + 24 * H)


def test_how_old_a_command_may_be_is_in_the_terms():
    life = brought_to("submitted", Agreed(delay_hours=2))
    assert life.refuse("confirm", 100, now=100 + 2 * H + 1).kind is RefusalKind.TOO_OLD
    life.tell("confirm", 100, now=100 + 2 * H)


def test_a_refused_command_moves_nothing_and_may_be_told_again():
    life = brought_to("submitted")
    life.refuse("confirm", 101, now=100)
    assert life.file.last_at == START
    life.tell("confirm", 101, now=101)
    assert life.file.state is RequestState.CONFIRMED


def test_a_note_counts_as_the_previous_command_like_any_other():
    life = brought_to("submitted")
    life.tell("add_note", 100)
    assert life.refuse("confirm", 99, now=200).kind is RefusalKind.OUT_OF_ORDER


def test_commands_told_together_are_applied_in_the_order_of_their_stamps():
    life = Life()
    told = [Told("respond", 30), Told("confirm", 10), Told("assign", 20)]
    assert life.step(told, 40).refused == {}
    assert life.file.state is RequestState.RESPONDED
    assert [event.kind for event in life.events[1:4]] == [
        EventKind.CONFIRMED, EventKind.ASSIGNED, EventKind.RESPONDED
    ]  # fmt: skip


def test_commands_of_one_second_are_applied_in_the_order_they_were_told():
    life = Life()
    told = [Told("confirm", 10), Told("assign", 10), Told("respond", 10)]
    assert life.step(told, 10).refused == {}
    other = Life()
    assert set(other.step(list(reversed(told)), 10).refused) == {"respond-10", "assign-10"}


def test_a_command_told_twice_counts_once_in_one_step_or_in_two():
    life = brought_to("responded")
    ask = Told("ask_for_materials", 100, id="c-1")
    life.step([ask, ask], 100)
    life.step([ask], 150)
    life.step([ask, Told("provide_materials", 200)], 200)
    assert life.refused == {}
    assert len(life.file.pauses) == 1
    assert life.kinds().count("materials_asked") == 1


def test_a_command_told_again_after_others_is_still_known_as_long_as_it_could_be_taken():
    life = brought_to("submitted")
    life.tell("confirm", 10)
    life.tell("add_note", 10 + 24 * H)
    found = life.step([Told("confirm", 10)], 10 + 24 * H)
    assert found.refused == {}
    assert life.kinds().count("confirmed") == 1


def test_a_second_command_of_another_id_is_another_command():
    life = brought_to("submitted")
    life.tell("add_note", 100)
    life.step([Told("add_note", 100, id="other")], 100)
    assert life.kinds().count("noted") == 2


# A dry run


def test_refusal_of_changes_nothing():
    life = brought_to("responded")
    before = life.file.model_dump()
    assert refusal_of(life.file, [], Told("resolve", 2 * D).command(), at(2 * D)) is None
    assert refusal_of(life.file, [], Told("confirm", 2 * D).command(), at(2 * D)) is not None
    assert life.file.model_dump() == before


def test_refusal_of_a_known_command_is_none():
    life = brought_to("responded")
    assert refusal_of(life.file, [], Told("respond", 30).command(), at(100)) is None


def test_refusal_of_sees_the_commands_already_being_taken():
    life = brought_to("submitted")
    pending = [Told("confirm", 100).command()]
    assert refusal_of(life.file, [], Told("assign", 110).command(), at(110)) is not None
    assert refusal_of(life.file, pending, Told("assign", 110).command(), at(110)) is None


def test_a_command_that_would_take_another_ones_place_in_the_order_is_refused_as_out_of_order():
    life = brought_to("responded")
    pending = [Told("resolve", 200).command()]
    refusal = refusal_of(life.file, pending, Told("withdraw", 150).command(), at(200))
    assert refusal is not None
    assert refusal.kind is RefusalKind.OUT_OF_ORDER


NAMES = st.sampled_from(
    [
        "confirm",
        "assign",
        "respond",
        "ask_for_materials",
        "provide_materials",
        "resolve",
        "accept",
        "reopen",
        "withdraw",
        "rate",
        "add_note",
    ]
)


@settings(max_examples=150)
@given(st.lists(st.tuples(NAMES, st.integers(0, 300)), max_size=8), st.lists(st.integers(0, 20), max_size=8))
def test_refusal_of_agrees_with_what_a_step_then_does(commands, gaps):
    life, now = Life(Agreed(rating_days=1)), 0
    pending: list[Told] = []
    for place, (name, back) in enumerate(commands):
        now += (gaps[place] if place < len(gaps) else 5) * 60
        told = Told(name, max(0, now - back), id=f"c{place}")
        refusal = refusal_of(life.file, [one.command() for one in pending], told.command(), at(now))
        if refusal is None:
            pending.append(told)
        if place % 3 == 2:
            assert life.step(pending, now).refused == {}
            pending = []
    assert life.step(pending, now).refused == {}


def test_a_file_read_back_from_its_json_lives_on_the_same():
    life = brought_to("responded")
    life.tell("ask_for_materials", 1 * H)
    life.tell("raise_priority", 2 * H, "high")
    life.wake(3 * D)
    again = Life()
    again.file = type(life.file).model_validate_json(life.file.model_dump_json())
    assert again.file == life.file
    for one in (life, again):
        one.tell("provide_materials", 3 * D + 1)
        one.wake(9 * D)
    assert again.file == life.file
    assert again.entries == life.entries[-len(again.entries) :]


# What clocks measure (C5.2, C6.1.2, C8.1.2)


def test_all_clocks_start_at_the_submission_by_the_budgets_of_its_priority():
    life = Life(priority="critical")
    assert [due(life, target) for target in Target] == [H // 2, H, 4 * H]


def test_a_service_with_no_target_for_resolution_has_no_resolution_clock():
    life = responded(priority="low")
    assert read(life.file, Target.RESOLVE) is None
    life.wake(100 * D)
    assert life.entries == []
    assert snapshot(life.file, at(100 * D)).resolve_due is None


def test_the_terms_of_a_request_are_those_of_its_service_and_every_priority():
    sheet = check_terms(full_sheet())
    consulting = RequestTerms.from_sheet(sheet, 3, Service.ONLINE_CONSULTING)
    support = RequestTerms.from_sheet(sheet, 3, Service.TECHNICAL_SUPPORT)
    hour = timedelta(hours=1)
    assert consulting.budget(Priority.NORMAL, Target.RESOLVE) is None
    assert consulting.budget(Priority.CRITICAL, Target.RESOLVE) == 8 * hour
    assert support.budget(Priority.NORMAL, Target.RESOLVE) == 48 * hour
    assert support.budget(Priority.CRITICAL, Target.RESPOND) == hour / 2
    assert support.budget(Priority.LOW, Target.CONFIRM) == 1.5 * hour
    assert support.longest_budget() == 48 * hour
    assert (support.version, str(support.late_response), str(support.late_resolution_per_day)) == (
        3,
        "200.00",
        "500.00",
    )


@pytest.mark.parametrize("hours", ["0.5", "0.25", "1.5", "0.001", "8784"])
def test_fractions_of_an_hour_are_counted_exactly(hours):
    sheet = check_terms(changed(full_sheet(), "targets.respond_hours", hours))
    budget = RequestTerms.from_sheet(sheet, 1, Service.TECHNICAL_SUPPORT).budget(Priority.LOW, Target.RESPOND)
    assert budget is not None
    assert budget / timedelta(microseconds=1) == float(hours) * 3_600_000_000


def test_confirmation_response_and_resolution_stop_their_own_clocks():
    life = Life()
    life.tell("confirm", 10)
    life.tell("assign", 20)
    life.wake(3 * H)
    assert life.said("target_breached") == []
    life.tell("respond", NORMAL_RESPOND)
    life.tell("resolve", NORMAL_RESOLVE)
    life.wake(5 * D)
    assert life.said("target_breached") == []
    assert life.entries == []


@pytest.mark.parametrize(("target", "budget"), [("confirm", 1 * H), ("respond", 4 * H), ("resolve", 24 * H)])
def test_at_exactly_the_due_it_is_on_time_and_a_second_later_late(target, budget):
    life = Life()
    for now in (budget, budget + 0.5, budget + 0.999999):
        life.wake(now)
        assert target not in [event.payload["target"] for event in life.said("target_breached")]
    life.wake(budget + 1)
    [event] = [event for event in life.said("target_breached") if event.payload["target"] == target]
    assert seconds(event.at) == budget
    assert life.entries == [] if target == "confirm" else life.entries


def test_a_breach_says_how_the_due_came_about():
    life = Life(Agreed(open_hours=office_hours(14), window_end=14 * D))
    life.wake(3 * D)
    [breach] = [event for event in life.said("target_breached") if event.payload["target"] == "respond"]
    assert breach.payload["budget_hours"] == "4"
    assert breach.payload["priority"] == "normal"
    assert breach.payload["submitted_at"] == START.isoformat()
    assert breach.payload["segments"] == [
        {"from": at(0).isoformat(), "to": at(3 * H).isoformat()},
        {"from": at(int(4.5 * H)).isoformat(), "to": at(int(5.5 * H)).isoformat()},
    ]
    assert breach.payload["due"] == at(int(5.5 * H)).isoformat()
    assert breach.at == at(int(5.5 * H))


# The next wake


def test_an_untouched_request_wakes_for_each_warning_each_due_and_each_day_of_lateness():
    life, woken = Life(), []
    while (wake := next_wake(life.file)) is not None and wake.at <= at(NORMAL_RESOLVE + 2 * D + 1):
        woken.append((seconds(wake.at), wake.clause))
        life.wake((wake.at - START) / SECOND)
    assert woken == [
        (2700, "C6.1.2"),
        (1 * H + 1, "C6.1.2"),
        (3 * H, "C5.2"),
        (NORMAL_RESPOND + 1, "C5.2"),
        (18 * H, "C8.1.2"),
        (NORMAL_RESOLVE + 1, "C8.1.2"),
        (NORMAL_RESOLVE + D + 1, "C8.1.2"),
        (NORMAL_RESOLVE + 2 * D + 1, "C8.1.2"),
    ]


def test_a_finished_request_wakes_for_what_is_left_to_wait_for():
    life = brought_to("resolved")
    wakes = []
    for name, second, value in (("accept", 100, None), ("rate", 200, 1), ("answer_rating", 300, None)):
        wakes.append(next_wake(life.file))
        life.tell(name, second, value)
    wakes.append(next_wake(life.file))
    instants = [seconds(wake.at) for wake in wakes if wake is not None]
    over = 100 + 7 * D + 24 * H + 1
    assert instants == [40 + 7 * D + 1, over, 200 + 5 * D + 1, over]


# Warnings


def test_a_warning_comes_at_its_percentage_of_the_budget_once():
    life = Life()
    life.wake_when_due(NORMAL_RESPOND)
    warned = {event.payload["target"]: seconds(event.at) for event in life.said("target_warned")}
    assert warned == {"confirm": 2700, "respond": 3 * H}
    life.wake(NORMAL_RESPOND)
    assert len(life.said("target_warned")) == 2


def test_after_an_outage_only_the_warning_that_still_makes_sense_goes_out():
    life = Life()
    life.wake(20 * H)
    assert [event.payload["target"] for event in life.said("target_warned")] == ["resolve"]
    assert {event.payload["target"] for event in life.said("target_breached")} == {"confirm", "respond"}


def test_no_warning_of_a_target_that_is_met_or_paused():
    life = responded()
    life.tell("ask_for_materials", 10 * H)
    life.wake(5 * D)
    assert [event for event in life.said("target_warned") if event.payload["target"] != "confirm"] == []


def test_a_new_priority_brings_a_new_warning():
    life = responded()
    life.wake(18 * H)
    life.tell("lower_priority", 18 * H + 1, "low")
    life.tell("raise_priority", 18 * H + 2, "normal")
    life.wake(23 * H)
    resolve = [event for event in life.said("target_warned") if event.payload["target"] == "resolve"]
    assert len(resolve) == 2


# Pauses (C5.4)


def test_waiting_for_materials_pauses_the_resolution_clock_only():
    life = brought_to("responded")
    before = due(life, Target.RESOLVE)
    assert before == NORMAL_RESOLVE
    life.tell("ask_for_materials", 10 * H)
    assert due(life, Target.RESOLVE) is None
    assert due(life, Target.RESPOND) == NORMAL_RESPOND
    life.tell("provide_materials", 15 * H)
    assert due(life, Target.RESOLVE) == NORMAL_RESOLVE + 5 * H


def test_the_pause_names_what_is_missing():
    life = brought_to("responded")
    life.tell("ask_for_materials", 100)
    [pause] = life.file.pauses
    assert (pause.kind, pause.what, pause.end) == (PauseKind.MATERIALS, ["日志"], None)


def test_nothing_fires_while_the_clock_is_paused():
    life = brought_to("responded")
    life.tell("ask_for_materials", 10 * H)
    life.wake(90 * D)
    assert next_wake(life.file) is None
    assert [*life.said("target_breached"), *life.said("target_warned")] == []
    assert life.entries == []


def test_a_solution_may_come_without_the_materials_and_ends_the_wait():
    life = brought_to("waiting")
    life.tell("resolve", 10 * H)
    assert seconds(life.file.pauses[0].end) == 10 * H
    life.tell("reopen", 12 * H)
    assert due(life, Target.RESOLVE) == NORMAL_RESOLVE + (10 * H - 40) + 2 * H


def test_a_pause_after_the_due_stops_the_days_not_the_due():
    life = brought_to("responded")
    life.tell("ask_for_materials", NORMAL_RESOLVE + 2 * H)
    life.wake(NORMAL_RESOLVE + 10 * D)
    assert due(life, Target.RESOLVE) == NORMAL_RESOLVE
    assert snapshot(life.file, at(NORMAL_RESOLVE + 10 * D)).delay_days == 1
    life.tell("provide_materials", NORMAL_RESOLVE + 10 * D)
    assert len(life.entries) == 1
    life.wake(NORMAL_RESOLVE + 10 * D + 22 * H)
    assert len(life.entries) == 1
    life.wake(NORMAL_RESOLVE + 10 * D + 22 * H + 1)
    assert len(life.entries) == 2


def test_a_suspension_pauses_all_clocks_and_overlapping_pauses_count_once_C8_2():
    life = Life()
    life.file.pauses.append(Pause(kind=PauseKind.SUSPENSION, begin=at(1800), end=at(1800 + 10 * H)))
    assert [due(life, target) for target in Target] == [11 * H, 14 * H, 34 * H]
    for second, name in enumerate(("confirm", "assign", "respond"), start=11 * H):
        life.tell(name, second)
    life.tell("ask_for_materials", 12 * H)
    life.file.pauses.append(Pause(kind=PauseKind.SUSPENSION, begin=at(13 * H), end=at(20 * H)))
    life.tell("provide_materials", 15 * H)
    assert due(life, Target.RESOLVE) == 34 * H + 8 * H
    assert life.said("target_breached") == []


# Priority (contract §3)


def test_a_raised_priority_projects_from_the_start_with_the_new_budget():
    life = brought_to("submitted")
    life.tell("raise_priority", 600, "high")
    assert [due(life, target) for target in Target] == [1 * H, 2 * H, HIGH_RESOLVE]


def test_nothing_falls_due_before_the_change_that_made_it_due():
    life = responded()
    life.tell("raise_priority", 10 * H, "high")
    assert due(life, Target.RESOLVE) == 10 * H
    life.wake(10 * H)
    assert life.entries == []
    life.wake(10 * H + 1)
    assert [entry.clause for entry in life.entries] == ["C8.1.2"]
    assert seconds(life.entries[0].effective_at) == 10 * H + 1


def test_a_response_given_in_the_second_of_the_change_is_on_time():
    life = brought_to("assigned")
    life.tell("raise_priority", 2 * H, "critical")
    life.tell("respond", 2 * H)
    life.wake(3 * H)
    assert life.entries == []


def test_pauses_are_kept_when_the_priority_changes():
    life = brought_to("responded")
    life.tell("ask_for_materials", 1 * H)
    life.tell("provide_materials", 3 * H)
    life.tell("raise_priority", 4 * H, "high")
    assert due(life, Target.RESOLVE) == HIGH_RESOLVE + 2 * H


def test_a_change_while_the_clock_is_paused_fires_nothing_until_it_runs():
    life = brought_to("responded")
    life.tell("ask_for_materials", 6 * H)
    life.tell("raise_priority", 20 * H, "critical")
    life.wake(40 * D)
    assert life.entries == []
    life.tell("provide_materials", 40 * D)
    life.wake(40 * D + 1)
    assert len(life.entries) == 1


def test_a_lower_priority_gives_more_time():
    life = Life(priority="high")
    life.tell("lower_priority", 600, "normal")
    assert [due(life, target) for target in Target] == [1 * H, NORMAL_RESPOND, NORMAL_RESOLVE]


def test_a_late_response_is_not_judged_again_when_the_priority_is_lowered_C8_1_1():
    life = Life()
    life.tell("lower_priority", NORMAL_RESPOND + 1, "low")
    assert due(life, Target.RESPOND) == NORMAL_RESPOND
    life.wake(30 * D)
    assert [str(entry.amount) for entry in life.entries] == ["200.00"]


def test_a_response_due_at_this_very_instant_is_not_late_yet_and_follows_a_lower_priority():
    life = Life()
    life.tell("lower_priority", NORMAL_RESPOND, "low")
    assert due(life, Target.RESPOND) == LOW_RESPOND


def test_a_response_that_was_given_is_not_judged_again_when_the_priority_is_raised():
    life = Life()
    for second, name in ((1, "confirm"), (2, "assign"), (NORMAL_RESPOND, "respond")):
        life.tell(name, second)
    life.tell("raise_priority", NORMAL_RESPOND + 5, "critical")
    life.wake(NORMAL_RESPOND + 6)
    assert due(life, Target.RESPOND) == NORMAL_RESPOND
    assert [event for event in life.said("target_breached") if event.payload["target"] == "respond"] == []


def test_days_accrued_stay_owed_when_the_priority_is_lowered_C8_1_2():
    life = responded(priority="high")
    life.tell("lower_priority", HIGH_RESOLVE + 2 * D + 1, "normal")
    assert len(life.entries) == 3
    assert due(life, Target.RESOLVE) == HIGH_RESOLVE + 2 * D + 1
    life.tell("resolve", HIGH_RESOLVE + 3 * D)
    life.wake(HIGH_RESOLVE + 5 * D)
    assert life.owed == 1500
    assert life.said("breach_reversed") == []
    assert snapshot(life.file, at(HIGH_RESOLVE + 5 * D)).delay_days == 3


def test_days_owed_are_the_most_of_those_accrued_and_those_by_the_present_projection_C8_1_2():
    life = responded(priority="high")
    change = HIGH_RESOLVE + 2 * D + 1
    life.tell("lower_priority", change, "normal")
    life.wake(change + 3 * D)
    assert life.owed == 1500
    life.wake(change + 3 * D + 1)
    assert life.owed == 2000


def test_days_accrued_stay_owed_when_nothing_is_promised_any_more():
    life = responded(priority="high")
    life.tell("lower_priority", HIGH_RESOLVE + D + 1, "low")
    life.wake(90 * D)
    assert life.owed == 1000
    assert due(life, Target.RESOLVE) is None


def test_a_promise_that_comes_with_a_priority_is_due_at_the_change_at_the_earliest():
    life = responded(priority="low")
    life.tell("raise_priority", 2 * H, "high")
    assert due(life, Target.RESOLVE) == HIGH_RESOLVE
    other = responded(priority="low")
    other.tell("raise_priority", 2 * D, "high")
    assert due(other, Target.RESOLVE) == 2 * D


# Solution, acceptance, reopening


def test_the_time_between_a_solution_and_its_reopening_is_not_counted():
    life = responded()
    life.tell("resolve", 20 * H)
    life.tell("reopen", 20 * H + 5 * D)
    assert due(life, Target.RESOLVE) == NORMAL_RESOLVE + 5 * D
    life.tell("resolve", NORMAL_RESOLVE + 5 * D)
    life.wake(NORMAL_RESOLVE + 6 * D)
    assert life.entries == []


def test_lateness_goes_on_where_it_was_when_a_late_solution_is_reopened():
    life = responded()
    life.tell("resolve", NORMAL_RESOLVE + 20 * H)
    life.tell("reopen", NORMAL_RESOLVE + 5 * D)
    life.wake(NORMAL_RESOLVE + 5 * D + 4 * H)
    assert life.owed == 500
    life.wake(NORMAL_RESOLVE + 5 * D + 4 * H + 1)
    assert life.owed == 1000


def test_a_solution_nobody_answers_closes_exactly_after_acceptance_days():
    life = brought_to("resolved")
    closing = 40 + 7 * D
    life.wake(closing)
    assert life.file.state == "resolved"
    life.wake(closing + 1)
    assert life.file.state == "closed"
    [event] = life.said("closed_by_itself")
    assert seconds(event.at) == closing
    assert seconds(life.file.closed_at) == closing
    assert event.party is None


@pytest.mark.parametrize("name", ["accept", "reopen", "withdraw"])
def test_an_act_at_exactly_the_closing_instant_counts_even_when_it_arrives_later(name):
    closing = 40 + 7 * D
    prompt, late = brought_to("resolved"), brought_to("resolved")
    prompt.tell(name, closing)
    late.wake(closing + 1)
    late.tell(name, closing, now=closing + 20 * H)
    assert late.file.state is prompt.file.state
    assert not late.file.closed_by_itself
    assert late.file.closed_at == prompt.file.closed_at
    [reversal] = late.said("closure_reversed")
    assert reversal.seq < late.said(EVENT[name])[0].seq


EVENT = {"accept": "accepted", "reopen": "reopened", "withdraw": "withdrawn"}


@pytest.mark.parametrize("name", ["accept", "reopen", "withdraw"])
def test_an_act_a_second_after_the_closing_instant_is_too_late_whether_or_not_it_was_judged(name):
    closing = 40 + 7 * D
    for woken in (True, False):
        life = brought_to("resolved")
        if woken:
            life.wake(closing + 1)
        refusal = life.refuse(name, closing + 1)
        assert refusal.kind is RefusalKind.NOT_ALLOWED_NOW
        assert refusal.details["state"] == "closed"


def test_a_late_reopening_lets_the_resolution_clock_run_on_as_if_it_had_come_in_time():
    life = responded()
    life.tell("resolve", 20 * H)
    closing = 20 * H + 7 * D
    life.wake(closing + 10 * H)
    life.tell("reopen", closing, now=closing + 10 * H)
    assert due(life, Target.RESOLVE) == closing + 4 * H
    assert [entry.clause for entry in life.entries] == ["C8.1.2"]
    assert seconds(life.entries[0].effective_at) == closing + 4 * H + 1


@pytest.mark.parametrize("judged", [True, False])
def test_a_rating_stamped_before_a_request_closed_by_itself_is_refused_whenever_it_arrives_C5_5(judged):
    life = brought_to("resolved")
    closing = 40 + 7 * D
    if judged:
        life.wake(closing + 1)
    refusal = life.refuse("rate", closing - H, 1, now=closing + 2)
    assert refusal.kind is RefusalKind.NOT_ALLOWED_NOW


def test_a_closure_between_two_commands_that_both_arrive_late_is_seen():
    """Resolved on day 1 with a day for acceptance: on day 3 there is nothing left to reopen."""
    agreed = Agreed(acceptance_days=1, delay_hours=72)
    told = [Told("resolve", 1 * D), Told("reopen", 3 * D)]
    unjudged, judged, one_by_one = (brought_to("responded", agreed) for _ in range(3))
    unjudged.step(told, 3 * D + H)
    judged.wake(3 * D + H)
    judged.step(told, 3 * D + H)
    one_by_one.wake(3 * D + H)
    for one in told:
        one_by_one.step([one], 3 * D + H)
    for life in (unjudged, judged, one_by_one):
        assert life.file.state is RequestState.CLOSED
        assert life.refused == {f"reopen-{3 * D}": "not_allowed_now"}
        assert life.owed == unjudged.owed


# Withdrawal


@pytest.mark.parametrize("state", ["submitted", "confirmed", "assigned", "responded", "waiting", "resolved"])
def test_a_withdrawal_stops_all_clocks(state):
    life = brought_to(state)
    life.tell("withdraw", 1800)
    life.wake(90 * D)
    assert life.entries == []
    assert life.said("target_breached") == life.said("closed_by_itself") == []


def test_what_was_late_at_the_withdrawal_stays_late():
    life = Life()
    life.tell("withdraw", NORMAL_RESOLVE + D + 1)
    life.wake(90 * D)
    assert life.owed == 200 + 2 * 500


def test_a_withdrawal_at_the_very_due_is_in_time():
    life = Life()
    life.tell("withdraw", NORMAL_RESPOND)
    life.wake(90 * D)
    assert life.entries == []


# Rating and follow-up (C5.5)


@pytest.mark.parametrize("state", ["closed", "withdrawn"])
def test_a_rating_counts_until_exactly_rating_days_after_the_closing_C5_5(state):
    life, other = brought_to(state), brought_to(state)
    closed = seconds(life.file.closed_at)
    assert closed is not None
    life.tell("rate", closed + 7 * D)
    assert life.file.rating == 5
    refusal = other.refuse("rate", closed + 7 * D + 1)
    assert refusal.kind is RefusalKind.NOT_ALLOWED_NOW


def test_a_rating_stamped_in_time_may_arrive_later_C5_5():
    life = brought_to("closed")
    life.tell("rate", 50 + 7 * D, 4, now=50 + 7 * D + 24 * H)
    assert life.file.rating == 4
    assert not is_over(life.file, at(50 + 7 * D + 24 * H))
    assert is_over(life.file, at(50 + 7 * D + 24 * H + 1))


@pytest.mark.parametrize("score", [1, 2, 3, 4, 5])
def test_a_rating_of_two_or_less_opens_a_follow_up_C5_5(score):
    life = brought_to("closed")
    life.tell("rate", 100, score)
    assert life.file.follow_up_open == (score <= 2)
    assert seconds(life.file.follow_up_due) == (100 + 5 * D if score <= 2 else None)


def test_an_answer_at_exactly_the_due_is_in_time_and_a_second_later_overdue_C5_5():
    life, late = brought_to("closed"), brought_to("closed")
    for one in (life, late):
        one.tell("rate", 100, 2)
    life.tell("answer_rating", 100 + 5 * D)
    life.wake(90 * D)
    assert life.said("follow_up_overdue") == []
    late.tell("answer_rating", 100 + 5 * D + 1)
    [event] = late.said("follow_up_overdue")
    assert seconds(event.at) == 100 + 5 * D


def test_an_overdue_follow_up_is_said_once_and_may_still_be_answered_C5_5():
    life = brought_to("closed")
    life.tell("rate", 100, 1)
    for day in range(5, 30):
        life.wake(100 + day * D + 1)
    assert len(life.said("follow_up_overdue")) == 1
    life.tell("answer_rating", 60 * D)
    assert is_over(life.file, at(60 * D + 1))


def test_a_request_that_owes_an_answer_is_not_over_C5_5():
    life = brought_to("closed")
    life.tell("rate", 100, 1)
    life.wake(90 * D)
    assert not is_over(life.file, at(90 * D))
    assert next_wake(life.file) is None


def test_an_answer_stamped_in_time_takes_back_nothing_it_need_not_C5_5():
    life = brought_to("closed")
    life.tell("rate", 100, 1)
    life.wake(100 + 5 * D + 10)
    life.tell("answer_rating", 100 + 5 * D, now=100 + 5 * D + 20)
    assert not life.file.follow_up_open
    assert_is_well_kept(life)


# Windows and calendars


def test_a_longer_window_changes_no_due_and_says_nothing():
    short = Agreed(open_hours=office_hours(7), window_end=7 * D)
    life = brought_to("submitted", short)
    before = [due(life, target) for target in Target]
    longer = Agreed(open_hours=office_hours(28), window_end=28 * D)
    assert apply_window(life.file, longer.window(), at(100)).events == []
    assert [due(life, target) for target in Target] == before


def test_a_clock_that_runs_out_of_its_window_asks_for_a_longer_one_and_goes_on():
    life = responded(Agreed(open_hours=office_hours(3), window_end=3 * D))
    assert due(life, Target.RESOLVE) is None
    assert needs_window(life.file)
    apply_window(life.file, Agreed(open_hours=office_hours(14), window_end=14 * D).window(), at(100))
    assert not needs_window(life.file)
    assert due(life, Target.RESOLVE) == 3 * D + int(1.5 * H)


def test_a_met_target_whose_due_lies_beyond_the_window_still_gets_its_due():
    life = responded(Agreed(open_hours=office_hours(3), window_end=3 * D))
    life.tell("resolve", 2 * D)
    life.tell("accept", 2 * D + 1)
    assert needs_window(life.file)
    apply_window(life.file, Agreed(open_hours=office_hours(14), window_end=14 * D).window(), at(2 * D + 1))
    assert due(life, Target.RESOLVE) == 3 * D + int(1.5 * H)
    assert not snapshot(life.file, at(90 * D)).resolution_late


def _announced(opened: list[tuple[int, int]], calendar: str) -> ServiceWindow:
    spans = [(at(b), at(e)) for b, e in opened]
    return ServiceWindow.of(START, at(30 * D), spans, provisional_from=at(2 * D), calendars=[calendar])


def test_an_announced_make_up_workday_brings_the_due_forward_and_posts_what_is_owed():
    weekdays = [(b, e) for b, e in office_hours(28) if b // D != 3]
    life = responded(Agreed(open_hours=tuple(weekdays), window_end=30 * D))
    life.file.window = _announced(weekdays, "old")
    life.wake(4 * D)
    assert life.entries == []
    assert due(life, Target.RESOLVE) == 4 * D + int(1.5 * H)
    assert snapshot(life.file, at(4 * D)).provisional
    made_up = sorted([*weekdays, (3 * D, 3 * D + 9 * H)])
    outcome = apply_window(life.file, _announced(made_up, "new"), at(4 * D))
    assert [event.kind for event in outcome.events] == [EventKind.CALENDAR_APPLIED]
    life.events += outcome.events
    life.wake(4 * D)
    assert due(life, Target.RESOLVE) == 3 * D + int(1.5 * H)
    assert life.owed == 500
    assert_is_well_kept(life)


def test_an_announced_holiday_moves_the_due_and_reverses_what_was_posted():
    weekdays = list(office_hours(28))
    life = responded(Agreed(open_hours=tuple(weekdays), window_end=30 * D))
    life.file.window = _announced(weekdays, "old")
    life.wake(5 * D)
    assert life.owed == 1000
    holiday = [(b, e) for b, e in weekdays if b // D not in (3, 4)]
    life.events += apply_window(life.file, _announced(holiday, "new"), at(5 * D)).events
    life.wake(5 * D)
    assert life.owed == 0
    assert life.kinds()[-1] == "penalty_reversed"
    assert_is_well_kept(life)
    assert snapshot(life.file, at(5 * D)).resolution_late is False


def test_a_life_in_office_hours_of_2026_is_due_on_the_make_up_workday():
    start = local("2026-02-13T17:00:00")
    window = office().window(start, start + timedelta(days=30))
    agreed = Agreed()
    life = Life(agreed, "high")
    life.file.window = window
    life.file.submitted_at = life.file.last_at = life.file.judged_until = start
    reading = read(life.file, Target.RESOLVE)
    assert reading is not None
    assert reading.due == local("2026-02-14T17:30:00")


def test_a_due_that_has_passed_or_was_met_is_provisional_while_its_year_is_not_announced():
    weekdays = list(office_hours(28))
    life = responded(Agreed(open_hours=tuple(weekdays), window_end=30 * D))
    life.file.window = _announced(weekdays, "old")
    assert due(life, Target.RESOLVE) == 3 * D + int(1.5 * H)
    life.wake(5 * D)
    assert snapshot(life.file, at(5 * D)).resolution_late
    assert snapshot(life.file, at(5 * D)).provisional
    life.tell("resolve", 5 * D)
    assert snapshot(life.file, at(5 * D)).provisional
    announced = ServiceWindow.of(START, at(30 * D), [(at(b), at(e)) for b, e in weekdays], calendars=["new"])
    apply_window(life.file, announced, at(5 * D))
    assert not snapshot(life.file, at(5 * D)).provisional


def test_a_command_told_again_long_after_the_delay_is_known_as_done():
    life = Life()
    told = Told("add_note", 10, id="n-1")
    life.step([told], 10)
    for day in range(1, 6):
        life.tell("add_note", day * D)
    before = life.kinds()
    assert refusal_of(life.file, [], told.command(), at(5 * D)) is None
    assert life.step([told], 5 * D).refused == {}
    assert life.kinds() == before


def test_of_very_many_commands_the_last_are_known():
    life = Life()
    for second in range(1, REMEMBERED + 3):
        apply(life.file, Told("add_note", second).command(), at(second))
    assert len(life.file.taken) == REMEMBERED
    assert not life.file.knows("add_note-2")
    assert life.file.knows("add_note-3")

"""Each target as a durable timer: the warning, the due instant, the days after it, and what holds the clock.

The terms are those of :func:`tests.engine.term_sheet`; dues are worked out by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from contract.clock import ServiceWindow
from contract.commands import CommandName
from contract.facts import EntryKind, EventKind
from contract.request import RequestState
from contract.request_life import EVENT_OF
from contract.terms import Target
from tests.engine import DAY, HOUR, MINUTE, OFFICE_WEEK, SECOND, START, LivedAgreement, R, World, shanghai

pytestmark = pytest.mark.engine


@dataclass(frozen=True)
class Case:
    """A target, a state in which no other target's clock runs, and the command that meets it."""

    target: Target
    state: RequestState
    met_by: CommandName
    due: datetime
    warned_at: datetime
    clause: str
    owed_when_late: str

    def __str__(self) -> str:
        return self.target


T, S, C = Target, RequestState, CommandName
CONFIRM = Case(T.CONFIRM, S.SUBMITTED, C.CONFIRM, START + HOUR, START + 45 * MINUTE, "C6.1.2", "0.00")
RESPOND = Case(T.RESPOND, S.ASSIGNED, C.RESPOND, START + 4 * HOUR, START + 3 * HOUR, "C5.2", "200.00")
RESOLVE = Case(T.RESOLVE, S.RESPONDED, C.RESOLVE, START + 48 * HOUR, START + 36 * HOUR, "C8.1.2", "500.00")
each_target = pytest.mark.parametrize("case", [CONFIRM, RESPOND, RESOLVE], ids=str)


async def accruals(agreement: LivedAgreement) -> list[tuple[str, datetime, str]]:
    """What was accrued for the request: clause, as of when, and how much."""
    return [
        (entry.clause, entry.effective_at, str(entry.amount))
        for entry in await agreement.entries()
        if entry.kind is EntryKind.PENALTY
    ]


@each_target
async def test_a_warning_comes_at_75_percent_of_the_budget_and_not_a_second_before(world: World, case: Case):
    agreement = await world.agreement()
    await agreement.bring(case.state)
    assert "target_warned" not in await agreement.kinds_at(case.warned_at - SECOND)
    await agreement.pass_time_until(case.warned_at)
    event = await agreement.event(EventKind.TARGET_WARNED)
    assert (event.at, event.clause, event.party) == (case.warned_at, case.clause, None)
    assert event.payload["target"] == case.target
    assert datetime.fromisoformat(event.payload["due"]) == case.due


@each_target
async def test_at_exactly_due_nothing_is_late_and_a_second_later_it_is_as_of_the_due(
    world: World, case: Case
):
    agreement = await world.agreement()
    await agreement.bring(case.state)
    assert "target_breached" not in await agreement.kinds_at(case.due)
    await agreement.pass_time_until(case.due + SECOND)
    event = await agreement.event(EventKind.TARGET_BREACHED)
    assert (event.at, event.clause, event.party) == (case.due, case.clause, None)
    assert event.payload["target"] == case.target
    await agreement.comes_to_owe(case.owed_when_late)
    assert all(late_since == case.due + SECOND for _, late_since, _ in await accruals(agreement))


@each_target
async def test_the_one_timer_waits_for_the_second_after_the_due_and_says_for_what(world: World, case: Case):
    agreement = await world.agreement()
    await agreement.bring(case.state)
    await agreement.pass_time_until(case.warned_at)
    await agreement.event(EventKind.TARGET_WARNED)
    status = await agreement.status()
    assert status.next_wake == case.due + SECOND
    names = {"confirm": "Confirmation", "respond": "Response", "resolve": "Resolution"}
    assert status.next_what == f"{names[case.target]} due · {case.clause}"


@each_target
async def test_a_command_stamped_exactly_at_due_is_on_time(world: World, case: Case):
    agreement = await world.agreement()
    await agreement.bring(case.state)
    await agreement.pass_time_until(case.due)
    await agreement.do(case.met_by, case.due)
    assert "target_breached" not in await agreement.kinds_at(case.due + 30 * MINUTE)
    assert await agreement.entries() == []


@each_target
async def test_a_command_stamped_a_second_after_due_is_late_and_costs_its_penalty_once_c8_1(
    world: World, case: Case
):
    agreement = await world.agreement()
    await agreement.bring(case.state)
    await agreement.pass_time_until(case.due + SECOND)
    await agreement.do(case.met_by, case.due + SECOND)
    kinds = await agreement.kinds_at(case.due + 30 * MINUTE)
    assert kinds.count("target_breached") == 1
    assert await agreement.owed() == case.owed_when_late
    done = await agreement.event(EVENT_OF[case.met_by])
    breached = await agreement.event(EventKind.TARGET_BREACHED)
    assert (breached.at, done.at) == (case.due, case.due + SECOND)
    assert breached.seq < done.seq


async def test_a_response_once_judged_is_not_judged_again_c8_1_1(world: World):
    agreement = await world.agreement()
    await agreement.bring("assigned")
    await agreement.pass_time_until(START + 10 * HOUR)
    await agreement.do("respond", START + 10 * HOUR)
    await agreement.pass_time_until(START + 40 * HOUR)
    assert await accruals(agreement) == [("C8.1.1", RESPOND.due + SECOND, "200.00")]


async def test_day_2_and_day_3_of_a_late_solution_accrue_the_second_they_start_c8_1_2(world: World):
    agreement = await world.agreement()
    await agreement.bring("responded")
    due = RESOLVE.due
    for day in (2, 3):
        starts = due + (day - 1) * DAY + SECOND
        await agreement.kinds_at(starts - SECOND)
        assert await agreement.owed() == f"{(day - 1) * 500}.00"
        await agreement.pass_time_until(starts)
        event = await agreement.event(EventKind.PENALTY_ACCRUED, nth=day)
        assert (event.at, event.clause) == (starts, "C8.1.2")
        assert await agreement.owed() == f"{day * 500}.00"
    assert await accruals(agreement) == [
        ("C8.1.2", due + SECOND, "500.00"),
        ("C8.1.2", due + DAY + SECOND, "500.00"),
        ("C8.1.2", due + 2 * DAY + SECOND, "500.00"),
    ]


@pytest.mark.parametrize(
    ("late", "owed"), [(DAY, "500.00"), (DAY + SECOND, "1000.00"), (5 * DAY + 18 * HOUR, "3000.00")], ids=str
)
async def test_a_started_day_of_delay_counts_whole_c8_1_2(world: World, late: timedelta, owed: str):
    agreement = await world.agreement()
    await agreement.bring("responded")
    await agreement.pass_time_until(RESOLVE.due + late)
    await agreement.do("resolve", RESOLVE.due + late)
    await agreement.kinds_at(RESOLVE.due + late + 6 * HOUR)
    assert await agreement.owed() == owed


async def test_nothing_fires_while_materials_are_awaited_and_the_due_moves_by_the_wait_c5_4(world: World):
    agreement = await world.agreement()
    await agreement.bring("responded")
    await agreement.pass_time_until(START + 10 * HOUR)
    await agreement.do("ask_for_materials", START + 10 * HOUR)
    assert (await agreement.status()).next_wake is None
    resumed = START + 10 * HOUR + 10 * DAY
    kinds = await agreement.kinds_at(resumed)
    assert kinds[-1] == "materials_asked"
    receipt = await agreement.do("provide_materials", resumed)
    assert receipt.resolve_due == RESOLVE.due + 10 * DAY
    await agreement.pass_time_until(RESOLVE.warned_at + 10 * DAY)
    assert (await agreement.event(EventKind.TARGET_WARNED)).at == RESOLVE.warned_at + 10 * DAY
    assert "target_breached" not in await agreement.kinds_at(RESOLVE.due + 10 * DAY)
    await agreement.pass_time_until(RESOLVE.due + 10 * DAY + SECOND)
    assert (await agreement.event(EventKind.TARGET_BREACHED)).at == RESOLVE.due + 10 * DAY


async def test_waiting_for_materials_does_not_hold_the_days_already_owed_and_starts_no_further_one(
    world: World,
):
    agreement = await world.agreement()
    await agreement.bring("responded")
    due, asked = RESOLVE.due, RESOLVE.due + 12 * HOUR
    await agreement.pass_time_until(asked)
    await agreement.do("ask_for_materials", asked)
    await agreement.kinds_at(asked + 5 * DAY)
    assert await agreement.owed() == "500.00"
    await agreement.do("provide_materials", asked + 5 * DAY)
    second_day = due + DAY + 5 * DAY + SECOND
    await agreement.kinds_at(second_day - SECOND)
    assert await agreement.owed() == "500.00"
    await agreement.pass_time_until(second_day)
    assert (await agreement.event(EventKind.PENALTY_ACCRUED, nth=2)).at == second_day


async def test_a_pause_of_two_days_after_the_due_leaves_four_of_five_days_and_18_hours_c8_1_2(world: World):
    agreement = await world.agreement()
    await agreement.bring("responded")
    due = RESOLVE.due
    await agreement.pass_time_until(due + DAY)
    await agreement.do("ask_for_materials", due + DAY)
    await agreement.pass_time_until(due + 3 * DAY)
    await agreement.do("provide_materials", due + 3 * DAY)
    resolved = due + 5 * DAY + 18 * HOUR
    await agreement.pass_time_until(resolved)
    await agreement.do("resolve", resolved)
    assert await agreement.owed() == "2000.00"


async def test_the_response_clock_runs_on_while_materials_cannot_be_asked_for_and_resolution_is_paused(
    world: World,
):
    """C5.4 pauses resolution only: a late response stays late whatever was asked for afterwards."""
    agreement = await world.agreement()
    await agreement.bring("assigned")
    await agreement.pass_time_until(START + 5 * HOUR)
    await agreement.do("respond", START + 5 * HOUR)
    await agreement.do("ask_for_materials", START + 5 * HOUR)
    await agreement.kinds_at(START + 9 * DAY)
    assert await agreement.owed() == "200.00"


async def test_the_time_between_a_solution_and_its_reopening_is_not_counted(world: World):
    agreement = await world.agreement()
    await agreement.bring("resolved")
    reopened = START + 3 * DAY
    await agreement.pass_time_until(reopened)
    receipt = await agreement.do("reopen", reopened)
    assert receipt.resolve_due == RESOLVE.due + 3 * DAY
    await agreement.pass_time_until(RESOLVE.due + 3 * DAY + SECOND)
    assert (await agreement.event(EventKind.TARGET_BREACHED)).at == RESOLVE.due + 3 * DAY


async def test_a_raised_priority_brings_the_timer_forward_from_the_start_of_the_clock(world: World):
    agreement = await world.agreement()
    await agreement.bring("responded")
    await agreement.pass_time_until(START + 2 * HOUR)
    receipt = await agreement.do("raise_priority", START + 2 * HOUR, priority="critical")
    assert receipt.resolve_due == START + 8 * HOUR
    await agreement.pass_time_until(START + 8 * HOUR + SECOND)
    assert (await agreement.event(EventKind.TARGET_BREACHED)).at == START + 8 * HOUR


async def test_a_priority_raised_after_its_due_would_have_passed_is_due_at_the_change(world: World):
    agreement = await world.agreement()
    await agreement.bring("responded")
    raised = START + 20 * HOUR
    await agreement.pass_time_until(raised)
    receipt = await agreement.do("raise_priority", raised, priority="critical")
    assert receipt.resolve_due == raised
    await agreement.pass_time_until(raised + SECOND)
    assert (await agreement.event(EventKind.TARGET_BREACHED)).at == raised
    assert await accruals(agreement) == [("C8.1.2", raised + SECOND, "500.00")]


async def test_a_lowered_priority_puts_the_timer_off_and_keeps_the_days_owed_by_then(world: World):
    agreement = await world.agreement()
    await agreement.bring("responded")
    lowered = RESOLVE.due + DAY + HOUR
    await agreement.pass_time_until(lowered)
    receipt = await agreement.do("lower_priority", lowered, priority="low")
    assert receipt.resolve_due == START + 96 * HOUR
    await agreement.kinds_at(START + 96 * HOUR)
    assert await agreement.owed() == "1000.00"
    await agreement.pass_time_until(START + 96 * HOUR + 2 * DAY + SECOND)
    await agreement.comes_to_owe("1500.00")


@pytest.mark.parametrize(
    ("starts", "due"),
    [("2026-02-13 17:00", "2026-02-14 17:30"), ("2026-09-18 17:00", "2026-09-20 17:30")],
    ids=["the Saturday before Spring Festival", "the Sunday before National Day"],
)
async def test_a_make_up_workday_is_served_and_the_timer_fires_on_it(world: World, starts: str, due: str):
    start, due_at = shanghai(starts), shanghai(due)
    agreement = await world.agreement(
        start,
        service_hours=OFFICE_WEEK,
        targets={"confirm_hours": 1, "respond_hours": 8, "resolve_hours": 200},
    )
    await agreement.bring("assigned")
    assert (await agreement.status()).snapshot.respond_due == due_at
    assert "target_breached" not in await agreement.kinds_at(due_at)
    await agreement.pass_time_until(due_at + SECOND)
    assert (await agreement.event(EventKind.TARGET_BREACHED)).at == due_at


async def test_a_pause_longer_than_the_window_of_service_time_fetches_more_of_it(world: World):
    """Mondays to Fridays without holidays; 40 h are a working week and a third."""
    hours = {"weekly": OFFICE_WEEK["weekly"], "holidays": None}
    agreement = await world.agreement(
        service_hours=hours, targets={"resolve_hours": 40, "by_priority": {}}, term={"years": 2}
    )
    await agreement.bring("responded")
    reach = (await agreement.status()).service_time_until
    assert reach is not None
    await agreement.pass_time_until(START + HOUR)
    await agreement.do("ask_for_materials", START + HOUR)
    resumed = START + HOUR + 364 * DAY  # a Monday again, at 10:00
    assert reach < resumed
    await agreement.pass_time_until(resumed)
    receipt = await agreement.do("provide_materials", resumed)
    # 39 h are left: 6.5 to the end of Monday, 7.5 a day to Friday (36.5), 2.5 on the Monday after it.
    due = shanghai("2027-03-08 11:30")
    assert receipt.resolve_due == due
    reach = (await agreement.status()).service_time_until
    assert reach is not None
    assert reach > due
    await agreement.pass_time_until(due + SECOND)
    assert (await agreement.event(EventKind.TARGET_BREACHED)).at == due


async def test_a_newly_announced_calendar_moves_the_due_and_takes_back_what_it_contradicts(world: World):
    agreement = await world.agreement(service_hours=OFFICE_WEEK, targets={"resolve_hours": 8})
    await agreement.bring("responded")
    due = shanghai("2026-03-03 09:30")  # 7.5 h on the Monday, half an hour on the Tuesday
    late = due + 2 * HOUR
    await agreement.pass_time_until(late)
    await agreement.event(EventKind.PENALTY_ACCRUED)
    assert await agreement.owed() == "500.00"
    # The Tuesday turns out to be a holiday.
    opening = [("2026-03-02 09:00", "2026-03-02 12:00"), ("2026-03-02 13:30", "2026-03-02 18:00")]
    opening += [("2026-03-04 09:00", "2026-03-04 12:00"), ("2026-03-04 13:30", "2026-03-04 18:00")]
    window = ServiceWindow.of(
        START,
        START + 30 * DAY,
        [(shanghai(opens), shanghai(closes)) for opens, closes in opening],
        calendars=["announced"],
    )
    (before,) = (await agreement.status()).calendars
    receipt = await agreement.client.apply_calendar(agreement.id, R, window)
    assert receipt.resolve_due == shanghai("2026-03-04 09:30")
    kept = await world.store.calendar_by_digest(before)
    assert kept is not None
    assert (kept.country, kept.year) == ("CN", 2026)
    status = await agreement.status()
    assert (status.calendars, status.service_time_until) == (["announced"], START + 30 * DAY)
    assert await agreement.owed() == "0.00"
    kinds = await agreement.kinds()
    assert kinds[-3:] == ["calendar_applied", "breach_reversed", "penalty_reversed"]
    await agreement.pass_time_until(shanghai("2026-03-04 09:30") + SECOND)
    assert (await agreement.event(EventKind.TARGET_BREACHED, nth=2)).at == shanghai("2026-03-04 09:30")
    await agreement.comes_to_owe("500.00")
    assert await agreement.is_sound()

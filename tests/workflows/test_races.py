"""Commands and deadlines that meet: in one second, in one task, in the wrong order, or too late.

What is to meet in one task waits while a command before it is being recorded; there time passes for real.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle

from contract.commands import AddNote
from contract.facts import EntryKind, EventKind
from contract.refusals import RefusalKind
from starter.errors import CommandRefused
from tests.engine import DAY, HOUR, MINUTE, PROVIDER, SECOND, START, LivedAgreement, R, World, history
from workflows.payloads import Receipt

pytestmark = pytest.mark.engine

RESPOND_DUE = START + 4 * HOUR
RESOLVE_DUE = START + 48 * HOUR
ACCEPTANCE_ENDS = START + 7 * DAY
AFTER_THE_TIMER = 1.6 * SECOND
"""So long after a due its timer, which waits for the second after it, has surely fired."""

TIMER_FIRED = EventType.EVENT_TYPE_TIMER_FIRED
TASK_STARTED = EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED
UPDATE_ACCEPTED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED


def last(kind: EventType.ValueType, seen: Sequence[EventType.ValueType]) -> int:
    return len(seen) - 1 - list(reversed(seen)).index(kind)


def met_in_one_task(seen: Sequence[EventType.ValueType]) -> bool:
    """Whether the last command was taken in the first task after the last timer fired."""
    between = seen[last(TIMER_FIRED, seen) : last(UPDATE_ACCEPTED, seen)]
    return between.count(TASK_STARTED) == 1


async def come_one_after_the_other(
    agreement: LivedAgreement, *commands: tuple[str, datetime], first: int = 1
) -> list[asyncio.Task[Receipt]]:
    """Commands that reach the server in this order and wait there."""
    tasks = []
    for number, (command, at) in enumerate(commands, start=first):
        told = agreement.do(command, at, command_id=f"told-{number}")
        tasks.append(asyncio.create_task(told))
        await agreement.admitted(command, at, f"told-{number}")
    return tasks


async def accepted(handle: WorkflowHandle[Any, Any]) -> list[str]:
    """The ids of the commands a workflow accepted, in the order in which they came."""
    return [
        event.workflow_execution_update_accepted_event_attributes.protocol_instance_id.rsplit("-", 2)[0]
        async for event in handle.fetch_history_events()
        if event.event_type == UPDATE_ACCEPTED
    ]


async def test_a_command_given_at_the_due_that_meets_the_timer_in_one_task_is_on_time(world: World):
    agreement = await world.agreement()
    await agreement.bring("assigned")
    await agreement.pass_time_until(RESPOND_DUE)
    async with world.held_up(agreement.do("add_note", RESPOND_DUE)):
        (told,) = await come_one_after_the_other(agreement, ("respond", RESPOND_DUE))
        await agreement.wait_until(RESPOND_DUE + AFTER_THE_TIMER)
    assert (await told).state == "responded"
    assert met_in_one_task(await history(agreement.request_handle()))
    kinds = await agreement.kinds_at(RESPOND_DUE + HOUR)
    assert kinds[3:] == ["target_warned", "noted", "responded"]
    assert await agreement.entries() == []
    # Time still passes: cancelling the timer in that task would have frozen this server for good.
    await agreement.pass_time_until(RESOLVE_DUE + SECOND)
    assert (await agreement.event(EventKind.TARGET_BREACHED)).at == RESOLVE_DUE


async def test_a_command_given_a_second_late_that_meets_the_timer_in_one_task_is_late_once(world: World):
    agreement = await world.agreement()
    await agreement.bring("assigned")
    await agreement.pass_time_until(RESPOND_DUE)
    async with world.held_up(agreement.do("add_note", RESPOND_DUE)):
        await agreement.wait_until(RESPOND_DUE + AFTER_THE_TIMER)
        (told,) = await come_one_after_the_other(agreement, ("respond", RESPOND_DUE + SECOND))
    assert (await told).state == "responded"
    assert met_in_one_task(await history(agreement.request_handle()))
    kinds = await agreement.kinds_at(RESPOND_DUE + HOUR)
    assert kinds[-3:] == ["target_breached", "penalty_accrued", "responded"]
    assert await agreement.owed() == "200.00"


async def test_a_command_that_meets_the_timer_but_another_deadline_leaves_that_deadline_missed(world: World):
    agreement = await world.agreement()
    await agreement.bring("assigned")
    await agreement.pass_time_until(RESPOND_DUE)
    async with world.held_up(agreement.do("add_note", RESPOND_DUE)):
        (told,) = await come_one_after_the_other(agreement, ("raise_priority", RESPOND_DUE))
        await agreement.wait_until(RESPOND_DUE + AFTER_THE_TIMER)
    await told
    assert (await agreement.event(EventKind.TARGET_BREACHED)).at == RESPOND_DUE
    assert await agreement.owed() == "200.00"


async def test_dues_that_passed_together_cost_nothing_when_all_was_done_in_time(world: World):
    """All three targets are due in one second; some commands come before their timer fires, some after."""
    agreement = await world.agreement(
        targets={"confirm_hours": 1, "respond_hours": 1, "resolve_hours": 1, "by_priority": {}}
    )
    await agreement.submit()
    due = START + HOUR
    await agreement.pass_time_until(due)
    async with world.held_up(agreement.do("add_note", due)):
        told = await come_one_after_the_other(agreement, ("confirm", due), ("assign", due))
        await agreement.wait_until(due + AFTER_THE_TIMER)
        told += await come_one_after_the_other(agreement, ("respond", due), ("resolve", due), first=3)
    assert [(await task).state for task in told][-1] == "resolved"
    kinds = await agreement.kinds_at(due + 2 * DAY)
    assert kinds[-4:] == ["confirmed", "assigned", "responded", "resolved"]
    assert "target_breached" not in kinds
    assert await agreement.entries() == []


async def test_dues_that_passed_together_are_judged_each_as_of_its_own_instant(world: World):
    agreement = await world.agreement(
        targets={"confirm_hours": 1, "respond_hours": 1, "resolve_hours": 1, "by_priority": {}}
    )
    await agreement.submit()
    due = START + HOUR
    await agreement.pass_time_until(due + SECOND + DAY + SECOND)
    await agreement.comes_to_owe("1200.00")
    events = [e for e in await agreement.events() if e.kind is EventKind.TARGET_BREACHED]
    assert [(e.at, e.payload["target"]) for e in events] == [
        (due, "confirm"),
        (due, "respond"),
        (due, "resolve"),
    ]


async def test_commands_that_wait_together_are_applied_in_the_order_of_their_stamps(world: World):
    agreement = await world.agreement()
    await agreement.submit()
    await agreement.pass_time_until(START + 10 * MINUTE)
    minutes = [5, 9, 2, 7]
    async with world.held_up(agreement.do("add_note", START + MINUTE, command_id="held")):
        notes = [("add_note", START + minute * MINUTE) for minute in minutes]
        told = await come_one_after_the_other(agreement, *notes, ("confirm", START + 4 * MINUTE))
    for task in told:
        await task
    came = await accepted(agreement.request_handle())
    assert came == ["held", "told-1", "told-2", "told-3", "told-4", "told-5"]
    events = (await agreement.events())[1:]
    assert [(e.command_id, e.at) for e in events] == [
        ("held", START + 1 * MINUTE),
        ("told-3", START + 2 * MINUTE),
        ("told-5", START + 4 * MINUTE),
        ("told-1", START + 5 * MINUTE),
        ("told-4", START + 7 * MINUTE),
        ("told-2", START + 9 * MINUTE),
    ]
    assert await agreement.is_sound()


async def test_a_command_stamped_before_one_that_waits_and_would_then_be_impossible_is_refused(world: World):
    agreement = await world.agreement()
    await agreement.submit()
    await agreement.pass_time_until(START + 10 * MINUTE)
    async with world.held_up(agreement.do("add_note", START)):
        confirm, withdraw = await come_one_after_the_other(
            agreement, ("confirm", START + 5 * MINUTE), ("withdraw", START + 4 * MINUTE)
        )
    assert (await confirm).state == "confirmed"
    with pytest.raises(CommandRefused) as problem:
        await withdraw
    assert problem.value.kind is RefusalKind.OUT_OF_ORDER
    assert await agreement.kinds() == ["submitted", "noted", "confirmed"]


async def test_commands_of_one_second_are_taken_in_the_order_in_which_they_come(world: World):
    agreement = await world.agreement()
    await agreement.submit()
    async with world.held_up(agreement.do("add_note", START)):
        told = await come_one_after_the_other(
            agreement, ("confirm", START), ("assign", START), ("respond", START)
        )
    assert [(await task).state for task in told][-1] == "responded"
    assert await agreement.kinds() == ["submitted", "noted", "confirmed", "assigned", "responded"]
    assert {event.at for event in await agreement.events()} == {START}


async def test_a_command_stamped_before_one_on_record_is_refused_with_the_earliest_stamp_possible(
    world: World,
):
    agreement = await world.agreement()
    await agreement.submit()
    await agreement.pass_time_until(START + 10 * MINUTE)
    await agreement.do("add_note", START + 5 * MINUTE)
    with pytest.raises(CommandRefused) as problem:
        await agreement.do("confirm", START + 5 * MINUTE - SECOND)
    assert problem.value.kind is RefusalKind.OUT_OF_ORDER
    assert problem.value.refusal.details == {"not_before": (START + 5 * MINUTE).isoformat()}
    assert await agreement.kinds() == ["submitted", "noted"]


@pytest.mark.parametrize(
    ("age", "kind"),
    [(-2 * SECOND, RefusalKind.IN_THE_FUTURE), (24 * HOUR, RefusalKind.TOO_OLD)],
    ids=["ahead of contract time", "a day and a moment old"],
)
async def test_a_stamp_ahead_of_contract_time_or_too_old_is_refused(
    world: World, age: Any, kind: RefusalKind
):
    agreement = await world.agreement()
    await agreement.bring("resolved")
    now = START + 2 * DAY
    await agreement.pass_time_until(now)
    with pytest.raises(CommandRefused) as problem:
        await agreement.do("add_note", now - age)
    assert (problem.value.kind, problem.value.refusal.clause) == (kind, "§3")
    await agreement.do("add_note", now - 24 * HOUR + 30 * SECOND)


async def test_a_response_given_in_time_that_arrives_after_the_breach_takes_the_penalty_back_by_an_entry(
    world: World,
):
    agreement = await world.agreement()
    await agreement.bring("assigned")
    arrived = RESPOND_DUE + 20 * HOUR
    await agreement.pass_time_until(arrived)
    await agreement.comes_to_owe("200.00")
    await agreement.do("respond", RESPOND_DUE)
    assert (await agreement.kinds())[-5:] == [
        "target_breached",
        "penalty_accrued",
        "responded",
        "breach_reversed",
        "penalty_reversed",
    ]
    accrual, reversal = await agreement.entries()
    assert (accrual.kind, reversal.kind) == (EntryKind.PENALTY, EntryKind.PENALTY_REVERSAL)
    assert (reversal.reverses, reversal.amount, reversal.clause) == (accrual.key, accrual.amount, "C8.1.1")
    assert (reversal.debit, reversal.credit) == (accrual.credit, accrual.debit)
    assert await agreement.owed() == "0.00"
    assert not (await agreement.status()).snapshot.response_late
    assert await agreement.is_sound()


async def test_a_solution_that_arrives_late_takes_back_the_days_after_its_stamp_and_no_others(world: World):
    agreement = await world.agreement()
    await agreement.bring("responded")
    await agreement.pass_time_until(RESOLVE_DUE + DAY + 10 * HOUR)
    await agreement.comes_to_owe("1000.00")
    await agreement.do("resolve", RESOLVE_DUE + 20 * HOUR)
    entries = await agreement.entries()
    assert [(e.kind.value, str(e.amount)) for e in entries] == [
        ("penalty", "500.00"),
        ("penalty", "500.00"),
        ("penalty_reversal", "500.00"),
    ]
    assert entries[2].reverses == entries[1].key
    assert entries[1].effective_at == RESOLVE_DUE + DAY + SECOND
    assert await agreement.owed() == "500.00"


async def test_a_day_taken_back_accrues_anew_when_the_solution_is_reopened_and_the_clock_runs_on(
    world: World,
):
    agreement = await world.agreement()
    await agreement.bring("responded")
    now = RESOLVE_DUE + DAY + 10 * HOUR
    await agreement.pass_time_until(now)
    await agreement.comes_to_owe("1000.00")
    await agreement.do("resolve", RESOLVE_DUE + 20 * HOUR)
    await agreement.do("reopen", now)
    # Four hours of the first day are left.
    await agreement.kinds_at(now + 4 * HOUR)
    assert await agreement.owed() == "500.00"
    await agreement.pass_time_until(now + 4 * HOUR + SECOND)
    await agreement.comes_to_owe("1000.00")
    assert len({entry.key for entry in await agreement.entries()}) == 4


async def test_a_reopening_given_in_time_that_arrives_after_the_closure_takes_the_closure_back(world: World):
    agreement = await world.agreement()
    await agreement.bring("resolved")
    await agreement.pass_time_until(ACCEPTANCE_ENDS + 5 * HOUR)
    await agreement.event(EventKind.CLOSED_BY_ITSELF)
    receipt = await agreement.do("reopen", ACCEPTANCE_ENDS)
    assert receipt.state == "responded"
    assert receipt.resolve_due == RESOLVE_DUE + 7 * DAY
    assert (await agreement.kinds())[-3:] == ["closed_by_itself", "closure_reversed", "reopened"]
    assert (await agreement.event(EventKind.CLOSURE_REVERSED)).clause == "§3"
    record = await world.store.request(agreement.id, R)
    assert record is not None
    assert (record.request.state, record.request.closed_at) == ("responded", None)
    await agreement.pass_time_until(RESOLVE_DUE + 7 * DAY + SECOND)
    assert (await agreement.event(EventKind.TARGET_BREACHED)).at == RESOLVE_DUE + 7 * DAY


async def test_an_acceptance_given_in_time_that_arrives_after_the_closure_replaces_it(world: World):
    agreement = await world.agreement()
    await agreement.bring("resolved")
    await agreement.pass_time_until(ACCEPTANCE_ENDS + 5 * HOUR)
    await agreement.event(EventKind.CLOSED_BY_ITSELF)
    await agreement.do("accept", ACCEPTANCE_ENDS - HOUR)
    assert (await agreement.status()).snapshot.closed_at == ACCEPTANCE_ENDS - HOUR


@pytest.mark.parametrize("times", [2, 6])
async def test_a_command_told_several_times_at_once_is_told_once(world: World, times: int):
    agreement = await world.agreement()
    await agreement.submit()
    same = [agreement.do("confirm", START, command_id="only-once") for _ in range(times)]
    first, *others = await asyncio.gather(*same)
    await agreement.do("assign", START)
    others.append(await agreement.do("confirm", START, command_id="only-once"))
    assert all(answer == first for answer in others)
    assert await agreement.kinds() == ["submitted", "confirmed", "assigned"]


async def test_of_commands_that_exclude_each_other_exactly_one_is_taken(world: World):
    agreement = await world.agreement()
    await agreement.bring("resolved")
    rivals = ["accept", "reopen", "withdraw"]
    answers = await asyncio.gather(*(agreement.do(r, START) for r in rivals), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, CommandRefused)]
    taken = [answer for answer in answers if isinstance(answer, Receipt)]
    # A reopened request can still be withdrawn.
    assert len(taken) in (1, 2)
    assert len(refused) == 3 - len(taken)
    assert all(problem.kind is RefusalKind.NOT_ALLOWED_NOW for problem in refused)
    kinds = (await agreement.kinds())[5:]
    assert kinds in (["accepted"], ["withdrawn"], ["reopened"], ["reopened", "withdrawn"])
    assert len(kinds) == len(taken)


async def test_two_who_confirm_at_once_confirm_once(world: World):
    agreement = await world.agreement()
    await agreement.submit()
    answers = await asyncio.gather(
        *(agreement.do("confirm", START) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(answer, Receipt) for answer in answers) == 1
    assert sum(isinstance(answer, CommandRefused) for answer in answers) == 4
    assert await agreement.kinds() == ["submitted", "confirmed"]


async def test_of_two_commands_told_together_under_one_id_the_first_is_taken_and_the_other_refused(
    world: World,
):
    agreement = await world.agreement()
    await agreement.submit()
    make = agreement.client.make
    told = [
        make(AddNote, PROVIDER, at=START, command_id="mine", note=note) for note in ("One.", "Two.", "One.")
    ]
    first, other, again = await agreement.client.tell(agreement.id, R, told)
    assert (first, again) == (None, None)
    assert other is not None
    assert other.kind is RefusalKind.OTHER_CONTENT
    notes = [event.payload["note"] for event in await agreement.events() if event.kind is EventKind.NOTED]
    assert notes == ["One."]

"""What waits after the solution: acceptance, rating, the answer to a low rating, the end (C5.5, C6.2.2)."""

from __future__ import annotations

import pytest
from temporalio.client import WorkflowExecutionStatus

from contract.facts import EventKind
from contract.refusals import RefusalKind
from starter.errors import CommandRefused
from tests.engine import DAY, HOUR, SECOND, START, R, World

pytestmark = pytest.mark.engine

ACCEPTANCE_ENDS = START + 7 * DAY
RATING_ENDS = START + 7 * DAY
FOLLOW_UP_DUE = START + 5 * DAY
DELAY = 24 * HOUR
"""How old a stamped command may be."""


async def test_a_solution_not_answered_is_closed_the_second_after_acceptance_ends_as_of_its_end(world: World):
    agreement = await world.agreement()
    await agreement.bring("resolved")
    assert "closed_by_itself" not in await agreement.kinds_at(ACCEPTANCE_ENDS)
    await agreement.pass_time_until(ACCEPTANCE_ENDS + SECOND)
    event = await agreement.event(EventKind.CLOSED_BY_ITSELF)
    assert (event.at, event.clause, event.party) == (ACCEPTANCE_ENDS, "C6.2.2", None)
    snapshot = (await agreement.status()).snapshot
    assert (snapshot.state, snapshot.closed_at) == ("closed", ACCEPTANCE_ENDS)


@pytest.mark.parametrize("command", ["accept", "reopen"])
async def test_acceptance_ends_with_an_instant_that_still_counts(world: World, command: str):
    agreement = await world.agreement()
    await agreement.bring("resolved")
    await agreement.pass_time_until(ACCEPTANCE_ENDS)
    await agreement.do(command, ACCEPTANCE_ENDS)
    assert "closed_by_itself" not in await agreement.kinds_at(ACCEPTANCE_ENDS + HOUR)


async def test_a_second_after_acceptance_ends_a_solution_can_no_longer_be_reopened(world: World):
    agreement = await world.agreement()
    await agreement.bring("resolved")
    await agreement.pass_time_until(ACCEPTANCE_ENDS + SECOND)
    with pytest.raises(CommandRefused) as problem:
        await agreement.do("reopen", ACCEPTANCE_ENDS + SECOND)
    assert problem.value.kind is RefusalKind.NOT_ALLOWED_NOW
    assert problem.value.refusal.details == {"state": "closed"}


async def test_a_rating_at_the_instant_rating_ends_counts_and_one_a_second_later_does_not_c5_5(world: World):
    agreement = await world.agreement()
    for request_id in (R, "r-2"):
        await agreement.bring("closed", request_id)
    await agreement.pass_time_until(RATING_ENDS)
    await agreement.do("rate", RATING_ENDS, score=4)
    await agreement.pass_time_until(RATING_ENDS + SECOND)
    with pytest.raises(CommandRefused) as problem:
        await agreement.do("rate", RATING_ENDS + SECOND, "r-2", score=4)
    assert problem.value.kind is RefusalKind.NOT_ALLOWED_NOW
    assert (await agreement.status()).snapshot.rating == 4
    assert (await agreement.status("r-2")).snapshot.rating is None


async def test_the_workflow_ends_when_no_command_stamped_within_the_rating_time_can_still_come(world: World):
    agreement = await world.agreement()
    await agreement.bring("closed")
    await agreement.pass_time_until(RATING_ENDS + DELAY)
    assert await world.standing_of(agreement.request_handle()) is WorkflowExecutionStatus.RUNNING
    await agreement.pass_time_until(RATING_ENDS + DELAY + SECOND)
    await world.completed(agreement.request_handle())
    with pytest.raises(CommandRefused) as problem:
        await agreement.do("add_note", RATING_ENDS + DELAY)
    assert problem.value.kind is RefusalKind.NOT_ALLOWED_NOW
    assert (await agreement.kinds())[-1] == "accepted"


async def test_a_rating_that_was_given_in_time_is_taken_while_the_workflow_still_waits_for_it(world: World):
    agreement = await world.agreement()
    await agreement.bring("closed")
    await agreement.pass_time_until(RATING_ENDS + 23 * HOUR)
    await agreement.do("rate", RATING_ENDS, score=3)
    assert (await agreement.event(EventKind.RATED)).at == RATING_ENDS


async def test_a_withdrawn_request_can_be_rated_and_ends_like_a_closed_one(world: World):
    agreement = await world.agreement()
    await agreement.bring("withdrawn")
    await agreement.do("rate", START, score=3)
    kinds = await agreement.kinds_at(RATING_ENDS)
    assert kinds == ["submitted", "withdrawn", "rated"]
    await agreement.pass_time_until(RATING_ENDS + DELAY + SECOND)
    await world.completed(agreement.request_handle())


async def test_a_low_rating_not_answered_is_overdue_the_second_after_its_due_c5_5(world: World):
    agreement = await world.agreement()
    await agreement.bring("closed")
    await agreement.do("rate", START, score=2)
    assert "follow_up_overdue" not in await agreement.kinds_at(FOLLOW_UP_DUE)
    await agreement.pass_time_until(FOLLOW_UP_DUE + SECOND)
    event = await agreement.event(EventKind.FOLLOW_UP_OVERDUE)
    assert (event.at, event.clause, event.party) == (FOLLOW_UP_DUE, "C5.5", None)
    report = await world.store.ratings(agreement.id, FOLLOW_UP_DUE + SECOND)
    assert report.overdue == 1


async def test_an_answer_stamped_at_the_follow_ups_due_is_in_time_c5_5(world: World):
    agreement = await world.agreement()
    await agreement.bring("closed")
    await agreement.do("rate", START, score=1)
    await agreement.pass_time_until(FOLLOW_UP_DUE)
    await agreement.do("answer_rating", FOLLOW_UP_DUE)
    assert "follow_up_overdue" not in await agreement.kinds_at(FOLLOW_UP_DUE + HOUR)


async def test_a_low_rating_keeps_the_workflow_waiting_for_its_answer_past_the_rating_time_c5_5(world: World):
    agreement = await world.agreement()
    await agreement.bring("closed")
    await agreement.do("rate", START, score=2)
    answered = RATING_ENDS + 30 * DAY
    await agreement.pass_time_until(answered)
    assert await world.standing_of(agreement.request_handle()) is WorkflowExecutionStatus.RUNNING
    await agreement.do("answer_rating", answered)
    await world.completed(agreement.request_handle())
    assert (await agreement.kinds())[-3:] == ["rated", "follow_up_overdue", "rating_answered"]


async def test_a_rating_of_3_asks_for_no_answer_c5_5(world: World):
    agreement = await world.agreement()
    await agreement.bring("closed")
    await agreement.do("rate", START, score=3)
    with pytest.raises(CommandRefused) as problem:
        await agreement.do("answer_rating", START)
    assert problem.value.kind is RefusalKind.NOT_ALLOWED_NOW
    assert "follow_up_overdue" not in await agreement.kinds_at(START + 6 * DAY)


async def test_a_request_closed_for_good_refuses_a_note_and_says_where_it_belongs_c6_2_3(world: World):
    agreement = await world.agreement()
    await agreement.bring("closed")
    await agreement.pass_time_until(RATING_ENDS + DELAY - HOUR)
    await agreement.do("add_note", RATING_ENDS + DELAY - HOUR)
    await agreement.pass_time_until(RATING_ENDS + DELAY + HOUR)
    await world.completed(agreement.request_handle())
    with pytest.raises(CommandRefused) as problem:
        await agreement.do("add_note", RATING_ENDS + DELAY + HOUR)
    assert problem.value.kind is RefusalKind.NOT_ALLOWED_NOW
    assert str(problem.value) == (
        f"request {R} of agreement {agreement.id} is closed for good; what comes up now belongs in a new "
        "request that names it (C6.2.3)"
    )

"""Every command in every state, through the real workflow: made from the transition table (C6)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

import pytest

from contract.commands import CommandName
from contract.parties import Actor, Role
from contract.refusals import RefusalKind
from contract.request import TRANSITIONS, RequestState, commands_in
from contract.request_life import EVENT_OF
from starter.errors import CommandRefused
from tests.engine import ACTORS, START, STRANGER, LivedAgreement, giver

pytestmark = [pytest.mark.engine, pytest.mark.asyncio(loop_scope="module")]

NUMBERS = count(1)


@dataclass(frozen=True)
class Allowed:
    """A command that a state allows, given by one of those who may."""

    state: RequestState
    command: CommandName
    by: Role

    def __str__(self) -> str:
        return f"{self.by}-{self.command}-while-{self.state}"


ALLOWED = [
    Allowed(state, command, by)
    for command, rule in TRANSITIONS.items()
    for state in rule.states
    for by in sorted(rule.by)
]


def possible(state: RequestState, role: Role) -> list[str]:
    """What the table allows on a request of normal priority, on time and not rated."""
    return [name for name in commands_in(state, role) if name != CommandName.ANSWER_RATING]


async def new_request(agreement: LivedAgreement, state: RequestState) -> str:
    request_id = f"r-{next(NUMBERS)}"
    await agreement.bring(state, request_id)
    return request_id


@pytest.mark.parametrize("case", ALLOWED, ids=str)
async def test_a_command_the_state_allows_is_on_record_when_its_caller_is_answered(
    shared_agreement: LivedAgreement, case: Allowed
):
    agreement, rule = shared_agreement, TRANSITIONS[case.command]
    request_id = await new_request(agreement, case.state)
    if case.command is CommandName.ANSWER_RATING:
        await agreement.do("rate", START, request_id, score=2)
    before = await agreement.events(request_id)

    receipt = await agreement.do(
        case.command, START, request_id, by=ACTORS[case.by], command_id=f"{request_id}-it"
    )

    events = await agreement.events(request_id)
    event = events[len(before)]
    assert (event.kind, event.clause, event.at) == (EVENT_OF[case.command], rule.clause, START)
    assert (event.party, event.person) == (case.by, ACTORS[case.by].person)
    assert event.command_id == f"{request_id}-it"
    assert [e.seq for e in events] == list(range(1, len(events) + 1))
    state = rule.leads_to or case.state
    assert (receipt.state, receipt.seq) == (state, len(events))
    record = await agreement.world.store.request(agreement.id, request_id)
    assert record is not None
    assert record.request.state is state
    assert await agreement.is_sound(request_id)


@pytest.mark.parametrize("state", RequestState)
async def test_a_command_the_state_does_not_allow_is_refused_naming_what_is_and_leaves_no_trace(
    shared_agreement: LivedAgreement, state: RequestState
):
    agreement = shared_agreement
    request_id = await new_request(agreement, state)
    before = await agreement.events(request_id)
    refused = [name for name, rule in TRANSITIONS.items() if state not in rule.states]
    assert refused
    for command in refused:
        with pytest.raises(CommandRefused) as problem:
            await agreement.do(command, START, request_id)
        refusal = problem.value.refusal
        assert refusal.kind is RefusalKind.NOT_ALLOWED_NOW
        assert refusal.clause == TRANSITIONS[command].clause
        role = Role(giver(command).party)
        assert refusal.allowed == possible(state, role)
        assert refusal.details == {"state": state}
    assert await agreement.events(request_id) == before
    assert (await agreement.status(request_id)).snapshot.state is state


@pytest.mark.parametrize("state", RequestState)
async def test_a_command_of_the_wrong_party_is_refused_in_every_state_and_leaves_no_trace(
    shared_agreement: LivedAgreement, state: RequestState
):
    agreement = shared_agreement
    request_id = await new_request(agreement, state)
    before = await agreement.events(request_id)
    wrong: list[tuple[CommandName, Actor]] = [
        (command, actor)
        for command, rule in TRANSITIONS.items()
        for actor in (*(ACTORS[role] for role in Role if role not in rule.by), STRANGER)
    ]
    for command, actor in wrong:
        with pytest.raises(CommandRefused) as problem:
            await agreement.do(command, START, request_id, by=actor)
        refusal = problem.value.refusal
        assert refusal.kind is RefusalKind.WRONG_PARTY
        assert refusal.clause == TRANSITIONS[command].clause
        assert refusal.allowed == sorted(TRANSITIONS[command].by)
    assert await agreement.events(request_id) == before


@pytest.mark.parametrize("state", RequestState)
async def test_the_status_names_what_each_party_may_do_now(
    shared_agreement: LivedAgreement, state: RequestState
):
    request_id = await new_request(shared_agreement, state)
    allowed = (await shared_agreement.status(request_id)).allowed
    assert allowed == {role: possible(state, role) for role in Role}


async def test_the_status_no_longer_names_what_is_done_or_over_c5_5(shared_agreement: LivedAgreement):
    request_id = await new_request(shared_agreement, RequestState.CLOSED)
    await shared_agreement.do("rate", START, request_id, score=1)
    assert (await shared_agreement.status(request_id)).allowed == {
        "customer": ["add_note"],
        "provider": ["answer_rating", "add_note"],
    }
    await shared_agreement.do("answer_rating", START, request_id)
    assert (await shared_agreement.status(request_id)).allowed["provider"] == ["add_note"]

"""Agreements and requests are found by what they are and where they stand, as the Temporal UI finds them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType

from contract.change_commands import DeclineTermination, ProposeTermination
from contract.facts import EventKind
from tests.engine import (
    ACTORS,
    CUSTOMER,
    DAY,
    HOUR,
    PROVIDER,
    SECOND,
    START,
    LivedAgreement,
    R,
    World,
    eventually,
    history,
)
from workflows import search_attributes as sa

pytestmark = [pytest.mark.engine, pytest.mark.asyncio(loop_scope="module")]

UPSERT = EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES


async def found(world: World, query: str, *, times: int = 1) -> set[str]:
    """The ids of the workflows a query finds, once there are so many: listing lags a moment behind."""

    async def look() -> set[str]:
        return {execution.id async for execution in world.temporal.list_workflows(query)}

    async def enough() -> bool:
        return len(await look()) == times

    await eventually(enough, f"{times} found by {query}", within=10)
    return await look()


def of(agreement: LivedAgreement, condition: str) -> str:
    return f'AftercareAgreementId = "{agreement.id}" AND {condition}'


def due_in(agreement: LivedAgreement, instant: datetime) -> str:
    """Due in one second, told in the engine's time; this server finds no instants that are equal."""
    at = instant - agreement.offset
    begin, end = at.isoformat(), (at + SECOND).isoformat()
    return f'AftercareNextDue >= "{begin}" AND AftercareNextDue < "{end}"'


async def test_an_agreement_and_its_requests_are_one_family(world: World):
    agreement = await world.agreement()
    other = await world.agreement()
    await agreement.submit("r-1")
    await agreement.submit("r-2")
    await other.submit("r-1")
    assert await found(world, f'AftercareAgreementId = "{agreement.id}"', times=3) == {
        agreement.handle.id,
        agreement.request_handle("r-1").id,
        agreement.request_handle("r-2").id,
    }


async def test_a_request_is_found_by_its_service_priority_and_state_from_its_start_without_an_upsert(
    world: World,
):
    agreement = await world.agreement()
    await agreement.submit(priority="critical", service="problem_resolution")
    expected = {agreement.request_handle().id}
    for condition in (
        'AftercareService = "problem_resolution"',
        'AftercarePriority = "critical"',
        'AftercareState = "submitted"',
        "AftercareBreached = false",
        "AftercareProvisional = false",
        due_in(agreement, START + HOUR),
    ):
        assert await found(world, of(agreement, condition)) == expected
    assert UPSERT not in await history(agreement.request_handle())


async def test_what_changes_is_upserted_once_per_command_and_only_when_it_does(world: World):
    agreement = await world.agreement()
    await agreement.submit()
    handle = agreement.request_handle()
    await agreement.do("confirm", START)
    await agreement.do("assign", START)
    assert (await history(handle)).count(UPSERT) == 2
    await agreement.do("add_note", START)
    await agreement.do("note_diagnosis", START)
    assert (await history(handle)).count(UPSERT) == 2
    await agreement.do("respond", START)
    await agreement.do("raise_priority", START)
    assert (await history(handle)).count(UPSERT) == 4
    assert await found(
        world, of(agreement, 'AftercareState = "responded" AND AftercarePriority = "critical"')
    )
    assert await found(world, of(agreement, due_in(agreement, START + 8 * HOUR)))


async def test_the_next_due_is_told_in_the_engines_time_and_gone_when_no_promise_is_running(world: World):
    agreement = await world.agreement()
    await agreement.bring("responded")
    handle = agreement.request_handle()
    attributes = (await handle.describe()).typed_search_attributes
    assert attributes[sa.NEXT_DUE] == START + 2 * DAY - agreement.offset
    await agreement.do("resolve", START)
    attributes = (await handle.describe()).typed_search_attributes
    assert (attributes[sa.STATE], attributes.get(sa.NEXT_DUE)) == ("resolved", None)
    assert await found(world, of(agreement, "AftercareNextDue IS NULL AND AftercareService IS NOT NULL"))


async def test_a_promise_broken_while_the_request_runs_is_found_by_its_breach(world: World):
    agreement = await world.agreement(ago=2 * SECOND, targets={"confirm_hours": "0.001"})  # 3.6 s
    await agreement.submit()
    await agreement.event(EventKind.TARGET_BREACHED)
    assert await found(world, of(agreement, "AftercareBreached = true")) == {agreement.request_handle().id}


async def test_a_promise_broken_before_the_request_arrived_is_found_by_its_breach(world: World):
    """Submitted as of five hours ago, as when a channel was cut off."""
    agreement = await world.agreement(ago=5 * HOUR)
    await agreement.submit(R, at=START)
    await agreement.submit("r-2", at=START + 5 * HOUR)
    await agreement.event(EventKind.TARGET_BREACHED)
    assert await found(world, of(agreement, "AftercareBreached = true")) == {agreement.request_handle(R).id}


async def test_a_due_that_rests_on_a_year_not_announced_is_found_as_provisional(world: World):
    start = START + 3 * 365 * DAY
    agreement = await world.agreement(
        start,
        service_hours={
            "weekly": {"monday": [["09:00", "12:00"]], "friday": [["09:00", "12:00"]]},
            "holidays": "CN",
        },
    )
    await agreement.submit(at=start)
    assert await found(world, of(agreement, "AftercareProvisional = true"))


async def test_an_agreements_state_is_found_as_it_changes(world: World):
    agreement = await world.offer()
    assert await found(world, of(agreement, 'AftercareState = "offered"')) == {agreement.handle.id}
    for actor in ACTORS.values():
        await agreement.sign(actor)
    assert await found(world, of(agreement, 'AftercareState = "active"')) == {agreement.handle.id}
    assert (await agreement.handle.describe()).typed_search_attributes[sa.STATE] == "active"


async def test_an_agreement_is_found_by_what_is_being_negotiated(world: World):
    agreement = await world.agreement()
    is_open = of(agreement, 'AftercareOpenChanges = "termination"')
    ends: dict[str, Any] = {"last_day": date(2026, 3, 20), "title": "CEO"}
    await agreement.client.change(agreement.id, ProposeTermination, CUSTOMER, at=START, **ends)
    assert await found(world, is_open) == {agreement.handle.id}
    await agreement.client.change(agreement.id, DeclineTermination, PROVIDER, at=START)
    assert await found(world, is_open, times=0) == set()


async def test_only_the_registered_attributes_are_used_and_nothing_else_of_a_request(world: World):
    """They are not encrypted (C5.3)."""
    agreement = await world.agreement()
    await agreement.submit(title="Project Nightingale", description="Nobody must know")
    description = await agreement.request_handle().describe()
    names = {pair.key.name for pair in description.typed_search_attributes}
    ours = {name for name in names if name.startswith("Aftercare")}
    of_agreements = {sa.OPEN_DISPUTES, sa.DISPUTE_DUE, sa.OPEN_CHANGES}
    assert ours == {key.name for key in sa.ALL if key not in of_agreements}
    assert "Nightingale" not in str(description.raw_description)

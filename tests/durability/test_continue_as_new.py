"""Runs that continue as new on the real server, with requests open and commands in flight."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowExecutionStatus

from contract.facts import EventKind
from runtime.engines import DevServer
from tests.engine import HOUR, START, LivedAgreement, World, real_world, short_runs
from workflows import search_attributes as sa
from workflows.current_details import METADATA_QUERY

pytestmark = [pytest.mark.engine, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module")
async def restless_world(
    tmp_path: Path, server: DevServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    """A world whose workflows continue as new after few events."""
    async with real_world(tmp_path, server, {"workflow_runner": short_runs(monkeypatch)}) as world:
        await world.start_worker()
        yield world


async def stream_of_requests(agreement: LivedAgreement, number: int) -> list[str]:
    """So many submissions, as many at once as the client lets; while they come, a request goes its way."""
    names = [f"r-{place}" for place in range(number)]

    async def one_that_is_open() -> None:
        await agreement.submit("open")
        for command in ("confirm", "assign", "respond", "resolve"):
            await agreement.do(command, START, "open")

    receipts, _ = await asyncio.gather(
        asyncio.gather(*(agreement.submit(name) for name in names)), one_that_is_open()
    )
    assert [receipt.request_id for receipt in receipts] == names
    return names


async def each_is_there_once(agreement: LivedAgreement, names: list[str]) -> None:
    recorded = await agreement.world.store.requests(agreement.id)
    assert sorted(request.request_id for request in recorded) == sorted([*names, "open"])
    for name in names:
        assert await agreement.kinds(name) == ["submitted"]
        standing = await agreement.world.standing_of(agreement.request_handle(name))
        assert standing is WorkflowExecutionStatus.RUNNING
    assert (await agreement.kinds("open"))[-1] == "resolved"
    assert await agreement.kinds(None) == ["offered", "signed", "signed", "activated"]
    assert await agreement.is_sound(None)


async def test_no_request_of_a_stream_is_lost_or_doubled_while_the_agreement_continues_again_and_again(
    restless_world: World,
):
    agreement = await restless_world.agreement()
    names = await stream_of_requests(agreement, 60)
    assert len(await restless_world.runs(agreement.handle)) > 3
    await each_is_there_once(agreement, names)
    # Told again in a later run, a submission is still the same.
    assert (await agreement.submit(names[0])).request_id == names[0]
    description = await agreement.handle.describe()
    assert description.typed_search_attributes[sa.STATE] == "active"


async def test_no_command_of_a_stream_is_lost_or_doubled_while_the_request_continues_again_and_again(
    restless_world: World,
):
    agreement = await restless_world.agreement(ago=5 * HOUR)
    await agreement.submit()
    names = [f"note-{place}" for place in range(60)]
    await asyncio.gather(
        *(agreement.do("add_note", START + HOUR, command_id=name) for name in names for _ in range(2))
    )
    assert len(await restless_world.runs(agreement.request_handle())) > 3
    events = await agreement.events()
    assert sorted(str(event.command_id) for event in events if event.kind is EventKind.NOTED) == sorted(names)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert await agreement.is_sound()
    # Late since before the first run: said once, and not taken back.
    said = [event.kind.value for event in events if event.kind.startswith(("target_b", "penalty", "breach"))]
    assert said == ["target_breached", "target_breached", "penalty_accrued"]


async def test_at_the_limit_of_production_a_run_of_800_events_is_continued(world: World):
    agreement = await world.agreement()
    names = await stream_of_requests(agreement, 240)
    first, *later = (await world.runs(agreement.handle)).values()
    assert 800 < first < 950
    assert len(later) == 1
    await each_is_there_once(agreement, names)


async def test_what_a_workflow_is_and_where_it_stands_can_still_be_read_in_a_later_run(restless_world: World):
    """Summary and details of a start are gone with its run: server 1.32 does not hand them on."""
    agreement = await restless_world.agreement()
    await agreement.submit()
    for number in range(12):
        await agreement.do("add_note", START, note=f"Call {number}")
    handle = agreement.request_handle()
    assert len(await restless_world.runs(handle)) > 1
    told: WorkflowMetadata = await handle.query(METADATA_QUERY, result_type=WorkflowMetadata)
    assert f"Technical support, priority normal, under agreement `{agreement.id}`" in told.current_details
    assert "### Submitted · the provider is to confirm" in told.current_details

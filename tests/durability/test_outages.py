"""Parts of the house that are away for a while: commands wait and are done, and nobody pays for it (§3)."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle

from activities.notifications import MAIL_UNAVAILABLE
from contract.facts import EventKind
from contract.refusals import RefusalKind
from records import RecordStore, upgrade
from runtime.engines import DevServer, free_port
from runtime.settings import MailKind, Tls
from starter.errors import CommandRefused
from tests.activities.post_office import HOST, PostOffice
from tests.engine import DAY, HOUR, PROVIDER, SECOND, START, LivedAgreement, R, World, eventually, real_server, real_world
from tests.postgres import Cluster

pytestmark = [pytest.mark.engine, pytest.mark.asyncio(loop_scope="module")]


# Workers


async def test_an_outage_of_workers_across_a_due_costs_nothing_when_the_command_was_given_in_time(
    world: World,
):
    agreement = await world.agreement(ago=2 * SECOND, targets={"respond_hours": "0.001"})  # 3.6 s
    await agreement.bring("assigned")
    await agreement.wait_until(START + 3 * SECOND)
    await world.stop_worker()
    told = asyncio.create_task(agreement.do("respond", START + 3 * SECOND))
    await agreement.wait_until(START + 6 * SECOND)
    assert not told.done()
    await world.start_worker()
    assert (await told).state == "responded"
    assert "target_breached" not in await agreement.kinds()
    assert await agreement.entries() == []


async def test_what_fell_due_while_no_worker_was_there_is_judged_as_of_its_own_instant(world: World):
    agreement = await world.agreement(ago=2 * SECOND, targets={"respond_hours": "0.001"})
    await agreement.bring("assigned")
    await world.stop_worker()
    await agreement.wait_until(START + 7 * SECOND)
    await world.start_worker()
    breached = await agreement.event(EventKind.TARGET_BREACHED)
    assert breached.at == START + 3.6 * SECOND
    await agreement.comes_to_owe("200.00")


# The record store


@asynccontextmanager
async def sqlite_away(world: World) -> AsyncIterator[None]:
    """Somebody else holds the file and writes."""
    file = world.settings.records.removeprefix("sqlite:///")
    with closing(sqlite3.connect(file, isolation_level=None)) as somebody:
        somebody.execute("BEGIN EXCLUSIVE")
        yield
        somebody.execute("ROLLBACK")


def costs(seen: list[EventType.ValueType]) -> Counter[str]:
    return Counter(EventType.Name(kind).removeprefix("EVENT_TYPE_") for kind in seen)


async def pending(handle: WorkflowHandle) -> list[str]:
    """The types of the activities a workflow waits for."""
    description = await handle.describe()
    return [activity.activity_type.name for activity in description.raw_description.pending_activities]


async def test_while_the_record_store_is_away_a_command_waits_for_it_and_then_is_done_once(world: World):
    agreement = await world.agreement()
    await agreement.bring("assigned", "undisturbed")
    await agreement.bring("assigned")
    usual = await cost(agreement, "undisturbed", agreement.do("respond", START, "undisturbed"))

    handle = agreement.request_handle()
    before = costs(await history(handle))
    async with sqlite_away(world):
        told = asyncio.create_task(agreement.do("respond", START))
        await eventually(lambda: is_pending(handle, "record"), "the patient recording")
        # What needs no writing goes on.
        assert (await agreement.status()).snapshot.state == "responded"
        with pytest.raises(CommandRefused) as problem:
            await agreement.do("add_note", START, by=STRANGER)
        assert problem.value.kind is RefusalKind.WRONG_PARTY
        assert not told.done()
        assert (await agreement.kinds())[-1] == "assigned"
    assert (await told).state == "responded"
    assert (await agreement.kinds())[-1] == "responded"
    assert await agreement.is_sound()
    extra = costs(await history(handle)) - before - usual
    print(extra)

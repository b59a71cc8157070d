"""Parts of the house that are away for a while: commands wait and are done, and nobody pays for it (§3)."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import make_url
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import WorkflowHandle

from activities.notifications import MAIL_UNAVAILABLE
from contract.facts import EventKind
from contract.refusals import RefusalKind
from runtime.engines import DevServer, free_port
from runtime.settings import MailKind, Tls
from starter.errors import CommandRefused
from tests.activities.post_office import HOST, PostOffice
from tests.engine import SECOND, START, STRANGER, R, World, eventually, history, real_server, real_world

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
async def away(record_url: str) -> AsyncIterator[None]:
    """The record store's database does not answer; it comes back at the end of the block."""
    url = make_url(record_url)
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(url.database or "", isolation_level=None)) as somebody_else:
            somebody_else.execute("BEGIN EXCLUSIVE")
            yield
            somebody_else.execute("ROLLBACK")
        return
    server = await asyncpg.connect(host=url.query["host"], user=url.username, database="postgres")
    ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1"
    try:
        await server.execute(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS false")
        await server.execute(ours, url.database)
        yield
    finally:
        # Also after a failure in the block: it must not be hidden by a database that stays away.
        await server.execute(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS true")
        await server.close()


async def events_of(handle: WorkflowHandle[Any, Any]) -> Counter[str]:
    seen = await history(handle)
    return Counter(EventType.Name(kind).removeprefix("EVENT_TYPE_") for kind in seen)


async def pending(handle: WorkflowHandle[Any, Any], activity: str) -> PendingActivityInfo | None:
    """An activity that a workflow waits for, as the Temporal UI shows it."""
    description = (await handle.describe()).raw_description
    return next((a for a in description.pending_activities if a.activity_type.name == activity), None)


async def test_while_the_record_store_is_away_a_command_waits_and_then_is_done_once_c6_2_3(
    tmp_path: Path, server: DevServer, record_url: str
):
    """A busy SQLite file keeps whoever asks waiting; PostgreSQL, when it is away, refuses at once."""
    async with real_world(tmp_path, server, records_url=record_url) as world:
        await world.start_worker()
        agreement = await world.agreement()
        for request_id in ("undisturbed", R):
            await agreement.bring("assigned", request_id)
        undisturbed, handle = agreement.request_handle("undisturbed"), agreement.request_handle()
        usual = await events_of(undisturbed)
        await agreement.do("respond", START, "undisturbed")
        usual = await events_of(undisturbed) - usual
        before = await events_of(handle)
        async with away(record_url):
            told = asyncio.create_task(agreement.do("respond", START))
            await eventually(lambda: pending(handle, "record"), "the patient recording", within=15)
            # What needs no recording goes on: reads, and refusals.
            await agreement.status()
            with pytest.raises(CommandRefused) as problem:
                await agreement.do("add_note", START, by=STRANGER)
            assert problem.value.kind is RefusalKind.WRONG_PARTY
            assert not told.done()
        assert (await told).state == "responded"
        assert await agreement.kinds() == ["submitted", "confirmed", "assigned", "responded"]
        assert await agreement.is_sound()
        extra = await events_of(handle) - before - usual
        activity = {f"ACTIVITY_TASK_{step}": 1 for step in ("SCHEDULED", "STARTED", "COMPLETED")}
        task = {f"WORKFLOW_TASK_{step}": 1 for step in ("SCHEDULED", "STARTED", "COMPLETED")}
        assert extra == Counter(activity | task)
        # A worker that knows the request from its history alone goes on with it.
        await world.stop_worker()
        await world.start_worker()
        assert (await agreement.do("resolve", START)).state == "resolved"
        assert "WORKFLOW_TASK_FAILED" not in await events_of(handle)


async def test_an_offer_made_while_the_record_store_is_away_says_that_it_is_not_on_record_yet(
    tmp_path: Path, server: DevServer, sqlite_url: str
):
    async with real_world(tmp_path, server, records_url=sqlite_url) as world:
        await world.start_worker()
        async with away(sqlite_url):
            agreement = await world.offer()
            assert not agreement.offered.recorded

        async def recorded() -> bool:
            return (await agreement.standing()).recorded

        await eventually(recorded, "the offer on record")
        assert await agreement.kinds(None) == ["offered"]


# The mail server


async def test_while_the_mail_server_is_away_notices_are_seen_waiting_and_then_each_is_sent_once(
    tmp_path: Path, server: DevServer
):
    async with PostOffice() as office:
        post: dict[str, Any] = {
            "mail": MailKind.SMTP,
            "smtp_host": HOST,
            "smtp_port": office.port,
            "smtp_tls": Tls.NONE,
        }
        async with real_world(tmp_path, server, **post) as world:
            await world.start_worker()
            agreement = await world.agreement(mail=True)
            handle = agreement.request_handle()
            # Commands do not wait for the mail.
            await agreement.bring("resolved")

            async def failed() -> PendingActivityInfo | None:
                waiting = await pending(handle, "notify")
                return waiting if waiting and waiting.HasField("last_failure") else None

            waiting = await eventually(failed, "a notice that could not be sent")
            assert waiting is not None
            failure = waiting.last_failure
            assert failure.application_failure_info.type == MAIL_UNAVAILABLE
            assert "example.com" not in str(failure)
            assert (await agreement.status()).unsent_notices == 4
            assert office.received == []
            await office.open()

            async def sent() -> bool:
                return (await agreement.status()).unsent_notices == 0

            await eventually(sent, "the notices of the request")
            told = Counter(
                str(message["Aftercare-Event"])
                for _, message in office.received
                if message["Aftercare-Request"] == R
            )
            assert told == Counter(
                [
                    "1-submitted-provider",
                    "1-submitted-customer",
                    "3-assigned-customer",
                    "4-responded-customer",
                    "5-resolved-customer",
                ]
            )
            assert await pending(handle, "notify") is None


# The Temporal server


async def test_a_server_started_again_on_its_file_goes_on_where_it_stopped(tmp_path: Path):
    """The worker stays, finds the server again, and judges what fell due meanwhile."""
    port = free_port()
    async with AsyncExitStack() as stack:
        async with real_server(tmp_path, port=port) as server:
            world = await stack.enter_async_context(real_world(tmp_path, server))
            await world.start_worker()
            agreement = await world.agreement(ago=2 * SECOND, targets={"respond_hours": "0.001"})  # 3.6 s
            await agreement.bring("assigned")
            await agreement.bring("responded", "r-2")
        async with real_server(tmp_path, port=port):
            breached = await agreement.event(EventKind.TARGET_BREACHED)
            assert breached.at == START + 3.6 * SECOND
            await agreement.comes_to_owe("200.00")
            now = START + 5 * SECOND
            await agreement.wait_until(now)
            await agreement.do("respond", now)
            await agreement.do("resolve", now, "r-2")
            await agreement.submit("r-3", at=now)
            assert (await agreement.kinds("r-2"))[-2:] == ["responded", "resolved"]
            for request_id in (R, "r-2", "r-3"):
                assert await agreement.is_sound(request_id)
            await world.stop_worker()

"""How a worker ends: with its work done within a bound, and never without a word and a code."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from runtime.binaries import temporal_cli
from tests.activities.post_office import HOST, PostOffice
from tests.engine import World, eventually, real_server, real_world
from tests.processes.conftest import worker_process

pytestmark = [pytest.mark.engine, pytest.mark.asyncio(loop_scope="module")]


class SlowPostOffice(PostOffice):
    """Takes its time with the first mail, until it is let."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.reached, self.let = asyncio.Event(), asyncio.Event()

    async def handle_DATA(self, *given: Any) -> str:
        self.reached.set()
        await self.let.wait()
        return await super().handle_DATA(*given)


@asynccontextmanager
async def slow_mail() -> AsyncIterator[tuple[SlowPostOffice, dict[str, Any]]]:
    async with await SlowPostOffice().open() as office:
        yield office, {"mail": "smtp", "smtp_host": HOST, "smtp_port": office.port, "smtp_tls": "none"}
        office.let.set()


async def test_a_mail_under_way_is_sent_and_recorded_before_a_worker_told_to_stop_ends_with_code_0(
    world: World,
):
    async with slow_mail() as (office, mail), worker_process(world, drain_seconds=30, **mail) as worker:
        agreement = await world.offer(mail=True)
        await office.reached.wait()
        worker.tell()
        await worker.line("worker draining")
        assert (await worker.ready())["checks"]["worker"] == "draining"
        assert (await worker.ask("/readyz"))[0] == 503
        office.let.set()
        assert await worker.ended() == 0
        workflow_id = agreement.handle.id
        assert len(await world.store.notifications(workflow_id)) == len(office.received) > 0
    assert worker.lines[-1]["event"] == "worker stopped"


async def test_a_mail_that_takes_longer_than_the_bound_is_given_up_and_the_worker_ends_with_code_75(
    world: World,
):
    async with slow_mail() as (office, mail), worker_process(world, drain_seconds=0, **mail) as worker:
        await world.offer(mail=True)
        await office.reached.wait()
        worker.tell()
        assert await worker.ended() == 75


async def test_a_record_store_that_hangs_does_not_keep_a_worker_beyond_the_bound(world: World):
    database = make_url(world.settings.records_url).database
    async with worker_process(world, drain_seconds=0) as worker:
        agreement = await world.agreement()
        with closing(sqlite3.connect(database or "", isolation_level=None)) as somebody_else:
            somebody_else.execute("BEGIN EXCLUSIVE")
            told = asyncio.create_task(agreement.submit(command_id="told-once"))
            await _waiting_for_the_record(worker)
            worker.tell()
            assert await worker.ended() == 75
            somebody_else.execute("ROLLBACK")
        told.cancel()
        assert worker.lines[-1]["event"] == "worker ends with work unfinished"
    async with worker_process(world):
        assert (await agreement.submit(command_id="told-once")).state == "submitted"


async def _waiting_for_the_record(worker: Any) -> None:
    async def used() -> bool:
        samples = await worker.metrics()
        return any(
            value > 0
            for name, value in samples.items()
            if name.startswith("temporal_worker_task_slots_used") and "LocalActivityWorker" in name
        )

    await eventually(used, "a local activity under way")


async def test_a_second_signal_ends_it_at_once_with_code_75(world: World):
    async with slow_mail() as (office, mail), worker_process(world, drain_seconds=60, **mail) as worker:
        await world.offer(mail=True)
        await office.reached.wait()
        worker.tell()
        await worker.line("worker draining")
        worker.tell()
        assert await worker.ended() == 75


async def test_a_worker_whose_namespace_is_deleted_logs_why_and_ends_with_a_code_that_is_not_0(
    tmp_path: Path,
):
    async with (
        real_server(tmp_path, namespace="short-lived") as server,
        real_world(tmp_path, server) as world,
        worker_process(world, temporal_namespace="short-lived") as worker,
    ):
        delete = ["operator", "namespace", "delete", "-n", "short-lived", "--yes", "--address"]
        subprocess.run([temporal_cli(), *delete, server.address], check=True, capture_output=True)
        code = await worker.ended()
    last = worker.lines[-1]
    assert (last["event"], last["level"]) == ("worker ended", "critical")
    # Now and then the SDK gives up by itself, before the worker has asked whether the namespace is there.
    assert code in {1, 70}
    assert code == 70 or "short-lived" in last["reason"]

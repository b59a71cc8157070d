"""Workers killed with SIGKILL: whatever they were doing is done once, by the next one.

A task that dies with its worker is given to another after ten seconds.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from contract.commands import CommandName
from contract.facts import EventKind
from contract.request_life import EVENT_OF
from runtime.engines import DevServer
from runtime.tether import tethered
from tests.durability.dying import HOUSE, mortal_workers
from tests.engine import HOUR, SECOND, START, LivedAgreement, R, World, real_world
from tests.keys import KEYRING

pytestmark = [pytest.mark.engine, pytest.mark.asyncio(loop_scope="module")]

POINTS = [
    "before append_many offered",
    "after append_many offered",
    "before append_many activated",
    "after append_many activated",
    "before admit",
    "after admit",
    "after append_many target_breached",
    "before append_many responded",
    "after append_many responded",
    "after append_many resolved",
]
"""Where workers die: by what the record store is asked, before it is or after it was."""

LIFE: Sequence[tuple[CommandName, int]] = [
    (CommandName.CONFIRM, 3600),
    (CommandName.ASSIGN, 3600),
    (CommandName.RESPOND, 4 * 3600 + 1),
    (CommandName.NOTE_DIAGNOSIS, 5 * 3600),
    (CommandName.RESOLVE, 9 * 3600),
    (CommandName.ACCEPT, 10 * 3600),
    (CommandName.RATE, 11 * 3600),
]
"""Of a critical request, in seconds: responded a second late, 200.00; resolved an hour late, 500.00."""

LIVED_AGO = 20 * HOUR
"""Everything happened before it is told, so that it can be told at once; dues pass in between."""


async def live(agreement: LivedAgreement, request_id: str = R) -> None:
    await agreement.submit(request_id, priority="critical")
    for command, after in LIFE:
        await agreement.do(command, START + after * SECOND, request_id, command_id=f"{request_id}-{command}")


async def all_is_on_record_once(agreement: LivedAgreement, request_id: str = R) -> None:
    events = await agreement.events(request_id)
    told = Counter(event.kind for event in events if event.command_id)
    assert told == Counter([EventKind.SUBMITTED, *(EVENT_OF[command] for command, _ in LIFE)])
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert await agreement.is_sound(request_id)
    assert await agreement.owed(request_id) == "700.00"
    entries = await agreement.entries(request_id)
    assert len({entry.key for entry in entries}) == len(entries)


async def test_a_worker_killed_at_any_point_leaves_everything_on_record_once(
    tmp_path: Path, server: DevServer
):
    async with AsyncExitStack() as stack:
        worlds = []
        for number in range(len(POINTS)):
            folder = tmp_path / str(number)
            folder.mkdir()
            worlds.append(await stack.enter_async_context(real_world(folder, server)))
        died = await stack.enter_async_context(mortal_workers(server.address, worlds, POINTS))

        async def die_and_live_on(world: World) -> LivedAgreement:
            async def whole_life() -> LivedAgreement:
                agreement = await world.agreement(ago=LIVED_AGO)
                await live(agreement)
                return agreement

            life = asyncio.create_task(whole_life())
            await died[world.settings.task_queue].wait()
            assert not life.done()
            await world.start_worker()
            return await life

        for agreement in await asyncio.gather(*(die_and_live_on(world) for world in worlds)):
            assert await agreement.kinds(None) == ["offered", "signed", "signed", "activated"]
            assert await agreement.is_sound(None)
            await all_is_on_record_once(agreement)


async def test_a_service_whose_worker_is_killed_again_and_again_loses_and_doubles_nothing(
    tmp_path: Path, idle_world: World, monkeypatch: pytest.MonkeyPatch
):
    """`worker.py` itself, with several requests under way; killed when the first got so far."""
    world = idle_world
    settings = world.settings
    monkeypatch.chdir(HOUSE)
    for name in ("temporal_address", "task_queue", "records_url", "mail"):
        monkeypatch.setenv(f"AFTERCARE_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("AFTERCARE_KEYRING", KEYRING.as_text())
    names = [f"r-{number}" for number in range(4)]
    command, log = [sys.executable, "worker.py"], tmp_path / "worker.log"
    async with tethered(command, log=log) as worker:
        agreement = await world.agreement(ago=LIVED_AGO)
        lives = asyncio.gather(*(live(agreement, name) for name in names))
        await agreement.event(EventKind.CONFIRMED, names[0])
        os.kill(worker.pid, signal.SIGKILL)
    async with tethered(command, log=log) as worker:
        await agreement.event(EventKind.RESOLVED, names[0])
        os.kill(worker.pid, signal.SIGKILL)
    assert not lives.done()
    async with tethered(command, log=log):
        await lives
        for name in names:
            await all_is_on_record_once(agreement, name)
    assert log.read_text().count("worker ready") == 3

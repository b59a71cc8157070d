"""A module's dev server, worlds on it, and an operator at a command line that leads to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Connection

from records.database import Database
from records.engine import database_url
from runtime.engines import DevServer
from starter.cli import run
from tests.engine import World, real_server, real_world
from tests.keys import KEYRING
from tests.starter.conftest import CommandLine, Said


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DevServer]:
    """The module's dev server."""
    async with real_server(tmp_path_factory.mktemp("temporal")) as server:
        yield server


class Operator:
    """Someone at a command line, while the service goes on living in the test's loop."""

    def __init__(self, world: World, capsys: pytest.CaptureFixture[str]) -> None:
        self.world = world
        self._capsys = capsys

    async def __call__(self, *arguments: str) -> Said:
        """`aftercare ops …`"""
        self._capsys.readouterr()
        code = await asyncio.to_thread(run, ["ops", *arguments])
        printed = self._capsys.readouterr()
        return Said(code, printed.out, printed.err)


Operators = Callable[..., Any]


@pytest.fixture
def operating(
    tmp_path: Path,
    server: DevServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Operators:
    """``async with operating(**settings) as operator``: a world of the test's own, and who operates it."""

    @asynccontextmanager
    async def opened(**settings: Any) -> AsyncIterator[Operator]:
        async with real_world(tmp_path, server, **settings) as world:
            told = {
                "TEMPORAL_ADDRESS": server.address,
                "TASK_QUEUE": world.settings.task_queue,
                "RECORDS_URL": world.settings.records,
                "HOME": str(tmp_path),
                "KEYRING": KEYRING.as_text(),
            }
            for name, value in told.items():
                monkeypatch.setenv(f"AFTERCARE_{name}", value)
            yield Operator(world, capsys)

    return opened


Tampering = Callable[..., Awaitable[None]]


@pytest.fixture
def tamper() -> Tampering:
    """Do to a record store what only someone who can drop its triggers can."""

    async def run_all(url: str, *statements: str) -> None:
        target = database_url(url)
        if target.get_backend_name() == "sqlite":
            guards = ["PRAGMA foreign_keys=OFF"]
            guards += [f"DROP TRIGGER IF EXISTS events_no_{change}" for change in ("update", "delete")]
        else:
            guards = ["SET session_replication_role = replica"]

        def work(connection: Connection) -> None:
            for statement in (*guards, *statements):
                connection.exec_driver_sql(statement)

        database = Database.at(target, connections=1)
        try:
            await database.write(work)
        finally:
            await database.close()

    return run_all


@pytest.fixture
def aftercare(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> CommandLine:
    """A command line with nothing in its environment."""
    monkeypatch.setenv("AFTERCARE_HOME", str(tmp_path / "home"))
    return CommandLine(capsys)

"""`worker.py` in a process of its own, beside a world whose server and record store it works on."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import urllib.error
import urllib.request
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from runtime.engines import DevServer
from tests.engine import World, eventually, real_server, real_world
from tests.keys import KEYRING

HOUSE = Path(__file__).parents[2]


@dataclass
class WorkerProcess:
    """What it has logged, and ways to ask it."""

    process: Process
    lines: list[dict[str, Any]] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)

    async def read(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.raw.append(line.decode())
            self.lines.append(json.loads(line))

    async def line(self, event: str) -> dict[str, Any]:
        """The first line that tells of an event."""

        async def look() -> dict[str, Any] | None:
            assert self.process.returncode is None or self.lines, "it ended without a word"
            return next((line for line in self.lines if line["event"] == event), None)

        found = await eventually(look, f"the line {event!r} among {self.raw}", within=90)
        assert found is not None
        return found

    async def ask(self, path: str) -> tuple[int, str]:
        """Status and body of what it answers over HTTP."""
        address = (await self.line("worker ready"))["monitoring"]

        def fetch() -> tuple[int, str]:
            try:
                with urllib.request.urlopen(f"http://{address}{path}", timeout=20) as answer:
                    return answer.status, answer.read().decode()
            except urllib.error.HTTPError as refusal:
                with refusal:
                    return refusal.code, refusal.read().decode()

        return await asyncio.to_thread(fetch)

    async def ready(self) -> Any:
        return json.loads((await self.ask("/readyz"))[1])

    async def metrics(self) -> dict[str, float]:
        """Every sample: name and labels, as written, to its value."""
        text = (await self.ask("/metrics"))[1]
        samples = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in samples}

    def tell(self, number: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    async def ended(self) -> int:
        """Its exit code."""
        async with asyncio.timeout(100):
            return await self.process.wait()


@asynccontextmanager
async def worker_process(world: World, **settings: Any) -> AsyncIterator[WorkerProcess]:
    """A worker of a world, ready; killed at the end of the block if it is still there."""
    known = world.settings
    given = {
        "temporal_address": known.temporal_address,
        "task_queue": known.task_queue,
        "records_url": known.records_url,
        "home": known.home,
        "keyring": KEYRING.as_text(),
        "mail": known.mail.value,
        "log_json": "true",
        "monitoring_address": "127.0.0.1:0",
    } | settings
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AFTERCARE_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "worker.py"),
        cwd=HOUSE,
        env=clean | {f"AFTERCARE_{name.upper()}": str(value) for name, value in given.items()},
        stderr=PIPE,
    )
    worker = WorkerProcess(process)
    reading = asyncio.create_task(worker.read())
    try:
        await worker.line("worker ready")
        yield worker
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reading


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DevServer]:
    """The module's dev server."""
    async with real_server(tmp_path_factory.mktemp("temporal")) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def world(tmp_path: Path, server: DevServer) -> AsyncIterator[World]:
    """A world of the test's own, without a worker in this process."""
    async with real_world(tmp_path, server) as world:
        yield world

"""Workers that die at their point, from the side of the test; they are :mod:`tests.durability.mortal`."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.client import Interceptor, OutboundInterceptor, StartWorkflowInput, WorkflowHandle

from tests.engine import World

HOUSE = Path(__file__).parents[2]


@asynccontextmanager
async def mortal_workers(
    address: str, worlds: Sequence[World], points: Sequence[str], *, plain: bool = False
) -> AsyncIterator[dict[str, asyncio.Event]]:
    """A worker for each world, which dies at its point; by task queue, what is set when it has died."""
    orders = [
        (world.settings.task_queue, world.settings.records_url, point)
        for world, point in zip(worlds, points, strict=True)
    ]
    died = {queue: asyncio.Event() for queue, _, _ in orders}
    command = [sys.executable, "-m", "tests.durability.mortal", address, *(["plain"] if plain else [])]
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, cwd=HOUSE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(orders).encode() + b"\n")

    async def read(lines: asyncio.StreamReader) -> None:
        async for line in lines:
            died[line.decode().strip()].set()

    reading = asyncio.create_task(read(process.stdout))
    try:
        yield died
    finally:
        process.stdin.close()
        await process.wait()
        await reading


class Brisk(Interceptor):
    """A client whose workflows miss a dead worker after 2 seconds; after 10 in production."""

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:
        return _Starting(next)


class _Starting(OutboundInterceptor):
    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:
        input.task_timeout = timedelta(seconds=2)
        return await super().start_workflow(input)

"""A real server for a module's tests, and a world on it for each of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from runtime.engines import DevServer
from tests.engine import World, real_server, real_world


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DevServer]:
    """The module's dev server."""
    async with real_server(tmp_path_factory.mktemp("temporal")) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def idle_world(tmp_path: Path, server: DevServer) -> AsyncIterator[World]:
    """A world of the test's own, whose worker it starts itself."""
    async with real_world(tmp_path, server) as world:
        yield world


@pytest_asyncio.fixture(loop_scope="module")
async def world(idle_world: World) -> World:
    """A world of the test's own, with a worker."""
    await idle_world.start_worker()
    return idle_world

"""Worlds for these tests: one for a whole module where no time passes, a new one for a test where it does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.engine import LivedAgreement, World, skipping_world


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shared_world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """The module's world. Its tests share its clock, so none of them lets time pass."""
    async with skipping_world(tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shared_agreement(shared_world: World) -> LivedAgreement:
    """The module's agreement, in force."""
    return await shared_world.agreement()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A world of the test's own, whose time it may pass."""
    async with skipping_world(tmp_path) as world:
        yield world

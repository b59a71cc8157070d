"""A support desk on everything that `aftercare dev` starts, and a browser to look at it with.

`make screenshots` keeps the pictures in docs/images; otherwise they go where the test's other files go.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from runtime.connection import connect
from runtime.settings import Settings
from starter.client import Aftercare
from starter.development import Running, running
from tests.pages.scene import Desk

IMAGES = Path(__file__).parents[2] / "docs" / "images"
CHROMIUM = shutil.which("chromium")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def development(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """What `aftercare dev` runs, payloads encrypted, with a support desk at work on it."""
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    async with running(settings, port=None, ui_port=None) as found:
        client = await connect(settings.model_copy(update={"temporal_address": found.temporal}))
        await Desk(Aftercare(client, task_queue=settings.task_queue), datetime.now(UTC)).open()
        yield found


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium fonts-noto-cjk")
    async with async_playwright() as playwright:
        # Its own sandbox needs rights that containers and CI lack; it sees only our own pages.
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where screenshots go."""
    return IMAGES if os.environ.get("SCREENSHOTS") else tmp_path

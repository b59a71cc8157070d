"""Fixtures of these tests: a record store in a file, and a mail server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from records import RecordStore, upgrade
from tests.activities.post_office import PostOffice


@pytest.fixture
async def store(sqlite_url: str) -> AsyncIterator[RecordStore]:
    await upgrade(sqlite_url)
    async with await RecordStore.open(sqlite_url) as store:
        yield store


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with PostOffice() as office:
        yield office

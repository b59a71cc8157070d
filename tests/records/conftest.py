"""An empty record store on each database, and a way around it for what only raw SQL can show."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text

from records import RecordStore, engine, upgrade
from records.database import Database
from records.engine import database_url
from tests.records.building import agreement

Sql = Callable[..., Awaitable[list[Any]]]
"""Runs statements in one transaction and answers with the rows of the last."""


@pytest.fixture
async def empty_store(record_url: str) -> AsyncIterator[RecordStore]:
    await upgrade(record_url)
    async with await RecordStore.open(record_url) as store:
        yield store


@pytest.fixture
async def store(empty_store: RecordStore) -> RecordStore:
    """A record store with one agreement in force."""
    await empty_store.append(agreement())
    return empty_store


@asynccontextmanager
async def open_transaction(url: str, statement: str) -> AsyncIterator[None]:
    """Someone else's write that has happened and is not committed until the block ends."""
    target = engine.database_url(url)
    if engine.is_sqlite(target):
        file = engine.sqlite(target, 1)
        with file.execution_options(**{engine.WRITES: True}).begin() as connection:
            connection.execute(text(statement))
            yield
        file.dispose()
    else:
        server = engine.postgresql(target, 1)
        async with server.begin() as session:
            await session.execute(text(statement))
            yield
        await server.dispose()


@pytest.fixture
async def sql(record_url: str) -> AsyncIterator[Sql]:
    database = Database.at(database_url(record_url), connections=1)

    async def run(*statements: str) -> list[Any]:
        def work(connection: Any) -> list[Any]:
            rows: list[Any] = []
            for statement in statements:
                result = connection.exec_driver_sql(statement)
                rows = list(result) if result.returns_rows else []
            return rows

        return await database.write(work)

    yield run
    await database.close()

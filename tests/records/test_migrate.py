"""Bringing a database up to date: as often as one likes, from several processes at once."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from records import RecordStore, SchemaNotReady, upgrade
from records.database import Database
from records.engine import database_url
from records.migrate import ADVISORY_LOCK as LOCK
from records.schema import metadata
from tests.records.building import A, agreement
from tests.records.conftest import Sql, open_transaction

HOUSE = Path(__file__).parents[2]
UPGRADE = "import asyncio, sys; from records import upgrade; asyncio.run(upgrade(sys.argv[1]))"


async def test_upgrading_again_changes_nothing(record_url: str) -> None:
    await upgrade(record_url)
    async with await RecordStore.open(record_url) as store:
        await store.append(agreement())
    await upgrade(record_url)
    async with await RecordStore.open(record_url) as store:
        assert await store.agreement(A) is not None


async def test_several_tasks_may_upgrade_at_once(record_url: str) -> None:
    await asyncio.gather(*(upgrade(record_url) for _ in range(4)))
    async with await RecordStore.open(record_url) as store:
        assert await store.agreements() == []


async def test_several_processes_may_upgrade_at_once(record_url: str) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", UPGRADE, record_url], cwd=HOUSE)
        for _ in range(4)
    ]
    assert [process.wait() for process in processes] == [0, 0, 0, 0]
    async with await RecordStore.open(record_url) as store:
        assert await store.agreements() == []


async def test_an_upgrade_waits_for_one_that_is_under_way(record_url: str) -> None:
    taken = "SELECT 1" if record_url.startswith("sqlite") else f"SELECT pg_advisory_xact_lock({LOCK})"
    async with open_transaction(record_url, taken):
        waiting = asyncio.create_task(upgrade(record_url))
        done, _ = await asyncio.wait({waiting}, timeout=0.5)
        assert not done
    await waiting
    async with await RecordStore.open(record_url) as store:
        assert await store.agreements() == []


async def test_several_stores_may_be_upgraded_at_once(tmp_path: Path) -> None:
    urls = [f"sqlite:///{tmp_path / f'record-{n}.db'}" for n in range(6)]
    await asyncio.gather(*(upgrade(url) for url in urls))
    for url in urls:
        async with await RecordStore.open(url) as store:
            assert await store.agreements() == []


async def test_the_migrations_make_the_tables_that_the_code_knows(record_url: str) -> None:
    await upgrade(record_url)

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    database = Database.at(database_url(record_url), connections=1)
    try:
        assert await database.read(differences) == []
    finally:
        await database.close()


async def test_a_store_that_was_never_upgraded_is_not_opened(record_url: str) -> None:
    with pytest.raises(SchemaNotReady, match="no record store"):
        await RecordStore.open(record_url)


async def test_a_store_of_a_newer_release_is_opened(record_url: str, sql: Sql) -> None:
    await upgrade(record_url)
    await sql("UPDATE alembic_version SET version_num = '9999'")
    async with await RecordStore.open(record_url) as store:
        assert await store.agreements() == []


async def test_the_directory_of_a_sqlite_file_is_made(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'record.db'}"
    await upgrade(url)
    async with await RecordStore.open(url) as store:
        assert await store.agreements() == []


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite+aiosqlite:///:memory:"])
async def test_a_database_in_memory_is_no_record(url: str) -> None:
    with pytest.raises(ValueError, match="a file for the record store"):
        await upgrade(url)


async def test_another_database_is_refused() -> None:
    with pytest.raises(ValueError, match="not mysql"):
        await upgrade("mysql://localhost/records")


async def test_sqlite_keeps_what_it_was_told(sqlite_url: str) -> None:
    await upgrade(sqlite_url)

    def settings(connection: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return [connection.scalar(text(f"PRAGMA {name}")) for name in names]

    database = Database.at(database_url(sqlite_url), connections=1)
    try:
        assert await database.read(settings) == ["wal", 1, 1, 30_000]
    finally:
        await database.close()

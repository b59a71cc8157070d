"""Bringing a database up to date: `upgrade(url)`, from a program or a command line, as often as one likes.
`standing(url)` tells how far it is.

Two processes that start at once are safe: the whole of it is one transaction behind one lock, so the second
waits and finds nothing left to do.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, text

from records.database import Database
from records.engine import BUSY_SECONDS, database_url, is_sqlite
from records.faults import SchemaNotReady

ADVISORY_LOCK = 0x61667465_72636172
"""PostgreSQL's number for "the record store is being migrated"; any constant no one else uses."""

# alembic keeps the migration at hand in module globals: one at a time in a process.
_ONE_AT_A_TIME = threading.Lock()


async def upgrade(url: str) -> None:
    """Make or update the record store's tables. Does nothing when they are up to date.

    Raises ValueError for a URL of no kept database; the driver's error when the database is away.
    """
    target = database_url(url)
    # In a thread with a loop of its own, so that the caller's loop neither waits nor holds the lock.
    await asyncio.to_thread(_upgrade_alone, target)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a database is, beside this release."""

    revision: str | None
    """Of the database; None when there is no record store in it."""
    release: str
    """The newest revision this release knows."""
    ready: bool
    """Whether this release can work on it: as it knows it, or newer, as during a roll-out."""


async def standing(url: str) -> Standing:
    """How far the tables are; makes none. Raises as `upgrade` does."""
    target = database_url(url)
    # Looking into a file that is not there would make it.
    if is_sqlite(target) and not await asyncio.to_thread(Path(target.database or "").exists):
        return Standing(None, _release(), ready=False)
    database = Database.at(target, connections=1)
    try:
        return await database.read(_standing)
    finally:
        await database.close()


def check_ready(connection: Connection) -> None:
    """Raises SchemaNotReady unless the tables are as this release knows them, or newer.

    Newer is no fault: during a roll-out the old release goes on beside the new one.
    """
    found = _standing(connection)
    if not found.ready:
        has = f"the record store at revision {found.revision}" if found.revision else "no record store"
        raise SchemaNotReady(f"the database has {has}, not {found.release}: upgrade it first")


def _standing(connection: Connection) -> Standing:
    current = MigrationContext.configure(connection).get_current_revision()
    return Standing(current, _release(), ready=current is not None and current not in _older())


@cache
def _release() -> str:
    return str(ScriptDirectory.from_config(_config()).get_current_head())


@cache
def _older() -> frozenset[str]:
    """The revisions before this release's. Read once: probes ask every few seconds."""
    script = ScriptDirectory.from_config(_config())
    return frozenset(revision.revision for revision in script.walk_revisions()) - {_release()}


def _upgrade_alone(url: URL) -> None:
    with _ONE_AT_A_TIME:
        if is_sqlite(url):
            file = Path(url.database or "")
            file.parent.mkdir(parents=True, exist_ok=True)
            _write_ahead(str(file))
        asyncio.run(_upgrade(url))


async def _upgrade(url: URL) -> None:
    database = Database.at(url, connections=1)
    try:
        await database.write(_run)
    finally:
        await database.close()


def _write_ahead(path: str) -> None:
    """Switch the file to WAL for good: readers and the writer do not wait for each other.

    Outside a transaction, where alone SQLite allows the switch. It does not always wait here, as it does
    elsewhere, when another process is at the file: so this does.
    """
    patience = time.monotonic() + BUSY_SECONDS
    with closing(sqlite3.connect(path, timeout=0)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError:
                if time.monotonic() > patience:
                    raise
                time.sleep(0.02)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "records:migrations")
    config.set_main_option("path_separator", "os")
    return config


def _run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": ADVISORY_LOCK})
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")

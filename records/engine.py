"""Connections to the two databases, each told to keep what it is given and to say no in time.

A write is one transaction that holds from its first statement what it needs until its last: on SQLite the
write lock (``BEGIN IMMEDIATE``; a transaction that starts by reading and then wants to write is refused
when another wrote in between), on PostgreSQL row locks taken by the statements themselves. A read sees one
state of the record however many statements it takes.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from records.types import canonical_json

BUSY_SECONDS = 30
"""How long SQLite waits for another process's write before it gives up."""

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}
_WRITES = "aftercare_writes"


def database_url(url: str) -> URL:
    """The URL with its asynchronous driver filled in.

    Raises ValueError for another database, and for SQLite in memory: a record is kept.
    """
    given = make_url(url)
    resolved = given.set(drivername=_DRIVERS.get(given.drivername, given.drivername))
    if resolved.drivername not in _DRIVERS.values():
        raise ValueError(f"a sqlite or postgresql URL, not {given.drivername}")
    if is_sqlite(resolved) and (not resolved.database or ":memory:" in resolved.database):
        raise ValueError("a file for the record store, such as sqlite:///aftercare.db")
    return resolved


def is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def create(url: URL, *, connections: int = 10) -> AsyncEngine:
    """An engine with a pool of that many connections. Parameters stay out of error messages (C5.3)."""
    options: dict[str, Any] = {"hide_parameters": True, "json_serializer": canonical_json}
    options |= {"pool_size": connections, "max_overflow": 0}
    if not is_sqlite(url):
        return create_async_engine(url, **options)
    # isolation_level None: the driver starts no transactions of its own, we say BEGIN ourselves.
    driver = {"isolation_level": None, "timeout": BUSY_SECONDS}
    engine = create_async_engine(url, connect_args=driver, **options)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def reading(engine: AsyncEngine) -> AsyncEngine:
    """The same connections, for transactions that read one state of the record."""
    if engine.dialect.name == "sqlite":
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def writing(engine: AsyncEngine) -> AsyncEngine:
    """The same connections, for transactions that write."""
    return engine.execution_options(**{_WRITES: True})


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    # WAL is a property of the file (see migrate.py). With it, NORMAL loses no transaction to a crash of
    # the process, and none but the last few to a power cut; it never corrupts.
    for pragma in ("foreign_keys=ON", "synchronous=NORMAL", "recursive_triggers=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

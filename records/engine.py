"""The two databases' engines, each told to keep what it is given and to say no in time.

PostgreSQL is reached asynchronously (asyncpg). SQLite is a library, not a server: it is called in threads
of ours, a whole transaction at a time. Handing every single call to a thread, as aiosqlite does, was
measured at four times the CPU: 2.5 ms instead of 0.7 ms for one step of a workflow (`bench/records.py`).
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from records.types import canonical_json

BUSY_SECONDS: Final = 30
"""How long SQLite waits for another process's write before it gives up."""

WRITES: Final = "aftercare_writes"
"""The execution option of a connection whose transactions write."""

# Values stay out of error messages (C5.3); JSON is written as the hash chain saw it.
_KEPT: Final[dict[str, Any]] = {"hide_parameters": True, "json_serializer": canonical_json, "max_overflow": 0}


def database_url(url: str) -> URL:
    """The URL with the driver we use; whichever was named is replaced.

    Raises ValueError for another database, and for SQLite in memory: a record is kept.
    """
    try:
        given = make_url(url)
    except ArgumentError:
        raise ValueError("a URL such as sqlite:///aftercare.db or postgresql://host/database") from None
    if is_sqlite(given):
        if not given.database or ":memory:" in given.database:
            raise ValueError("a file for the record store, such as sqlite:///aftercare.db")
        return given.set(drivername="sqlite+pysqlite")
    if given.get_backend_name() in {"postgresql", "postgres"}:
        return given.set(drivername="postgresql+asyncpg")
    raise ValueError(f"a sqlite or postgresql URL, not {given.drivername}")


def is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def postgresql(url: URL, connections: int) -> AsyncEngine:
    return create_async_engine(url, pool_size=connections, **_KEPT)


def sqlite(url: URL, connections: int) -> Engine:
    # isolation_level None: the driver starts no transactions of its own, we say BEGIN ourselves.
    driver = {"isolation_level": None, "timeout": BUSY_SECONDS}
    engine = create_engine(url, pool_size=connections, connect_args=driver, **_KEPT)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    # WAL is a property of the file (see migrate.py). With it, NORMAL loses no transaction to a crash of
    # the process, and none but the last few to a power cut; it never corrupts.
    for pragma in ("foreign_keys=ON", "synchronous=NORMAL", "recursive_triggers=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # A transaction that begins by reading and then wants to write is refused, whatever the patience, when
    # another wrote in between: so a write takes the lock with its first statement.
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

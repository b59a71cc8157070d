"""Transactions: a read sees one state of the record, a write happens whole or not at all.

What is done inside one is a plain function of a connection and its arguments, the same on both databases.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from records import engine
from records.faults import RecordFault
from records.watching import Watch

P = ParamSpec("P")
T = TypeVar("T")

ATTEMPTS = 3
"""How often a write is tried when another writer of the same rows, or a lost connection, got in its way."""

_CHOSEN_TO_YIELD = {"40001", "40P01"}
"""PostgreSQL ended the transaction for the sake of another: serialisation, deadlock."""


class Database(ABC):
    """One database and its connections, shared by the tasks of one event loop."""

    watch: Watch | None = None

    @staticmethod
    def at(url: URL, connections: int, watch: Watch | None = None) -> Database:
        """The database at a URL, with at most that many connections. Nothing is connected yet."""
        kind = SqliteDatabase if engine.is_sqlite(url) else PostgresqlDatabase
        database = kind(url, connections)
        database.watch = watch
        return database

    async def read(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What ``work`` finds, in one state of the record however many statements it takes."""
        asked = self._read(lambda connection: work(connection, *args, **kwargs))
        return await (asked if self.watch is None else _timed(asked, work.__name__, self.watch))

    async def write(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What ``work`` answers once it is committed; when it raises, nothing of it was written.

        It may run more than once, so it must find what an earlier run, or another writer, has left.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                asked = self._write(lambda connection: work(connection, *args, **kwargs))
                return await (asked if self.watch is None else _timed(asked, work.__name__, self.watch))
            except DBAPIError as error:
                if attempt == ATTEMPTS or not _is_passing(error):
                    raise
        raise AssertionError("the last attempt returns or raises")

    @abstractmethod
    async def close(self) -> None:
        """End what is under way and let go of the connections."""

    @abstractmethod
    async def _read(self, work: Callable[[Connection], T]) -> T: ...

    @abstractmethod
    async def _write(self, work: Callable[[Connection], T]) -> T: ...


class PostgresqlDatabase(Database):
    """Many writers: the statements themselves take the row locks they need."""

    def __init__(self, url: URL, connections: int) -> None:
        self._engine = engine.postgresql(url, connections)
        self._snapshot = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    async def close(self) -> None:
        await self._engine.dispose()

    async def _read(self, work: Callable[[Connection], T]) -> T:
        async with self._snapshot.connect() as connection:
            return await connection.run_sync(work)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)


class SqliteDatabase(Database):
    """One writer, which has a thread of its own; readers beside it, each with theirs.

    In a thread a transaction, once begun, is finished even when its caller no longer waits.
    """

    def __init__(self, url: URL, connections: int) -> None:
        # The writer's connection comes on top, so that readers never keep it waiting.
        self._engine = engine.sqlite(url, connections + 1)
        self._writing = self._engine.execution_options(**{engine.WRITES: True})
        self._readers = ThreadPoolExecutor(connections, thread_name_prefix="record-reader")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="record-writer")

    async def close(self) -> None:
        for threads in (self._readers, self._writer):
            await asyncio.to_thread(threads.shutdown)
        self._engine.dispose()

    async def _read(self, work: Callable[[Connection], T]) -> T:
        def transaction() -> T:
            with self._engine.connect() as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._readers, transaction)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        def transaction() -> T:
            with self._writing.begin() as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._writer, transaction)


async def _timed(asked: Awaitable[T], question: str, watch: Watch) -> T:
    began = time.perf_counter()
    answered = False
    try:
        answer = await asked
        answered = True
        return answer
    except RecordFault:
        answered = True  # a refusal is an answer
        raise
    finally:
        watch.asked(question, time.perf_counter() - began, answered)


def _is_passing(error: DBAPIError) -> bool:
    """Whether the same again may succeed at once, because someone else was in the way."""
    return (
        # Another process wrote the same rows in between: the next attempt finds them there.
        isinstance(error, IntegrityError)
        or error.connection_invalidated
        or getattr(error.orig, "sqlstate", None) in _CHOSEN_TO_YIELD
    )

"""Transactions: a read sees one state of the record, a write happens whole or not at all.

What is done inside one is a plain function of a connection and its arguments.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from records.engine import reading, writing

P = ParamSpec("P")
T = TypeVar("T")

ATTEMPTS = 3
"""How often a write is tried when another writer of the same rows, or a lost connection, got in its way."""

_CHOSEN_TO_YIELD = {"40001", "40P01"}
"""PostgreSQL ended the transaction for the sake of another: serialisation, deadlock."""


class Database:
    """One database and its connections, shared by the tasks of one event loop."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._writing = writing(engine)
        # SQLite has one writer. Waiting here is fair and immediate; waiting in SQLite polls.
        self._turn: AbstractAsyncContextManager[object] = (
            asyncio.Lock() if engine.dialect.name == "sqlite" else nullcontext()
        )

    async def close(self) -> None:
        await self._engine.dispose()

    async def read(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What ``work`` finds."""
        async with self._reading.connect() as connection:
            return await connection.run_sync(work, *args, **kwargs)

    async def write(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What ``work`` answers once it is committed; when it raises, nothing of it was written.

        It may run more than once, so it must find what an earlier run, or another writer, has left.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self._turn, self._writing.begin() as connection:
                    return await connection.run_sync(work, *args, **kwargs)
            except DBAPIError as error:
                if attempt == ATTEMPTS or not _is_passing(error):
                    raise
        raise AssertionError("the last attempt returns or raises")


def _is_passing(error: DBAPIError) -> bool:
    """Whether the same again may succeed at once, because someone else was in the way."""
    return (
        # Another process wrote the same rows in between: the next attempt finds them there.
        isinstance(error, IntegrityError)
        or error.connection_invalidated
        or getattr(error.orig, "sqlstate", None) in _CHOSEN_TO_YIELD
    )

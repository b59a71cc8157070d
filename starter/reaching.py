"""How the command line reaches the service and its record store: by the settings in the environment."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contract.faults import Fault, Faulty
from runtime.profile import HIDDEN, in_force
from runtime.settings import Settings
from starter.errors import NotReached

if TYPE_CHECKING:
    from temporalio.client import Client

    from records.store import RecordStore
    from starter.client import Aftercare

CONNECTING = 10.0
"""Seconds until an address that says nothing at all is given up."""


def settings(**given: Any) -> Settings:
    """The settings in force, ``given`` ones before all others; raises Faulty naming every fault."""
    return in_force(**given).settings


async def temporal() -> Client:
    """A client of the Temporal server; raises Unreachable when no server answers."""
    from runtime.connection import connect

    known = settings()
    try:
        async with asyncio.timeout(CONNECTING):
            return await connect(known)
    except TimeoutError:
        raise NotReached(f"No Temporal server answers at {known.temporal_address}.") from None


@asynccontextmanager
async def service() -> AsyncIterator[Aftercare]:
    """A client of the service; raises Unreachable when no server answers."""
    from starter.client import Aftercare

    known = settings()
    yield Aftercare(
        await temporal(),
        task_queue=known.task_queue,
        patience=timedelta(seconds=known.patience_seconds),
    )


@dataclass(frozen=True, slots=True)
class RecordUrl:
    """Where the record store is; ``name`` says it without the password."""

    url: str
    name: str
    file: Path | None


def record_url(given: str | None = None) -> RecordUrl:
    """The record store's URL, by default the settings'; raises Faulty for one that cannot be one."""
    from sqlalchemy.exc import ArgumentError

    from records.engine import database_url, is_sqlite

    url = given or settings().records
    try:
        found = database_url(url)
    except (ArgumentError, ValueError):
        fault = Fault(
            path="AFTERCARE_RECORDS_URL",
            clause="settings",
            given=HIDDEN,  # it may hold a password
            allowed="sqlite:///FILE or postgresql://USER@HOST/DATABASE",
        )
        raise Faulty("environment", [fault]) from None
    if is_sqlite(found):
        file = Path(found.database or "")
        return RecordUrl(url, f"the record store at {file}", file)
    return RecordUrl(url, f"the record store at {found.render_as_string(hide_password=True)}", None)


def without_password(url: str) -> str:
    """A record store's URL as it may be shown."""
    from sqlalchemy import make_url

    return make_url(url).render_as_string(hide_password=True)


@asynccontextmanager
async def answering(name: str) -> AsyncIterator[None]:
    """A block in which the record store is spoken to; raises NotReached when it does not answer.

    Nothing is printed inside: output that cannot be written must not be taken for a store that is away.
    """
    from asyncpg import PostgresError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, PostgresError, sqlite3.Error, OSError) as problem:
        raise NotReached(f"{name} does not answer: {type(problem).__name__}") from None


@asynccontextmanager
async def record_store() -> AsyncIterator[RecordStore]:
    """The record store; raises NotReached when it does not answer or has not been made."""
    from records.faults import SchemaNotReady
    from records.store import RecordStore

    where = record_url()
    if where.file is not None and not where.file.exists():  # opening it would make an empty one
        raise NotReached(
            f"There is no record store at {where.file}. Start one with `aftercare dev`, "
            "or name it with AFTERCARE_HOME or AFTERCARE_RECORDS_URL."
        )
    try:
        async with answering(where.name):
            store = await RecordStore.open(where.url)
    except SchemaNotReady as problem:
        raise NotReached(f"{where.name}: {problem} (`aftercare records upgrade`)") from None
    async with store, answering(where.name):
        yield store

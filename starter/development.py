"""Everything aftercare needs, on this machine, in one process: for development and for trying it out.

A Temporal dev server whose state is a file, the record store brought up to date, the search attributes, and
a worker. All of it lives in the home folder; stopped and started again, it goes on where it was.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from contract.values import Model
from records.migrate import upgrade
from records.store import RecordStore
from runtime.connection import data_converter
from runtime.engines import dev_server
from runtime.settings import Settings
from starter.reaching import answering, record_url
from starter.reaching import settings as known
from worker import build
from workflows.search_attributes import ALL


class Running(Model):
    """Where what runs is found."""

    temporal: str
    ui: str | None
    records: str
    outbox: Path
    home: Path
    environment: dict[str, str]
    """What other terminals must be told; empty when they find everything by themselves."""


@asynccontextmanager
async def running(settings: Settings, *, port: int | None, ui_port: int | None) -> AsyncIterator[Running]:
    """Server, store and worker for the length of the block; at its end the worker drains first.

    ``port`` and ``ui_port``: None for one the system chooses. Raises EngineMissing, EngineFailed, and
    NotReached when the record store does not answer. The home folder must be there.
    """
    home = settings.home_folder
    where = record_url(settings.records)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    async with answering(where.name):
        await upgrade(where.url)
        store = await RecordStore.open(where.url)
    server = dev_server(
        search_attributes=ALL,
        data_converter=data_converter(),
        namespace=settings.temporal_namespace,
        database=home / "temporal.db",
        port=port,
        ui=True,
        ui_port=ui_port,
        log=home / "temporal.log",
    )
    async with store, server as temporal, build(temporal.client, store, settings):
        yield Running(
            temporal=temporal.address,
            ui=temporal.ui,
            records=where.name,
            outbox=settings.outbox,
            home=home,
            environment=_to_be_told(settings, temporal.address),
        )


def _to_be_told(settings: Settings, address: str) -> dict[str, str]:
    """The settings in which this differs from what another terminal has in its environment."""
    elsewhere = known()
    told = {}
    if elsewhere.temporal_address != address:
        told["AFTERCARE_TEMPORAL_ADDRESS"] = address
    if elsewhere.home_folder.absolute() != settings.home_folder:
        told["AFTERCARE_HOME"] = str(settings.home_folder)
    return told

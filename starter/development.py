"""Everything aftercare needs, on this machine, in one process: for development and for trying it out.

A Temporal dev server whose state is a file, the record store brought up to date, the search attributes, and
a worker. All of it lives in the home folder, the key that payloads are encrypted with too; stopped and
started again, it goes on where it was.
"""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from temporalio.converter import PayloadCodec

from activities.histories import archiving
from contract.values import Model
from records.migrate import upgrade
from records.store import RecordStore
from runtime.connection import data_converter
from runtime.engines import LOOPBACK, dev_server, free_port
from runtime.http import serving
from runtime.keys import find_keyring, keyring_file, new_key, payload_codec
from runtime.logs import log
from runtime.settings import PROFILE, Settings
from starter.codec_access import SecretAddress
from starter.codec_server import codec_server
from starter.reaching import answering, record_url, without_password
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
    new_key: str | None
    """The id of the key that was made, where there was none."""
    environment: dict[str, str]
    """What other terminals must be told; empty when they find everything by themselves."""


@asynccontextmanager
async def running(
    settings: Settings, *, port: int | None, ui_port: int | None, ui_in_clear: bool = True
) -> AsyncIterator[Running]:
    """Server, store and worker for the length of the block; at its end the worker drains first.

    ``port`` and ``ui_port``: None for one the system chooses. ``ui_in_clear``: whether the UI shows payloads
    to whoever opens it on this machine. Raises EngineMissing, EngineFailed, KeysFaulty, and NotReached
    when the record store does not answer. The home folder must be there.
    """
    home = settings.home_folder
    _close_to_others(home)
    database = home / "temporal.db"
    made = None if find_keyring(settings) else new_key(keyring_file(settings)).id
    if made is not None and database.exists():
        log.warning("a new key was made: what was encrypted with another one cannot be read", key=made)
    codec = payload_codec(settings)
    assert codec is not None
    where = record_url(settings.records)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    async with answering(where.name):
        await upgrade(where.url)
        store = await RecordStore.open(where.url)
    ui_port = ui_port or free_port()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(store)
        ui = []
        if ui_in_clear:
            endpoint = await stack.enter_async_context(_codec_server(codec, settings, ui_port))
            ui = ["--ui-codec-endpoint", endpoint]
        temporal = await stack.enter_async_context(
            dev_server(
                search_attributes=ALL,
                data_converter=data_converter(codec),
                namespace=settings.temporal_namespace,
                database=database,
                port=port,
                ui=True,
                ui_port=ui_port,
                log=home / "temporal.log",
                extra_args=ui,
            )
        )
        await stack.enter_async_context(build(temporal.client, store, settings))
        await stack.enter_async_context(archiving(temporal.client, store))
        yield Running(
            temporal=temporal.address,
            ui=temporal.ui,
            records=where.name,
            outbox=settings.outbox,
            home=home,
            new_key=made,
            environment=_to_be_told(settings, temporal.address, os.environ),
        )


def _close_to_others(home: Path) -> None:
    """What was left in the home folder by a release that made it readable to all is its owner's from here on.

    The folder itself may be somebody's own with other things in it; it stays as it is.
    """
    for pattern in ("*.db", "*.db-wal", "*.db-shm", "temporal.log", "outbox"):
        for path in home.glob(pattern):
            if not path.is_symlink():
                path.chmod(0o700 if path.is_dir() else 0o600)


@asynccontextmanager
async def _codec_server(codec: PayloadCodec, settings: Settings, ui_port: int) -> AsyncIterator[str]:
    """A codec server for the UI at ``ui_port``; yields its endpoint, which is a secret of this run."""
    access = SecretAddress()
    origins = [f"http://{host}:{ui_port}" for host in (LOOPBACK, "localhost")]
    app = codec_server(codec, settings.temporal_namespace, access, origins)
    async with serving(app, LOOPBACK, 0) as port:
        yield f"http://{LOOPBACK}:{port}/{access.segment}"


def _to_be_told(settings: Settings, address: str, environment: Mapping[str, str]) -> dict[str, str]:
    """What another terminal must be told to find this: where it differs, and what was told to this one.

    A password in the record store's address is left out, as three asterisks.
    """
    elsewhere = known()
    told = {}
    if environment.get(PROFILE):
        told[PROFILE] = str(Path(environment[PROFILE]).expanduser().absolute())
    if elsewhere.temporal_address != address:
        told["AFTERCARE_TEMPORAL_ADDRESS"] = address
    if elsewhere.home_folder.absolute() != settings.home_folder:
        told["AFTERCARE_HOME"] = str(settings.home_folder)
    if environment.get("AFTERCARE_RECORDS_URL"):
        told["AFTERCARE_RECORDS_URL"] = without_password(settings.records)
    return told

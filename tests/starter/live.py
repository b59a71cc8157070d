"""A service for command lines that bring an event loop of their own: it lives in another thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from temporalio.client import Client

import worker
from records import RecordStore, upgrade
from runtime.connection import data_converter
from runtime.engines import dev_server
from runtime.keys import keyring_file, new_key, payload_codec
from runtime.settings import MailKind, Settings
from workflows.search_attributes import ALL

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Service:
    """A dev server, a record store and a worker, and where command lines find them."""

    temporal: Client
    store: RecordStore
    address: str
    home: Path
    loop: asyncio.AbstractEventLoop

    def do(self, coroutine: Coroutine[Any, Any, Answer]) -> Answer:
        """Run a coroutine where the service lives."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(60)


@contextmanager
def serving(home: Path) -> Iterator[Service]:
    """A service for the length of the block."""
    ready: Future[Service] = Future()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        settings = Settings(home=home, records_url="", mail=MailKind.NONE, drain_seconds=0)
        new_key(keyring_file(settings))
        await upgrade(settings.records)
        async with (
            dev_server(
                search_attributes=ALL, data_converter=data_converter(payload_codec(settings))
            ) as server,
            await RecordStore.open(settings.records) as store,
            worker.build(server.client, store, settings),
        ):
            ready.set_result(Service(server.client, store, server.address, home, loop))
            await stop.wait()

    def live() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            try:
                runner.run(serve())
            except BaseException as problem:
                if ready.done():
                    raise
                ready.set_exception(problem)

    thread = threading.Thread(target=live, name="service")
    thread.start()
    try:
        yield ready.result(60)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()

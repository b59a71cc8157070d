"""The Temporal servers a machine can run by itself, for development, rehearsal and tests.

The dev server is a real Temporal server on SQLite, with UI. The time-skipping test server goes through
390 days in a fraction of a second; one clock for all workflows, no listing, no UI. Production runs
neither: it gives the worker an address.

Promises: ports come from the system unless named; the dev server listens on loopback only (the
time-skipping one cannot be told to, and only ever runs for minutes); an engine ends with the block that
started it.
"""

from __future__ import annotations

import asyncio
import fcntl
import signal
import socket
import tempfile
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from temporalio.client import Client, Interceptor
from temporalio.common import SearchAttributeKey
from temporalio.converter import DataConverter
from temporalio.runtime import Runtime
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from runtime.binaries import EngineMissing, temporal_cli, time_skipping_server
from runtime.search_attributes import SearchAttributeConflict, register_search_attributes
from runtime.tether import Tethered, tethered

__all__ = [
    "DevServer",
    "EngineFailed",
    "EngineMissing",
    "SearchAttributeConflict",
    "dev_server",
    "free_port",
    "register_search_attributes",
    "temporal_cli",
    "time_skipping_environment",
    "time_skipping_server",
]

LOOPBACK = "127.0.0.1"
NO_NEWS = "--ui-disable-news-fetch"
START_UP_SECONDS = 30.0
TAKEN_SECONDS = 5.0
"""How long a named port or a state file may still belong to a server that is just stopping."""


class EngineFailed(RuntimeError):
    """An engine did not start; the message says why, with the last lines it wrote."""


@asynccontextmanager
async def time_skipping_environment(
    *,
    search_attributes: Sequence[SearchAttributeKey[Any]] = (),
    data_converter: DataConverter = DataConverter.default,
    interceptors: Sequence[Interceptor] = (),
    runtime: Runtime | None = None,
) -> AsyncIterator[WorkflowEnvironment]:
    """A fresh time-skipping server with `search_attributes` registered, for the length of the block."""
    environment = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(time_skipping_server()),
        data_converter=data_converter,
        interceptors=interceptors,
        runtime=runtime,
    )
    async with environment:
        await register_search_attributes(environment.client, search_attributes)
        yield environment


@dataclass(frozen=True)
class DevServer:
    """A running dev server: a connected client, and where others find it."""

    client: Client
    address: str
    """`host:port` of the frontend, for other clients and workers."""
    ui: str | None
    """The web UI's URL, when it was asked for."""
    pid: int
    """The server's process, for tests that take it away."""


@asynccontextmanager
async def dev_server(
    *,
    search_attributes: Sequence[SearchAttributeKey[Any]] = (),
    data_converter: DataConverter = DataConverter.default,
    interceptors: Sequence[Interceptor] = (),
    runtime: Runtime | None = None,
    namespace: str = "default",
    database: Path | None = None,
    port: int | None = None,
    ui: bool = False,
    ui_port: int | None = None,
    log: Path | None = None,
    extra_args: Sequence[str] = (),
) -> AsyncIterator[DevServer]:
    """A Temporal dev server with `search_attributes` registered, for the length of the block.

    `database` is the file its state lives in (none: in memory, gone at the end); the same file carries on
    where it stopped. `log` is appended to; without it the server's own words are kept only for the error
    when it does not start. Raises `EngineMissing` and `EngineFailed`.

    Started by us and not by the SDK's `start_local`, whose server is in our process group: Ctrl-C in a
    terminal would take the engine away before the worker on it has drained.
    """
    binary = temporal_cli()
    for named in (port, ui_port if ui else None):
        if named is not None:
            await _until_free(named)
    port = port or free_port()
    address = f"{LOOPBACK}:{port}"
    arguments = ["server", "start-dev", "--ip", LOOPBACK, "--port", str(port), "--namespace", namespace]
    arguments += ["--log-level", "warn", "--dynamic-config-value", "frontend.enableServerVersionCheck=false"]
    ui_port = (ui_port or free_port()) if ui else None
    if ui_port is None:
        arguments += ["--headless"]
    else:
        arguments += ["--ui-port", str(ui_port), *await _without_news(binary)]
    if database is not None:
        arguments += ["--db-filename", str(database)]
        # Twice as fast on a file, and as safe as development needs.
        arguments += ["--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL"]
    async with AsyncExitStack() as stack:
        if log is None:
            log = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aftercare-"))) / "server.log"
        held = [stack.enter_context(await _claim(database))] if database is not None else []
        # A server in memory has nothing to put away, and takes over a second to find that out.
        stop = signal.SIGKILL if database is None else signal.SIGTERM
        server = await stack.enter_async_context(
            tethered([str(binary), *arguments, *extra_args], log=log, holding=held, stop=stop)
        )
        client = await _connect(
            server,
            address,
            log,
            namespace=namespace,
            data_converter=data_converter,
            interceptors=interceptors,
            runtime=runtime,
        )
        await register_search_attributes(client, search_attributes)
        ui_address = None if ui_port is None else f"http://{LOOPBACK}:{ui_port}"
        yield DevServer(client=client, address=address, ui=ui_address, pid=server.pid)


async def _claim(database: Path) -> IO[bytes]:
    """The lock on a state file. The server holds it too, so that it lasts as long as the server does.

    Two servers on one file would each overwrite what the other remembers.
    """
    lock = database.with_name(database.name + ".lock").open("ab")
    give_up = asyncio.get_running_loop().time() + TAKEN_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if asyncio.get_running_loop().time() > give_up:
                lock.close()
                raise EngineFailed(f"Another dev server is running on {database}.") from None
        await asyncio.sleep(0.05)


async def _without_news(binary: Path) -> list[str]:
    """Keeps the UI from asking the internet for news; a binary of one's own may be too old to be told."""
    asked = [str(binary), "server", "start-dev", "--help"]
    process = await asyncio.create_subprocess_exec(*asked, stdout=PIPE, stderr=DEVNULL)
    said, _ = await process.communicate()
    return [NO_NEWS] if NO_NEWS.encode() in said else []


async def _until_free(port: int) -> None:
    """Wait for a named port, or say that it is taken: connecting would reach somebody else's server."""
    give_up = asyncio.get_running_loop().time() + TAKEN_SECONDS
    while True:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
                return
            except OSError as error:
                if asyncio.get_running_loop().time() > give_up:
                    raise EngineFailed(
                        f"Port {port} on {LOOPBACK} cannot be used: {error.strerror}."
                    ) from None
        await asyncio.sleep(0.05)


async def _connect(server: Tethered, address: str, log: Path, **options: Any) -> Client:
    """A client once the server answers for the namespace; `EngineFailed` if it ends or stays silent."""
    give_up = asyncio.get_running_loop().time() + START_UP_SECONDS
    reason = "it did not answer"
    while server.running and asyncio.get_running_loop().time() < give_up:
        try:
            return await Client.connect(address, **options)
        except (RuntimeError, RPCError) as error:
            reason = str(error)
        await asyncio.sleep(0.05)
    if not server.running:
        reason = "it ended at once"
    raise EngineFailed(f"The Temporal dev server on {address} did not start: {reason}.\n{_last_words(log)}")


def _last_words(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").strip().splitlines()[-5:])


def free_port() -> int:
    """A loopback TCP port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port

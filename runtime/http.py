"""HTTP served from inside a process, for the length of a block."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn

DRAIN_SECONDS = 3
"""How long requests may take that are under way when the block ends."""


class CannotListen(RuntimeError):
    """The address cannot be listened on, or the certificate not be used; the message says why."""


class _Server(uvicorn.Server):
    """Uvicorn without its signal handlers: the process has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(
    app: Any, host: str, port: int, *, certificate: Path | None = None, certificate_key: Path | None = None
) -> AsyncIterator[int]:
    """Serve an ASGI application; yields the port (0: one the system chooses). Raises CannotListen."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=128)
    except OSError as problem:
        raise CannotListen(f"cannot listen on {host}:{port}: {problem.strerror}") from None
    with listener:
        server = _Server(
            uvicorn.Config(
                app,
                # Access logs hold addresses, and an address may hold a token.
                access_log=False,
                log_config=None,
                server_header=False,
                timeout_graceful_shutdown=DRAIN_SECONDS,
                ssl_certfile=certificate,
                ssl_keyfile=certificate_key,
            )
        )
        try:
            server.config.load()
        except OSError as problem:  # a certificate that cannot be read, or is none
            raise CannotListen(f"the certificate cannot be used: {problem.strerror or problem}") from None
        task = asyncio.create_task(server.serve([listener]))
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await task

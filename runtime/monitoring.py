"""Where a worker can be asked how it is: `/livez`, `/readyz`, `/metrics`. One port, plain HTTP, no secrets.

`/livez` answers as long as the process does anything; `/readyz` is 200 while the worker is connected to all
it needs and takes on work, 503 with the reasons otherwise; `/metrics` has the SDK's metrics and ours.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TypeVar

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

T = TypeVar("T")

CHECK_SECONDS = 2.0
"""A part that does not answer within this long is not there."""

Check = Callable[[], Awaitable[object]]
"""Asks one part of the world whether it is there; raises when it is not."""


async def _nothing() -> bytes:
    return b""


class AddressTaken(RuntimeError):
    """Another process listens where this one should."""


@dataclass
class Standing:
    """How a worker is."""

    checks: Mapping[str, Check]
    metrics: Callable[[], Awaitable[bytes]] = _nothing
    address: str = ""
    """Where it is told, once it is."""
    draining: bool = False
    """It takes on no more work."""

    def begin_draining(self) -> None:
        self.draining = True

    async def reasons(self) -> dict[str, str]:
        """Each part of the world, and ``ok`` or why not."""
        answers = await asyncio.gather(*(_answer(check) for check in self.checks.values()))
        return dict(zip(self.checks, answers, strict=True)) | {
            "worker": "draining" if self.draining else "ok"
        }


@asynccontextmanager
async def told(standing: Standing, address: str) -> AsyncIterator[Standing]:
    """Answers at an address for the length of the block; raises AddressTaken."""

    async def livez(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        reasons = await standing.reasons()
        ready = set(reasons.values()) == {"ok"}
        return JSONResponse({"ready": ready, "checks": reasons}, 200 if ready else 503)

    async def metrics(_: Request) -> Response:
        return Response(await standing.metrics(), media_type=CONTENT_TYPE_LATEST)

    app = Starlette(
        routes=[Route(f"/{answer.__name__}", answer) for answer in (livez, readyz, metrics)],
    )
    listening = _listen(address)
    host, port = listening.getsockname()[:2]
    standing.address = f"{host}:{port}"
    server = _Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield standing
    finally:
        server.should_exit = server.force_exit = True
        await serving


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGTERM is the worker's to hear."""
        yield


def _listen(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, int(port)), family=family)
    except OSError as problem:
        raise AddressTaken(
            f"Nothing can be told at {address}: {problem.strerror}; set AFTERCARE_MONITORING_ADDRESS."
        ) from None


async def in_time(asked: Awaitable[T]) -> T | None:
    """What is answered within CHECK_SECONDS; None when nothing is, or something goes wrong."""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await asked
    except Exception:
        return None


async def _answer(check: Check) -> str:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except TimeoutError:
        return f"no answer within {CHECK_SECONDS:g} s"
    except Exception as problem:
        # Its message may hold an address or a name: the logs have it, an open port does not.
        return type(problem).__name__
    return "ok"


async def scraped(address: str) -> bytes:
    """What the SDK's own endpoint on loopback says; nothing when it does not answer."""

    def fetch() -> bytes:
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=CHECK_SECONDS) as answer:
            found: bytes = answer.read()
            return found

    try:
        return await asyncio.to_thread(fetch)
    except OSError:
        return b""

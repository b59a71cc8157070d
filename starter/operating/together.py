"""Much of the same, a bounded number at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")
Found = TypeVar("Found")

AT_ONCE = 16
"""So many questions to the engine or the record store are under way at the same time."""


async def each(
    items: Iterable[Item] | AsyncIterator[Item],
    work: Callable[[Item], Awaitable[Found]],
    at_once: int = AT_ONCE,
) -> AsyncIterator[Found]:
    """What ``work`` answers for each item, in the order in which answers come."""
    under_way: set[asyncio.Future[Found]] = set()
    try:
        async for item in _one_by_one(items):
            under_way.add(asyncio.ensure_future(work(item)))
            if len(under_way) >= at_once:
                done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                for one in done:
                    yield one.result()
        while under_way:
            done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                yield one.result()
    finally:
        for one in under_way:
            one.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def _one_by_one(items: Iterable[Item] | AsyncIterator[Item]) -> AsyncIterator[Item]:
    if isinstance(items, AsyncIterator):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item

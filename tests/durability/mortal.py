"""Workers that kill themselves at a named point, with SIGKILL: `python -m tests.durability.mortal ADDRESS`.

The first line of its input is JSON: for each worker a task queue, the URL of its record store, and the
point where it dies; a second argument ``plain`` says that payloads are not encrypted. It prints the queue of
each worker that has died, and ends when its input does. Workers are forked, so that what all of them need is
read once.

A point is a moment, what the store is asked, and for ``append_many`` the kind of event or entry that must be
among what is written, such as ``after append_many responded``; a number at the end says which of several,
``before issue_bill 2`` the second. The moments:

- ``before`` the store is asked;
- ``after`` it has committed, before anybody is told;
- ``retry``: the first try fails as if the store were away, and the worker dies in the second;
- ``lost``: the same, but what failed was only the answer; the first try had been committed.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from temporalio import activity
from temporalio.client import Client

from contract.facts import RecordBatch
from records import RecordStore
from runtime.connection import PLAIN
from runtime.leave import leave
from runtime.settings import MailKind, Settings
from tests.keys import ENCRYPTED
from worker import build


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nothing comes after SIGKILL")


class Away(ConnectionError):
    """The store is not to be reached, or its answer is lost."""


def deadly(store: RecordStore, when: str, what: str, *which: str) -> RecordStore:
    """The store, with a point at which whoever asks it dies."""
    ask = getattr(store, what)
    kinds = [word for word in which if not word.isdecimal()]
    left = next((int(word) for word in which if word.isdecimal()), 1)
    begun: Any = None

    async def asked(*args: Any) -> Any:
        nonlocal left, begun
        if kinds and not _has(kinds[0], args[0]):
            return await ask(*args)
        if args != begun:  # a further one, not the same again
            left, begun = left - 1, args
        if left:
            return await ask(*args)
        if when == "before":
            die()
        if when == "after":
            await ask(*args)
            die()
        if activity.info().attempt > 1:
            die()
        if when == "lost":
            await ask(*args)
        raise Away

    setattr(store, what, asked)
    return store


def _has(kind: str, batches: Sequence[RecordBatch]) -> bool:
    """Whether an event of a kind is written, or an entry where there are no events."""
    kinds: set[str] = set()
    for batch in batches:
        kinds |= {event.kind for event in batch.events} or {entry.kind for entry in batch.entries}
    return kind in kinds


async def work(address: str, plain: bool, queue: str, url: str, point: str) -> None:
    client = await Client.connect(address, data_converter=PLAIN if plain else ENCRYPTED)
    settings = Settings(task_queue=queue, records_url=url, mail=MailKind.NONE)
    async with await RecordStore.open(url) as store:
        await build(client, deadly(store, *point.split()), settings).run()


def main() -> None:
    living: dict[int, str] = {}
    for queue, url, point in json.loads(sys.stdin.readline()):
        if process := os.fork():
            living[process] = queue
        else:
            os.dup2(2, 1)  # what the SDK logs is not for whoever reads who died
            asyncio.run(work(sys.argv[1], "plain" in sys.argv[2:], queue, url, point))
            leave(1)
    while not select.select([sys.stdin], [], [], 0.02)[0]:
        process, _ = os.waitpid(-1, os.WNOHANG) if living else (0, 0)
        if process:
            print(living.pop(process), flush=True)
    for process in living:
        os.kill(process, signal.SIGKILL)
    leave(0)


if __name__ == "__main__":
    main()

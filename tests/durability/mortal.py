"""Workers that kill themselves at a named point, with SIGKILL: `python -m tests.durability.mortal ADDRESS`.

The first line of its input is JSON: for each worker a task queue, the URL of its record store, and the
point where it dies: ``before`` or ``after`` what the store is asked, and for ``append_many`` the kind of
event that must be among what is written, such as ``after append_many responded``. It prints the queue of
each worker that has died, and ends when its input does. Workers are forked, so that what all of them need is
read once.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import sys
from typing import Any, NoReturn

from temporalio.client import Client

from records import RecordStore
from runtime.leave import leave
from runtime.settings import MailKind, Settings
from tests.keys import ENCRYPTED
from worker import build


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nothing comes after SIGKILL")


def deadly(store: RecordStore, when: str, what: str, kind: str | None = None) -> RecordStore:
    """The store, with a point at which whoever asks it dies."""
    ask = getattr(store, what)

    async def asked(*args: Any) -> Any:
        now = kind is None or any(event.kind == kind for batch in args[0] for event in batch.events)
        if now and when == "before":
            die()
        answer = await ask(*args)
        if now:
            die()
        return answer

    setattr(store, what, asked)
    return store


async def work(address: str, queue: str, url: str, point: str) -> None:
    client = await Client.connect(address, data_converter=ENCRYPTED)
    settings = Settings(task_queue=queue, records_url=url, mail=MailKind.NONE)
    async with await RecordStore.open(url) as store:
        await build(client, deadly(store, *point.split()), settings).run()


def main() -> None:
    living: dict[int, str] = {}
    for queue, url, point in json.loads(sys.stdin.readline()):
        if process := os.fork():
            living[process] = queue
        else:
            asyncio.run(work(sys.argv[1], queue, url, point))
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

"""How long one look of `aftercare ops watch` takes on a long record.

`python -m bench.looking [--url URL] [--requests N] [--without]`: fills a record store with so many requests
of ten events each, a hundredth of them open, then asks each question twenty times. `--without` drops the
indices that are for operators first.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlalchemy import Connection

from bench.records import agreement
from records import RecordStore, upgrade
from records.database import Database
from records.engine import database_url
from records.schema import events, requests
from starter.watching.looking import BREACHES, DAY, HOUR, ROWS, look

NAME, EVENTS, TIMES = "bench-looking", 10, 20
INDICES = ("ix_requests_next_due", "ix_requests_open_state", "ix_events_recorded_at", "ix_events_breaches")


def fill(connection: Connection, count: int, now: datetime) -> None:
    """Rows as the store makes them, an event every few seconds up to now."""
    apart = timedelta(seconds=3)
    blank: dict[str, Any] = {"agreement_id": NAME, "clause": "C6.2.3", "payload": {}, "previous": "0" * 64}
    for first in range(0, count, 1000):
        ids = range(first, min(first + 1000, count))
        rows = []
        for number in ids:
            is_open = number % 100 == 0
            rows.append(
                {
                    "agreement_id": NAME,
                    "request_id": f"r{number}",
                    "workflow_id": f"request/{NAME}/r{number}",
                    "last_seq": EVENTS,
                    "service": "technical_support",
                    "priority": "normal",
                    "state": "responded" if is_open else "closed",
                    "title": "The export stops at half",
                    "terms_version": 1,
                    "as_of": now,
                    "submitted_at": now - DAY,
                    "confirm_late": False,
                    "response_late": False,
                    "resolution_late": False,
                    "delay_seconds": 0,
                    "delay_days": 0,
                    "provisional": False,
                    "next_target": "resolve" if is_open else None,
                    "next_due": now + timedelta(seconds=number) if is_open else None,
                }
            )
        connection.execute(requests.insert(), rows)
        happened = []
        for number in ids:
            for seq in range(1, EVENTS + 1):
                at = now - apart * ((count - number) * EVENTS - seq)
                kind = "target_breached" if number % 50 == 0 and seq == 5 else "noted"
                row = {"workflow_id": f"request/{NAME}/r{number}", "seq": seq, "request_id": f"r{number}"}
                happened.append(blank | row | {"at": at, "recorded_at": at, "kind": kind, "hash": "0" * 64})
        connection.execute(events.insert(), happened)


def drop(connection: Connection) -> None:
    for name in INDICES:
        connection.exec_driver_sql(f"DROP INDEX {name}")


async def measured(name: str, ask: Callable[[], Awaitable[Any]]) -> None:
    took = []
    for _ in range(TIMES):
        began = perf_counter()
        await ask()
        took.append(perf_counter() - began)
    took.sort()
    print(f"{name:>16}: {1000 * took[0]:9.2f} ms at best, {1000 * took[TIMES // 2]:9.2f} ms at the median")


async def run(url: str, count: int, without: bool) -> None:
    await upgrade(url)
    now = datetime.now(UTC)
    async with await RecordStore.open(url) as store:
        await store.append(agreement(NAME))
        database = Database.at(database_url(url), connections=1)
        await database.write(fill, count, now)
        if without:
            await database.write(drop)
        await database.close()
        print(f"{count:,} requests, {count * EVENTS:,} events{', without indices' if without else ''}")
        await measured("due next", lambda: store.upcoming(limit=ROWS))
        await measured("open by state", store.open_by_state)
        await measured("breaches", lambda: store.breaches(now - DAY, BREACHES))
        await measured("last hour", lambda: store.minutes(now - HOUR))
        await measured("a whole look", lambda: look(store, now))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--url", help="default: a SQLite file in a temporary directory")
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--without", action="store_true", help="without the indices for operators")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        url = given.url or f"sqlite:///{Path(directory) / 'record.db'}"
        asyncio.run(run(url, given.requests, given.without))


if __name__ == "__main__":
    main()

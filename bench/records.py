"""How many single-event steps of workflows the record store takes per second.

`python -m bench.records [--url URL] [--steps N] [--together N]`: by default a SQLite file in a temporary
directory, 4,000 steps of 400 requests of one agreement, each with an event and the request's new state.
Written one by one, then several at a time as a group commit writes them, then by several tasks at once.
The CPU is that of this process: on a busy machine it says more than the rate.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time

from contract.agreement_states import AgreementState
from contract.facts import AgreementSnapshot, Event, EventKind, RecordBatch, RequestSnapshot
from contract.parties import Role
from contract.request import RequestState
from contract.terms import Priority, Service
from records import RecordStore, upgrade

START = datetime(2026, 3, 2, 1, tzinfo=UTC)
STEPS_OF_A_REQUEST = 10


def agreement(name: str) -> RecordBatch:
    """The offer of an agreement."""
    snapshot = AgreementSnapshot(
        agreement_id=name,
        state=AgreementState.ACTIVE,
        provider_id="provider-1",
        customer_id="customer-1",
        terms_version=1,
        digest="0" * 64,
        offered_at=START,
    )
    offered = Event(seq=1, at=START, kind=EventKind.OFFERED, clause="C4.1", party=Role.PROVIDER)
    return RecordBatch(
        workflow_id=f"agreement/{name}", agreement_id=name, events=[offered], agreement=snapshot
    )


def steps(name: str, count: int) -> list[RecordBatch]:
    """Steps of requests of one agreement, taking turns as they do in life."""
    requests = max(1, count // STEPS_OF_A_REQUEST)
    return [_step(name, number % requests, number // requests + 1) for number in range(count)]


def _step(name: str, request: int, seq: int) -> RecordBatch:
    at = START + timedelta(seconds=60 * request + seq)
    event = Event(
        seq=seq,
        at=at,
        kind=EventKind.NOTED,
        clause="C6.2.3",
        party=Role.PROVIDER,
        person="Li Na",
        command_id=f"note-{seq}",
        payload={"note": "Restarted the service; the customer checks whether the error comes back."},
    )
    snapshot = RequestSnapshot(
        agreement_id=name,
        request_id=f"request-{request}",
        service=Service.TECHNICAL_SUPPORT,
        priority=Priority.NORMAL,
        state=RequestState.RESPONDED,
        title="The export stops at half",
        terms_version=1,
        as_of=at,
        submitted_at=START + timedelta(seconds=60 * request),
        confirm_due=at + timedelta(hours=1),
        respond_due=at + timedelta(hours=4),
        resolve_due=at + timedelta(hours=48),
    )
    return RecordBatch(
        workflow_id=f"request/{name}/request-{request}",
        agreement_id=name,
        request_id=f"request-{request}",
        events=[event],
        request=snapshot,
    )


async def one_by_one(store: RecordStore, batches: list[RecordBatch], together: int) -> None:
    for batch in batches:
        await store.append(batch)


async def in_groups(store: RecordStore, batches: list[RecordBatch], together: int) -> None:
    for first in range(0, len(batches), together):
        await store.append_many(batches[first : first + together])


async def by_several_tasks(store: RecordStore, batches: list[RecordBatch], together: int) -> None:
    # A workflow's steps stay with one task: they have an order.
    owners = {workflow_id: n for n, workflow_id in enumerate({batch.workflow_id for batch in batches})}
    owned = [
        [batch for batch in batches if owners[batch.workflow_id] % together == n] for n in range(together)
    ]
    await asyncio.gather(*(one_by_one(store, mine, 1) for mine in owned))


WAYS: dict[str, Callable[[RecordStore, list[RecordBatch], int], Awaitable[None]]] = {
    "one by one": one_by_one,
    "in groups": in_groups,
    "by several tasks": by_several_tasks,
}


async def run(url: str, count: int, together: int) -> None:
    await upgrade(url)
    async with await RecordStore.open(url) as store:
        for number, (way, write) in enumerate(WAYS.items()):
            name = f"bench-{number}-{datetime.now(UTC):%Y%m%d%H%M%S%f}"
            await store.append(agreement(name))
            batches = steps(name, count)
            began, cpu = perf_counter(), process_time()
            await write(store, batches, together)
            took, cpu = perf_counter() - began, process_time() - cpu
            each, work = 1000 * took / count, 1000 * cpu / count
            print(
                f"{way:>17}: {count / took:8,.0f} appends/s  ({each:.2f} ms each, {work:.2f} ms of our CPU)"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--url", help="default: a SQLite file in a temporary directory")
    parser.add_argument("--steps", type=int, default=4_000)
    parser.add_argument("--together", type=int, default=8, help="size of a group, and number of tasks")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        url = given.url or f"sqlite:///{Path(directory) / 'record.db'}"
        asyncio.run(run(url, given.steps, given.together))


if __name__ == "__main__":
    main()

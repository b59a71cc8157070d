"""Several writers at once: processes, tasks, and the agreement changing under its requests."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contract.agreement_states import AgreementState
from contract.facts import RecordBatch
from records import RecordConflict, RecordStore
from tests.records.building import A, agreement, cny, entries_only, event, penalty, request
from tests.records.conftest import open_transaction

HOUSE = Path(__file__).parents[2]

WRITER = """
import asyncio, sys
from records import RecordStore
from tests.records.building import event, request

async def main(url, name):
    async with await RecordStore.open(url) as store:
        for seq in range(1, 41):
            await store.append(request(name, event(seq)))

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
async def other(store: RecordStore, record_url: str) -> AsyncIterator[RecordStore]:
    """The same record, opened by someone else."""
    async with await RecordStore.open(record_url) as opened:
        yield opened


async def test_two_processes_write_side_by_side(store: RecordStore, record_url: str) -> None:
    names = ("r1", "r2")
    processes = [
        subprocess.Popen([sys.executable, "-c", WRITER, record_url, name], cwd=HOUSE) for name in names
    ]
    assert [await asyncio.to_thread(process.wait) for process in processes] == [0, 0]
    for name in names:
        report = await store.verify_chain(f"request/{A}/{name}")
        assert (report.sound, report.events) == (True, 40)


async def test_the_same_batches_from_two_writers_are_on_record_once(
    store: RecordStore, other: RecordStore
) -> None:
    batches = [request("r1", event(seq)) for seq in range(1, 31)]

    async def write(into: RecordStore) -> None:
        for batch in batches:
            await into.append(batch)

    await asyncio.gather(write(store), write(other))
    report = await store.verify_chain(batches[0].workflow_id)
    assert (report.sound, report.events) == (True, 30)


async def test_of_two_that_disagree_one_is_told_so(store: RecordStore, other: RecordStore) -> None:
    for number in range(10):
        mine = request(f"r{number}", event(1, payload={"by": "one"}))
        theirs = request(f"r{number}", event(1, payload={"by": "the other"}))
        answers = await asyncio.gather(store.append(mine), other.append(theirs), return_exceptions=True)
        assert sum(isinstance(answer, RecordConflict) for answer in answers) == 1
        assert (await store.verify_chain(mine.workflow_id)).events == 1


async def test_groups_in_opposite_orders_do_not_block_each_other(
    store: RecordStore, other: RecordStore
) -> None:
    await store.append(agreement("agreement-2"))

    def group(seq: int) -> list[RecordBatch]:
        names = ("agreement-2", A)
        return [request(f"r{n}", event(seq), agreement_id=name) for name in names for n in range(4)]

    for seq in range(1, 11):
        await asyncio.gather(
            store.append_many(group(seq)),
            other.append_many(group(seq)[::-1]),
            store.append_many([entries_only(penalty(f"p{seq}", "1.00")), *group(seq)]),
        )
    assert len(await store.requests(A)) == len(await store.requests("agreement-2")) == 4


async def test_the_cap_is_right_whoever_posts_at_the_same_time(
    store: RecordStore, other: RecordStore
) -> None:
    writes = [
        into.append(entries_only(penalty(f"{who}-{n}", "100.00")))
        for n in range(20)
        for who, into in (("one", store), ("other", other))
    ]
    await asyncio.gather(*writes)
    (year,) = await store.penalties(A)
    assert (year.accrued, year.above_cap, year.net) == (cny("4000.00"), cny("2800.00"), cny("1200.00"))


async def test_a_request_recorded_while_its_agreement_changes_sees_the_change(
    store: RecordStore, record_url: str
) -> None:
    change = "UPDATE agreements SET state = 'expired', last_seq = 2"
    async with open_transaction(record_url, change):
        answer = asyncio.create_task(store.append(request("r1")))
        done, _ = await asyncio.wait({answer}, timeout=0.3)
        assert not done
    assert (await answer).agreement_state is AgreementState.EXPIRED


async def test_a_write_whose_caller_no_longer_waits_leaves_the_store_usable(store: RecordStore) -> None:
    batches = [request(f"r{n}") for n in range(20)]
    for batch in batches:
        write = asyncio.create_task(store.append(batch))
        await asyncio.wait({write}, timeout=0.001)
        write.cancel()
        await asyncio.wait({write})
    await store.append_many(batches)
    assert len(await store.requests(A)) == 20

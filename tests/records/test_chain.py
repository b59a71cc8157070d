"""The chain makes tampering evident, and says where it begins (C6.2.3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from contract.chain import event_hash
from records import RecordStore
from tests.records.building import A, event, request
from tests.records.conftest import Sql

R1, R2 = f"request/{A}/r1", f"request/{A}/r2"
EVENT_3 = f"workflow_id = '{R1}' AND seq = 3"


@pytest.fixture
async def recorded(store: RecordStore) -> RecordStore:
    await store.append(request("r1", *(event(seq) for seq in range(1, 6))))
    await store.append(request("r2", *(event(seq) for seq in range(1, 6))))
    return store


@pytest.fixture
def tamper(sql: Sql, record_url: str) -> Callable[[str], Awaitable[None]]:
    """Do what only someone who can drop the triggers can."""

    async def run(statement: str) -> None:
        if record_url.startswith("sqlite"):
            names = ("events_no_update", "events_no_delete")
            drops = [f"DROP TRIGGER {name}" for name in names]
            await sql("PRAGMA foreign_keys=OFF", *drops, statement)
        else:
            await sql("ALTER TABLE events DISABLE TRIGGER USER", statement)

    return run


async def test_an_untouched_chain_is_sound(recorded: RecordStore) -> None:
    report = await recorded.verify_chain(R1)
    assert (report.sound, report.events, report.fault) == (True, 5, None)


async def test_a_workflow_without_events_is_sound_and_empty(recorded: RecordStore) -> None:
    assert (await recorded.verify_chain("request/none")).events == 0


@pytest.mark.parametrize(
    ("change", "seq", "reason"),
    [
        (f'UPDATE events SET payload = \'{{"note":"x"}}\' WHERE {EVENT_3}', 3, "does not match its hash"),
        (f"UPDATE events SET at = at + 1 WHERE {EVENT_3}", 3, "does not match its hash"),
        (f"UPDATE events SET person = 'Nobody' WHERE {EVENT_3}", 3, "does not match its hash"),
        (f"UPDATE events SET kind = 'resolved' WHERE {EVENT_3}", 3, "does not match its hash"),
        (f"UPDATE events SET kind = 'never_heard_of' WHERE {EVENT_3}", 3, "is not an event"),
        (f"UPDATE events SET hash = '{'0' * 64}' WHERE {EVENT_3}", 3, "does not match its hash"),
        (f"UPDATE events SET previous = '{'0' * 64}' WHERE {EVENT_3}", 3, "does not continue"),
        (f"UPDATE events SET request_id = 'r2' WHERE {EVENT_3}", 3, "another agreement or request"),
        (f"DELETE FROM events WHERE {EVENT_3}", 3, "missing: event 4 is next"),
        (f"DELETE FROM events WHERE workflow_id = '{R1}' AND seq = 1", 1, "missing: event 2 is next"),
        (f"DELETE FROM events WHERE workflow_id = '{R1}' AND seq > 3", 4, "current state rests on event 5"),
        (f"DELETE FROM events WHERE workflow_id = '{R1}'", 1, "current state rests on event 5"),
        (
            f"UPDATE events SET workflow_id = '{R1}', seq = 6 WHERE workflow_id = '{R2}' AND seq = 5",
            6,
            "does not continue",
        ),
    ],
)
async def test_the_first_wrong_row_is_named(
    recorded: RecordStore,
    tamper: Callable[[str], Awaitable[None]],
    change: str,
    seq: int,
    reason: str,
) -> None:
    await tamper(change)
    fault = (await recorded.verify_chain(R1)).fault
    assert fault is not None
    assert fault.seq == seq
    assert reason in fault.reason


async def test_a_chain_rewritten_from_one_row_on_breaks_at_the_next(
    recorded: RecordStore, tamper: Callable[[str], Awaitable[None]], sql: Sql
) -> None:
    """Whoever recomputes the hash of the row he changed is found at the row after it."""
    changed = event(3, payload={"note": "never happened"})
    (before,) = await sql(f"SELECT previous FROM events WHERE {EVENT_3}")
    digest = event_hash(R1, before[0], changed)
    await tamper(
        f"UPDATE events SET payload = '{{\"note\":\"never happened\"}}', hash = '{digest}' WHERE {EVENT_3}"
    )
    fault = (await recorded.verify_chain(R1)).fault
    assert fault is not None
    assert fault.seq == 4

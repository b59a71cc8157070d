"""Two packs of real records, made once: an agreement with requests, and one with all that money can do."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.mail import OutboxMailer
from activities.messages import Sender
from activities.notifications import Notifications
from contract.notices import Notice
from contract.service_hours import CalendarYear
from records import RecordStore, RunHistory, upgrade
from starter.evidence.packing import Packed, pack
from tests.activities.lives import long_life
from tests.activities.money_lives import life_of_money
from tests.evidence.forging import Files, unpacked

TODAY = datetime(2026, 11, 22, 4, tzinfo=UTC)
REQUESTS, MONEY = "ACME-1", "MONEY-1"
"""The two agreements."""


def telling(store: RecordStore, outbox: Path) -> Callable[[Notice], Awaitable[None]]:
    """Mails notices into an outbox."""
    sender = Sender("aftercare <service@example.com>", "example.com")
    return Notifications(store, OutboxMailer(outbox), sender).notify


def a_run(workflow_id: str, number: int, agreement_id: str) -> tuple[RunHistory, bytes]:
    """A history of a run, after the one of the number before."""
    content = b'{"events":[{"eventId":"%d"}]}' % number
    return RunHistory(
        workflow_id=workflow_id,
        run_id=f"run-{number}",
        agreement_id=agreement_id,
        previous_run=f"run-{number - 1}" if number > 1 else None,
        outcome="continued_as_new" if number == 1 else "completed",
        started_at=TODAY.replace(day=number),
        closed_at=TODAY.replace(day=number + 1),
        events=1,
        digest=hashlib.sha256(content).hexdigest(),
    ), content


async def live(store: RecordStore, outbox: Path) -> None:
    """Both lives, with their mails, calendars and histories."""
    for year in (2026, 2027):
        # Those on which `long_life` rests.
        snapshot = CalendarYear(country="CN", year=year, announced=year < 2027, days={})
        await store.keep_calendar(snapshot)
    await long_life(store, "en", telling(store, outbox))
    await life_of_money(store, "zh-CN", telling(store, outbox))
    for number in (1, 2):
        await store.keep_history(*a_run(f"agreement/{REQUESTS}", number, REQUESTS))
    await store.keep_history(*a_run(f"notices/request/{REQUESTS}/R-1", 1, REQUESTS))


async def packed(store: RecordStore, agreement_id: str, target: Path) -> Packed:
    found = await pack(store, agreement_id, target, today=TODAY)
    assert found is not None
    return found


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both packs, named by their agreements, and the outbox."""
    folder = tmp_path_factory.mktemp("evidence")

    async def make() -> None:
        url = f"sqlite:///{folder / 'records.db'}"
        await upgrade(url)
        async with await RecordStore.open(url) as store:
            await live(store, folder / "outbox")
            for agreement_id in (REQUESTS, MONEY):
                await packed(store, agreement_id, folder / f"{agreement_id}.zip")

    asyncio.run(make())
    return folder


@pytest.fixture(scope="session")
def packs(lived: Path) -> dict[str, Files]:
    """The files of both packs."""
    return {agreement_id: unpacked(lived / f"{agreement_id}.zip") for agreement_id in (REQUESTS, MONEY)}

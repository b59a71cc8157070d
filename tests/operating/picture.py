"""The live view on a record store full of life: for the tests, and as a picture for the documents.

`python -m tests.operating.picture FILE.svg` draws it anew.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from contract.facts import EventKind
from records import RecordStore, upgrade
from runtime.leave import leave
from starter.watching.app import Opening, Watch
from tests.records.building import agreement, event, request

MINUTE = timedelta(minutes=1)

RUNNING = [
    # agreement, request, minutes left, target, priority, state, assignee
    ("ACME-2026-001", "R-2217", -0.6, "respond", "high", "assigned", "Chen Jie"),
    ("NOC-2026", "INC-88041", 6.2, "confirm", "critical", "submitted", None),
    ("ACME-2026-001", "R-2231", 11.8, "respond", "normal", "assigned", "Zhao Lei"),
    ("HUAXIN-7", "4711", 38, "resolve", "critical", "responded", "Chen Jie"),
    ("NOC-2026", "INC-88037", 55.5, "respond", "high", "confirmed", None),
    ("ACME-2026-001", "R-2230", 171, "respond", "normal", "confirmed", None),
    ("HUAXIN-7", "4709", 322, "resolve", "normal", "responded", "Zhao Lei"),
    ("ACME-2026-001", "R-2209", 1130, "resolve", "low", "responded", "Wu Min"),
    ("HUAXIN-7", "4702", 71_000, "resolve", "low", "responded", "Wu Min"),
]
BREACHED = [
    # agreement, request, minutes ago, target
    ("HUAXIN-7", "4698", 512, "resolve"),
    ("ACME-2026-001", "R-2214", 41, "respond"),
    ("NOC-2026", "INC-88012", 3, "confirm"),
]
PROVISIONAL_FROM = timedelta(days=39)


async def furnish(store: RecordStore, now: datetime) -> None:
    """Requests that fall due around an instant, some that wait, breaches, and an hour of events."""
    for agreement_id in sorted({row[0] for row in RUNNING}):
        await store.append(agreement(agreement_id))
    for agreement_id, request_id, minutes, target, priority, state, assignee in RUNNING:
        due = now + minutes * MINUTE
        changes: dict[str, Any] = {
            f"{target}_due": due,
            "next_target": target,
            "next_due": due,
            "priority": priority,
            "state": state,
            "assignee": assignee,
            "provisional": due > now + PROVISIONAL_FROM,
        }
        submitted = event(1, EventKind.SUBMITTED)
        await store.append(request(request_id, submitted, agreement_id=agreement_id, **changes))
    for number in range(3):
        await store.append(request(f"W-{number}", agreement_id="HUAXIN-7", state="waiting"))
    for agreement_id, request_id, minutes, target in BREACHED:
        with recorded_at(now - minutes * MINUTE):
            await breach(store, agreement_id, request_id, target)
    seq = 1
    for back in range(59, 0, -1):
        with recorded_at(now - back * MINUTE):
            notes = [event(seq + n) for n in range(2 + (back * 7) % 11 + 9 * (back % 13 == 5))]
            await store.append(request("chatter", *notes, agreement_id="NOC-2026", state="closed"))
            seq += len(notes)


async def breach(store: RecordStore, agreement_id: str, request_id: str, target: str) -> None:
    """A new request that is late, and resolved."""
    breached = event(2, EventKind.TARGET_BREACHED, payload={"target": target})
    first = event(1, EventKind.SUBMITTED)
    await store.append(request(request_id, first, breached, agreement_id=agreement_id, state="resolved"))


def recorded_at(at: datetime) -> Any:
    """A block in which the record store's clock stands at an instant."""
    return patch("records.store._now", lambda: at)


def opening(url: str) -> Opening:
    @asynccontextmanager
    async def opened() -> AsyncIterator[RecordStore]:
        async with await RecordStore.open(url) as store:
            yield store

    return opened


async def draw(file: Path) -> None:
    """The view at 80 × 24, as SVG without fonts from elsewhere."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'records.db'}"
        await upgrade(url)
        now = datetime(2026, 11, 23, 6, 42, 10, tzinfo=UTC)
        async with await RecordStore.open(url) as store:
            with recorded_at(now):
                await furnish(store, now)
        view = Watch(opening(url), every=0.2, clock=lambda: now)
        async with view.run_test(size=(80, 24)) as pilot:
            await view.looked.wait()
            await pilot.pause()
            picture = view.export_screenshot(title="aftercare ops watch")
    file.write_text(re.sub(r"@font-face \{.*?\}\s*|<!--.*?-->\s*", "", picture, flags=re.DOTALL))


if __name__ == "__main__":
    asyncio.run(draw(Path(sys.argv[1])))
    leave(0)

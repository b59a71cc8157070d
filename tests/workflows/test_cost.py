"""What a request costs the engine: events and bytes over all histories it causes. Run with ``-s`` to read it.

An on-time request and one that is late wherever it can be; mail on (to nobody), records on. The agreement's
share is what admitting the request adds to its history.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle

from contract.facts import EventKind
from tests.engine import DAY, HOUR, MINUTE, SECOND, START, LivedAgreement, R, World, eventually

pytestmark = pytest.mark.engine

COUNTED = {
    "workflow tasks": EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
    "updates": EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED,
    "local activities": EventType.EVENT_TYPE_MARKER_RECORDED,
    "activities": EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
    "timers": EventType.EVENT_TYPE_TIMER_STARTED,
    "upserts": EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
}


@dataclass(frozen=True)
class Cost:
    """A stretch of history."""

    events: int
    size: int
    kinds: Counter[EventType.ValueType]

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.events + other.events, self.size + other.size, self.kinds + other.kinds)

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.events - other.events, self.size - other.size, self.kinds - other.kinds)

    def __str__(self) -> str:
        parts = ", ".join(f"{self.kinds[kind]} {name}" for name, kind in COUNTED.items() if self.kinds[kind])
        return f"{self.events:4} events {self.size:7,} bytes   ({parts})"


async def cost_of(handle: WorkflowHandle[Any, Any]) -> Cost:
    events = [event async for event in handle.fetch_history_events()]
    size = sum(event.ByteSize() for event in events)
    return Cost(len(events), size, Counter(event.event_type for event in events))


async def at_rest(handle: WorkflowHandle[Any, Any]) -> bool:
    """Whether a workflow has nothing under way: every activity and task that began has ended."""
    seen = (await cost_of(handle)).kinds
    return (
        seen[EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED]
        == seen[EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED]
        and seen[EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED]
        == seen[EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED]
    )


async def lived(
    agreement: LivedAgreement, deeds: list[tuple[str, datetime]], **rating: Any
) -> tuple[Cost, Cost]:
    """The cost of a request's whole life in its own history, and its share of the agreement's."""
    await eventually(lambda: at_rest(agreement.handle), "the mails of the signatures sent")
    before = await cost_of(agreement.handle)
    await agreement.submit()
    share = await cost_of(agreement.handle) - before
    for command, at in deeds:
        await agreement.pass_time_until(at)
        await agreement.do(command, at, **rating if command == "rate" else {})
    await agreement.pass_time_until(deeds[-1][1] + 40 * DAY)
    await agreement.world.completed(agreement.request_handle())
    return await cost_of(agreement.request_handle()), share


def say(title: str, own: Cost, share: Cost, records: int) -> None:
    print(f"\n{title}: {records} events on record")
    for name, cost in (("request", own), ("agreement", share), ("together", own + share)):
        print(f"  {name:10}{cost}")


async def test_what_a_request_costs_that_is_on_time(world: World):
    agreement = await world.agreement(mail=True)
    deeds = [
        ("confirm", START + 10 * MINUTE),
        ("assign", START + 20 * MINUTE),
        ("respond", START + 2 * HOUR),
        ("note_diagnosis", START + 5 * HOUR),
        ("resolve", START + 20 * HOUR),
        ("accept", START + DAY),
        ("rate", START + 2 * DAY),
    ]
    own, share = await lived(agreement, deeds, score=5)
    kinds = await agreement.kinds()
    assert not any(kind.startswith(("target", "penalty")) for kind in kinds)
    say("An on-time request", own, share, len(kinds))
    assert (own + share).events < 200


async def test_what_a_request_costs_that_is_late_in_everything(world: World):
    agreement = await world.agreement(mail=True)
    due = START + 48 * HOUR
    deeds = [
        ("confirm", START + 2 * HOUR),
        ("assign", START + 3 * HOUR),
        ("respond", START + 5 * HOUR),
        ("note_diagnosis", START + 6 * HOUR),
        ("ask_for_materials", START + 20 * HOUR),
        ("provide_materials", START + 20 * HOUR + DAY),
        ("resolve", due + DAY + DAY + SECOND),
        ("reopen", due + 3 * DAY),
        ("resolve", due + 5 * DAY),
        ("rate", due + 13 * DAY),
        ("answer_rating", due + 20 * DAY),
    ]
    own, share = await lived(agreement, deeds, score=1)
    kinds = await agreement.kinds()
    assert kinds.count("target_breached") == 3
    assert EventKind.CLOSED_BY_ITSELF in kinds
    assert EventKind.FOLLOW_UP_OVERDUE in kinds
    assert await agreement.owed(R) == "2200.00"
    say("An all-late request", own, share, len(kinds))
    assert (own + share).events < 400

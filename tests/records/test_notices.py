"""Notifications: each message once, found by its id and by the event it is about."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from contract.parties import Role
from records import Notification, RecordStore
from tests.records.building import A, event, request, utc

R1 = f"request/{A}/r1"


def message(message_id: str, event_seq: int = 1, **changes: Any) -> Notification:
    fields: dict[str, Any] = {
        "message_id": message_id,
        "agreement_id": A,
        "workflow_id": R1,
        "event_seq": event_seq,
        "recipient": Role.PROVIDER,
        "address": "li@example.com",
        "template": "submitted",
        "sent_at": utc("2026-01-02 00:00:00.5"),
        "response": "250 OK",
    }
    return Notification(**(fields | changes))


@pytest.fixture(autouse=True)
async def _with_events(store: RecordStore) -> None:
    await store.append(request("r1", event(1), event(2)))


async def test_a_notification_comes_back_as_it_was(store: RecordStore) -> None:
    sent = message("<1@example.com>")
    assert await store.keep_notification(sent)
    assert await store.notification("<1@example.com>") == sent
    assert await store.notification("<2@example.com>") is None


async def test_the_first_of_the_same_message_stands(store: RecordStore) -> None:
    sent = message("<1@example.com>")
    assert await store.keep_notification(sent)
    assert not await store.keep_notification(message("<1@example.com>", response="250 again"))
    assert await store.notification("<1@example.com>") == sent


async def test_of_many_at_once_one_is_stored(store: RecordStore) -> None:
    stored = await asyncio.gather(*(store.keep_notification(message("<1@example.com>")) for _ in range(6)))
    assert sorted(stored) == [False] * 5 + [True]


async def test_notifications_are_found_by_event(store: RecordStore) -> None:
    one, two = message("<1@example.com>", 1), message("<2@example.com>", 2)
    customer = message("<3@example.com>", 1, recipient=Role.CUSTOMER, sent_at=utc("2026-01-03 00:00"))
    for sent in (two, customer, one):
        await store.keep_notification(sent)
    assert await store.notifications(R1) == [one, customer, two]
    assert await store.notifications(R1, 1) == [one, customer]
    assert await store.notifications("request/none") == []


async def test_a_message_about_nothing_recorded_is_refused(store: RecordStore) -> None:
    with pytest.raises(IntegrityError):
        await store.keep_notification(message("<1@example.com>", 3))

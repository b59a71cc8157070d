"""The tamper-evident chain: every field, the order and everything before count (C6.2.3)."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.chain import GENESIS, event_hash
from contract.facts import Event, EventKind
from contract.parties import Role

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
WORKFLOW = "request/ACME-2026-001/R-1"
EVENT = Event(
    seq=3,
    at=AT,
    kind=EventKind.RESPONDED,
    clause="C6.2.1",
    party=Role.PROVIDER,
    person="李明",
    command_id="c3",
    payload={"message": "正在处理", "n": 1, "nested": {"list": [1, None, "x"]}},
)


def chained(events: list[Event], workflow: str = WORKFLOW) -> list[str]:
    hashes = [GENESIS]
    for event in events:
        hashes.append(event_hash(workflow, hashes[-1], event))
    return hashes[1:]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seq", 4),
        ("at", AT + timedelta(microseconds=1)),
        ("kind", EventKind.RESOLVED),
        ("clause", "C6.2.2"),
        ("party", Role.CUSTOMER),
        ("party", None),
        ("person", "李四"),
        ("person", None),
        ("command_id", "c4"),
        ("command_id", None),
        ("payload", {}),
        ("payload", {**EVENT.payload, "message": "正在处理。"}),
        ("payload", {**EVENT.payload, "nested": {"list": [None, 1, "x"]}}),
        ("payload", {**EVENT.payload, "n": "1"}),
    ],
)
def test_changing_any_field_of_an_event_changes_its_hash(field, value):
    other = EVENT.model_copy(update={field: value})
    assert event_hash(WORKFLOW, GENESIS, other) != event_hash(WORKFLOW, GENESIS, EVENT)


def test_every_field_of_an_event_is_tried_above():
    assert set(Event.model_fields) == {
        "seq", "at", "kind", "clause", "party", "person", "command_id", "payload"
    }  # fmt: skip


def test_the_workflow_and_the_hash_before_count():
    found = event_hash(WORKFLOW, GENESIS, EVENT)
    assert event_hash(WORKFLOW + "2", GENESIS, EVENT) != found
    assert event_hash(WORKFLOW, "1" + GENESIS[1:], EVENT) != found


def test_a_hash_is_the_sha_256_of_canonical_json():
    body = {"workflow_id": WORKFLOW, "previous": GENESIS, "event": EVENT.model_dump(mode="json")}
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    assert event_hash(WORKFLOW, GENESIS, EVENT) == hashlib.sha256(canonical).hexdigest()


def test_the_same_instant_in_another_zone_is_the_same_event():
    again = Event.model_validate({**EVENT.model_dump(), "at": "2026-03-02T09:00:00+08:00"})
    assert event_hash(WORKFLOW, GENESIS, again) == event_hash(WORKFLOW, GENESIS, EVENT)


def test_the_order_of_keys_in_a_payload_does_not_count_but_reading_an_event_back_keeps_its_hash():
    turned = EVENT.model_copy(update={"payload": dict(reversed(EVENT.payload.items()))})
    stored = Event.model_validate_json(EVENT.model_dump_json())
    assert chained([EVENT]) == chained([turned]) == chained([stored])


PAYLOADS = st.dictionaries(
    st.text(max_size=5), st.text(max_size=5) | st.integers(-99, 99) | st.none(), max_size=3
)
EVENTS = st.lists(
    st.builds(
        lambda payload, minutes: EVENT.model_copy(
            update={"payload": payload, "at": AT + timedelta(minutes=minutes)}
        ),
        PAYLOADS,
        st.integers(0, 99),
    ),
    min_size=2,
    max_size=6,
    unique_by=lambda event: event.model_dump_json(),
)


@given(EVENTS, st.data())
def test_leaving_out_swapping_or_changing_one_event_changes_every_hash_from_there_on(events, data):
    hashes = chained(events)
    place = data.draw(st.integers(0, len(events) - 2))

    def others(changed: list[Any]) -> list[str]:
        return chained(changed)[place:]

    swapped = [*events[:place], events[place + 1], events[place], *events[place + 2 :]]
    without = events[:place] + events[place + 1 :]
    forged = [*events[:place], events[place].model_copy(update={"seq": 99}), *events[place + 1 :]]
    for tampered in (swapped, without, forged):
        assert chained(tampered)[:place] == hashes[:place]
        assert not set(others(tampered)) & set(hashes)

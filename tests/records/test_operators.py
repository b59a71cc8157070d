"""What operators ask across agreements: what is due next, what happened lately, what asks for a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from contract.agreement_states import AgreementState
from contract.facts import Event, EventKind
from contract.parties import Role
from contract.request import RequestState
from contract.terms import Priority, Service, Target
from records import AttentionKind, Notification, RecordStore, RequestFilter
from records.attention import ENDING, LAPSING, UNSENT, WAITING
from tests.records.building import EFFECTIVE, ENDS, A, agreement, event, request
from tests.records.conftest import Sql

DAY = timedelta(days=1)
NOW = EFFECTIVE + 10 * DAY
B = "B-1"


async def due(store: RecordStore, request_id: str, hours: float, **changes: Any) -> None:
    """A request whose response is due so many hours from `NOW`."""
    at = NOW + timedelta(hours=hours)
    given: dict[str, Any] = {"next_target": Target.RESPOND, "next_due": at, "respond_due": at}
    await store.append(request(request_id, **given | changes))


async def test_what_is_due_next_comes_first_across_agreements(store: RecordStore) -> None:
    await store.append(agreement(B))
    await due(store, "later", 3)
    await due(store, "passed", -1, agreement_id=B)
    await due(store, "soon", 1)
    await due(store, "at-the-edge", 2)
    await store.append(request("paused", state=RequestState.WAITING))
    found = await store.upcoming(NOW + timedelta(hours=2))
    assert [view.request_id for view in found] == ["passed", "soon", "at-the-edge"]
    assert len(await store.upcoming()) == 4
    assert [view.request_id for view in await store.upcoming(limit=1)] == ["passed"]


async def test_what_is_due_next_can_be_of_an_agreement_a_service_and_a_priority(store: RecordStore) -> None:
    await store.append(agreement(B))
    await due(store, "one", 1)
    await due(store, "two", 1, agreement_id=B)
    await due(store, "three", 1, priority=Priority.CRITICAL)
    await due(store, "four", 1, service=Service.ONLINE_CONSULTING)
    asked: list[tuple[dict[str, Any], list[str]]] = [
        ({"agreement_ids": [B]}, ["two"]),
        ({"wanted": RequestFilter(priorities=[Priority.CRITICAL])}, ["three"]),
        ({"wanted": RequestFilter(services=[Service.ONLINE_CONSULTING])}, ["four"]),
    ]
    for wanted, expected in asked:
        assert [view.request_id for view in await store.upcoming(**wanted)] == expected


async def test_open_requests_are_counted_by_state(store: RecordStore) -> None:
    for number, state in enumerate(
        (RequestState.SUBMITTED, RequestState.WAITING, RequestState.SUBMITTED, RequestState.CLOSED)
    ):
        await store.append(request(f"r{number}", state=state))
    assert await store.open_by_state() == {RequestState.SUBMITTED: 2, RequestState.WAITING: 1}


async def test_events_and_breaches_are_counted_by_the_minute_of_their_recording(
    store: RecordStore, sql: Sql
) -> None:
    await store.append(
        request("r1", event(1, EventKind.SUBMITTED), event(2, EventKind.TARGET_BREACHED), event(3))
    )
    await store.append(request("r2"))
    ((seconds,),) = await sql("SELECT min(recorded_at) / 1000000 FROM events WHERE request_id = 'r1'")
    recorded = datetime.fromtimestamp(seconds, UTC)
    found = await store.minutes(recorded)
    assert found[0].begin == recorded.replace(second=0)
    # The agreement's own event is a moment older; a minute may have turned in between.
    assert sum(minute.events for minute in found) in (4, 5)
    assert sum(minute.breaches for minute in found) == 1
    assert await store.minutes(recorded + 2 * DAY) == []


async def test_the_newest_breaches_come_first_and_as_many_as_asked_for(store: RecordStore) -> None:
    began = datetime.now(UTC)
    for request_id in ("r1", "r2", "r3"):
        await store.append(
            request(request_id, event(1, EventKind.SUBMITTED), event(2, EventKind.TARGET_BREACHED))
        )
    found = await store.breaches(began, 2)
    assert [row.workflow_id for row in found] == [f"request/{A}/r3", f"request/{A}/r2"]
    assert await store.breaches(datetime.now(UTC) + DAY, 2) == []


async def test_every_workflow_is_known_with_the_end_of_its_chain(store: RecordStore, sql: Sql) -> None:
    await store.append(request("r1", event(1), event(2)))
    agreed, requested = await store.workflows(A)
    assert (agreed.workflow_id, agreed.request_id, agreed.stands_at, agreed.events) == (
        f"agreement/{A}",
        None,
        1,
        1,
    )
    assert (requested.request_id, requested.stands_at, requested.events, requested.newest) == ("r1", 2, 2, 2)
    assert requested.head == (await store.events(f"request/{A}/r1"))[-1].hash
    assert await store.stray_workflows() == []
    await sql("DELETE FROM requests")
    (stray,) = await store.stray_workflows()
    assert (stray.workflow_id, stray.request_id, stray.stands_at) == (f"request/{A}/r1", "r1", None)


# What asks for a person


async def asks(store: RecordStore, as_of: datetime = NOW) -> list[tuple[str, str | None]]:
    return [(found.kind.value, found.request_id) for found in await store.attention(as_of)]


async def test_a_sound_record_asks_for_nobody(store: RecordStore) -> None:
    await due(store, "r1", 1)
    await store.append(request("r2", state=RequestState.WAITING))
    assert await asks(store) == []


async def test_a_low_rating_asks_for_a_person_once_its_answer_is_overdue_c5_5(store: RecordStore) -> None:
    rated: dict[str, Any] = {"state": RequestState.CLOSED, "rating": 1, "follow_up_due": NOW}
    await store.append(request("r1", **rated))
    await store.append(request("r2", follow_up_answered_at=NOW, **rated))
    assert await asks(store) == []
    assert await asks(store, NOW + DAY) == [("follow_up_overdue", "r1")]


async def test_a_late_request_that_nobody_has_asks_for_a_person_c6_1_2(store: RecordStore) -> None:
    late: dict[str, Any] = {"confirm_late": True, "confirm_due": NOW - DAY}
    await store.append(request("r1", **late))
    await store.append(request("r2", assignee="Chen Jie", **late))
    await store.append(request("r3", state=RequestState.WITHDRAWN, **late))
    (found,) = await store.attention(NOW)
    assert (found.kind, found.request_id) == (AttentionKind.BREACHED_UNASSIGNED, "r1")
    assert (found.since, found.clause) == (NOW - DAY, "C6.1.2")


async def test_materials_owed_for_long_ask_for_a_person_c5_4(store: RecordStore) -> None:
    asked = Event(seq=1, at=NOW, kind=EventKind.MATERIALS_ASKED, clause="C5.4")
    await store.append(request("r1", asked, state=RequestState.WAITING))
    assert await asks(store, NOW + WAITING) == []
    assert await asks(store, NOW + WAITING + DAY) == [("waiting_long", "r1")]


async def test_a_request_open_after_its_agreement_closed_asks_for_a_person(store: RecordStore) -> None:
    await store.append(request("r1"))
    await store.append(request("r2", state=RequestState.CLOSED))
    await store.append(agreement(seq=2, state=AgreementState.CLOSED, closed_at=NOW))
    assert await asks(store) == [("open_after_close", "r1")]


async def test_an_offer_about_to_lapse_asks_for_a_person_c4_1(empty_store: RecordStore) -> None:
    lapses = NOW + LAPSING
    batch = agreement(state=AgreementState.OFFERED, ends_at=None, effective_at=None, year_starts=[])
    offered = batch.events[0].model_copy(update={"payload": {"offer_ends": lapses.isoformat()}})
    await empty_store.append(batch.model_copy(update={"events": [offered]}))
    assert await asks(empty_store, NOW - DAY) == []
    (found,) = await empty_store.attention(NOW)
    assert (found.kind, found.since) == (AttentionKind.OFFER_LAPSING, lapses)


async def test_an_agreement_that_ends_and_is_not_followed_by_another_asks_for_a_person(
    store: RecordStore,
) -> None:
    near = ENDS - ENDING
    assert await asks(store, near - DAY) == []
    (found,) = await store.attention(near)
    assert (found.kind, found.since, found.agreement_id) == (AttentionKind.AGREEMENT_ENDING, ENDS, A)
    await store.append(agreement(B, state=AgreementState.OFFERED, ends_at=None))
    assert "agreement_ending" not in [kind for kind, _ in await asks(store, near)]


async def test_a_notice_that_was_not_mailed_to_one_party_asks_for_a_person_c6_2_3(
    store: RecordStore, sql: Sql, record_url: str
) -> None:
    await store.append(request("r1", event(1, EventKind.SUBMITTED), event(2, EventKind.NOTED)))
    await told(store, f"agreement/{A}")
    await told(store, f"request/{A}/r1")
    assert [found for found in await store.attention(NOW) if found.request_id] == []
    await age(record_url, sql, UNSENT)
    (found,) = [found for found in await store.attention(NOW) if found.request_id == "r1"]
    assert found.kind is AttentionKind.NOTICE_UNSENT
    assert found.what == "event 1, submitted: the provider was not told"


async def test_an_agreement_of_which_nobody_was_ever_told_anything_is_not_mailed(
    store: RecordStore, sql: Sql, record_url: str
) -> None:
    await store.append(request("r1", event(1, EventKind.SUBMITTED)))
    await age(record_url, sql, UNSENT)
    assert await asks(store) == []


async def told(store: RecordStore, workflow_id: str) -> None:
    """The customer was mailed about the first event of a workflow."""
    await store.keep_notification(
        Notification(
            message_id=f"<{workflow_id}>",
            agreement_id=A,
            workflow_id=workflow_id,
            event_seq=1,
            recipient=Role.CUSTOMER,
            address="li@example.com",
            template="submitted.en",
            sent_at=datetime.now(UTC),
            response="250 OK",
        )
    )


async def age(record_url: str, sql: Sql, by: timedelta) -> None:
    """Let what was recorded have been recorded that much earlier, as only someone without triggers can."""
    unguarded = "ALTER TABLE events DISABLE TRIGGER USER"
    if record_url.startswith("sqlite"):
        unguarded = "DROP TRIGGER events_no_update"
    await sql(unguarded, f"UPDATE events SET recorded_at = recorded_at - {by // timedelta(microseconds=1)}")


async def test_what_asks_is_told_by_kind_and_the_longest_first(store: RecordStore) -> None:
    for number in range(3):
        late: dict[str, Any] = {"confirm_late": True, "confirm_due": NOW - number * DAY}
        await store.append(request(f"r{number}", submitted_at=NOW - number * DAY, **late))
    assert [request_id for _, request_id in await asks(store)] == ["r2", "r1", "r0"]

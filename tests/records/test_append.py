"""Appending: whole or not at all, once however often it is tried, in order (C6.2.3)."""

from __future__ import annotations

from typing import Any

import pytest

from contract.agreement_states import AgreementState
from contract.chain import GENESIS, event_hash
from contract.facts import EventKind, RecordBatch
from contract.request import RequestState
from contract.terms import Priority
from records import AgreementUnknown, RecordConflict, RecordGap, RecordStore
from tests.records.building import A, agreement, document, event, penalty, request, term_sheet, utc

R1 = f"request/{A}/r1"


async def test_an_event_comes_back_as_it_was_with_its_place_in_the_chain(store: RecordStore) -> None:
    first, second = event(1, EventKind.SUBMITTED), event(2)
    await store.append(request("r1", first, second))
    (one, two) = await store.events(R1)
    assert (one.event, two.event) == (first, second)
    assert one.previous == GENESIS
    assert one.hash == two.previous == event_hash(R1, GENESIS, first)
    assert two.hash == event_hash(R1, one.hash, second)


async def test_the_same_batch_again_adds_nothing(store: RecordStore) -> None:
    batch = request("r1", event(1), event(2), entries=[penalty("p1", "200.00")])
    first = await store.append(batch)
    before = await store.request(A, "r1")
    assert await store.append(batch) == first
    assert await store.request(A, "r1") == before


async def test_of_a_batch_half_on_record_the_rest_is_added(store: RecordStore) -> None:
    await store.append(request("r1", event(1), event(2)))
    await store.append(request("r1", event(2), event(3)))
    assert [recorded.event.seq for recorded in await store.events(R1)] == [1, 2, 3]


@pytest.mark.parametrize(
    "change",
    [
        {"payload": {"note": "another"}},
        {"person": "Someone else"},
        {"at": utc("2026-02-01 00:00")},
        {"kind": EventKind.RESOLVED},
        {"clause": "C5.4"},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_other_content_at_the_same_number_is_a_conflict(
    store: RecordStore, change: dict[str, Any]
) -> None:
    await store.append(request("r1", event(1)))
    with pytest.raises(RecordConflict, match="event 1 is on record with other content") as raised:
        await store.append(request("r1", event(1, **change), state=RequestState.CLOSED))
    assert raised.value.workflow_id == R1
    found = await store.request(A, "r1")
    assert found is not None
    assert found.request.state is RequestState.SUBMITTED


async def test_a_gap_is_refused_until_what_is_missing_comes(store: RecordStore) -> None:
    late = request("r1", event(2), state=RequestState.CONFIRMED)
    with pytest.raises(RecordGap, match="event 2 came when 1 is next"):
        await store.append(late)
    assert await store.events(R1) == []
    await store.append(request("r1", event(1)))
    await store.append(late)
    assert len(await store.events(R1)) == 2


async def test_what_belongs_to_an_unknown_agreement_waits_for_it(store: RecordStore) -> None:
    batch = request("r1", agreement_id="agreement-2")
    with pytest.raises(AgreementUnknown, match="agreement-2 is not on record"):
        await store.append(batch)
    await store.append(agreement("agreement-2"))
    assert (await store.append(batch)).agreement_state is AgreementState.ACTIVE


async def test_several_batches_are_written_together_and_answered_one_by_one(empty_store: RecordStore) -> None:
    other = agreement("agreement-2", state=AgreementState.OFFERED)
    batches = [
        agreement(),
        other,
        request("r1", event(1)),
        request("r2", agreement_id="agreement-2"),
        request("r1", event(2), priority=Priority.HIGH),
    ]
    answers = await empty_store.append_many(batches)
    active, offered = AgreementState.ACTIVE, AgreementState.OFFERED
    assert [answer.agreement_state for answer in answers] == [active, offered, active, offered, active]
    found = await empty_store.request(A, "r1")
    assert found is not None
    assert found.request.priority is Priority.HIGH
    assert [recorded.event.seq for recorded in found.events] == [1, 2]
    assert (await empty_store.verify_chain(R1)).sound


async def test_nothing_is_written_when_one_of_several_is_at_fault(store: RecordStore) -> None:
    good, bad = request("r1"), request("r2", event(7))
    with pytest.raises(RecordGap) as raised:
        await store.append_many([good, bad])
    assert raised.value.workflow_id == bad.workflow_id
    assert await store.requests(A) == []
    assert await store.events(R1) == []


async def test_a_conflict_in_the_ledger_leaves_no_event_behind(store: RecordStore) -> None:
    await store.append(request("r1", event(1), entries=[penalty("p1", "200.00")]))
    with pytest.raises(RecordConflict, match="ledger entry p1") as raised:
        await store.append(request("r1", event(2), entries=[penalty("p1", "300.00")]))
    assert raised.value.workflow_id == R1
    assert len(await store.events(R1)) == 1


async def test_an_older_batch_tried_again_does_not_bring_the_old_state_back(store: RecordStore) -> None:
    older = request("r1", event(1))
    newer = request("r1", event(2), state=RequestState.CONFIRMED, confirmed_at=utc("2026-01-02 00:00"))
    await store.append_many([older, newer])
    for again in ([older], [newer, older], [newer]):
        await store.append_many(again)
        assert await store.requests(A) == [newer.request]


async def test_an_older_agreement_tried_again_answers_with_the_state_it_has_now(store: RecordStore) -> None:
    await store.append(agreement(seq=2, state=AgreementState.EXPIRED))
    again = await store.append(agreement(seq=1))
    assert again.agreement_state is AgreementState.EXPIRED
    kept = await store.agreement(A)
    assert kept is not None
    assert kept.state is AgreementState.EXPIRED


async def test_the_terms_are_kept_as_the_bytes_they_were(store: RecordStore) -> None:
    signed = document(term_sheet())
    assert await store.terms(A, 1) == signed
    assert await store.terms_by_digest(signed.digest) == signed
    assert await store.terms(A, 2) is None
    assert await store.terms_by_digest("f" * 64) is None


async def test_a_version_of_the_terms_cannot_become_another(store: RecordStore) -> None:
    other = document(term_sheet(fees={"amount": "2000.00"}))
    with pytest.raises(RecordConflict, match="version 1 of the terms"):
        await store.append(agreement(seq=2, terms=other))
    await store.append(agreement(seq=2, terms=document(term_sheet())))
    await store.append(agreement(seq=3, terms=other.model_copy(update={"version": 2})))
    assert await store.terms_by_digest(other.digest) is not None


async def test_a_batch_that_is_no_step_of_a_workflow_is_refused(store: RecordStore) -> None:
    good = request("r1")
    for change, fault in (
        ({"events": [event(0)]}, "numbered from 1"),
        ({"events": [event(1), event(3)]}, "one after the other"),
        ({"events": []}, "with the event that made it"),
        ({"request_id": "r2"}, "batch's own request"),
        ({"agreement": agreement("agreement-2").agreement}, "batch's own agreement"),
        ({"terms": document(term_sheet("agreement-2"))}, "batch's own agreement"),
    ):
        with pytest.raises(ValueError, match=fault):
            await store.append(good.model_copy(update=change))
    assert await store.requests(A) == []


async def test_no_batches_are_no_write(store: RecordStore) -> None:
    assert await store.append_many([]) == []


async def test_events_are_read_by_number(store: RecordStore) -> None:
    await store.append(request("r1", *(event(seq) for seq in range(1, 6))))

    async def numbers(*span: int) -> list[int]:
        return [recorded.event.seq for recorded in await store.events(R1, *span)]

    assert await numbers() == [1, 2, 3, 4, 5]
    assert await numbers(2, 4) == [2, 3, 4]
    assert await numbers(4) == [4, 5]
    assert await numbers(6) == []


async def test_a_batch_of_events_alone_needs_no_request(store: RecordStore) -> None:
    batch = RecordBatch(workflow_id=f"dispute/{A}/1", agreement_id=A, events=[event(1)])
    assert (await store.append(batch)).agreement_state is AgreementState.ACTIVE
    assert (await store.verify_chain(batch.workflow_id)).events == 1

"""Admission: a request enters the record once, and its id never means two things (C6.1.1)."""

from __future__ import annotations

import asyncio

import pytest

from contract.agreement_states import AgreementState
from records import Admission, AgreementUnknown, RecordStore
from tests.records.building import A, event, request

CONTENT, OTHER = "a" * 64, "b" * 64


async def test_a_new_request_is_started(store: RecordStore) -> None:
    batch = request("r1")
    admission = await store.admit(batch, CONTENT)
    assert admission == Admission(existing_digest=None, started=True, agreement_state=AgreementState.ACTIVE)
    found = await store.request(A, "r1")
    assert found is not None
    assert found.request == batch.request
    assert found.content_digest == CONTENT
    assert len(found.events) == 1


async def test_a_request_on_record_answers_with_the_content_it_was_submitted_with(store: RecordStore) -> None:
    await store.admit(request("r1"), CONTENT)
    again = await store.admit(request("r1", title="Something else"), OTHER)
    assert (again.existing_digest, again.started) == (CONTENT, False)
    found = await store.request(A, "r1")
    assert found is not None
    assert found.request.title == "The export stops at half"
    assert found.content_digest == CONTENT


async def test_the_content_stays_known_while_the_request_lives(store: RecordStore) -> None:
    await store.admit(request("r1"), CONTENT)
    await store.append(request("r1", event(2)))
    assert (await store.admit(request("r1"), OTHER)).existing_digest == CONTENT


async def test_the_same_id_in_another_agreement_is_another_request(store: RecordStore) -> None:
    await store.admit(request("r1"), CONTENT)
    with pytest.raises(AgreementUnknown):
        await store.admit(request("r1", agreement_id="agreement-2"), OTHER)


async def test_of_many_at_once_one_starts_it(store: RecordStore) -> None:
    admissions = await asyncio.gather(*(store.admit(request("r1"), CONTENT) for _ in range(8)))
    assert sum(admission.started for admission in admissions) == 1
    assert all(a.started or a.existing_digest == CONTENT for a in admissions)


async def test_only_a_request_is_admitted(store: RecordStore) -> None:
    with pytest.raises(ValueError, match="the request to admit"):
        await store.admit(request("r1").model_copy(update={"request": None}), CONTENT)

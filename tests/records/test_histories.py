"""The engine's histories outlive the engine's retention (C6.2.3, C9.2)."""

from __future__ import annotations

import pytest

from records import AgreementUnknown, RecordConflict, RecordStore
from tests.records.building import request, run_history

CONTENT = '{"events":[{"eventId":"1","summary":"已受理"}]}'.encode()


@pytest.fixture(autouse=True)
async def _request(store: RecordStore) -> None:
    await store.append(request("r1"))


async def test_a_history_comes_back_byte_for_byte(store: RecordStore) -> None:
    run, content = run_history(content=CONTENT, previous_run="run-0")
    assert await store.keep_history(run, content)
    assert await store.histories(run.workflow_id) == [run]
    assert await store.history_content(run.workflow_id, run.run_id) == CONTENT


async def test_a_history_is_kept_once(store: RecordStore) -> None:
    assert await store.keep_history(*run_history(content=CONTENT))
    assert not await store.keep_history(*run_history(content=CONTENT))
    assert await store.histories_kept(["run-1", "run-2"]) == {"run-1"}


async def test_another_history_of_the_same_run_is_refused(store: RecordStore) -> None:
    await store.keep_history(*run_history())
    with pytest.raises(RecordConflict, match="run-1 is on record with another history"):
        await store.keep_history(*run_history(content=CONTENT))


async def test_a_history_of_an_agreement_that_is_not_on_record_is_refused(store: RecordStore) -> None:
    with pytest.raises(AgreementUnknown):
        await store.keep_history(*run_history(agreement_id="elsewhere"))


async def test_a_digest_of_another_history_is_refused(store: RecordStore) -> None:
    run, _ = run_history()
    with pytest.raises(ValueError, match="another history"):
        await store.keep_history(run, CONTENT)


async def test_an_unknown_run_has_no_history(store: RecordStore) -> None:
    assert await store.history_content("request/agreement-1/r1", "run-9") is None

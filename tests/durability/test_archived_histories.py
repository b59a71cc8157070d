"""What the engine remembers of runs that are over is on record before it forgets (C6.2.3, C9.2)."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import structlog
from google.protobuf.json_format import Parse
from structlog.testing import capture_logs
from temporalio.api.history.v1 import History
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from activities.histories import Histories, archiving, history_of
from contract.commands import CommandName
from runtime.connection import PLAIN
from runtime.engines import DevServer
from starter.evidence.packing import pack
from tests.engine import (
    CONTENT,
    HOUR,
    START,
    LivedAgreement,
    R,
    World,
    eventually,
    real_world,
    short_runs,
    skipping_world,
)
from tests.evidence.forging import Files, rows_of, unpacked
from tests.keys import ENCRYPTED
from workflows.agreement import Agreement
from workflows.service_request import ServiceRequest

NOTE = str(CONTENT[CommandName.ADD_NOTE]["note"]).encode()

pytestmark = [pytest.mark.engine, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module")
async def world(tmp_path: Path, server: DevServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A world whose workflows continue as new after few events."""
    async with real_world(tmp_path, server, {"workflow_runner": short_runs(monkeypatch)}) as world:
        await world.start_worker()
        yield world


async def test_every_run_that_is_over_is_put_on_record_as_the_engine_has_it(world: World):
    agreement = await noted(world)
    handle = agreement.request_handle()
    *over, running = await world.runs(handle)
    assert len(over) >= 2
    histories = Histories(world.temporal, world.store)

    async def all_are_kept() -> bool:
        await histories.sweep(agreement_ids=[agreement.id])
        return len(await world.store.histories(handle.id)) == len(over)

    await eventually(all_are_kept, "the engine's lists name every run")  # which lag a moment
    kept = await world.store.histories(handle.id)
    assert [run.run_id for run in kept] == over
    assert running not in {run.run_id for run in kept}
    assert [run.previous_run for run in kept] == [None, *over[:-1]]
    assert {run.outcome for run in kept} == {"continued_as_new"}
    for run in kept:
        found = await world.store.history_content(run.workflow_id, run.run_id)
        engines = await world.temporal.get_workflow_handle(handle.id, run_id=run.run_id).fetch_history()
        assert found is not None
        assert list(Parse(found, History()).events) == list(engines.events)
        said = [base64.b64decode(payload["data"]) for payload in _payloads(json.loads(found))]
        assert said
        assert not any(NOTE in data for data in said)


async def noted(world: World) -> LivedAgreement:
    """An agreement with a request of several runs."""
    agreement = await world.agreement(ago=5 * HOUR)
    await agreement.submit()
    for number in range(40):
        await agreement.do("add_note", START + HOUR, command_id=f"note-{number}")
    return agreement


def what_was_said(files: Files) -> bytes:
    """All payloads of all histories."""
    histories = [json.loads(data) for path, data in files.items() if path.startswith("histories/")]
    said = [base64.b64decode(p.get("data", "")) for told in histories for p in _payloads(told)]
    return b"\n".join(said)


async def test_a_pack_has_the_history_of_every_run_in_clear(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    agreement = await noted(world)
    request = agreement.request_handle()
    first, *_, running = await world.runs(request)
    # One is on record, the others the engine still has, and one of them goes on.
    assert await Histories(world.temporal, world.store).keep(request.id, first)
    codec = ENCRYPTED.payload_codec
    target = tmp_path / "pack.zip"
    packed = await pack(world.store, agreement.id, target, client=world.temporal, codec=codec)
    assert packed is not None
    assert packed.faults == []
    files = unpacked(target)
    rows = [row for row in rows_of(files, "histories.jsonl") if row["workflow_id"] == request.id]
    assert {row["run_id"]: row["from"] for row in rows}[first] == "record"
    assert {row["run_id"]: row["outcome"] for row in rows}[running] == "running"
    assert [row["run_id"] for row in rows] == list(reversed(await world.runs(request)))
    assert (packed.counts["payloads_encrypted"], packed.counts["histories_missing"]) == (0, 0)
    assert NOTE in what_was_said(files)
    # They are histories: the code that made them goes through them again.
    short = short_runs(monkeypatch)
    workflows = [Agreement, ServiceRequest]
    replayer = Replayer(workflows=workflows, data_converter=PLAIN, workflow_runner=short)
    for row in rows_of(files, "histories.jsonl"):
        history = WorkflowHistory.from_json(row["workflow_id"], files[row["file"]].decode())
        await replayer.replay_workflow(history)


async def test_a_pack_says_which_histories_stay_encrypted_and_which_are_missing(world: World, tmp_path: Path):
    agreement = await noted(world)
    request = agreement.request_handle()
    first, second, *_ = await world.runs(request)
    await Histories(world.temporal, world.store).keep(request.id, second)
    target = tmp_path / "pack.zip"
    packed = await pack(world.store, agreement.id, target)  # no engine, no keys
    assert packed is not None
    assert packed.faults == []
    files = unpacked(target)
    kept, missing = rows_of(files, "histories.jsonl")
    assert (kept["run_id"], kept["keys_missing"], kept["payloads"]["read"]) == (second, ["tests"], 0)
    assert (missing["run_id"], missing["outcome"]) == (first, "missing")
    assert packed.counts["histories_missing"] == 1
    assert packed.counts["payloads_encrypted"] == kept["payloads"]["encrypted"] > 10
    assert NOTE not in what_was_said(files)


async def test_a_sweep_finds_nothing_new_the_second_time(world: World):
    agreement = await world.agreement()
    await agreement.submit()
    await world.temporal.get_workflow_handle(agreement.request_handle().id).terminate()
    histories = Histories(world.temporal, world.store)

    async def it_is_kept() -> bool:
        return (await histories.sweep(agreement_ids=[agreement.id])).kept == 1

    await eventually(it_is_kept, "the request's end is listed")
    (run,) = await world.store.histories(agreement.request_handle().id)
    assert (run.outcome, run.request_id, run.agreement_id) == ("terminated", R, agreement.id)
    again = await histories.sweep(agreement_ids=[agreement.id])
    assert (again.kept, again.known, again.left) == (0, 1, 0)


async def test_beside_a_worker_it_happens_by_itself(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("activities.histories.SETTLING", timedelta(0))
    monkeypatch.setattr("activities.histories.EVERY", timedelta(milliseconds=50))
    async with archiving(world.temporal, world.store):
        agreement = await world.agreement()
        await agreement.submit()
        await world.temporal.get_workflow_handle(agreement.request_handle().id).terminate()

        async def it_is_kept() -> bool:
            return bool(await world.store.histories(agreement.request_handle().id))

        await eventually(it_is_kept, "a sweep after the request's end")


async def test_an_engine_without_lists_is_told_of_and_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("activities.histories.SETTLING", timedelta(0))
    monkeypatch.setattr("activities.histories.EVERY", timedelta(milliseconds=5))
    # One that has not logged yet: a logger keeps what it was set to when it first did.
    monkeypatch.setattr("activities.histories.log", structlog.get_logger("aftercare"))
    async with skipping_world(tmp_path) as world:
        with capture_logs() as lines:
            async with archiving(world.temporal, world.store):

                async def asked_twice() -> bool:
                    return len(lines) > 1

                await eventually(asked_twice, "a second sweep")
    assert {(line["event"], line["reason"]) for line in lines} == {("histories not archived", "RPCError")}


async def test_a_run_that_is_not_over_is_not_put_on_record(world: World):
    agreement = await world.agreement()
    found = await history_of(world.temporal, agreement.handle.id, None)
    assert found is not None
    assert found[0].outcome == "running"
    assert not await Histories(world.temporal, world.store).keep(agreement.handle.id, found[0].run_id)
    assert await world.store.histories(agreement.handle.id) == []


async def test_what_the_engine_never_had_has_no_history(world: World):
    assert await history_of(world.temporal, "agreement/nowhere", None) is None


def _payloads(told: Any) -> list[dict[str, Any]]:
    """Every payload in a history."""
    if isinstance(told, list):
        return [found for one in told for found in _payloads(one)]
    if not isinstance(told, dict):
        return []
    if "encoding" in told.get("metadata", {}):
        return [told]
    return [found for one in told.values() for found in _payloads(one)]

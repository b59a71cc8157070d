"""Recorded histories replay against today's workflows; what would break them is found before a release."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import WorkflowFailureError, WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker
from temporalio.workflow import NondeterminismError

from runtime.connection import data_converter
from runtime.engines import time_skipping_environment
from runtime.sandbox import sandbox
from tests.replay import forbidden
from tests.replay.record import HISTORIES
from workflows.agreement import Agreement
from workflows.service_request import ServiceRequest

RECORDED = sorted(HISTORIES.glob("*.json"))


def history(path: Path) -> WorkflowHistory:
    workflow_id = path.stem.split("~", 1)[1].replace("~", "/")
    return WorkflowHistory.from_json(workflow_id, path.read_text())


def test_there_are_histories_of_both_workflows():
    assert any("agreement~" in path.name for path in RECORDED)
    assert sum("request~" in path.name for path in RECORDED) >= 20


async def test_every_recorded_history_replays():
    replayer = Replayer(
        workflows=[Agreement, ServiceRequest], workflow_runner=sandbox(), data_converter=data_converter()
    )
    results = await replayer.replay_workflows(_all(), raise_on_replay_failure=False)
    assert results.replay_failures == {}


async def _all() -> Any:
    for path in RECORDED:
        yield history(path)


@workflow.defn(name="ServiceRequest")
class Dawdling(ServiceRequest):
    """A careless change: a wait that was not there when the histories were made."""

    @workflow.run
    async def run(self, given: Any = None) -> Any:
        await workflow.sleep(60)
        return await super().run(given)


async def test_a_workflow_that_was_changed_carelessly_does_not_replay():
    replayer = Replayer(
        workflows=[Dawdling], workflow_runner=UnsandboxedWorkflowRunner(), data_converter=data_converter()
    )
    request = next(path for path in RECORDED if "request~" in path.name)
    with pytest.raises(NondeterminismError):
        await replayer.replay_workflow(history(request))


@pytest.mark.engine
@pytest.mark.parametrize("forbidden_workflow", forbidden.ALL, ids=lambda cls: cls.__name__)
async def test_a_workflow_that_asks_the_world_fails_in_the_sandbox(forbidden_workflow: Any):
    async with time_skipping_environment(data_converter=data_converter()) as environment:
        worker = Worker(
            environment.client,
            task_queue="forbidden",
            workflows=[forbidden_workflow],
            workflow_runner=sandbox(),
            workflow_failure_exception_types=[Exception],
        )
        async with worker:
            with pytest.raises(WorkflowFailureError) as problem:
                await environment.client.execute_workflow(
                    forbidden_workflow.run, id=forbidden_workflow.__name__, task_queue="forbidden"
                )
    assert "Cannot access" in str(problem.value.cause)

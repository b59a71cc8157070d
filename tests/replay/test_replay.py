"""Recorded histories replay against today's workflows; what would break them is found before a release."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowFailureError, WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker
from temporalio.workflow import NondeterminismError

import workflows
from contract.change_commands import ChangeCommandName
from contract.commands import CommandName
from contract.dispute_names import DisputeCommandName
from contract.money_commands import MoneyCommandName
from runtime.engines import time_skipping_environment
from runtime.sandbox import sandbox
from tests.keys import ENCRYPTED
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


def test_every_command_is_in_some_history():
    given = {
        event.workflow_execution_update_accepted_event_attributes.accepted_request.input.name
        for path in RECORDED
        for event in history(path).events
    }
    agreement = {"sign", "refuse_offer", "submit_request"}
    assert given >= {
        *MoneyCommandName,
        *CommandName,
        *ChangeCommandName,
        *DisputeCommandName,
        *agreement,
        "tell",
        "apply_calendar",
    }


def test_whatever_can_happen_to_a_workflow_is_in_some_history():
    seen = {event.event_type for path in RECORDED for event in history(path).events}
    assert seen >= {
        EventType.EVENT_TYPE_TIMER_FIRED,
        EventType.EVENT_TYPE_TIMER_CANCELED,
        EventType.EVENT_TYPE_MARKER_RECORDED,
        EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
        EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
        EventType.EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_SIGNALED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
    }
    # A recording that was patient, mail, and invoices.
    activities = {
        event.activity_task_scheduled_event_attributes.activity_type.name
        for path in RECORDED
        for event in history(path).events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    }
    assert activities == {"record", "notify", "tell_suspension", "issue_invoice"}


def test_all_that_waits_and_acts_runs_in_the_sandbox():
    passed_through = sandbox().restrictions.passthrough_modules
    modules = {path.stem for path in Path(workflows.__file__).parent.glob("[a-z]*.py")}
    shapes = {"ids", "paces", "payloads", "search_attributes", "story"}
    assert not passed_through & {"workflows", *(f"workflows.{name}" for name in modules - shapes)}


async def test_every_recorded_history_replays():
    replayer = Replayer(
        workflows=[Agreement, ServiceRequest], workflow_runner=sandbox(), data_converter=ENCRYPTED
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
        workflows=[Dawdling], workflow_runner=UnsandboxedWorkflowRunner(), data_converter=ENCRYPTED
    )
    request = next(path for path in RECORDED if "request~" in path.name)
    with pytest.raises(NondeterminismError):
        await replayer.replay_workflow(history(request))


@pytest.mark.engine
@pytest.mark.parametrize("forbidden_workflow", forbidden.ALL, ids=lambda cls: cls.__name__)
async def test_a_workflow_that_asks_the_world_fails_in_the_sandbox(forbidden_workflow: Any):
    async with time_skipping_environment(data_converter=ENCRYPTED) as environment:
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

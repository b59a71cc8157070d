"""What malformed input does to a workflow: it fails once or refuses; it never retries for ever."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowFailureError, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from contract.refusals import RefusalKind
from contract.terms import canonical_bytes
from tests.engine import START, LivedAgreement, World, eventually, history, term_sheet
from workflows.payloads import AgreementStart

pytestmark = [
    pytest.mark.engine,
    pytest.mark.asyncio(loop_scope="module"),
    # The SDK makes a workflow's first coroutine before its __init__, which refuses a faulty offer.
    pytest.mark.filterwarnings("ignore:coroutine .*run_workflow.* was never awaited:RuntimeWarning"),
]

SECRET = "Project Nightingale"
"""Something a person wrote: it must not come back in an error (C5.3)."""


async def started(world: World, name: str, argument: Any, workflow_id: str) -> WorkflowHandle[Any, Any]:
    return await world.temporal.start_workflow(
        name, argument, id=workflow_id, task_queue=world.settings.task_queue
    )


async def failed_once(handle: WorkflowHandle[Any, Any]) -> ApplicationError:
    """The error a workflow failed with, having tried once."""
    with pytest.raises(WorkflowFailureError) as problem:
        await handle.result()
    seen = await history(handle)
    assert seen.count(EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED) == 0
    assert seen[-1] == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED
    assert isinstance(problem.value.cause, ApplicationError)
    return problem.value.cause


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """What a test leaves behind is collected under that test's filters."""
    yield
    gc.collect()


@pytest.mark.parametrize(
    "canonical",
    ["", "{}", "no document", '{"agreement_id": "' + SECRET + '"}', "[1, 2"],
    ids=["empty", "an empty mapping", "words", "faults", "broken"],
)
async def test_an_offer_of_a_faulty_term_sheet_fails_its_workflow_once(shared_world: World, canonical: str):
    start = AgreementStart(canonical=canonical, at=START)
    handle = await started(shared_world, "Agreement", start, f"agreement/faulty-{abs(hash(canonical))}")
    error = await failed_once(handle)
    assert (error.type, error.non_retryable) == (RefusalKind.INVALID, True)
    assert SECRET not in str(error)


async def test_an_offer_not_in_canonical_form_fails_its_workflow_once(shared_world: World):
    pretty = json.dumps(json.loads(canonical_bytes(term_sheet("pretty"))), indent=1)
    start = AgreementStart(canonical=pretty, at=START)
    handle = await started(shared_world, "Agreement", start, "agreement/pretty")
    assert (await failed_once(handle)).type == RefusalKind.INVALID
    assert await shared_world.store.agreement("pretty") is None


MALFORMED: list[dict[str, Any]] = [
    {},
    {"command_id": "c-1", "at": SECRET, "actor": {"party": "provider", "person": "Li"}},
    {"command_id": "c-2", "at": "2026-03-02T01:00:00", "actor": {"party": "provider", "person": "Li"}},
    {"command_id": "c-3", "at": "2026-03-02T01:00:00.5Z", "actor": {"party": "provider", "person": "Li"}},
    {"command_id": "c-4", "at": "2026-03-02T01:00:00Z", "actor": SECRET},
    {"command_id": "c-5", "at": "2026-03-02T01:00:00Z", "actor": {"party": "provider", "person": "Li\x00"}},
    {
        "command_id": "c-6",
        "at": "2026-03-02T01:00:00Z",
        "actor": {"party": "provider", "person": "Li"},
        SECRET: 1,
    },
]
UPDATES = ("confirm", "respond", "rate", "raise_priority", "ask_for_materials")


async def lives_on(agreement: LivedAgreement, handle: WorkflowHandle[Any, Any]) -> None:
    """No task failed, and the next command is taken."""
    await agreement.do("add_note", START)
    assert EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED not in await history(handle)


@pytest.mark.parametrize("update", UPDATES)
async def test_a_malformed_command_is_refused_without_its_words_and_the_request_lives_on(
    shared_world: World, update: str
):
    agreement = await shared_world.agreement()
    await agreement.submit()
    handle = agreement.request_handle()
    for argument in (*MALFORMED, SECRET, 5, None, [SECRET]):
        with pytest.raises(WorkflowUpdateFailedError) as problem:
            await handle.execute_update(update, argument)
        assert SECRET not in repr(problem.value.cause)
    await lives_on(agreement, handle)
    assert await agreement.kinds() == ["submitted", "noted"]


async def test_a_command_without_its_argument_or_with_two_is_refused_and_the_request_lives_on(
    shared_world: World,
):
    agreement = await shared_world.agreement()
    await agreement.submit()
    handle = agreement.request_handle()
    for arguments in ([], [MALFORMED[0], MALFORMED[0]]):
        with pytest.raises(WorkflowUpdateFailedError):
            await handle.execute_update("confirm", args=arguments)
    await lives_on(agreement, handle)


async def test_a_command_nobody_knows_is_refused_and_the_request_lives_on(shared_world: World):
    agreement = await shared_world.agreement()
    await agreement.submit()
    with pytest.raises(WorkflowUpdateFailedError):
        await agreement.request_handle().execute_update("escalate", {"to": SECRET})
    await lives_on(agreement, agreement.request_handle())


@pytest.mark.parametrize("update", ["sign", "submit_request", "withdraw_offer"])
async def test_a_malformed_command_on_an_agreement_is_refused_and_the_agreement_lives_on(
    shared_world: World, update: str
):
    agreement = await shared_world.agreement()
    for argument in (*MALFORMED, SECRET, None):
        with pytest.raises(WorkflowUpdateFailedError) as problem:
            await agreement.handle.execute_update(update, argument)
        assert SECRET not in repr(problem.value.cause)
    await agreement.submit()
    assert EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED not in await history(agreement.handle)


async def test_among_commands_told_together_a_malformed_one_is_refused_by_itself(shared_world: World):
    agreement = await shared_world.agreement()
    await agreement.submit()
    confirm = {
        "command_id": "c",
        "at": START.isoformat(),
        "actor": {"party": "provider", "person": "Li"},
    }
    several = {
        "commands": [
            {"name": "respond", "content": {"message": SECRET}},
            {"name": "confirm", "content": confirm},
        ]
    }
    answers = await agreement.request_handle().execute_update("tell", several)
    first, second = answers["refusals"]
    assert (first["kind"], first["clause"], second) == ("invalid", "C6.2.1", None)
    assert SECRET not in first["message"]
    assert await agreement.kinds() == ["submitted", "confirmed"]


async def test_a_malformed_signal_is_passed_over_and_the_agreement_lives_on(shared_world: World):
    agreement = await shared_world.agreement()
    for argument in ({"not": "an id"}, 5, None):
        await agreement.handle.signal("request_closed", argument)
    await agreement.submit()
    assert await agreement.kinds() == ["submitted"]
    assert EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED not in await history(agreement.handle)


async def no_task_fails(handle: WorkflowHandle[Any, Any]) -> None:
    """The workflow does all that has come for it, and no task of it fails."""

    async def idle() -> bool:
        seen = await history(handle)
        assert EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED not in seen
        return seen[-1] not in (
            EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
            EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
            EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
            EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED,
        )

    await eventually(idle, f"{handle.id} at rest")


@pytest.mark.parametrize("signal", ["request_closed", "request_reopened"])
async def test_a_signal_without_its_argument_is_passed_over_and_the_agreement_lives_on(
    shared_world: World, signal: str
):
    agreement = await shared_world.agreement()
    await agreement.handle.signal(signal, args=[])
    await no_task_fails(agreement.handle)


@pytest.mark.parametrize("name", ["Agreement", "ServiceRequest"])
@pytest.mark.parametrize("arguments", [[], [SECRET], [{"file": SECRET, "canonical": 5}]], ids=str)
async def test_a_start_of_the_wrong_shape_fails_its_workflow_once(
    shared_world: World, name: str, arguments: list[Any]
):
    handle = await shared_world.temporal.start_workflow(
        name,
        args=arguments,
        id=f"{name}/shapeless-{len(repr(arguments))}",
        task_queue=shared_world.settings.task_queue,
    )
    await no_task_fails(handle)
    assert (await failed_once(handle)).type == RefusalKind.INVALID

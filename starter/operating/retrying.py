"""Setting going again what is stuck or was given up.

- An activity that fails is tried again at once, and its waiting between tries begins anew. Every activity
  here may run twice, so this can do no harm.
- Notices that the mail server refused for good are sent again by a workflow of their own; what was sent is
  not sent twice.
- A workflow whose code fails is set back to its last good point, but only where that is asked for: the tasks
  after it are done again, by the code deployed now, in a new run. What they recorded is on record under the
  same keys and is not written twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import uuid4

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import (
    ResetActivityRequest,
    ResetWorkflowExecutionRequest,
    UnpauseActivityRequest,
)
from temporalio.client import WorkflowFailureError, WorkflowQueryFailedError, WorkflowQueryRejectedError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError
from temporalio.service import RPCError

from contract.notices import Notice
from contract.values import Identifier, Model
from records.attention import NOTICES_KEPT
from records.store import RecordStore
from starter.errors import NotReached
from starter.operating.engine import Engine, answering
from starter.operating.stuck import GRACE, Stuck, Trouble, stuck
from workflows.ids import agreement_workflow_id, named_in, resending_workflow_id
from workflows.payloads import AgreementStatus
from workflows.search_attributes import AGREEMENT_ID, typed

WHO = "aftercare ops retry"
ANSWERING = timedelta(seconds=10)
SENDING = timedelta(seconds=15)
"""So long it is waited for notices to be sent again."""


class Remedy(StrEnum):
    RETRY_ACTIVITY = "retry_activity"
    RESEND_NOTICES = "resend_notices"
    RESET_WORKFLOW = "reset_workflow"


class Outcome(StrEnum):
    PLANNED = "planned"
    DONE = "done"
    UNDER_WAY = "under_way"
    FAILED = "failed"
    LEFT = "left"
    """Nothing was done; ``message`` says what would help."""


_Came = tuple[Outcome, str | None]


class Step(Model):
    """What is, would be or was done about one thing."""

    workflow_id: str
    run_id: str = ""
    agreement_id: Identifier
    request_id: Identifier | None
    trouble: str
    remedy: Remedy | None
    what: str
    activity_id: str = ""
    seqs: list[int] = []
    """The events whose notices are sent again."""
    outcome: Outcome = Outcome.PLANNED
    message: str | None = None


async def plan(
    engine: Engine,
    store: RecordStore,
    agreement_ids: Sequence[str] | None,
    request_id: str | None,
    *,
    reset: bool,
) -> list[Step]:
    """What there is to set going: of everything, of some agreements, or of one request of one of them."""
    found = [
        trouble
        for trouble in await stuck(engine, agreement_ids, GRACE)
        if request_id is None or trouble.request_id == request_id
    ]
    mailing = {trouble.workflow_id for trouble in found if trouble.what == "notify"}
    steps = [_step(trouble, reset) for trouble in found]
    return steps + [step async for step in _given_up(engine, store, agreement_ids, request_id, mailing)]


def _step(trouble: Stuck, reset: bool) -> Step:
    remedy, message = _remedy(trouble, reset)
    return Step(
        workflow_id=trouble.workflow_id,
        run_id=trouble.run_id,
        agreement_id=trouble.agreement_id,
        request_id=trouble.request_id,
        trouble=trouble.trouble.value,
        remedy=remedy,
        what=trouble.what,
        activity_id=trouble.activity_id or "",
        outcome=Outcome.LEFT if remedy is None else Outcome.PLANNED,
        message=message,
    )


def _remedy(trouble: Stuck, reset: bool) -> tuple[Remedy | None, str | None]:
    match trouble.trouble:
        case Trouble.ACTIVITY_FAILING | Trouble.ACTIVITY_PAUSED:
            return Remedy.RETRY_ACTIVITY, None
        case Trouble.TASK_FAILING if reset:
            return Remedy.RESET_WORKFLOW, None
        case Trouble.TASK_FAILING:
            return None, "deploy code that can do it: it goes on within minutes, or at once with --reset"
        case Trouble.TASK_WAITING | Trouble.ACTIVITY_WAITING:
            return None, "no worker takes it: start one"
        case Trouble.DUE_PASSED:
            return None, "nothing is seen to be wrong: compare it with `aftercare ops reconcile`"


async def _given_up(
    engine: Engine,
    store: RecordStore,
    agreement_ids: Sequence[str] | None,
    request_id: str | None,
    mailing: set[str],
) -> AsyncIterator[Step]:
    """Notices that no workflow tries to send any longer."""
    now = datetime.now(UTC)
    unsent = await store.unsent_notices(now - NOTICES_KEPT, now, agreement_ids)
    agreements: dict[str, AgreementStatus | None] = {}
    for workflow_id, seqs in unsent.items():
        ids = named_in(workflow_id)
        if ids is None or workflow_id in mailing or request_id not in (None, ids[1]):
            continue
        if ids[0] not in agreements:
            agreements[ids[0]] = await _status(engine, ids[0])
        status = agreements[ids[0]]
        if status is None or not status.mail:
            continue
        if ids[1] is None and status.unsent_notices:
            # Between two tries nothing is pending, and yet it will try.
            continue
        for tried in (workflow_id, resending_workflow_id(workflow_id)):
            description = await engine.describe(tried)
            pending = description.pending_activities if description else []
            if any(activity.activity_type.name == "notify" for activity in pending):
                break
        else:
            yield Step(
                workflow_id=workflow_id,
                agreement_id=ids[0],
                request_id=ids[1],
                trouble="notice_unsent",
                remedy=Remedy.RESEND_NOTICES,
                what=f"notices of events {', '.join(map(str, seqs))}",
                seqs=seqs,
            )


async def _status(engine: Engine, agreement_id: str) -> AgreementStatus | None:
    """What an agreement's workflow says: it alone knows whether notices are mailed. None without answer."""
    handle = engine.client.get_workflow_handle(agreement_workflow_id(agreement_id))
    try:
        status: AgreementStatus = await handle.query(
            "status", result_type=AgreementStatus, rpc_timeout=ANSWERING
        )
    except (RPCError, WorkflowQueryFailedError, WorkflowQueryRejectedError):
        return None
    return status


async def perform(engine: Engine, step: Step, task_queue: str) -> Step:
    """Do what a step says; the step with what came of it."""
    try:
        outcome, message = await _perform(engine, step, task_queue)
    except NotReached as problem:
        outcome, message = Outcome.FAILED, str(problem)
    return step.model_copy(update={"outcome": outcome, "message": message})


async def _perform(engine: Engine, step: Step, task_queue: str) -> _Came:
    match step.remedy:
        case Remedy.RETRY_ACTIVITY:
            return await _retry(engine, step)
        case Remedy.RESET_WORKFLOW:
            return await _reset(engine, step)
        case Remedy.RESEND_NOTICES:
            return await _resend(engine, step, task_queue)
        case None:
            return step.outcome, step.message


async def _retry(engine: Engine, step: Step) -> _Came:
    execution = WorkflowExecution(workflow_id=step.workflow_id, run_id=step.run_id)
    with answering():
        if step.trouble == Trouble.ACTIVITY_PAUSED:
            await engine.service.unpause_activity(
                UnpauseActivityRequest(
                    namespace=engine.client.namespace,
                    execution=execution,
                    identity=WHO,
                    id=step.activity_id,
                    reset_attempts=True,
                )
            )
        else:
            await engine.service.reset_activity(
                ResetActivityRequest(
                    namespace=engine.client.namespace,
                    execution=execution,
                    identity=WHO,
                    id=step.activity_id,
                )
            )
    return Outcome.DONE, "is tried again now"


async def _reset(engine: Engine, step: Step) -> _Came:
    completed = [EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED]
    last = await engine.latest(step.workflow_id, step.run_id, completed, most=1000)
    if last is None:
        return Outcome.LEFT, "none of its tasks has succeeded yet: there is no point to go back to"
    with answering():
        answer = await engine.service.reset_workflow_execution(
            ResetWorkflowExecutionRequest(
                namespace=engine.client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=step.workflow_id, run_id=step.run_id),
                reason=WHO,
                workflow_task_finish_event_id=last.event_id,
                request_id=uuid4().hex,
                identity=WHO,
            )
        )
    return Outcome.DONE, f"goes on in run {answer.run_id}"


async def _resend(engine: Engine, step: Step, task_queue: str) -> _Came:
    notice = Notice(
        workflow_id=step.workflow_id,
        agreement_id=step.agreement_id,
        request_id=step.request_id,
        seqs=step.seqs,
    )
    with answering():
        handle = await engine.client.start_workflow(
            "ResendNotices",
            notice,
            id=resending_workflow_id(step.workflow_id),
            task_queue=task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=typed({AGREEMENT_ID: step.agreement_id}),
            static_summary=f"Notices of {step.workflow_id} again · C6.2.3",
        )
    try:
        async with asyncio.timeout(SENDING.total_seconds()):
            await handle.result()
    except TimeoutError:
        return Outcome.UNDER_WAY, "not sent yet; it is tried until it is (`aftercare ops stuck`)"
    except WorkflowFailureError as problem:
        cause = problem.cause
        if isinstance(cause, ActivityError) and cause.cause is not None:
            cause = cause.cause
        return Outcome.FAILED, str(getattr(cause, "message", "the mail server refused them"))
    return Outcome.DONE, "sent"

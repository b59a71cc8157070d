"""Workflows that do not get on: since when, and why.

Open workflows are listed, and each is described: the server names what a workflow waits for, and how often
that was tried. So a fault is found whatever part of the house it is in, and while the record store is away.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from temporalio.api.enums.v1 import (
    EventType,
    PendingActivityState,
    PendingWorkflowTaskState,
    WorkflowTaskFailedCause,
)
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse

from contract.values import Identifier, Instant, Model
from starter.operating.engine import Cause, Engine, Seen, instant
from starter.operating.together import each

GRACE = timedelta(minutes=1)
"""A task may wait for a worker this long, and a due may have passed this long ago."""


class Trouble(StrEnum):
    TASK_FAILING = "task_failing"
    """The workflow's code fails, or does not answer: its task is tried again and again."""
    TASK_WAITING = "task_waiting"
    """No worker takes the workflow's task."""
    ACTIVITY_FAILING = "activity_failing"
    ACTIVITY_WAITING = "activity_waiting"
    """No worker takes the activity."""
    ACTIVITY_PAUSED = "activity_paused"
    """Somebody has paused the activity."""
    DUE_PASSED = "due_passed"
    """A due has passed and nothing was judged, though nothing else is seen to be wrong."""


class Stuck(Model):
    """One thing that keeps one workflow from getting on."""

    trouble: Trouble
    workflow_id: str
    run_id: str
    agreement_id: Identifier
    request_id: Identifier | None
    since: Instant
    attempt: int | None = None
    what: str
    """The type of activity, or the workflow's task."""
    activity_id: str | None = None
    error: str | None = None
    """The kind of the last error."""
    message: str | None = None
    """Its first line."""
    next_try: Instant | None = None


async def stuck(
    engine: Engine,
    agreement_ids: Sequence[str] | None = None,
    grace: timedelta = GRACE,
    looked: Callable[[], None] = lambda: None,
) -> list[Stuck]:
    """Everything that is stuck, the longest first; ``looked`` is called for each workflow looked at."""
    now = datetime.now(UTC)

    async def look(seen: Seen) -> list[Stuck]:
        return await look_at(engine, seen, now, grace)

    found: list[Stuck] = []
    seen: AsyncIterator[Seen] = engine.workflows(agreement_ids, only_open=True)
    async for troubles in each(seen, look):
        looked()
        found += troubles
    return sorted(found, key=lambda trouble: (trouble.since, trouble.workflow_id, trouble.what))


async def look_at(engine: Engine, seen: Seen, now: datetime, grace: timedelta) -> list[Stuck]:
    """What keeps one open workflow from getting on."""
    description = await engine.describe(seen.workflow_id, seen.run_id)
    if description is None:
        return []  # over since it was listed
    found = [trouble async for trouble in _activities(engine, seen, description, now - grace)]
    task = await _task(engine, seen, description, now - grace)
    if task is not None:
        found.append(task)
    if not found and seen.next_due is not None and seen.next_due < now - grace:
        found.append(_told(seen, Trouble.DUE_PASSED, seen.next_due, "next due"))
    return found


def _told(seen: Seen, trouble: Trouble, since: datetime, what: str, cause: Cause | None = None) -> Stuck:
    return Stuck(
        trouble=trouble,
        workflow_id=seen.workflow_id,
        run_id=seen.run_id,
        agreement_id=seen.agreement_id,
        request_id=seen.request_id,
        since=since,
        what=what,
        error=cause.kind if cause else None,
        message=cause.message if cause else None,
    )


# The workflow's own task


async def _task(
    engine: Engine, seen: Seen, description: DescribeWorkflowExecutionResponse, before: datetime
) -> Stuck | None:
    if not description.HasField("pending_workflow_task"):
        return None
    task = description.pending_workflow_task
    waiting = task.state == PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_SCHEDULED
    if task.attempt > 1:
        failed = await _last_failure(engine, seen)
        since, cause = failed or (instant(task.original_scheduled_time), None)
        found = _told(seen, Trouble.TASK_FAILING, since, "workflow task", cause)
    elif waiting and (since := instant(task.scheduled_time)) < before:
        found = _told(seen, Trouble.TASK_WAITING, since, "workflow task")
    else:
        return None
    return found.model_copy(update={"attempt": task.attempt})


async def _last_failure(engine: Engine, seen: Seen) -> tuple[datetime, Cause] | None:
    """When and why a task failed first: only that is in the history, the tries after it are not."""
    kinds = (EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED, EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT)
    event = await engine.latest(seen.workflow_id, seen.run_id, kinds)
    if event is None:
        return None
    if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT:
        return instant(event.event_time), Cause("timeout", "a worker took the task and did not answer")
    failed = event.workflow_task_failed_event_attributes
    named = WorkflowTaskFailedCause.Name(failed.cause).removeprefix("WORKFLOW_TASK_FAILED_CAUSE_").lower()
    cause = await engine.cause(failed.failure)
    # The server's word for the cause says more than the class of an exception the SDK made up.
    return instant(event.event_time), Cause(named, f"{cause.kind}: {cause.message}")


# Activities


async def _activities(
    engine: Engine, seen: Seen, description: DescribeWorkflowExecutionResponse, before: datetime
) -> AsyncIterator[Stuck]:
    for activity in description.pending_activities:
        trouble = _trouble(activity, before)
        if trouble is None:
            continue
        cause = await engine.cause(activity.last_failure) if activity.HasField("last_failure") else None
        again = activity.HasField("next_attempt_schedule_time")
        found = _told(seen, trouble, instant(activity.scheduled_time), activity.activity_type.name, cause)
        yield found.model_copy(
            update={
                "attempt": activity.attempt,
                "activity_id": activity.activity_id,
                "next_try": instant(activity.next_attempt_schedule_time) if again else None,
            }
        )


def _trouble(activity: PendingActivityInfo, before: datetime) -> Trouble | None:
    if activity.paused:
        return Trouble.ACTIVITY_PAUSED
    if activity.HasField("last_failure"):
        return Trouble.ACTIVITY_FAILING
    waiting = activity.state == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
    return Trouble.ACTIVITY_WAITING if waiting and instant(activity.scheduled_time) < before else None

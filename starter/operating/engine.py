"""What the Temporal server says about our workflows, asked raw: only what operators need is decoded."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, TaskQueueType
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    DescribeWorkflowExecutionRequest,
    DescribeWorkflowExecutionResponse,
    GetWorkflowExecutionHistoryReverseRequest,
)
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError, TimeoutError
from temporalio.service import RPCError, RPCStatusCode

from starter.errors import NotReached
from workflows.ids import named_in
from workflows.search_attributes import AGREEMENT_ID, NEXT_DUE

LONGEST: Final = 200
"""Characters of an error's message that are told."""
OURS: Final = "WorkflowType IN ('Agreement', 'ServiceRequest', 'ResendNotices')"


@dataclass(frozen=True, slots=True)
class Seen:
    """One run of a workflow, as the server lists it. Lists lag a moment behind."""

    workflow_id: str
    run_id: str
    agreement_id: str
    request_id: str | None
    status: WorkflowExecutionStatus
    started_at: datetime
    next_due: datetime | None
    """In contract time."""

    @property
    def open(self) -> bool:
        return self.status is WorkflowExecutionStatus.RUNNING


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something failed: the kind of error, and its message."""

    kind: str
    message: str


class Engine:
    """A Temporal server with our workflows on it. Raises NotReached when it does not answer."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self.client = client
        self._task_queue = task_queue
        self.service = client.workflow_service

    async def count(self, agreement_ids: Sequence[str] | None, *, only_open: bool) -> int:
        with answering():
            return (await self.client.count_workflows(_query(agreement_ids, only_open))).count

    async def workflows(self, agreement_ids: Sequence[str] | None, *, only_open: bool) -> AsyncIterator[Seen]:
        """Runs of our workflows, of some agreements or all."""
        with answering():
            async for found in self.client.list_workflows(_query(agreement_ids, only_open)):
                ids = named_in(found.id)
                if ids is not None and found.status is not None:
                    yield Seen(
                        workflow_id=found.id,
                        run_id=found.run_id,
                        agreement_id=ids[0],
                        request_id=ids[1],
                        status=found.status,
                        started_at=found.start_time,
                        next_due=found.typed_search_attributes.get(NEXT_DUE),
                    )

    async def describe(self, workflow_id: str, run_id: str = "") -> DescribeWorkflowExecutionResponse | None:
        """The newest run of a workflow, or the one named; None when the server has none such."""
        wanted = DescribeWorkflowExecutionRequest(
            namespace=self.client.namespace,
            execution=WorkflowExecution(workflow_id=workflow_id, run_id=run_id),
        )
        try:
            with answering():
                return await self.service.describe_workflow_execution(wanted)
        except NotFound:
            return None

    async def latest(
        self, workflow_id: str, run_id: str, kinds: Sequence[EventType.ValueType], most: int = 100
    ) -> HistoryEvent | None:
        """The last event of some kinds among the last of a run's history."""
        wanted = GetWorkflowExecutionHistoryReverseRequest(
            namespace=self.client.namespace,
            execution=WorkflowExecution(workflow_id=workflow_id, run_id=run_id),
            maximum_page_size=most,
        )
        with answering():
            answer = await self.service.get_workflow_execution_history_reverse(wanted)
        return next((event for event in answer.history.events if event.event_type in kinds), None)

    async def has_workers(self) -> bool:
        """Whether anybody has asked for our workflows' tasks lately."""
        wanted = DescribeTaskQueueRequest(
            namespace=self.client.namespace,
            task_queue=TaskQueue(name=self._task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
        with answering():
            return bool((await self.service.describe_task_queue(wanted)).pollers)

    async def cause(self, failure: Failure) -> Cause:
        """A failure, decoded as far as this process has the key."""
        try:
            problem = await self.client.data_converter.decode_failure(failure)
        except Exception:
            return Cause("undecodable", "encoded with a key that is not here")
        match problem:
            case ApplicationError():
                kind = problem.type or "ApplicationError"
            case TimeoutError():
                kind = f"timeout {problem.type.name.lower()}" if problem.type else "timeout"
            case _:
                kind = type(problem).__name__
        lines = (getattr(problem, "message", "") or str(problem)).splitlines()
        return Cause(kind, lines[0][:LONGEST] if lines else "")


class NotFound(NotReached):
    """The server has no such workflow."""


@contextmanager
def answering() -> Iterator[None]:
    """A block in which the server is asked; raises NotFound, or NotReached naming what it answered."""
    try:
        yield
    except RPCError as problem:
        if problem.status is RPCStatusCode.NOT_FOUND:
            raise NotFound("the Temporal server has no such workflow") from None
        raise NotReached(f"the Temporal server answered {problem.status.name}: {problem.message}") from None


def instant(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(tzinfo=UTC)


def _query(agreement_ids: Sequence[str] | None, only_open: bool) -> str:
    """A visibility query. Ids hold letters, digits, ``-`` and ``_`` only, so they need no escaping."""
    query = OURS
    if agreement_ids is not None:
        named = ", ".join(f"'{agreement_id}'" for agreement_id in agreement_ids)
        query += f" AND {AGREEMENT_ID.name} IN ({named})"
    return query + " AND ExecutionStatus = 'Running'" if only_open else query

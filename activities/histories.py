"""The engine's histories of runs that are over, put on record before the engine forgets them (C6.2.3, C9.2).

A workflow cannot put its own end on record, and one more activity in every run would be paid by every run.
So the worker looks from time to time which runs are over, by the engine's lists, and fetches what is not on
record yet: no workflow gives another command for it, and nothing of it is in a request's way. What a sweep
misses the next one finds, as long as the engine keeps it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from google.protobuf.json_format import MessageToDict
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import History, HistoryEvent
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from records.faults import AgreementUnknown
from records.results import RunHistory
from records.store import RecordStore
from runtime.logs import log
from workflows.ids import named_in
from workflows.search_attributes import AGREEMENT_ID

OVER: Final = (
    "WorkflowType IN ('Agreement', 'ServiceRequest', 'ResendNotices') AND ExecutionStatus != 'Running'"
)
EVERY: Final = timedelta(minutes=5)
SETTLING: Final = timedelta(seconds=20)
"""After its start a worker has better things to do first."""
LAG: Final = timedelta(minutes=10)
"""The engine's lists run behind its histories; every sweep looks back so far beyond the last."""
TOGETHER: Final = 100

_OUTCOMES: Final = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: "completed",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW: "continued_as_new",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED: "failed",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT: "timed_out",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED: "cancelled",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED: "terminated",
}
RUNNING: Final = "running"


@dataclass(frozen=True, slots=True)
class Swept:
    """What a look at the runs that are over came to."""

    kept: int = 0
    """Histories that were put on record."""
    known: int = 0
    """Histories that were there."""
    left: int = 0
    """Runs of agreements that are not on record, or gone from the engine in between."""


async def history_of(client: Client, workflow_id: str, run_id: str | None) -> tuple[RunHistory, bytes] | None:
    """A run, the newest for None, and its history as JSON; None when the engine does not have it.

    Payloads stay as the engine has them, encrypted. A run that is not over has the outcome ``running``, and
    what has happened in it so far.
    """
    names = named_in(workflow_id)
    if names is None:
        return None
    run_id = run_id or await newest_run(client, workflow_id)
    if run_id is None:
        return None
    try:
        handle = client.get_workflow_handle(workflow_id, run_id=run_id)
        events = [event async for event in handle.fetch_history_events()]
    except RPCError as problem:
        if problem.status in {RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT}:
            return None
        raise
    content = await asyncio.to_thread(_as_json, events)
    began = events[0].workflow_execution_started_event_attributes
    last = events[-1]
    return RunHistory(
        workflow_id=workflow_id,
        run_id=run_id,
        agreement_id=names[0],
        request_id=names[1],
        previous_run=_set_back_from(events) or began.continued_execution_run_id or None,
        outcome=_OUTCOMES.get(last.event_type, RUNNING),
        started_at=events[0].event_time.ToDatetime(tzinfo=UTC),
        closed_at=last.event_time.ToDatetime(tzinfo=UTC),
        events=len(events),
        digest=hashlib.sha256(content).hexdigest(),
    ), content


async def newest_run(client: Client, workflow_id: str) -> str | None:
    """The id of a workflow's newest run, over or not; None when the engine has none."""
    # Asked raw: the SDK cannot read every answer of the time-skipping server.
    asked = DescribeWorkflowExecutionRequest(
        namespace=client.namespace, execution=WorkflowExecution(workflow_id=workflow_id)
    )
    try:
        answer = await client.workflow_service.describe_workflow_execution(asked)
    except RPCError as problem:
        if problem.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    return answer.workflow_execution_info.execution.run_id


def _set_back_from(events: Sequence[HistoryEvent]) -> str | None:
    """The run whose beginning this one took over when an operator set it back; None for most."""
    failures = (event.workflow_task_failed_event_attributes for event in reversed(events))
    return next((failure.base_run_id for failure in failures if failure.base_run_id), None)


def _as_json(events: Sequence[HistoryEvent]) -> bytes:
    """The form that the engine's own tools write and read; the same history always as the same bytes."""
    told = MessageToDict(History(events=events))
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


class Histories:
    """Keeps what the engine remembers of runs that are over."""

    def __init__(self, client: Client, store: RecordStore) -> None:
        self._client = client
        self._store = store

    async def sweep(
        self,
        since: datetime | None = None,
        agreement_ids: Sequence[str] | None = None,
        looked: Callable[[int], None] = lambda count: None,
    ) -> Swept:
        """Put every history on record that the engine has of runs that are over.

        ``since``: only of those that ended later. ``looked`` is told how many were looked at.
        Raises RPCError where the engine does not answer, or keeps no lists.
        """
        query = OVER
        if since is not None:
            query += f" AND CloseTime >= '{since.astimezone(UTC).isoformat()}'"
        if agreement_ids is not None:
            named = ", ".join(f"'{agreement_id}'" for agreement_id in agreement_ids)
            query += f" AND {AGREEMENT_ID.name} IN ({named})"
        found = [(run.id, run.run_id) async for run in self._client.list_workflows(query)]
        kept = known = 0
        for place in range(0, len(found), TOGETHER):
            some = found[place : place + TOGETHER]
            there = await self._store.histories_kept([run_id for _, run_id in some])
            known += len(there)
            for workflow_id, run_id in some:
                if run_id not in there:
                    kept += await self.keep(workflow_id, run_id)
            looked(len(some))
        return Swept(kept=kept, known=known, left=len(found) - kept - known)

    async def keep(self, workflow_id: str, run_id: str) -> bool:
        """Put one run's history on record; False when it is there, cannot be, or the run is not over."""
        found = await history_of(self._client, workflow_id, run_id)
        if found is None or found[0].outcome == RUNNING:
            return False
        try:
            return await self._store.keep_history(*found)
        except AgreementUnknown:
            return False

    async def sweep_for_ever(self) -> None:
        """Sweep every so often. What goes wrong is told, and tried again with the next sweep."""
        since: datetime | None = None
        await asyncio.sleep(SETTLING.total_seconds())
        while True:
            begun = datetime.now(UTC)
            try:
                swept = await self.sweep(since)
            except Exception as problem:
                log.warning("histories not archived", reason=type(problem).__name__)
            else:
                since = begun - LAG
                if swept.kept:
                    log.info("histories archived", count=swept.kept)
            await asyncio.sleep(EVERY.total_seconds())


@asynccontextmanager
async def archiving(client: Client, store: RecordStore) -> AsyncIterator[None]:
    """A block beside which histories are put on record."""
    task = asyncio.create_task(Histories(client, store).sweep_for_ever())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

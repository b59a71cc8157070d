"""Recording: what a workflow's step adds to the record, written once however often it is tried."""

from __future__ import annotations

import asyncio

from temporalio import activity

from contract.facts import Event, RecordBatch, Recorded
from records.faults import RecordConflict
from records.store import RecordStore
from workflows.payloads import OpenRequests, OpenRequestsWanted, RequestsNamed

TOGETHER = 64
"""At most so many batches in one transaction."""


class Recording:
    """Group commit: batches that come while a transaction is under way go together in the next."""

    def __init__(self, store: RecordStore) -> None:
        self._store = store
        self._waiting: list[tuple[RecordBatch, asyncio.Future[Recorded]]] = []
        self._writer: asyncio.Task[None] | None = None

    @activity.defn(name="record")
    async def record(self, batch: RecordBatch) -> Recorded:
        """Append a step's events and entries and replace the current state, all of it or nothing."""
        answer: asyncio.Future[Recorded] = asyncio.get_running_loop().create_future()
        self._waiting.append((batch, answer))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        try:
            return await answer
        except RecordConflict:
            overtaken_by = await self._instead_of(batch) if batch.tells_overtaken else []
            if not overtaken_by:
                raise
            return Recorded(overtaken_by=overtaken_by)

    async def _instead_of(self, batch: RecordBatch) -> list[Event]:
        """What stands on record where a batch's events differ from it; empty where they do not."""
        found = await self._store.events(batch.workflow_id, batch.events[0].seq) if batch.events else []
        on_record = [recorded.event.model_dump(mode="json") for recorded in found]
        wanted = [event.model_dump(mode="json") for event in batch.events]
        differ = any(one != other for one, other in zip(on_record, wanted, strict=False))
        return [recorded.event for recorded in found] if differ else []

    @activity.defn(name="open_requests")
    async def open_requests(self, wanted: OpenRequestsWanted) -> OpenRequests:
        """The requests of an agreement that are not closed, as recorded, and when the last other one was."""
        request_ids = await self._store.open_request_ids(wanted.agreement_id)
        ended_by = await self._store.last_end_of_requests(wanted.agreement_id)
        return OpenRequests(request_ids=request_ids, ended_by=ended_by)

    @activity.defn(name="known_requests")
    async def known_requests(self, named: RequestsNamed) -> OpenRequests:
        """Which of the requests named are on record."""
        known = await self._store.known_requests(named.agreement_id, named.request_ids)
        return OpenRequests(request_ids=known)

    async def _write(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
            try:
                answers = await self._store.append_many([batch for batch, _ in together])
            except Exception:
                # One bad batch must not hold up the others: each is tried alone and answers for itself.
                await self._write_singly(together)
                continue
            for (_, waiting), answer in zip(together, answers, strict=True):
                if not waiting.done():
                    waiting.set_result(answer)

    async def _write_singly(self, together: list[tuple[RecordBatch, asyncio.Future[Recorded]]]) -> None:
        for batch, waiting in together:
            try:
                answer = await self._store.append(batch)
            except Exception as problem:
                if not waiting.done():
                    waiting.set_exception(problem)
            else:
                if not waiting.done():
                    waiting.set_result(answer)

"""Recording: what a workflow's step adds to the record, written once however often it is tried."""

from __future__ import annotations

import asyncio

from temporalio import activity

from contract.facts import RecordBatch, Recorded
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
        return await answer

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

"""Bills issued exactly once, and suspensions told to the requests whose clocks they hold (C7.1, C8.2)."""

from __future__ import annotations

import asyncio

from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from contract.billing import Bill
from contract.money_file import Suspension
from records.store import RecordStore
from workflows.ids import request_workflow_id
from workflows.payloads import BillWanted, PenaltiesAnswered, PenaltiesAsked, SuspensionTold

AT_ONCE = 16
"""Signals in flight."""


class Billing:
    """What an agreement's money does in the world."""

    def __init__(self, client: Client, store: RecordStore) -> None:
        self._client = client
        self._store = store

    @activity.defn(name="issue_bill")
    async def issue_bill(self, wanted: BillWanted) -> Bill:
        """Record a bill with its set-off, or answer with the one that is on record."""
        return await self._store.issue_bill(
            wanted.workflow_id,
            wanted.seq,
            wanted.draft,
            wanted.agreement_id,
            wanted.set_off,
            wanted.holds,
            wanted.agreement,
        )

    @activity.defn(name="settle_penalties")
    async def settle_penalties(self, asked: PenaltiesAsked) -> PenaltiesAnswered:
        """Decide and record what depends on the penalties that stand, or answer with what is on record."""
        event, refusal = await self._store.settle_penalties(
            asked.workflow_id, asked.seq, asked.agreement, asked.ask
        )
        return PenaltiesAnswered(event=event, refusal=refusal)

    @activity.defn(name="tell_suspension")
    async def tell_suspension(self, told: SuspensionTold) -> None:
        """Signal every request that was open in the suspension; telling again changes nothing there."""
        ids = await self._store.requests_open_since(told.agreement_id, told.suspension.begin)
        for place in range(0, len(ids), AT_ONCE):
            activity.heartbeat()
            some = ids[place : place + AT_ONCE]
            await asyncio.gather(*(self._tell(told.agreement_id, one, told.suspension) for one in some))

    async def _tell(self, agreement_id: str, request_id: str, suspension: Suspension) -> None:
        handle = self._client.get_workflow_handle(request_workflow_id(agreement_id, request_id))
        try:
            await handle.signal("service_suspended", suspension)
        except RPCError as problem:
            if problem.status is not RPCStatusCode.NOT_FOUND:  # over: its clocks have stopped for good
                raise

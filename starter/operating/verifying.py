"""The hash chains of the record, recomputed: whether every event is the one that was recorded (C6.2.3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from contract.values import Identifier, Model
from records.results import ChainReport, Workflow
from records.store import RecordStore
from starter.operating.together import each

AT_ONCE = 4
"""Hashing keeps one core busy; more at a time only take memory."""


class BrokenChain(Model):
    """The first event of a workflow that is not what was recorded."""

    workflow_id: str
    request_id: Identifier | None
    seq: int
    reason: str


class Verified(Model):
    """What the chains of one agreement came to."""

    agreement_id: Identifier
    workflows: int = 0
    events: int = 0
    faults: list[BrokenChain] = []

    @property
    def sound(self) -> bool:
        return not self.faults


async def verify(
    store: RecordStore,
    agreement_ids: Sequence[str] | None = None,
    expect: Callable[[int], None] = lambda count: None,
    looked: Callable[[], None] = lambda: None,
) -> list[Verified]:
    """Verify every chain of all agreements or of some, in order of their offers.

    ``expect`` is told how many chains more there are, ``looked`` of each one done.
    """
    chosen: Sequence[str] = (
        agreement_ids
        if agreement_ids is not None
        else [view.agreement_id for view in await store.agreements()]
    )
    strays = await store.stray_workflows()

    async def recompute(workflow: Workflow) -> tuple[Workflow, ChainReport]:
        return workflow, await store.verify_chain(workflow.workflow_id)

    found = []
    for agreement_id in chosen:
        lost = [stray for stray in strays if stray.agreement_id == agreement_id]
        workflows = [*await store.workflows(agreement_id), *lost]
        expect(len(workflows))
        faults: dict[str, BrokenChain] = {}
        events = 0
        async for workflow, report in each(workflows, recompute, AT_ONCE):
            looked()
            events += report.events
            fault = report.fault
            if fault is not None or workflow in lost:
                faults[workflow.workflow_id] = BrokenChain(
                    workflow_id=workflow.workflow_id,
                    request_id=workflow.request_id,
                    seq=fault.seq if fault else report.events,
                    reason=fault.reason if fault else "belongs to no request or agreement on record",
                )
        in_order = [faults[one.workflow_id] for one in workflows if one.workflow_id in faults]
        found.append(
            Verified(agreement_id=agreement_id, workflows=len(workflows), events=events, faults=in_order)
        )
    return found

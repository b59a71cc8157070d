"""Record store and workflows against each other: whether they say the same, workflow by workflow.

Each workflow, running or over, is asked where it stands, and the answer is compared with what is on record
of it. The two are never read at the same instant, so what differs is looked at again a moment later; what
then still differs is told. Nothing is changed.

A request that is over on record and that the engine no longer keeps is no difference: the record outlives
the engine's retention (C6.2.3).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from temporalio.client import (
    WorkflowExecutionStatus,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
)
from temporalio.service import RPCError, RPCStatusCode

from contract.agreement_money import MoneyStanding
from contract.facts import AgreementSnapshot, RequestSnapshot
from contract.values import Identifier, Model
from records.results import AgreementFilter, Workflow
from records.store import RecordStore
from starter.errors import NotReached
from starter.operating.accounts import unlike
from starter.operating.engine import Engine, Seen
from starter.operating.together import AT_ONCE, each
from starter.showing.plain import plain
from workflows.payloads import AgreementStatus, RequestStatus

ANSWERING = timedelta(seconds=10)
"""A workflow that has not answered by then is told as not answering."""
SETTLING = 1.0
"""Seconds until what differs is looked at again."""

MONEY: Any = MoneyStanding | None
"""What the query for an agreement's money answers: nothing where it is not run here."""

# Named: what depends on the instant of the question (lateness, the next due) is left out, and so is
# whatever a person wrote.
OF_REQUEST = (
    "service",
    "priority",
    "state",
    "terms_version",
    "submitted_at",
    "confirmed_at",
    "responded_at",
    "resolved_at",
    "closed_at",
    "confirm_due",
    "respond_due",
    "resolve_due",
    "rating",
    "follow_up_due",
    "follow_up_answered_at",
)


class Kind(StrEnum):
    """In what record and engine differ."""

    NO_WORKFLOW = "no_workflow"
    """Not over on record, and the engine has no such workflow."""
    ENDED = "ended"
    """Not over on record, but its workflow has ended."""
    NO_RECORD = "no_record"
    """The engine has a workflow of which nothing is on record."""
    EVENTS_MISSING = "events_missing"
    """The workflow has recorded more events than are there, or there is a gap."""
    EVENTS_UNKNOWN = "events_unknown"
    """More events are on record than the workflow knows of."""
    STATE = "state"
    """The current state rests on another event than the last, or says something else."""
    PENALTIES = "penalties"
    """The ledger adds up to something else than the workflow counts (C8.1)."""

    STANDING = "standing"
    """What the workflow says is owed is not what its recorded facts come to (C7.1)."""
    LEDGER = "ledger"
    """An account of the ledger holds something else than the facts call for."""
    BILLS = "bills"
    """A period has begun without a bill, or a bill is not in the ledger as it was issued (C7.1.1)."""
    DOCUMENTS = "documents"
    """A payment without its invoice, or an invoice without its payment (C7.1.3)."""


class Difference(Model):
    """One thing in which record and engine differ."""

    kind: Kind
    workflow_id: str
    agreement_id: Identifier
    request_id: Identifier | None
    field: str | None = None
    record: Any = None
    engine: Any = None


@dataclass(frozen=True, slots=True)
class OnRecord:
    """What is on record of one workflow."""

    workflow: Workflow
    view: AgreementSnapshot | RequestSnapshot | None

    @property
    def over(self) -> bool:
        match self.view:
            case RequestSnapshot(state=state):
                return not state.is_open
            case AgreementSnapshot(state=state):
                return state.is_final
            case _:
                return False


@dataclass(slots=True)
class Reconciled:
    """What a comparison came to."""

    compared: int = 0
    gone: int = 0
    """Over on record, and no longer kept by the engine."""
    unanswered: list[str] = field(default_factory=list)
    """Workflows that did not say where they stand."""
    differences: list[Difference] = field(default_factory=list)


class Reconciling:
    """One comparison of everything, or of some agreements."""

    def __init__(
        self,
        engine: Engine,
        store: RecordStore,
        agreement_ids: Sequence[str] | None = None,
        *,
        only_open: bool = False,
        expect: Callable[[int], None] = lambda count: None,
        looked: Callable[[], None] = lambda: None,
    ) -> None:
        """``expect`` is told how many workflows more there are to compare, ``looked`` of each one done."""
        self._engine = engine
        self._store = store
        self._agreement_ids = agreement_ids
        self._only_open = only_open
        self._expect = expect
        self._looked = looked
        self._runs: dict[str, Seen] = {}
        self.result = Reconciled()

    async def run(self) -> Reconciled:
        """Compare; raises NotReached when there is no worker to ask workflows through."""
        if not await self._engine.has_workers():
            raise NotReached("workflows cannot say where they stand: does a worker run?")
        async for seen in self._engine.workflows(self._agreement_ids, only_open=self._only_open):
            known = self._runs.get(seen.workflow_id)
            # Of several runs the open one, else the last.
            if known is None or (known.open, known.started_at) < (seen.open, seen.started_at):
                self._runs[seen.workflow_id] = seen
        doubtful: list[OnRecord] = []
        on_record: set[str] = set()
        for agreement_id in await self._agreements():
            recorded = await self._recorded(agreement_id)
            on_record |= recorded.keys()
            wanted = [one for one in recorded.values() if not (self._only_open and one.over)]
            self._expect(len(wanted))
            async for one, differences in each(wanted, self._compare, AT_ONCE):
                self._looked()
                doubtful += [one] if differences else []
        await self._settle(doubtful)
        await self._unrecorded(self._runs.keys() - on_record)
        self.result.differences.sort(key=lambda one: (one.agreement_id, one.workflow_id))
        return self.result

    async def _agreements(self) -> list[str]:
        if self._agreement_ids is not None:
            return list(self._agreement_ids)
        return [view.agreement_id for view in await self._store.agreements(AgreementFilter())]

    async def _recorded(self, agreement_id: str) -> dict[str, OnRecord]:
        workflows = await self._store.workflows(agreement_id)
        views: dict[str | None, AgreementSnapshot | RequestSnapshot | None]
        views = {None: await self._store.agreement(agreement_id)}
        views |= {view.request_id: view for view in await self._store.requests(agreement_id)}
        return {one.workflow_id: OnRecord(one, views.get(one.request_id)) for one in workflows}

    async def _settle(self, doubtful: Sequence[OnRecord]) -> None:
        """Look once more at what differed: it may have been on its way."""
        if not doubtful:
            return
        await asyncio.sleep(SETTLING)
        for agreement_id in sorted({one.workflow.agreement_id for one in doubtful}):
            again = await self._recorded(agreement_id)
            for one in doubtful:
                if one.workflow.agreement_id == agreement_id:
                    _, differences = await self._compare(again[one.workflow.workflow_id], final=True)
                    self.result.differences += differences

    async def _unrecorded(self, workflow_ids: Set[str]) -> None:
        for workflow_id in sorted(workflow_ids):
            seen = self._runs[workflow_id]
            recorded = await self._recorded(seen.agreement_id)
            failed_at_once = not seen.open and seen.status is not WorkflowExecutionStatus.COMPLETED
            if workflow_id in recorded or workflow_id.startswith("notices/") or failed_at_once:
                continue  # a moment ago, of no record of its own, or never taken
            self.result.differences.append(
                Difference(
                    kind=Kind.NO_RECORD,
                    workflow_id=workflow_id,
                    agreement_id=seen.agreement_id,
                    request_id=seen.request_id,
                    engine=seen.status.name.lower(),
                )
            )

    async def _compare(self, one: OnRecord, *, final: bool = False) -> tuple[OnRecord, list[Difference]]:
        workflow = one.workflow
        found = list(_within(one))
        try:
            status = await self._ask(workflow)
        except _Unanswered:
            if not final:
                self.result.unanswered.append(workflow.workflow_id)
        except _Gone:
            if one.over:
                self.result.gone += not final
            else:
                found.append(_difference(Kind.NO_WORKFLOW, one, record=_state(one)))
        else:
            self.result.compared += not final
            ended = self._runs.get(workflow.workflow_id)
            if ended is not None and not ended.open and not one.over:
                name = ended.status.name.lower()
                found.append(_difference(Kind.ENDED, one, record=_state(one), engine=name))
            for comparison in COMPARISONS:
                found += comparison(one, status)
            if isinstance(status, AgreementStatus):
                found += await self._money(one, status)
        return one, found

    async def _money(self, one: OnRecord, status: AgreementStatus) -> list[Difference]:
        """In what the agreement's money differs between workflow, facts, ledger and documents."""
        standing = await self._ask_money(one.workflow)
        if standing is None:
            return []
        agreement_id = one.workflow.agreement_id
        store = self._store
        found = unlike(
            standing,
            await store.money(agreement_id),
            await store.books(agreement_id),
            await store.invoices(agreement_id),
            invoices=bool(status.invoices),
        )
        return [
            _difference(Kind(this.what), one, this.field, record=this.found, engine=this.expected)
            for this in found
        ]

    async def _ask_money(self, workflow: Workflow) -> MoneyStanding | None:
        """What the workflow says of its money; None where it is not run here, or is from before it was."""
        handle = self._engine.client.get_workflow_handle(workflow.workflow_id)
        try:
            standing: MoneyStanding | None = await handle.query(
                "money", result_type=MONEY, rpc_timeout=ANSWERING
            )
        except (WorkflowQueryFailedError, WorkflowQueryRejectedError, RPCError):
            self.result.unanswered.append(workflow.workflow_id)
            return None
        return standing

    async def _ask(self, workflow: Workflow) -> AgreementStatus | RequestStatus:
        handle = self._engine.client.get_workflow_handle(workflow.workflow_id)
        answer = AgreementStatus if workflow.request_id is None else RequestStatus
        try:
            status: AgreementStatus | RequestStatus = await handle.query(
                "status", result_type=answer, rpc_timeout=ANSWERING
            )
        except (WorkflowQueryFailedError, WorkflowQueryRejectedError):
            raise _Unanswered from None
        except RPCError as problem:
            if problem.status is RPCStatusCode.NOT_FOUND:
                raise _Gone from None
            raise _Unanswered from None
        return status


class _Gone(Exception):
    """The engine does not know the workflow."""


class _Unanswered(Exception):
    """The workflow did not say where it stands."""


def _difference(kind: Kind, one: OnRecord, name: str | None = None, **values: Any) -> Difference:
    return Difference(
        kind=kind,
        workflow_id=one.workflow.workflow_id,
        agreement_id=one.workflow.agreement_id,
        request_id=one.workflow.request_id,
        field=name,
        **{key: plain(value) for key, value in values.items()},
    )


def _state(one: OnRecord) -> str | None:
    return None if one.view is None else one.view.state.value


def _within(one: OnRecord) -> Iterator[Difference]:
    """What of the record does not fit the record itself."""
    workflow = one.workflow
    if workflow.events != workflow.newest:
        yield _difference(Kind.EVENTS_MISSING, one, "events", record=workflow.events, engine=workflow.newest)
    if workflow.stands_at != workflow.newest:
        yield _difference(Kind.STATE, one, "last_seq", record=workflow.stands_at, engine=workflow.newest)


# Comparisons of what is on record with what the workflow says of itself


def _seqs(one: OnRecord, status: AgreementStatus | RequestStatus) -> Iterator[Difference]:
    newest = one.workflow.newest
    if status.seq is not None and status.seq != newest:
        kind = Kind.EVENTS_MISSING if newest < status.seq else Kind.EVENTS_UNKNOWN
        yield _difference(kind, one, "seq", record=newest, engine=status.seq)


def _states(one: OnRecord, status: AgreementStatus | RequestStatus) -> Iterator[Difference]:
    match one.view, status:
        case RequestSnapshot() as view, RequestStatus(snapshot=snapshot):
            pairs = {name: (getattr(view, name), getattr(snapshot, name)) for name in OF_REQUEST}
        case AgreementSnapshot() as view, AgreementStatus(receipt=receipt):
            names = ("state", "digest", "effective_at", "ends_at")
            pairs = {name: (getattr(view, name), getattr(receipt, name)) for name in names}
            pairs["offered_at"] = (view.offered_at, status.offered_at)
        case _:
            return
    for name, (record, engine) in pairs.items():
        if record != engine:
            yield _difference(Kind.STATE, one, name, record=record, engine=engine)


def _penalties(one: OnRecord, status: AgreementStatus | RequestStatus) -> Iterator[Difference]:
    if not isinstance(status, RequestStatus) or status.penalties is None:
        return
    posted = one.workflow.penalties
    if posted != status.penalties.minor:
        record = status.penalties.model_copy(update={"minor": posted})
        yield _difference(Kind.PENALTIES, one, "accrued", record=record, engine=status.penalties)


COMPARISONS: tuple[Callable[[OnRecord, AgreementStatus | RequestStatus], Iterator[Difference]], ...] = (
    _seqs,
    _states,
    _penalties,
)
"""Each tells in what one workflow and its record differ; further ones come here."""

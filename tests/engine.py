"""Worlds to live agreements in: a Temporal server, a record store, a worker, and the client anyone would use.

Every agreement begins at a contract instant the test names, wherever the engine's clock stands, because its
offset makes it so. So a test names instants, and the dues in it are worked out by hand.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.update.v1 import UpdateRef
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    PollWorkflowExecutionUpdateRequest,
)
from temporalio.client import Client, Interceptor, WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

import worker
from contract.commands import MODELS, CommandName
from contract.facts import Account, EntryKind, Event, EventKind, LedgerEntry, RecordBatch, Recorded
from contract.parties import Actor, Role
from contract.refusals import Refusal
from contract.request import TRANSITIONS, RequestState
from contract.terms import TermSheet
from records import RecordStore, upgrade
from runtime.connection import PLAIN
from runtime.engines import DevServer, dev_server, time_skipping_environment
from runtime.sandbox import sandbox
from runtime.settings import MailKind, Settings
from starter.client import Aftercare, update_id_of
from tests.keys import ENCRYPTED
from workflows import search_attributes
from workflows.ids import agreement_workflow_id, request_workflow_id
from workflows.payloads import AgreementReceipt, AgreementStatus, Receipt, RequestStatus, Ways

START = datetime(2026, 3, 2, 1, tzinfo=UTC)
"""Monday 09:00 in Shanghai: when agreements begin, unless a test says otherwise."""

SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))

PROVIDER = Actor(party="provider", person="Li Ming")
CUSTOMER = Actor(party="customer", person="Wang Fang")
STRANGER = Actor(party="passer-by", person="Nobody")
ACTORS = {Role.PROVIDER: PROVIDER, Role.CUSTOMER: CUSTOMER}

R = "r-1"
"""The request of most tests."""

CONTENT: dict[CommandName, dict[str, Any]] = {
    CommandName.ASSIGN: {"assignee": "Chen Jie"},
    CommandName.REASSIGN: {"assignee": "Zhao Lei"},
    CommandName.RESPOND: {"message": "We are looking into it."},
    CommandName.NOTE_DIAGNOSIS: {"diagnosis": "The disk is full."},
    CommandName.ASK_FOR_MATERIALS: {"missing": ["log of the day"]},
    CommandName.PROVIDE_MATERIALS: {"materials": "The log is attached."},
    CommandName.RESOLVE: {"solution": "The disk was cleared."},
    CommandName.REOPEN: {"reason": "It is full again."},
    CommandName.RAISE_PRIORITY: {"priority": "critical"},
    CommandName.LOWER_PRIORITY: {"priority": "low"},
    CommandName.RATE: {"score": 5},
    CommandName.ANSWER_RATING: {"answer": "We will watch the disk."},
    CommandName.ADD_NOTE: {"note": "Called at noon."},
}
"""What a command says when a test does not care."""

WAYS: dict[RequestState, tuple[CommandName, ...]] = {
    RequestState.SUBMITTED: (),
    RequestState.CONFIRMED: (CommandName.CONFIRM,),
    RequestState.ASSIGNED: (CommandName.CONFIRM, CommandName.ASSIGN),
    RequestState.RESPONDED: (CommandName.CONFIRM, CommandName.ASSIGN, CommandName.RESPOND),
    RequestState.WITHDRAWN: (CommandName.WITHDRAW,),
}
WAYS[RequestState.WAITING] = (*WAYS[RequestState.RESPONDED], CommandName.ASK_FOR_MATERIALS)
WAYS[RequestState.RESOLVED] = (*WAYS[RequestState.RESPONDED], CommandName.RESOLVE)
WAYS[RequestState.CLOSED] = (*WAYS[RequestState.RESOLVED], CommandName.ACCEPT)
"""The commands that bring a new request to each state."""

OFFICE_HOURS = [["09:00", "12:00"], ["13:30", "18:00"]]
OFFICE_WEEK = {
    "weekly": dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), OFFICE_HOURS),
    "holidays": "CN",
}
"""Service hours of the contract's worked cases; make-up workdays have Monday's."""

Found = TypeVar("Found")
_NUMBERS = count(1)


def shanghai(text: str) -> datetime:
    """A local time in Shanghai, eight hours ahead, as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC) - 8 * HOUR


def term_sheet(agreement_id: str, **changes: Any) -> TermSheet:
    """Round the clock: an hour to confirm, 4 to respond, 48 to resolve, 8 when critical, 96 when low.

    200.00 for a late response, 500.00 per day of a late solution, no cap; one year; a week to accept, a
    week to rate, 5 days to answer a low rating. `changes` replace fields, or fields of a part.
    """
    party = {"address": "1 Nanjing Road", "contact": {"name": "Li", "email": "li@example.com", "phone": "1"}}
    sheet: dict[str, Any] = {
        "agreement_id": agreement_id,
        "provider": party | {"party_id": "huaxin", "name": "华信"},
        "customer": party | {"party_id": "acme", "name": "ACME", "language": "en"},
        "services": ["technical_support", "problem_resolution"],
        "term": {"years": 1},
        "time_zone": "Asia/Shanghai",
        "service_hours": "always",
        "targets": {
            "confirm_hours": 1,
            "respond_hours": 4,
            "resolve_hours": 48,
            "by_priority": {"critical": {"resolve_hours": 8}, "low": {"resolve_hours": 96}},
        },
        "fees": {
            "amount": "1000.00",
            "currency": "CNY",
            "period": "month",
            "payment_days": 10,
            "means": ["transfer"],
        },
        "fee_change": {"notice_days": 30, "negotiation_days": 15, "if_unanswered": "lapses"},
        "penalties": {
            "late_response": "200.00",
            "late_resolution_per_day": "500.00",
            "settlement": "set_off",
        },
        "late_payment": {"percent_per_day": "0.05"},
        "disputes": {"negotiation_days": 30, "arbitration_commission": "CIETAC"},
    }
    for name, value in changes.items():
        part = isinstance(value, dict) and isinstance(sheet.get(name), dict) and name != "term"
        sheet[name] = {**sheet[name], **value} if part else value
    return TermSheet.model_validate(sheet)


async def eventually(look: Callable[[], Awaitable[Found]], what: str, within: float = 30) -> Found:
    """What `look` answers once that is true; it is asked every 15 ms, for so many seconds at most."""
    loop = asyncio.get_running_loop()
    give_up = loop.time() + within
    while not (found := await look()):
        assert loop.time() < give_up, f"in {within} s it never came about: {what}"
        await asyncio.sleep(0.015)
    return found


def giver(command: CommandName) -> Actor:
    """Someone who may give a command: the provider where both may."""
    return ACTORS[max(TRANSITIONS[command].by)]


@dataclass
class World:
    """A server, a record store and a worker. `environment` is None where time passes by itself."""

    temporal: Client
    store: RecordStore
    settings: Settings
    environment: WorkflowEnvironment | None = None
    worker_options: dict[str, Any] = field(default_factory=dict)
    """What this world's worker has otherwise than everybody's."""
    _working: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def client(self) -> Aftercare:
        return self._client

    def __post_init__(self) -> None:
        self._client = Aftercare(
            self.temporal, task_queue=self.settings.task_queue, patience=timedelta(seconds=45)
        )

    async def now(self) -> datetime:
        """The engine's time."""
        return await self.environment.get_current_time() if self.environment else datetime.now(UTC)

    def _build(self) -> Worker:
        def otherwise(*args: Any, **options: Any) -> Worker:
            return Worker(*args, **options | self.worker_options)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(worker, "Worker", otherwise)
            return worker.build(self.temporal, self.store, self.settings)

    async def start_worker(self) -> None:
        await self._working.enter_async_context(self._build())

    async def stop_worker(self) -> None:
        working, self._working = self._working, AsyncExitStack()
        await working.aclose()

    @asynccontextmanager
    async def held_up(self, command: Awaitable[Any]) -> AsyncIterator[None]:
        """A command whose recording takes the whole block, and its workflow's task with it.

        What comes for that workflow meanwhile, commands and timers, comes together in its next task.
        """
        reached, free = asyncio.Event(), asyncio.Event()
        append_many = self.store.append_many

        async def held(batches: Sequence[RecordBatch]) -> list[Recorded]:
            reached.set()
            await free.wait()
            return await append_many(batches)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(self.store, "append_many", held)
            told = asyncio.ensure_future(command)
            try:
                await reached.wait()
                yield
            finally:
                free.set()
        await told

    async def shown_state_of(self, handle: WorkflowHandle[Any, Any]) -> str:
        """The state by which a workflow is found: its search attribute."""
        question = DescribeWorkflowExecutionRequest(
            namespace=self.temporal.namespace, execution=WorkflowExecution(workflow_id=handle.id)
        )
        answer = await self.temporal.workflow_service.describe_workflow_execution(question)
        found = answer.workflow_execution_info.search_attributes.indexed_fields["AftercareState"]
        return str(json.loads(found.data))

    async def standing_of(self, handle: WorkflowHandle[Any, Any]) -> WorkflowExecutionStatus:
        """Whether a workflow runs or how it ended.

        Asked raw: the SDK cannot read an unset date among the search attributes as the time-skipping
        server tells it.
        """
        question = DescribeWorkflowExecutionRequest(
            namespace=self.temporal.namespace, execution=WorkflowExecution(workflow_id=handle.id)
        )
        answer = await self.temporal.workflow_service.describe_workflow_execution(question)
        return WorkflowExecutionStatus(answer.workflow_execution_info.status)

    async def runs(self, handle: WorkflowHandle[Any, Any]) -> dict[str, int]:
        """The runs of a workflow, first to last, and the number of events of each."""
        found = {}
        newest = (await handle.fetch_history()).events[0]
        run_id = newest.workflow_execution_started_event_attributes.first_execution_run_id
        while run_id:
            run = self.temporal.get_workflow_handle(handle.id, run_id=run_id)
            events = [event async for event in run.fetch_history_events()]
            found[run_id] = len(events)
            run_id = events[-1].workflow_execution_continued_as_new_event_attributes.new_execution_run_id
        return found

    async def completed(self, handle: WorkflowHandle[Any, Any]) -> None:
        """Wait until a workflow has ended, and see that it ended well."""

        async def over() -> WorkflowExecutionStatus | None:
            standing = await self.standing_of(handle)
            return None if standing is WorkflowExecutionStatus.RUNNING else standing

        assert await eventually(over, f"the end of {handle.id}") is WorkflowExecutionStatus.COMPLETED

    async def offer(
        self,
        start: datetime = START,
        *,
        mail: bool = False,
        billing: bool = False,
        invoices: bool = False,
        ago: timedelta = timedelta(0),
        **changes: Any,
    ) -> LivedAgreement:
        """A new agreement, offered at a contract instant so long ago; `changes` are to `term_sheet`."""
        terms = term_sheet(f"A-{next(_NUMBERS)}", **changes)
        offset = math.ceil((start + ago - await self.now()).total_seconds())
        ways = Ways(offset_seconds=offset, mail=mail, billing=billing, invoices=invoices)
        status = await self.client.offer(terms, at=start, ways=ways)
        return LivedAgreement(self, terms, start, timedelta(seconds=offset), status)

    async def agreement(self, start: datetime = START, **given: Any) -> LivedAgreement:
        """A new agreement in force from a contract instant; the rest is as for :meth:`offer`."""
        lived = await self.offer(start, **given)
        for actor in ACTORS.values():
            await lived.sign(actor)
        return lived


@dataclass
class LivedAgreement:
    """One agreement of a test. All times are contract time."""

    world: World
    terms: TermSheet
    start: datetime
    offset: timedelta
    offered: AgreementStatus

    @property
    def id(self) -> str:
        return self.terms.agreement_id

    @property
    def digest(self) -> str:
        return self.offered.receipt.digest

    @property
    def client(self) -> Aftercare:
        return self.world.client

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        return self.world.temporal.get_workflow_handle(agreement_workflow_id(self.id))

    def request_handle(self, request_id: str = R) -> WorkflowHandle[Any, Any]:
        return self.world.temporal.get_workflow_handle(request_workflow_id(self.id, request_id))

    # Time

    async def now(self) -> datetime:
        return await self.world.now() + self.offset

    async def pass_time_until(self, instant: datetime) -> None:
        """Let time pass up to an instant: at once on the time-skipping server, elsewhere by waiting."""
        environment = self.world.environment
        if environment is not None and (wait := instant - await self.now()) > timedelta(0):
            await environment.sleep(wait)
        await self.wait_until(instant)

    async def wait_until(self, instant: datetime) -> None:
        """Wait for an instant for real."""

        async def come() -> bool:
            return await self.now() >= instant

        await eventually(come, f"{instant} in contract time")

    # Commands

    async def sign(self, by: Actor, *, at: datetime | None = None, **given: Any) -> AgreementReceipt:
        given = {"digest": self.digest, "title": "director"} | given
        return await self.client.sign(self.id, by, at=at or self.start, **given)

    async def submit(self, request_id: str = R, *, at: datetime | None = None, **given: Any) -> Receipt:
        usual: dict[str, Any] = {"by": CUSTOMER, "service": "technical_support", "title": "No sound"}
        return await self.client.submit(self.id, request_id, at=at or self.start, **usual | given)

    async def do(
        self,
        command: CommandName | str,
        at: datetime,
        request_id: str = R,
        *,
        by: Actor | None = None,
        command_id: str | None = None,
        **content: Any,
    ) -> Receipt:
        """Give one command; who gives it and what it says have defaults."""
        name = CommandName(command)
        return await self.client.perform(
            self.id,
            request_id,
            MODELS[name],
            by or giver(name),
            at=at,
            command_id=command_id,
            **CONTENT.get(name, {}) | content,
        )

    async def tell(
        self, commands: Sequence[CommandName], at: datetime, request_id: str = R
    ) -> list[Refusal | None]:
        """Give several commands at one instant, in one update."""
        told = [self.client.make(MODELS[n], giver(n), at=at, **CONTENT.get(n, {})) for n in commands]
        return await self.client.tell(self.id, request_id, told)

    async def bring(
        self, state: RequestState | str, request_id: str = R, *, at: datetime | None = None, **given: Any
    ) -> None:
        """A new request, brought to a state at one instant."""
        await self.submit(request_id, at=at, **given)
        if way := WAYS[RequestState(state)]:
            assert await self.tell(way, at or self.start, request_id) == [None] * len(way)

    # What came of it

    async def status(self, request_id: str = R) -> RequestStatus:
        return await self.client.request(self.id, request_id)

    async def standing(self) -> AgreementStatus:
        return await self.client.agreement(self.id)

    async def events(self, request_id: str | None = R) -> list[Event]:
        """The events on record of a request, or with None of the agreement itself."""
        workflow_id = (
            agreement_workflow_id(self.id) if request_id is None else request_workflow_id(self.id, request_id)
        )
        return [recorded.event for recorded in await self.world.store.events(workflow_id)]

    async def kinds(self, request_id: str | None = R) -> list[str]:
        return [event.kind.value for event in await self.events(request_id)]

    async def kinds_at(self, instant: datetime, request_id: str = R) -> list[str]:
        """The kinds of events on record at an instant: for saying what has *not* happened by then.

        What falls due at that very instant may still be on its way: wait for it by :meth:`event`.
        """
        await self.pass_time_until(instant)
        # A query is answered after the tasks that came before it.
        await self.status(request_id)
        return await self.kinds(request_id)

    async def event(self, kind: EventKind, request_id: str | None = R, nth: int = 1) -> Event:
        """The nth event of a kind, as soon as it is on record."""

        async def look() -> Event | None:
            found = [event for event in await self.events(request_id) if event.kind is kind]
            return found[nth - 1] if len(found) >= nth else None

        found = await eventually(look, f"{kind} no. {nth} of {request_id or self.id} on record")
        assert found is not None
        return found

    async def entries(self, request_id: str = R) -> list[LedgerEntry]:
        """What was posted for a request, in the order it is owed."""
        record = await self.world.store.request(self.id, request_id)
        return [] if record is None else [posted.entry for posted in record.entries]

    async def owed(self, request_id: str = R) -> str:
        """What the provider owes for a request, as it stands: accruals less reversals."""
        total = self.terms.money(self.terms.penalties.late_response) * 0
        for entry in await self.entries(request_id):
            if entry.kind is not EntryKind.PENALTY_CAP:
                total += entry.amount if entry.credit is Account.PENALTY_PAYABLE else -entry.amount
        return str(total)

    async def comes_to_owe(self, amount: str, request_id: str = R) -> None:
        """Wait until the provider owes so much for a request."""

        async def look() -> bool:
            return await self.owed(request_id) == amount

        await eventually(look, f"{amount} owed for {request_id}")

    async def is_sound(self, request_id: str | None = R) -> bool:
        """Whether the record's chain of a request, or of the agreement itself, verifies."""
        workflow_id = (
            agreement_workflow_id(self.id) if request_id is None else request_workflow_id(self.id, request_id)
        )
        return (await self.world.store.verify_chain(workflow_id)).sound

    # What the engine knows

    async def admitted(self, command: CommandName | str, at: datetime, command_id: str) -> None:
        """Wait until the server holds a command given by :meth:`do`, whether or not a worker is there."""
        name, handle = CommandName(command), self.request_handle()
        given = self.client.make(
            MODELS[name], giver(name), at=at, command_id=command_id, **CONTENT.get(name, {})
        )
        reference = UpdateRef(
            workflow_execution=WorkflowExecution(workflow_id=handle.id), update_id=update_id_of(given)
        )
        question = PollWorkflowExecutionUpdateRequest(
            namespace=self.world.temporal.namespace, update_ref=reference
        )

        async def known() -> bool:
            try:
                await self.world.temporal.workflow_service.poll_workflow_execution_update(question)
            except RPCError as problem:
                if problem.status is not RPCStatusCode.NOT_FOUND:
                    raise
                return False
            return True

        await eventually(known, f"command {command_id} admitted to {handle.id}")


async def history(handle: WorkflowHandle[Any, Any]) -> list[EventType.ValueType]:
    """The types of a run's events."""
    return [event.event_type async for event in handle.fetch_history_events()]


SHORT_RUN = 60
"""Events after which a workflow of :func:`short_runs` continues as new; 800 in production."""


def short_runs(patch: pytest.MonkeyPatch) -> SandboxedWorkflowRunner:
    """The sandbox, with runs that continue as new after `SHORT_RUN` events.

    Everything else is as in production; only the workflow modules are taken as this process has them, so
    that they can be told.
    """
    for module in ("agreement", "service_request"):
        patch.setattr(f"workflows.{module}.LONG_HISTORY", SHORT_RUN)
    return shared_workflows()


def shared_workflows() -> SandboxedWorkflowRunner:
    """The sandbox, with the workflow modules taken as this process has them, so that a test can tell them."""
    return SandboxedWorkflowRunner(restrictions=sandbox().restrictions.with_passthrough_modules("workflows"))


@asynccontextmanager
async def open_store(folder: Path, url: str | None = None) -> AsyncIterator[tuple[str, RecordStore]]:
    """A new record store, in a folder unless a URL says where else, with its URL."""
    url = url or f"sqlite:///{folder / 'records.db'}"
    await upgrade(url)
    async with await RecordStore.open(url) as store:
        yield url, store


def _settings(folder: Path, url: str, **given: Any) -> Settings:
    quiet: dict[str, Any] = {"mail": MailKind.NONE, "drain_seconds": 0, "home": folder}
    return Settings(**quiet | {"records_url": url} | given)


def skipping_server(
    interceptors: Sequence[Interceptor] = (),
) -> AbstractAsyncContextManager[WorkflowEnvironment]:
    """A time-skipping server: one clock for all who live on it."""
    return time_skipping_environment(
        search_attributes=search_attributes.ALL, data_converter=PLAIN, interceptors=interceptors
    )


@asynccontextmanager
async def skipped_world(
    folder: Path,
    environment: WorkflowEnvironment,
    worker_options: dict[str, Any] | None = None,
    **settings: Any,
) -> AsyncIterator[World]:
    """A world on a time-skipping server, without a worker to begin with, and on a task queue of its own."""
    async with open_store(folder, settings.pop("records_url", None)) as (url, store):
        given = _settings(folder, url, **{"task_queue": f"queue-{next(_NUMBERS)}"} | settings)
        world = World(environment.client, store, given, environment, worker_options or {})
        try:
            yield world
        finally:
            await world.stop_worker()


@asynccontextmanager
async def skipping_world(
    folder: Path, worker_options: dict[str, Any] | None = None, **settings: Any
) -> AsyncIterator[World]:
    """A world on a time-skipping server of its own, with a worker."""
    async with (
        skipping_server() as environment,
        skipped_world(folder, environment, worker_options, **settings) as world,
    ):
        await world.start_worker()
        yield world


@asynccontextmanager
async def real_server(folder: Path, **options: Any) -> AsyncIterator[DevServer]:
    """A dev server that keeps its state in the folder."""
    given: dict[str, Any] = {"search_attributes": search_attributes.ALL, "data_converter": ENCRYPTED}
    async with dev_server(database=folder / "temporal.db", **given | options) as server:
        yield server


@asynccontextmanager
async def real_world(
    folder: Path, server: DevServer, worker_options: dict[str, Any] | None = None, **settings: Any
) -> AsyncIterator[World]:
    """A world on a real server, without a worker to begin with, and on a task queue of its own."""
    async with open_store(folder, settings.pop("records_url", None)) as (url, store):
        given = {"temporal_address": server.address, "task_queue": f"queue-{next(_NUMBERS)}"} | settings
        world = World(server.client, store, _settings(folder, url, **given), None, worker_options or {})
        try:
            yield world
        finally:
            await world.stop_worker()

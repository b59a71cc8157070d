"""The typed client: what a backend uses to run agreements and requests.

Every command can be told twice: with the same ``command_id`` (and every request with the same
``request_id``) it counts once, and with other content it is refused. A command happens at its ``at``:
stamped here in whole seconds when the caller gives none. Refusals raise
:class:`~starter.errors.CommandRefused`, malformed input :class:`~contract.faults.Faulty` with every fault.
"""

from __future__ import annotations

import asyncio
import hashlib
import weakref
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

from pydantic import BaseModel, ValidationError
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import WorkflowExecutionStatus
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest
from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from contract import commands
from contract.agreement_changes import ChangesStanding
from contract.agreement_disputes import DisputesStanding, DisputeStanding
from contract.agreement_money import MoneyStanding
from contract.amendments import amended
from contract.change_commands import ChangeCommand, ProposeAmendment
from contract.clock import ServiceWindow
from contract.dispute_commands import DisputeCommand
from contract.faults import Faulty, faults_of
from contract.money_commands import MoneyCommand
from contract.parties import Actor
from contract.reading import read_terms
from contract.refusals import Refusal, RefusalKind
from contract.request import clause_of_command
from contract.taking_over_rules import unfounded_balances
from contract.terms import Priority, Service, TermSheet, canonical_bytes, digest_of
from starter.countries import unknown_country
from starter.errors import CommandRefused, NotReached, Unknown
from workflows import search_attributes as sa
from workflows.ids import TASK_QUEUE, agreement_workflow_id, request_workflow_id
from workflows.payloads import (
    AgreementReceipt,
    AgreementStart,
    AgreementStatus,
    Answers,
    NewCalendar,
    NewestTerms,
    Receipt,
    RequestStatus,
    Several,
    Told,
    Ways,
)
from workflows.story import agreement_details, agreement_summary

Answer = TypeVar("Answer", bound=BaseModel)
Made = TypeVar("Made", bound=commands.Command)

IN_FLIGHT = 8
"""Updates in flight per workflow; the server refuses more than ten."""
SKEW = timedelta(seconds=5)
"""A clock this little ahead of the server's is waited out."""
RECORDING = timedelta(seconds=2)
"""How long an offer waits to be on record before it is answered."""
NO_WORKER = "does a worker run?"
CANNOT_SAY = "its worker cannot say; the worker's log and `aftercare ops stuck` tell why"
_AGAIN = {
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.ABORTED,
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
}


def wall_clock() -> datetime:
    return datetime.now(UTC)


class Aftercare:
    """A client of the service. One per process is enough; it bounds its own concurrency."""

    def __init__(
        self,
        temporal: Client,
        *,
        task_queue: str = TASK_QUEUE,
        clock: Callable[[], datetime] = wall_clock,
        patience: timedelta = timedelta(seconds=60),
    ) -> None:
        """``clock`` tells contract time; ``patience`` is how long a command is tried before NotReached."""
        self._temporal = temporal
        self._task_queue = task_queue
        self._clock = clock
        self._patience = patience
        self._bounds: weakref.WeakValueDictionary[str, asyncio.Semaphore] = weakref.WeakValueDictionary()

    # Agreements

    async def offer(
        self, terms: TermSheet, *, at: datetime | None = None, ways: Ways | None = None
    ) -> AgreementStatus:
        """Offer an agreement to both parties' signatures; the same sheet again is the same offer (C4.1).

        Without ``ways`` of its own its notices are mailed, its money is run and payments are invoiced (C7.1).

        Raises Faulty for a sheet whose holidays are of a country without calendar data (C5.2), and for one
        that takes over a running agreement with what was not yet, or no longer, before it is run here.
        """
        at = at or self._stamp()
        if faults := unknown_country(terms.holiday_country) + unfounded_balances(terms, at):
            raise Faulty("term sheet", faults)
        canonical = canonical_bytes(terms)
        try:
            await self._temporal.start_workflow(
                "Agreement",
                AgreementStart(
                    canonical=canonical.decode(),
                    at=at,
                    ways=ways or Ways(billing=True, invoices=True),
                ),
                id=agreement_workflow_id(terms.agreement_id),
                task_queue=self._task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                search_attributes=sa.typed({sa.AGREEMENT_ID: terms.agreement_id, sa.STATE: "offered"}),
                static_summary=agreement_summary(terms),
                static_details=agreement_details(terms),
            )
        except WorkflowAlreadyStartedError:
            pass
        except RPCError as problem:
            raise NotReached(f"agreement {terms.agreement_id}: not offered: {problem.status.name}") from None
        status = await self._recorded(terms.agreement_id)
        if (status.offered_digest or status.receipt.digest) != digest_of(canonical):
            raise CommandRefused(
                Refusal(
                    kind=RefusalKind.OTHER_CONTENT,
                    message=f"agreement {terms.agreement_id} was offered before with other terms",
                    clause="C10.1",
                )
            )
        return status

    async def _recorded(self, agreement_id: str) -> AgreementStatus:
        """Where an agreement stands once its offer is on record: whoever offers may look it up at once.

        Not waited for long: while the record store is away the offer stands all the same.
        """
        give_up = asyncio.get_running_loop().time() + RECORDING.total_seconds()
        while not (status := await self.agreement(agreement_id)).recorded:
            if asyncio.get_running_loop().time() > give_up:
                break
            await asyncio.sleep(0.02)
        return status

    async def sign(
        self,
        agreement_id: str,
        by: Actor,
        *,
        digest: str,
        title: str,
        seal_digest: str | None = None,
        at: datetime | None = None,
        command_id: str | None = None,
    ) -> AgreementReceipt:
        """Sign the digest of the terms (C4.1, C10.3)."""
        command = self._make(
            commands.Sign, by, at, command_id, digest=digest, title=title, seal_digest=seal_digest
        )
        return await self._tell_agreement(agreement_id, "sign", command, at)

    async def refuse_offer(
        self,
        agreement_id: str,
        by: Actor,
        *,
        reason: str | None = None,
        at: datetime | None = None,
        command_id: str | None = None,
    ) -> AgreementReceipt:
        """Refuse an offer (C4.1)."""
        command = self._make(commands.RefuseOffer, by, at, command_id, reason=reason)
        return await self._tell_agreement(agreement_id, "refuse_offer", command, at)

    async def withdraw_offer(
        self,
        agreement_id: str,
        by: Actor,
        *,
        reason: str | None = None,
        at: datetime | None = None,
        command_id: str | None = None,
    ) -> AgreementReceipt:
        """Withdraw one's own offer (C4.1)."""
        command = self._make(commands.WithdrawOffer, by, at, command_id, reason=reason)
        return await self._tell_agreement(agreement_id, "withdraw_offer", command, at)

    async def agreement(self, agreement_id: str) -> AgreementStatus:
        """Where an agreement stands now, from its workflow."""
        handle = self._temporal.get_workflow_handle(agreement_workflow_id(agreement_id))
        return await self._ask(handle, f"agreement {agreement_id}", AgreementStatus)

    # Money

    async def settle(
        self,
        agreement_id: str,
        command: type[MoneyCommand],
        by: Actor,
        *,
        at: datetime | None = None,
        command_id: str | None = None,
        **content: Any,
    ) -> MoneyStanding:
        """Give any command on an agreement's money: ``settle(a, GiveCredit, by, amount="5", reason="…")``.

        The answer is where the money stands at the command's instant (C7.1, C8.2).
        """
        made = self._make(command, by, at, command_id, **content)
        handle = self._temporal.get_workflow_handle(agreement_workflow_id(agreement_id))
        what = f"agreement {agreement_id}"
        return await self._tell(handle, what, made.name.value, made, MoneyStanding, at is None)

    # Changes

    async def change(
        self,
        agreement_id: str,
        command: type[ChangeCommand],
        by: Actor,
        *,
        at: datetime | None = None,
        command_id: str | None = None,
        **content: Any,
    ) -> ChangesStanding:
        """Give any command that changes an agreement: ``change(a, AcceptFeeChange, by, amount="5", …)``.

        The answer tells the versions of its terms and what is open (C4.2, C7.2, C10).
        """
        made = self._make(command, by, at, command_id, **content)
        handle = self._temporal.get_workflow_handle(agreement_workflow_id(agreement_id))
        what = f"agreement {agreement_id}"
        return await self._tell(handle, what, made.name.value, made, ChangesStanding, at is None)

    async def propose_amendment(
        self,
        agreement_id: str,
        by: Actor,
        *,
        text: str,
        title: str,
        changes: Mapping[str, Any] | None = None,
        sheet: Mapping[str, Any] | None = None,
        base: int | None = None,
        effective_on: date | None = None,
        at: datetime | None = None,
        command_id: str | None = None,
    ) -> ChangesStanding:
        """Propose other terms: as changes by path, or as a whole sheet in place of version ``base`` (C10.1).

        Raises Faulty with every fault of the terms that would result, and CommandRefused otherwise.
        """
        newest = await self.newest_terms(agreement_id)
        if base in (None, newest.version):
            terms = amended(read_terms(newest.canonical), changes or {}, sheet)
            if faults := unknown_country(terms.holiday_country):
                raise Faulty("amended term sheet", faults)
        content = {"changes": changes, "sheet": sheet, "base": base, "effective_on": effective_on}
        told = content | {"text": text, "title": title}
        return await self.change(agreement_id, ProposeAmendment, by, at=at, command_id=command_id, **told)

    async def newest_terms(self, agreement_id: str) -> NewestTerms:
        """The version of the terms agreed last, in force or to be: what an amendment changes."""
        handle = self._temporal.get_workflow_handle(agreement_workflow_id(agreement_id))
        return await self._ask(handle, f"agreement {agreement_id}", NewestTerms, "newest_terms")

    # Disputes

    async def dispute(
        self,
        agreement_id: str,
        command: type[DisputeCommand],
        by: Actor,
        *,
        at: datetime | None = None,
        command_id: str | None = None,
        **content: Any,
    ) -> DisputeStanding:
        """Give any command on a dispute: ``dispute(a, ReferDispute, by, dispute="D001")`` (C9).

        The answer is where the dispute stands, its number included when this opened it.
        """
        made = self._make(command, by, at, command_id, **content)
        handle = self._temporal.get_workflow_handle(agreement_workflow_id(agreement_id))
        what = f"agreement {agreement_id}"
        return await self._tell(handle, what, made.name.value, made, DisputeStanding, at is None)

    async def disputes(self, agreement_id: str) -> list[DisputeStanding]:
        """Every dispute of an agreement and what may be done about it now, from its workflow."""
        handle = self._temporal.get_workflow_handle(agreement_workflow_id(agreement_id))
        found = await self._ask(handle, f"agreement {agreement_id}", DisputesStanding, "disputes")
        return found.disputes

    # Requests

    async def submit(
        self,
        agreement_id: str,
        request_id: str,
        by: Actor,
        *,
        service: Service | str,
        title: str,
        description: str | None = None,
        priority: Priority | str = Priority.NORMAL,
        at: datetime | None = None,
        command_id: str | None = None,
    ) -> Receipt:
        """Submit a service request (C6.1.1). The same id with the same content is the same request."""
        submission = self._make(
            commands.Submission,
            by,
            at,
            command_id,
            request_id=request_id,
            service=service,
            title=title,
            description=description,
            priority=priority,
        )
        handle = self._temporal.get_workflow_handle(agreement_workflow_id(agreement_id))
        return await self._tell(
            handle, f"agreement {agreement_id}", "submit_request", submission, Receipt, at is None
        )

    async def perform(
        self,
        agreement_id: str,
        request_id: str,
        command: type[commands.RequestCommand],
        by: Actor,
        *,
        at: datetime | None = None,
        command_id: str | None = None,
        **content: Any,
    ) -> Receipt:
        """Give any command on a request: ``perform(a, r, Resolve, by, solution="…")``."""
        made = self._make(command, by, at, command_id, **content)
        handle = self._temporal.get_workflow_handle(request_workflow_id(agreement_id, request_id))
        what = f"request {request_id} of agreement {agreement_id}"
        return await self._tell(handle, what, made.name.value, made, Receipt, at is None)

    async def tell(
        self, agreement_id: str, request_id: str, told: Sequence[commands.RequestCommand]
    ) -> list[Refusal | None]:
        """Several commands of one request in the order they happened: for channels that catch up.

        Each is taken (None) or refused by itself; the answer comes when all are recorded.
        """
        several = Several(
            commands=[Told(name=c.name, content=c.model_dump(mode="json", exclude_none=True)) for c in told]
        )
        handle = self._temporal.get_workflow_handle(request_workflow_id(agreement_id, request_id))
        what = f"request {request_id} of agreement {agreement_id}"
        contents = "".join(f"{command.command_id} {command.content}\n" for command in told)
        update_id = f"{told[0].command_id}-{hashlib.sha256(contents.encode()).hexdigest()[:16]}-tell"
        answers = await self._send(handle, what, "tell", several, update_id, Answers)
        return answers.refusals

    def make(
        self,
        command: type[Made],
        by: Actor,
        *,
        at: datetime | None = None,
        command_id: str | None = None,
        **content: Any,
    ) -> Made:
        """A command for :meth:`tell`, complete and checked; raises Faulty with every fault."""
        return self._make(command, by, at, command_id, **content)

    async def apply_calendar(self, agreement_id: str, request_id: str, window: ServiceWindow) -> Receipt:
        """Tell an open request service time from newly announced calendars (contract §3); see
        :mod:`starter.refreshing`. Telling it again changes nothing."""
        handle = self._temporal.get_workflow_handle(request_workflow_id(agreement_id, request_id))
        what = f"request {request_id} of agreement {agreement_id}"
        # An id of its own each time: the calendar before may be the right one again.
        update_id = f"calendar-{uuid4().hex}"
        return await self._send(
            handle, what, "apply_calendar", NewCalendar(window=window), update_id, Receipt
        )

    async def request(self, agreement_id: str, request_id: str) -> RequestStatus:
        """Where a request stands now, from its workflow."""
        handle = self._temporal.get_workflow_handle(request_workflow_id(agreement_id, request_id))
        return await self._ask(handle, f"request {request_id} of agreement {agreement_id}", RequestStatus)

    # How a command is told

    def _stamp(self) -> datetime:
        return self._clock().replace(microsecond=0)

    def _give_up(self) -> float:
        """The loop's time at which patience ends."""
        return asyncio.get_running_loop().time() + self._patience.total_seconds()

    def _make(
        self, model: type[Made], by: Actor, at: datetime | None, command_id: str | None, **content: Any
    ) -> Made:
        """The command, complete and checked; raises Faulty with every fault."""
        given = {key: value for key, value in content.items() if value is not None}
        try:
            return model(actor=by, at=at or self._stamp(), command_id=command_id or uuid4().hex, **given)
        except ValidationError as problem:
            raise Faulty(model.__name__, faults_of(problem, clause_of_command(model))) from None

    async def _tell_agreement(
        self, agreement_id: str, update: str, command: commands.Command, at: datetime | None
    ) -> AgreementReceipt:
        handle = self._temporal.get_workflow_handle(agreement_workflow_id(agreement_id))
        return await self._tell(
            handle, f"agreement {agreement_id}", update, command, AgreementReceipt, at is None
        )

    async def _tell(
        self,
        handle: WorkflowHandle[Any, Any],
        what: str,
        update: str,
        command: commands.Command,
        answer: type[Answer],
        stamped_here: bool,
    ) -> Answer:
        """Tell a command until it is answered; what this client stamped it may stamp anew."""
        give_up = self._give_up()
        times = 0
        while True:
            try:
                return await self._send(handle, what, update, command, update_id_of(command, times), answer)
            except CommandRefused as problem:
                anew = self._stamped_anew(command, problem.refusal) if stamped_here else None
                if anew is None or asyncio.get_running_loop().time() > give_up:
                    raise
                command, times = anew, times + 1
                await asyncio.sleep(0.1)

    async def _send(
        self,
        handle: WorkflowHandle[Any, Any],
        what: str,
        update: str,
        argument: BaseModel,
        update_id: str,
        answer: type[Answer],
    ) -> Answer:
        """One update until it is answered, always under the same id: an error does not mean not done."""
        async with self._bounds.setdefault(handle.id, asyncio.Semaphore(IN_FLIGHT)):
            give_up = self._give_up()
            pause = 0.02
            while (
                done := await self._try(handle, what, update, argument, update_id, answer, give_up)
            ) is None:
                await asyncio.sleep(pause)
                pause = min(2 * pause, 1.0)
            return done

    async def _try(
        self,
        handle: WorkflowHandle[Any, Any],
        what: str,
        update: str,
        argument: BaseModel,
        update_id: str,
        answer: type[Answer],
        give_up: float,
    ) -> Answer | None:
        """The answer, or None when it is worth another try before ``give_up``."""
        loop = asyncio.get_running_loop()
        try:
            # Without a worker the server answers "not yet" for ever, and the SDK asks again.
            async with asyncio.timeout_at(give_up):
                done: Answer = await handle.execute_update(update, argument, id=update_id, result_type=answer)
        except WorkflowUpdateFailedError as problem:
            raise CommandRefused(_refusal(problem)) from None
        except (WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError):
            if _is_cancelled():  # which the SDK tells as a timeout
                raise asyncio.CancelledError from None
            if loop.time() >= give_up:
                raise NotReached(f"no answer about {what} to {update}: {NO_WORKER}") from None
            return None
        except RPCError as problem:
            if problem.status is RPCStatusCode.NOT_FOUND:
                if await self._is_running(handle, what):
                    return None  # caught between two of its runs
                raise _closed_for_good(what) from None
            if problem.status not in _AGAIN or loop.time() > give_up:
                raise NotReached(f"no answer about {what} to {update}: {problem.status.name}") from None
            return None
        return done

    def _stamped_anew(self, command: commands.Command, refusal: Refusal) -> commands.Command | None:
        """The command with a later stamp, when only its stamp stood in the way; else None."""
        if refusal.kind is RefusalKind.OUT_OF_ORDER and "not_before" in refusal.details:
            later = max(self._stamp(), datetime.fromisoformat(refusal.details["not_before"]))
            return command.model_copy(update={"at": later})
        if refusal.kind is RefusalKind.IN_THE_FUTURE and "now" in refusal.details:
            now = datetime.fromisoformat(refusal.details["now"])
            if command.at - now <= SKEW:
                return command
        return None

    async def _is_running(self, handle: WorkflowHandle[Any, Any], what: str) -> bool:
        """Not found can mean never there, over, or between two runs: the engine's description tells which."""
        execution = WorkflowExecution(workflow_id=handle.id)
        question = DescribeWorkflowExecutionRequest(namespace=self._temporal.namespace, execution=execution)
        try:
            # The raw call: only its status matters, not what its attributes decode to.
            found = await self._temporal.workflow_service.describe_workflow_execution(question)
        except RPCError:
            raise Unknown(f"there is no {what}") from None
        return (
            found.workflow_execution_info.status == WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING
        )

    async def _ask(
        self, handle: WorkflowHandle[Any, Any], what: str, answer: type[Answer], query: str = "status"
    ) -> Answer:
        try:
            async with asyncio.timeout_at(self._give_up()):
                found: Answer = await handle.query(query, result_type=answer)
        except TimeoutError:
            raise NotReached(f"no answer about {what}: {NO_WORKER}") from None
        except (WorkflowQueryFailedError, WorkflowQueryRejectedError):
            raise NotReached(f"no answer about {what}: {CANNOT_SAY}") from None
        except RPCError as problem:
            if problem.status is RPCStatusCode.NOT_FOUND:
                raise Unknown(f"there is no {what}") from None
            raise NotReached(f"no answer about {what}: {problem.status.name}") from None
        return found


def update_id_of(command: commands.Command, times: int = 0) -> str:
    """The id under which the engine knows a command that was stamped anew so many times.

    It has the content: an update whose id the engine has seen it answers by itself, and only the workflow can
    refuse another command under the id of one.
    """
    return f"{command.command_id}-{command.content}-{times}"


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _closed_for_good(what: str) -> CommandRefused:
    message = f"{what} is closed for good"
    if what.startswith("request "):
        message += "; what comes up now belongs in a new request that names it"
    return CommandRefused(Refusal(kind=RefusalKind.NOT_ALLOWED_NOW, message=message, clause="C6.2.3"))


def _refusal(problem: WorkflowUpdateFailedError) -> Refusal:
    cause = problem.cause
    if isinstance(cause, ApplicationError) and cause.type in set(RefusalKind) and cause.details:
        return Refusal.model_validate(cause.details[0])
    return Refusal(kind=RefusalKind.INVALID, message="the service could not read the command", clause="§3")

"""One service request, from its submission to the end of its rating (C5.2, C6, C8.1).

The file holds the facts, :mod:`contract.request_life` says what follows; here is only the waiting,
the recording and the telling.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from pydantic import ValidationError
from temporalio import workflow
from temporalio.exceptions import FailureError

from contract.clock import ServiceWindow
from contract.commands import (
    MODELS,
    Accept,
    AddNote,
    AnswerRating,
    AnyRequestCommand,
    AskForMaterials,
    Assign,
    Confirm,
    LowerPriority,
    NoteDiagnosis,
    ProvideMaterials,
    RaisePriority,
    Rate,
    Reassign,
    Reopen,
    RequestCommand,
    Resolve,
    Respond,
    Withdraw,
)
from contract.facts import EventKind, RecordBatch, Recorded
from contract.faults import faults_of
from contract.judging import advance, is_over, needs_window, next_wake
from contract.money_file import Suspension
from contract.outcome import Outcome
from contract.parties import Role
from contract.refusals import Refusal, RefusalKind
from contract.request import clause_of_command
from contract.request_life import apply_suspension, apply_window, refusal_of, step
from contract.snapshots import commands_possible, snapshot
from workflows import search_attributes
from workflows.alarm import Alarm
from workflows.errands import Errands, count_refusal, refused
from workflows.ids import agreement_workflow_id
from workflows.mailing import Mailing
from workflows.paces import FARTHEST, FURTHER
from workflows.payloads import (
    Answers,
    NewCalendar,
    Receipt,
    RequestStart,
    RequestStatus,
    Several,
    Told,
    WindowWanted,
    read_start,
)
from workflows.recording import surely
from workflows.search_attributes import request_attributes
from workflows.story import record_summary, request_story

LONG_HISTORY = 800


def _taking(model: type[RequestCommand]) -> Any:
    """The update for one command: validated against the file, applied by the loop."""

    async def handle(self: ServiceRequest, command: Any) -> Receipt:
        return await self.take(command)

    def validate(self: ServiceRequest, command: Any) -> None:
        self.check(command)

    name = model.name.value
    handle.__name__ = name
    handle.__qualname__ = f"ServiceRequest.{name}"
    handle.__annotations__ = {"command": model, "return": Receipt}
    validate.__annotations__ = {"command": model, "return": None}
    update = workflow.update(name=name, description=(model.__doc__ or "").strip())(handle)
    update.validator(validate)
    return update


def _read(told: Told) -> AnyRequestCommand | Refusal:
    model = MODELS[told.name]
    try:
        command = model.model_validate(told.content)
    except ValidationError as problem:
        faults = [f"{fault.path}: {fault.allowed}" for fault in faults_of(problem)]
        return Refusal(kind=RefusalKind.INVALID, message="; ".join(faults), clause=clause_of_command(model))
    return cast(AnyRequestCommand, command)


@workflow.defn(name="ServiceRequest")
class ServiceRequest:
    """A service request under an agreement."""

    @workflow.init
    def __init__(self, given: Any = None) -> None:
        carried_over = workflow.info().continued_run_id is not None
        start = read_start(RequestStart, given, carried_over=carried_over)
        self._file = start.file
        self._ways = start.ways
        self._alarm = Alarm(start.ways.offset)
        self._errands: Errands[AnyRequestCommand] = Errands()
        self._mailing = Mailing(start.file.agreement_id, start.file.request_id, start.unsent, start.ways.mail)
        # As it was when its search attributes were last set: at admission, or in the run before.
        self._view = snapshot(self._file, self._file.judged_until)
        self._shown = request_attributes(self._view, start.ways.offset)
        self._calendar: ServiceWindow | None = None
        self._suspensions: list[Suspension] = []

    @workflow.run
    async def run(self, given: Any = None) -> Receipt:
        """Takes a :class:`RequestStart`; anything else fails at once."""
        self._mailing.go()
        while not is_over(self._file, self._alarm.now()):
            self._alarm.set(next_wake(self._file))
            await workflow.wait_condition(self._something_to_do)
            await self._step()
            if self._long:
                await self._carry_on()
        await workflow.wait_condition(lambda: self._mailing.idle)
        await self._drain()
        return self._receipt()

    # Updates: one for each command of the transition table

    confirm = _taking(Confirm)
    assign = _taking(Assign)
    reassign = _taking(Reassign)
    respond = _taking(Respond)
    note_diagnosis = _taking(NoteDiagnosis)
    ask_for_materials = _taking(AskForMaterials)
    provide_materials = _taking(ProvideMaterials)
    resolve = _taking(Resolve)
    accept = _taking(Accept)
    reopen = _taking(Reopen)
    withdraw = _taking(Withdraw)
    raise_priority = _taking(RaisePriority)
    lower_priority = _taking(LowerPriority)
    rate = _taking(Rate)
    answer_rating = _taking(AnswerRating)
    add_note = _taking(AddNote)

    def check(self, command: AnyRequestCommand) -> None:
        refusal = refusal_of(self._file, self._errands.orders, command, self._alarm.now())
        if refusal is not None:
            raise refused(refusal)

    async def take(self, command: AnyRequestCommand) -> Receipt:
        await self._errands.run(command)
        return self._receipt()

    @workflow.update(name="tell", description="Several commands in order, each judged by itself (C6.1.1).")
    async def tell(self, several: Several) -> Answers:
        """For channels that catch up: one update, applied and recorded in one step."""
        commands = [_read(told) for told in several.commands]
        refusals = await self._errands.run_all([c for c in commands if not isinstance(c, Refusal)])
        told = iter(refusals)
        answers = [c if isinstance(c, Refusal) else next(told) for c in commands]
        for refusal in filter(None, answers):
            count_refusal(refusal)
        return Answers(receipt=self._receipt(), refusals=answers)

    @workflow.update(
        name="apply_calendar", description="Take service time from newly announced calendars (§3)."
    )
    async def apply_calendar(self, calendar: NewCalendar) -> Receipt:
        self._calendar = calendar.window
        await workflow.wait_condition(lambda: self._calendar is None)
        return self._receipt()

    @workflow.signal(
        name="service_suspended", description="Service is suspended, or resumed: all clocks stand (C8.2)."
    )
    def service_suspended(self, suspension: Suspension) -> None:
        self._suspensions.append(suspension)

    @workflow.query(
        name="status",
        description="Where the request stands, what is due next, what may be done (C6.2.3).",
    )
    def status(self) -> RequestStatus:
        file, now, wake = self._file, self._alarm.now(), next_wake(self._file)
        view = snapshot(file, now)
        return RequestStatus(
            snapshot=view,
            allowed={r.value: commands_possible(view, r, now, file.terms.rating_days) for r in Role},
            next_wake=wake.at if wake else None,
            next_what=wake.summary if wake else None,
            unsent_notices=len(self._mailing.unsent),
            calendars=file.window.calendars,
            service_time_until=file.window.until,
            seq=self._file.seq,
            penalties=self._file.penalties,
        )

    # The one loop

    def _something_to_do(self) -> bool:
        return self._has_come or self._alarm.rings

    @property
    def _has_come(self) -> bool:
        return bool(self._errands or self._suspensions) or self._calendar is not None

    async def _step(self) -> None:
        """Apply what has come, judge what fell due, record it, then answer and tell."""
        errands = self._errands.take_all()
        calendar = self._calendar
        suspensions, self._suspensions = self._suspensions, []
        outcome = Outcome()
        for suspension in suspensions:
            outcome.add(apply_suspension(self._file, suspension.begin, suspension.end))
        if calendar is not None:
            outcome.add(apply_window(self._file, calendar, self._alarm.now()))
        result = step(self._file, [errand.order for errand in errands], self._alarm.now())
        outcome.add(result.outcome)
        if needs_window(self._file):
            outcome.add(await self._look_further())
        if outcome.events:
            await self._record(outcome)
        for errand, refusal in zip(errands, result.answers, strict=True):
            errand.refusal = refusal
            errand.done = True
        if calendar is not None and self._calendar is calendar:
            self._calendar = None

    async def _look_further(self) -> Outcome:
        """Service time beyond the window the request came with: long pauses push a due past it."""
        file, reach, outcome = self._file, FURTHER, Outcome()
        while needs_window(file) and reach <= FARTHEST:
            wanted = WindowWanted(
                agreement_id=file.agreement_id,
                terms_version=file.terms.version,
                begin=file.submitted_at,
                until=self._alarm.now() + reach,
            )
            window = await surely("service_window", wanted, ServiceWindow, "Service time, further on · C5.2")
            outcome.add(apply_window(file, window, self._alarm.now()))
            reach *= 4
        outcome.add(advance(file, self._alarm.now()))
        return outcome

    async def _record(self, outcome: Outcome) -> None:
        file = self._file
        self._view = snapshot(file, self._alarm.now())
        recorded = await surely(
            "record",
            RecordBatch(
                workflow_id=workflow.info().workflow_id,
                agreement_id=file.agreement_id,
                request_id=file.request_id,
                events=outcome.events,
                entries=outcome.entries,
                request=self._view,
            ),
            Recorded,
            record_summary(outcome.events),
        )
        self._mailing.add(outcome.events)
        before, self._shown = self._shown, request_attributes(self._view, self._ways.offset)
        search_attributes.upsert_changes(before, self._shown)
        for passed in recorded.passed:
            await self._tell("penalties_passed", [passed])
        state = recorded.agreement_state
        if (state is not None and state.has_ended) or recorded.awaits_requests:
            await self._tell_agreement({event.kind for event in outcome.events})

    async def _tell_agreement(self, kinds: set[EventKind]) -> None:
        """After the end of the term the agreement waits for its last requests: tell it of this one."""
        closings = {EventKind.ACCEPTED, EventKind.CLOSED_BY_ITSELF, EventKind.WITHDRAWN}
        if not kinds & (closings | {EventKind.CLOSURE_REVERSED}):
            return
        told = [self._file.request_id, *([] if self._file.state.is_open else [self._file.closed_at])]
        name = "request_reopened" if self._file.state.is_open else "request_closed"
        await self._tell(name, told)

    async def _tell(self, name: str, what: Sequence[Any]) -> None:
        """Signal the agreement; one that is over need not know any more."""
        agreement = workflow.get_external_workflow_handle(agreement_workflow_id(self._file.agreement_id))
        try:
            await agreement.signal(name, args=what)
        except FailureError:
            workflow.logger.info("the agreement has closed already")

    # Continue-as-new

    @property
    def _long(self) -> bool:
        info = workflow.info()
        return (
            info.get_current_history_length() > LONG_HISTORY
            or info.is_continue_as_new_suggested()
            or info.is_target_worker_deployment_version_changed()
        )

    async def _drain(self) -> None:
        """Apply and answer what is still coming in, until nothing is."""
        while self._has_come or not workflow.all_handlers_finished():
            if self._has_come:
                await self._step()
            await workflow.wait_condition(lambda: self._has_come or workflow.all_handlers_finished())

    async def _carry_on(self) -> None:
        await self._drain()
        workflow.continue_as_new(RequestStart(file=self._file, ways=self._ways, unsent=self._mailing.unsent))

    # What others see

    def _receipt(self) -> Receipt:
        """Where the request stood when it was last recorded."""
        return Receipt.of(self._view, self._file.seq)

    def story(self) -> str:
        """The current details; see :mod:`workflows.current_details`."""
        return request_story(self._file, self._ways.offset)

"""How a service request lives: commands applied in order, deadlines judged, the next wake named.

The workflow supplies the clock and does the waiting; what follows from it is decided here, from the
file's facts. Deadlines are judged as of their own instants, so it does not matter how late the
judging happens, and what a late-arriving command contradicts is reversed by an entry (contract §3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from contract.clock import ServiceWindow
from contract.commands import (
    AnyRequestCommand,
    AskForMaterials,
    Assign,
    CommandName,
    LowerPriority,
    RaisePriority,
    Rate,
    Reassign,
    RequestCommand,
    Submission,
)
from contract.deadlines import read
from contract.facts import Event, EventKind
from contract.judging import advance, close_by_itself, iso, own_event
from contract.outcome import Outcome
from contract.parties import Role
from contract.refusals import Refusal, RefusalKind, Refused, refuse
from contract.request import TRANSITIONS, RequestState
from contract.request_file import Basis, Pause, PauseKind, RequestFile, RequestTerms, Said, TakenCommand
from contract.snapshots import commands_possible, snapshot
from contract.terms import Target
from contract.values import DAY

LOW_RATING = 2
"""A rating of this or less opens a follow-up the provider must answer (C5.5)."""

REMEMBERED = 2000
"""So many commands of a request are known again when they are told again, however late."""

EVENT_OF: dict[CommandName, EventKind] = {
    CommandName.CONFIRM: EventKind.CONFIRMED,
    CommandName.ASSIGN: EventKind.ASSIGNED,
    CommandName.REASSIGN: EventKind.REASSIGNED,
    CommandName.RESPOND: EventKind.RESPONDED,
    CommandName.NOTE_DIAGNOSIS: EventKind.DIAGNOSIS_NOTED,
    CommandName.ASK_FOR_MATERIALS: EventKind.MATERIALS_ASKED,
    CommandName.PROVIDE_MATERIALS: EventKind.MATERIALS_PROVIDED,
    CommandName.RESOLVE: EventKind.RESOLVED,
    CommandName.ACCEPT: EventKind.ACCEPTED,
    CommandName.REOPEN: EventKind.REOPENED,
    CommandName.WITHDRAW: EventKind.WITHDRAWN,
    CommandName.RAISE_PRIORITY: EventKind.PRIORITY_RAISED,
    CommandName.LOWER_PRIORITY: EventKind.PRIORITY_LOWERED,
    CommandName.RATE: EventKind.RATED,
    CommandName.ANSWER_RATING: EventKind.RATING_ANSWERED,
    CommandName.ADD_NOTE: EventKind.NOTED,
}


def open_file(
    agreement_id: str, submission: Submission, terms: RequestTerms, window: ServiceWindow
) -> tuple[RequestFile, Outcome]:
    """A new request's file and its first event; all clocks start at the submission's ``at``."""
    file = RequestFile(
        agreement_id=agreement_id,
        request_id=submission.request_id,
        service=submission.service,
        title=submission.title,
        terms=terms,
        window=window,
        priority=submission.priority,
        submitted_at=submission.at,
        last_at=submission.at,
        judged_until=submission.at,
        bases={
            target: Basis(priority=submission.priority, budget=budget)
            for target, budget in terms.budgets[submission.priority].items()
        },
        said=Said(),
    )
    event = _event(file, submission, EventKind.SUBMITTED, "C6.1.1", Role.CUSTOMER)
    return file, Outcome(events=[event])


def check(file: RequestFile, command: RequestCommand, now: datetime) -> None:
    """Raise :class:`Refused` when the contract does not allow the command as the file stands."""
    rule = TRANSITIONS[command.name]
    role = file.terms.role_of(command.actor.party)
    if role not in rule.by:
        raise refuse(
            RefusalKind.WRONG_PARTY,
            f"{command.name} is for the {' or '.join(sorted(rule.by))} to give",
            rule.clause,
            sorted(rule.by),
        )
    heard_from = file.before.heard_from if file.before is not None else None
    check_stamp(command.at, file.last_at, now, file.terms.command_delay_hours, heard_from)
    state = state_at(file, command.at)
    if state not in rule.states:
        met = snapshot(file, command.at).model_copy(update={"state": state})
        allowed = commands_possible(met, role, command.at, file.terms.rating_days)
        raise refuse(
            RefusalKind.NOT_ALLOWED_NOW,
            f"{command.name} is not allowed while the request is {state}; "
            f"the {role} may now: {', '.join(allowed) or 'nothing'}",
            rule.clause,
            allowed,
            state=state.value,
        )
    _check_particulars(file, command)


def check_stamp(
    at: datetime, last_at: datetime, now: datetime, delay_hours: int, heard_from: datetime | None = None
) -> None:
    """A command is taken if stamped not before the last one, not after now, and not too long ago (§3).

    What happened before anybody could be told of it, ``heard_from``, is as old as that instant.
    """
    if at > now:
        raise refuse(
            RefusalKind.IN_THE_FUTURE,
            f"stamped {at.isoformat()}, after contract time {now.isoformat()}",
            "§3",
            now=now.isoformat(),
        )
    if at < last_at:
        raise refuse(
            RefusalKind.OUT_OF_ORDER,
            f"stamped {at.isoformat()}, before the previous command at {last_at.isoformat()}",
            "§3",
            not_before=last_at.isoformat(),
        )
    if now - max(at, heard_from or at) > timedelta(hours=delay_hours):
        raise refuse(
            RefusalKind.TOO_OLD,
            f"stamped {at.isoformat()}, more than {delay_hours} h before contract time {now.isoformat()}",
            "§3",
            now=now.isoformat(),
        )


def state_at(file: RequestFile, at: datetime) -> RequestState:
    """The state a command stamped ``at`` meets: a closure by itself does not stand against one before it."""
    if file.closed_by_itself and file.closed_at is not None and at <= file.closed_at:
        return RequestState.RESOLVED
    return file.state


def _check_particulars(file: RequestFile, command: RequestCommand) -> None:
    clause = TRANSITIONS[command.name].clause
    match command:
        case RaisePriority(priority=priority) if priority.rank >= file.priority.rank:
            more = [p.value for p in type(priority) if p.rank < file.priority.rank]
            raise refuse(
                RefusalKind.NOT_ALLOWED_NOW, f"{priority} is not above {file.priority}", clause, more
            )
        case LowerPriority(priority=priority) if priority.rank <= file.priority.rank:
            less = [p.value for p in type(priority) if p.rank > file.priority.rank]
            raise refuse(
                RefusalKind.NOT_ALLOWED_NOW, f"{priority} is not below {file.priority}", clause, less
            )
        case Rate() if file.rating is not None:
            raise refuse(RefusalKind.ALREADY_DONE, "the request has been rated", clause)
        case Rate() if file.rating_ends is not None and command.at > file.rating_ends:
            raise refuse(
                RefusalKind.NOT_ALLOWED_NOW,
                f"ratings were open until {file.rating_ends.isoformat()}",
                clause,
            )
        case _ if command.name is CommandName.ANSWER_RATING and not file.follow_up_open:
            raise refuse(RefusalKind.NOT_ALLOWED_NOW, "there is no low rating to answer", clause)
        case _:
            pass


def apply(file: RequestFile, command: AnyRequestCommand, now: datetime) -> Outcome:
    """Apply one command to the file; raises :class:`Refused` and changes nothing when not allowed."""
    check(file, command, now)
    outcome = Outcome()
    rule = TRANSITIONS[command.name]
    role = file.terms.role_of(command.actor.party)
    at = command.at
    if rule.leads_to is not None and state_at(file, at) is not file.state:
        outcome.events.append(
            own_event(file, at, EventKind.CLOSURE_REVERSED, "§3", {"closed_at": iso(file.closed_at)})
        )
        file.state, file.closed_at, file.closed_by_itself = RequestState.RESOLVED, None, False
    if file.state is RequestState.WAITING and rule.leads_to is not None:
        _end_pause(file, PauseKind.MATERIALS, at)
    match command.name:
        case CommandName.CONFIRM:
            file.confirmed_at = at
        case CommandName.RESPOND:
            file.responded_at = at
        case CommandName.RESOLVE:
            file.resolved_at = at
        case CommandName.REOPEN:
            assert file.resolved_at is not None
            file.pauses.append(Pause(kind=PauseKind.SOLVED, begin=file.resolved_at, end=at))
            file.resolved_at = None
        case CommandName.ACCEPT | CommandName.WITHDRAW:
            file.closed_at = at
        case CommandName.ANSWER_RATING:
            file.follow_up_answered_at = at
    match command:
        case Assign(assignee=assignee) | Reassign(assignee=assignee):
            file.assignee = assignee
        case AskForMaterials(missing=missing):
            file.pauses.append(Pause(kind=PauseKind.MATERIALS, begin=at, what=missing))
        case RaisePriority() | LowerPriority():
            _change_priority(file, command)
        case Rate(score=score):
            file.rating = score
            if score <= LOW_RATING:
                file.follow_up_due = at + file.terms.follow_up_days * DAY
        case _:
            pass
    if rule.leads_to is not None:
        file.state = rule.leads_to
    file.last_at = at
    taken = TakenCommand(command_id=command.command_id, at=at, content=command.content)
    file.taken = [*file.taken[1 - REMEMBERED :], taken]
    outcome.events.append(_event(file, command, EVENT_OF[command.name], rule.clause, role))
    return outcome


def _end_pause(file: RequestFile, kind: PauseKind, at: datetime) -> None:
    for index, pause in enumerate(file.pauses):
        if pause.kind is kind and pause.end is None:
            file.pauses[index] = pause.model_copy(update={"end": at})


def _change_priority(file: RequestFile, command: RaisePriority | LowerPriority) -> None:
    """New budgets for the targets not yet judged; the old resolution basis keeps the days owed by now."""
    at = command.at
    budgets = file.terms.budgets[command.priority]
    for target in Target:
        reading = read(file, target)
        judged = reading is not None and (reading.stopped is not None or reading.is_late(at))
        if target is Target.RESOLVE and target in file.bases:
            file.past_bases.append(file.bases[target].model_copy(update={"until": at}))
        elif judged:
            continue
        if target in budgets:
            file.bases[target] = Basis(priority=command.priority, budget=budgets[target], not_before=at)
        else:
            file.bases.pop(target, None)
    file.priority = command.priority
    file.priority_changes += 1


def apply_window(file: RequestFile, window: ServiceWindow, now: datetime) -> Outcome:
    """Take a new window of service time: a longer one, or one from newly announced calendars.

    Dues are projected anew and what they contradict is put right by entries.
    """
    changed = window.calendars != file.window.calendars
    file.window = window
    outcome = Outcome()
    if changed:
        outcome.events.append(
            own_event(file, now, EventKind.CALENDAR_APPLIED, "§3", {"calendars": window.calendars})
        )
    return outcome


def apply_suspension(file: RequestFile, begin: datetime, end: datetime | None) -> Outcome:
    """Service is suspended from one instant to another that the agreement fixed: all clocks stand (C8.2).

    Told again it changes nothing; what accrued in between is put right when deadlines are judged next.
    """
    known = [pause for pause in file.pauses if pause.kind is PauseKind.SUSPENSION and pause.begin == begin]
    over = file.closed_at is not None and file.closed_at <= begin
    before = end is not None and end <= file.submitted_at
    if over or before or (known and known[0].end == end):
        return Outcome()
    if known:
        file.pauses.remove(known[0])
    file.pauses.append(Pause(kind=PauseKind.SUSPENSION, begin=begin, end=end))
    outcome = Outcome()
    span = {"from": iso(begin), "to": iso(end)}
    if not known:
        outcome.events.append(own_event(file, begin, EventKind.CLOCKS_STOPPED, "C8.2", span))
    if end is not None:
        outcome.events.append(own_event(file, end, EventKind.CLOCKS_RAN_ON, "C8.2", span))
    return outcome


@dataclass(slots=True)
class Step:
    """Commands applied in the order of their stamps, then deadlines judged at ``now``."""

    outcome: Outcome
    answers: list[Refusal | None]
    """Why each of the commands was refused, in the order in which they were given; None: it was taken."""
    refused: dict[str, Refusal]
    """The same by the commands' ids; two that came under one id may differ in what became of them."""


def step(file: RequestFile, commands: Sequence[AnyRequestCommand], now: datetime) -> Step:
    """One step of the request's life; changes the file. Commands told before are passed over, and refused
    when they say something else than they did."""
    outcome = Outcome()
    answers: list[Refusal | None] = [None] * len(commands)
    for place, command in sorted(enumerate(commands), key=lambda placed: placed[1].at):
        if file.knows(command.command_id):
            answers[place] = _other_content(file, command)
            continue
        if file.judged_until < command.at <= now:
            # Nothing stamped earlier can still come: what fell due before the command is judged before it.
            outcome.add(advance(file, command.at))
        elif command.at <= now:
            close_by_itself(file, command.at, outcome)
        try:
            outcome.add(apply(file, command, now))
        except Refused as problem:
            answers[place] = problem.refusal
    outcome.add(advance(file, now))
    given = zip(commands, answers, strict=True)
    refused = {command.command_id: refusal for command, refusal in given if refusal is not None}
    return Step(outcome, answers, refused)


def _other_content(file: RequestFile, command: RequestCommand) -> Refusal | None:
    taken = file.taken_as(command.command_id)
    same = taken is None or taken.content in (None, command.content)
    return None if same else command.other_content()


def refusal_of(
    file: RequestFile, pending: Sequence[AnyRequestCommand], command: AnyRequestCommand, now: datetime
) -> Refusal | None:
    """Why a command cannot join the ones already taken, or None. Changes nothing."""
    if file.knows(command.command_id):
        return _other_content(file, command)
    refused = step(file.clone(), [*pending, command], now).refused
    if command.command_id in refused:
        return refused[command.command_id]
    for other in pending:
        if other.command_id in refused:
            return Refusal(
                kind=RefusalKind.OUT_OF_ORDER,
                message=f"stamped before {other.name}, which is being taken and would then not be allowed",
                clause="§3",
            )
    return None


def _event(
    file: RequestFile,
    command: Submission | RequestCommand,
    kind: EventKind,
    clause: str,
    role: Role | None,
) -> Event:
    return Event(
        seq=file.next_seq(),
        at=command.at,
        kind=kind,
        clause=clause,
        party=role,
        person=command.actor.person,
        command_id=command.command_id,
        payload=command.says,
    )

"""Reading the project's own ticket logs (``--format own``): a CSV file with one row per command.

Columns, in any order, rows in any order (docs/rehearsal.md has the whole format):

- ``request_id``, ``at``, ``command``: always. ``at`` is in the term sheet's zone, or has its own offset.
- ``by``: provider or customer; only needed where either may give the command.
- ``service`` and ``priority`` of what is submitted; ``priority`` also of a priority raised or lowered.
- ``assignee`` of an assignment; ``score`` of a rating, 1 to 5.
- ``text``: the request's title, the response, the solution … what the command says. Materials that are
  asked for are separated by semicolons.
- ``person``: who acted.

What cannot be a command of the contract is a fault, and all faults are told at once. What is a command the
contract does not allow at its time is no fault of the file: it is lived, refused and reported.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from contract.commands import MODELS, Command, CommandName, Submission
from contract.faults import Fault, Faulty, faults_of
from contract.parties import Role
from contract.request import TRANSITIONS
from contract.terms import Priority
from contract.values import Identifier
from starter.given import instant
from starter.rehearsal.log import SUBMIT, UNNAMED, Deed, Ticket, TicketLog
from starter.rehearsal.rows import WHAT, fault, line_of, rows

NEEDED = ("request_id", "at", "command")
COLUMNS = (*NEEDED, "by", "service", "priority", "assignee", "score", "text", "person")

TEXT = {
    SUBMIT: "title",
    CommandName.REASSIGN: "reason",
    CommandName.RESPOND: "message",
    CommandName.NOTE_DIAGNOSIS: "diagnosis",
    CommandName.ASK_FOR_MATERIALS: "missing",
    CommandName.PROVIDE_MATERIALS: "materials",
    CommandName.RESOLVE: "solution",
    CommandName.ACCEPT: "comment",
    CommandName.REOPEN: "reason",
    CommandName.WITHDRAW: "reason",
    CommandName.RAISE_PRIORITY: "reason",
    CommandName.LOWER_PRIORITY: "reason",
    CommandName.RATE: "comment",
    CommandName.ANSWER_RATING: "answer",
    CommandName.ADD_NOTE: "note",
}
"""Which field of its command the column ``text`` fills."""
UNWRITTEN = "not in the ticket log"
"""Stands for a text that the contract wants and the log does not have."""

_IDENTIFIER: TypeAdapter[str] = TypeAdapter(Identifier)
_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)


def read(file: TextIO, zone: ZoneInfo) -> TicketLog:
    """The log's tickets; raises Faulty with every fault of the file."""
    faults: list[Fault] = []
    of_request: dict[str, list[Deed | None]] = defaultdict(list)
    for line, cells in rows(file, NEEDED, faults, COLUMNS):
        of_request[cells["request_id"]].append(_deed(line, cells, zone, faults))
    if not of_request and not faults:
        faults.append(fault(1, "row", "", "at least one row"))
    # Without a row that cannot be read, a request may only seem incomplete.
    whole = [[deed for deed in deeds if deed] for deeds in of_request.values() if all(deeds)]
    tickets = [_ticket(deeds, faults) for deeds in whole]
    if faults:
        raise Faulty(WHAT, sorted(faults, key=line_of))
    return TicketLog(tuple(ticket for ticket in tickets if ticket is not None))


def _deed(line: int, cells: dict[str, str], zone: ZoneInfo, faults: list[Fault]) -> Deed | None:
    """What one row says; None when it cannot be read, with all its faults noted."""
    before = len(faults)
    request_id = _request_id(line, cells["request_id"], faults)
    at = _instant(line, cells["at"], zone, faults)
    name = cells["command"].lower().replace("-", "_")
    if name != SUBMIT and name not in set(CommandName):
        commands = ", ".join([SUBMIT, *CommandName])
        faults.append(fault(line, "command", cells["command"], f"one of {commands}"))
        return None
    by = _by(line, name, cells.get("by", ""), faults)
    content = _content(line, name, cells, faults)
    if len(faults) > before or at is None or by is None:
        return None
    return Deed(at, request_id, name, by, content, line, cells.get("person") or UNNAMED)


def _request_id(line: int, given: str, faults: list[Fault]) -> str:
    try:
        return _IDENTIFIER.validate_python(given)
    except ValidationError:
        allowed = "letters, digits, - and _; 1 to 64"
        faults.append(fault(line, "request_id", given, allowed))
        return given


def _instant(line: int, given: str, zone: ZoneInfo, faults: list[Fault]) -> datetime | None:
    try:
        at = instant(datetime.fromisoformat(given), zone)
    except (ValueError, OverflowError):
        at = None
    if at is None or at.microsecond:
        faults.append(fault(line, "at", given, "a time in whole seconds such as 2026-03-02 09:00"))
        return None
    return at


def _by(line: int, name: str, given: str, faults: list[Fault]) -> Role | None:
    """Who gives the command: as the row says, or whose it is where only one party may give it."""
    parties = {Role.CUSTOMER} if name == SUBMIT else TRANSITIONS[CommandName(name)].by
    if not given and len(parties) == 1:
        return next(iter(parties))
    if given.lower() in set(Role):
        return Role(given.lower())
    faults.append(fault(line, "by", given, " or ".join(sorted(Role))))
    return None


def _content(line: int, name: str, cells: dict[str, str], faults: list[Fault]) -> dict[str, Any]:
    """The command's own fields, from the columns that fill them and as its model has them."""
    model: type[Command] = Submission if name == SUBMIT else MODELS[CommandName(name)]
    filled_by = {"service": "service", "priority": "priority", "assignee": "assignee", "score": "score"}
    filled_by |= {TEXT[name]: "text"} if name in TEXT else {}
    given: dict[str, Any] = {}
    for field, column in filled_by.items():
        if field in model.model_fields and cells.get(column):
            given[field] = cells[column].lower() if column in ("service", "priority") else cells[column]
    said = {filled_by[field] for field in given}
    for column in ("service", "priority", "assignee", "score", "text"):
        if cells.get(column) and column not in said:
            faults.append(fault(line, column, cells[column], f"nothing: {name} does not say this"))
    _complete(name, model, cells, given)
    head = {
        "command_id": "row",
        "at": _ANY_TIME,
        "actor": {"party": "either", "person": cells.get("person") or UNNAMED},
    }
    if model is Submission:
        head["request_id"] = "any"
    try:
        made = model.model_validate({**head, **given})
    except ValidationError as problem:
        columns = filled_by | {"actor.person": "person"}
        for column, allowed in {
            columns.get(found.path.split("[")[0], found.path): found.allowed for found in faults_of(problem)
        }.items():
            faults.append(fault(line, column, cells.get(column), allowed))
        return {}
    return {field: getattr(made, field) for field in given}


def _complete(name: str, model: type[Command], cells: dict[str, str], given: dict[str, Any]) -> None:
    """Texts the contract wants and the log does not have, lists and numbers."""
    if name == SUBMIT:
        given.setdefault("title", cells["request_id"])
    elif name in TEXT and model.model_fields[TEXT[name]].is_required():
        given.setdefault(TEXT[name], UNWRITTEN)
    if "missing" in given:
        given["missing"] = [part.strip() for part in given["missing"].split(";") if part.strip()]
    if "score" in given and given["score"].isdecimal():
        given["score"] = int(given["score"])


def _ticket(deeds: list[Deed], faults: list[Fault]) -> Ticket | None:
    """A request and what was done to it, in order of time and then of the file."""
    submissions = [deed for deed in deeds if deed.name == SUBMIT]
    if not submissions:
        request = deeds[0].request_id
        faults.append(fault(deeds[0].line, "command", f"no {SUBMIT} of {request}", f"one {SUBMIT}"))
        return None
    first, *again = submissions
    faults += [
        fault(deed.line, "command", f"{SUBMIT} again", f"one {SUBMIT}; it is on line {first.line}")
        for deed in again
    ]
    others = sorted((deed for deed in deeds if deed.name != SUBMIT), key=lambda deed: (deed.at, deed.line))
    faults += [
        fault(deed.line, "at", deed.at.isoformat(), f"not before the {SUBMIT} at {first.at.isoformat()}")
        for deed in others
        if deed.at < first.at
    ]
    return Ticket(
        request_id=first.request_id,
        service=first.content["service"],
        priority=first.content.get("priority", Priority.NORMAL),
        submitted_at=first.at,
        deeds=tuple(others),
        line=first.line,
        title=first.content["title"],
        person=first.person,
    )

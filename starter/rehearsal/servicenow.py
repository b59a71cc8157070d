"""Reading a ServiceNow incident event log (``--format servicenow``) as deeds.

Rows of an incident go in order of ``sys_updated_at``, then of the file; times are in the term sheet's
zone. An incident is submitted at ``opened_at``, or at its first row if that is earlier, with that row's
priority. Its first row in a state other than New confirms, assigns and responds; a run of Awaiting User
Info asks for materials at its first row and provides them at the next row in another state; Resolved, or
Closed without it, resolves; a row in another state after Resolved reopens; Closed accepts, and what
follows is ignored; a changed priority raises or lowers; everything else is a note.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from contract.commands import CommandName as C
from contract.faults import Fault, Faulty
from contract.parties import Role
from contract.terms import Priority, Service
from starter.rehearsal.log import Deed, Ticket, TicketLog

COLUMNS = ("number", "incident_state", "opened_at", "sys_updated_at", "priority")
NEW, AWAITING_USER, RESOLVED, CLOSED = "New", "Awaiting User Info", "Resolved", "Closed"
PRIORITIES = {"1": Priority.CRITICAL, "2": Priority.HIGH, "3": Priority.NORMAL, "4": Priority.LOW}


@dataclass(frozen=True, slots=True)
class Row:
    line: int
    number: str
    state: str
    opened_at: datetime
    updated_at: datetime
    priority: Priority


def read(file: TextIO, zone: ZoneInfo) -> TicketLog:
    """The log's tickets; raises Faulty with every row that cannot be read."""
    incidents: dict[str, list[Row]] = {}
    faults: list[Fault] = []
    reader = csv.DictReader(file)
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
    if missing:
        raise Faulty(
            "ticket log",
            [Fault(path=name, clause="log", given="no such column", allowed="a column") for name in missing],
        )
    for line, fields in enumerate(reader, start=2):
        row = _row(line, fields, zone, faults)
        if row is not None:
            incidents.setdefault(row.number, []).append(row)
    if faults:
        raise Faulty("ticket log", faults)
    return TicketLog(tuple(_ticket(rows) for rows in incidents.values()))


def _row(line: int, fields: dict[str, str], zone: ZoneInfo, faults: list[Fault]) -> Row | None:
    found: dict[str, datetime] = {}
    before = len(faults)
    for name in ("opened_at", "sys_updated_at"):
        try:
            local = datetime.strptime(fields[name] or "", "%d-%m-%Y %H:%M").replace(tzinfo=zone)
            found[name] = local.astimezone(UTC)
        except ValueError:
            _fault(faults, line, name, fields[name], "a time as dd-mm-yyyy HH:MM")
    priority = PRIORITIES.get((fields["priority"] or "")[:1])
    if priority is None:
        _fault(faults, line, "priority", fields["priority"], "a priority that begins with 1, 2, 3 or 4")
    if not fields["number"] or not fields["incident_state"]:
        _fault(faults, line, "number, incident_state", "nothing", "a value")
    if len(faults) > before or priority is None:
        return None
    return Row(
        line,
        fields["number"],
        fields["incident_state"],
        found["opened_at"],
        found["sys_updated_at"],
        priority,
    )


def _fault(faults: list[Fault], line: int, column: str, given: str | None, allowed: str) -> None:
    faults.append(
        Fault(path=f"line {line}, {column}", clause="log", given=given or "nothing", allowed=allowed)
    )


def _ticket(rows: list[Row]) -> Ticket:
    rows = sorted(rows, key=lambda row: (row.updated_at, row.line))
    first = rows[0]
    return Ticket(
        request_id=first.number,
        service=Service.PROBLEM_RESOLUTION,
        priority=first.priority,
        submitted_at=min(first.opened_at, first.updated_at),
        deeds=tuple(_deeds(rows)),
        line=first.line,
    )


def _deeds(rows: Iterable[Row]) -> Iterator[Deed]:
    taken_up = waiting = resolved = False
    priority: Priority | None = None
    for row in rows:
        said = False

        def deed(name: C, by: Role, **content: object) -> Deed:
            return Deed(row.updated_at, row.number, name.value, by, dict(content), row.line)  # noqa: B023

        if row.state != NEW and not taken_up:
            taken_up = said = True
            yield deed(C.CONFIRM, Role.PROVIDER)
            yield deed(C.ASSIGN, Role.PROVIDER, assignee="service desk")
            yield deed(C.RESPOND, Role.PROVIDER, message=f"state {row.state}")
        if waiting and row.state != AWAITING_USER:
            waiting, said = False, True
            yield deed(C.PROVIDE_MATERIALS, Role.CUSTOMER, materials="information given")
        if resolved and row.state not in (RESOLVED, CLOSED):
            resolved, said = False, True
            yield deed(C.REOPEN, Role.CUSTOMER, reason=f"state {row.state}")
        if row.state == AWAITING_USER and not waiting:
            waiting = said = True
            yield deed(C.ASK_FOR_MATERIALS, Role.PROVIDER, missing=["information from the user"])
        if priority is not None and row.priority is not priority:
            said = True
            if row.priority.rank < priority.rank:
                yield deed(C.RAISE_PRIORITY, Role.PROVIDER, priority=row.priority)
            else:
                yield deed(C.LOWER_PRIORITY, Role.CUSTOMER, priority=row.priority)
        priority = row.priority
        if row.state in (RESOLVED, CLOSED) and not resolved:
            resolved = said = True
            yield deed(C.RESOLVE, Role.PROVIDER, solution=f"state {row.state}")
        if row.state == CLOSED:
            yield deed(C.ACCEPT, Role.CUSTOMER)
            return
        if not said:
            yield deed(C.ADD_NOTE, Role.PROVIDER, note=f"state {row.state}")

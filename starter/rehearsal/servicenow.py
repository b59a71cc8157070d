"""Reading a ServiceNow incident event log (``--format servicenow``) as deeds.

Rows of an incident go in order of ``sys_updated_at``, then of the file; times are in the term sheet's
zone. An incident is submitted at ``opened_at``, or at its first row if that is earlier, with that row's
priority. Its first row in a state other than New confirms, assigns and responds; a run of Awaiting User
Info asks for materials at its first row and provides them at the next row in another state; Resolved, or
Closed without it, resolves; a row in another state after Resolved reopens; Closed accepts, and what
follows is ignored; a changed priority raises or lowers; everything else is a note.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from contract.commands import CommandName as C
from contract.faults import Fault, Faulty
from contract.parties import Role
from contract.terms import Priority, Service
from starter.given import instant
from starter.rehearsal.log import Deed, Ticket, TicketLog
from starter.rehearsal.rows import WHAT, fault, rows

COLUMNS = ("number", "incident_state", "opened_at", "sys_updated_at", "priority")
NEW, AWAITING_USER, RESOLVED, CLOSED = "New", "Awaiting User Info", "Resolved", "Closed"
NUMBER = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
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
    for line, cells in rows(file, COLUMNS, faults):
        row = _row(line, cells, zone, faults)
        if row is not None:
            incidents.setdefault(row.number, []).append(row)
    if not incidents and not faults:
        faults.append(fault(1, "row", "", "at least one row"))
    if faults:
        raise Faulty(WHAT, faults)
    return TicketLog(tuple(_ticket(of_one) for of_one in incidents.values()))


def _row(line: int, cells: dict[str, str], zone: ZoneInfo, faults: list[Fault]) -> Row | None:
    found: dict[str, datetime] = {}
    before = len(faults)
    for name in ("opened_at", "sys_updated_at"):
        try:
            # Of a local time its zone makes an instant.
            found[name] = instant(datetime.strptime(cells[name], "%d-%m-%Y %H:%M"), zone)  # noqa: DTZ007
        except (ValueError, OverflowError):
            faults.append(fault(line, name, cells[name], "a time as dd-mm-yyyy HH:MM"))
    priority = PRIORITIES.get(cells["priority"][:1])
    if priority is None:
        allowed = "a priority that begins with 1, 2, 3 or 4"
        faults.append(fault(line, "priority", cells["priority"], allowed))
    if not NUMBER.match(cells["number"]):
        faults.append(fault(line, "number", cells["number"], "letters, digits, - and _; 1 to 64"))
    if not cells["incident_state"]:
        faults.append(fault(line, "incident_state", "", "a state such as New, Active or Resolved"))
    if len(faults) > before or priority is None:
        return None
    return Row(
        line,
        cells["number"],
        cells["incident_state"],
        found["opened_at"],
        found["sys_updated_at"],
        priority,
    )


def _ticket(of_one: list[Row]) -> Ticket:
    of_one = sorted(of_one, key=lambda row: (row.updated_at, row.line))
    first = of_one[0]
    return Ticket(
        request_id=first.number,
        service=Service.PROBLEM_RESOLUTION,
        priority=first.priority,
        submitted_at=min(first.opened_at, first.updated_at),
        deeds=tuple(_deeds(of_one)),
        line=first.line,
    )


def _deeds(of_one: Iterable[Row]) -> Iterator[Deed]:
    taken_up = waiting = resolved = False
    priority: Priority | None = None
    for row in of_one:
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

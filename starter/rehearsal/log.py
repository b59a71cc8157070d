"""A ticket log as deeds: what was done to which request, when, in order of time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contract.faults import Fault
from contract.parties import Role
from contract.terms import Priority, Service

SUBMIT = "submit"
UNNAMED = "ticket log"
"""In whose name a person acts whom the log does not name."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing done to one request. ``name`` is a command's name, or ``submit``."""

    at: datetime
    request_id: str
    name: str
    by: Role
    content: dict[str, Any] = field(default_factory=dict)
    line: int = 0
    """Where in the log it came from, for messages."""
    person: str = UNNAMED


@dataclass(frozen=True, slots=True)
class Ticket:
    """A request of the log, as submitted, with what was done to it afterwards, in order."""

    request_id: str
    service: Service
    priority: Priority
    submitted_at: datetime
    deeds: tuple[Deed, ...]
    line: int = 0
    title: str = ""
    """Empty: the request's id stands for it."""
    person: str = UNNAMED


@dataclass(frozen=True, slots=True)
class TicketLog:
    """All tickets of a log, and what in it could not be read as the contract's commands."""

    tickets: tuple[Ticket, ...]
    unreadable: tuple[Fault, ...] = ()

    @property
    def first(self) -> datetime:
        return min(ticket.submitted_at for ticket in self.tickets)

    @property
    def last(self) -> datetime:
        return max((ticket.deeds[-1].at if ticket.deeds else ticket.submitted_at) for ticket in self.tickets)

    def __len__(self) -> int:
        return len(self.tickets) + sum(len(ticket.deeds) for ticket in self.tickets)


def in_order(log: TicketLog) -> list[list[Deed]]:
    """All deeds in groups of one instant, in order of time; each ticket's own order is kept."""
    groups: dict[datetime, list[Deed]] = {}
    for deed in sorted(_all(log.tickets), key=lambda deed: deed.at):
        groups.setdefault(deed.at, []).append(deed)
    return list(groups.values())


def _all(tickets: Iterable[Ticket]) -> Iterable[Deed]:
    for ticket in tickets:
        yield Deed(
            at=ticket.submitted_at,
            request_id=ticket.request_id,
            name=SUBMIT,
            by=Role.CUSTOMER,
            content={
                "service": ticket.service,
                "priority": ticket.priority,
                "title": ticket.title or ticket.request_id,
            },
            line=ticket.line,
            person=ticket.person,
        )
        yield from ticket.deeds

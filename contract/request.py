"""The life of a service request: its states and who may do what in each (contract §7, C6).

One table. The workflow's errors, the diagram in the documents and the tests are made from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from contract.commands import Command, RequestCommand
from contract.commands import CommandName as C
from contract.parties import Role


class RequestState(StrEnum):
    SUBMITTED = "submitted"
    CONFIRMED = "confirmed"
    ASSIGNED = "assigned"
    RESPONDED = "responded"
    WAITING = "waiting"
    """For materials the customer owes (C5.4)."""
    RESOLVED = "resolved"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"

    @property
    def is_open(self) -> bool:
        return self not in FINISHED


S = RequestState
FINISHED = frozenset({S.CLOSED, S.WITHDRAWN})
WORKING = (S.SUBMITTED, S.CONFIRMED, S.ASSIGNED, S.RESPONDED, S.WAITING)


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may give a command, in which states, and where it leads (None: the state stays)."""

    by: frozenset[Role]
    states: tuple[RequestState, ...]
    leads_to: RequestState | None
    clause: str


_PROVIDER = frozenset({Role.PROVIDER})
_CUSTOMER = frozenset({Role.CUSTOMER})
_EITHER = frozenset(Role)

TRANSITIONS: dict[C, Rule] = {
    C.CONFIRM: Rule(_PROVIDER, (S.SUBMITTED,), S.CONFIRMED, "C6.1.2"),
    C.ASSIGN: Rule(_PROVIDER, (S.CONFIRMED,), S.ASSIGNED, "C6.1.2"),
    C.REASSIGN: Rule(_PROVIDER, (S.ASSIGNED, S.RESPONDED, S.WAITING), None, "C6.1.2"),
    C.RESPOND: Rule(_PROVIDER, (S.ASSIGNED,), S.RESPONDED, "C6.2.1"),
    C.NOTE_DIAGNOSIS: Rule(_PROVIDER, (S.ASSIGNED, S.RESPONDED, S.WAITING), None, "C6.2.2"),
    C.ASK_FOR_MATERIALS: Rule(_PROVIDER, (S.RESPONDED,), S.WAITING, "C5.4"),
    C.PROVIDE_MATERIALS: Rule(_CUSTOMER, (S.WAITING,), S.RESPONDED, "C5.4"),
    C.RESOLVE: Rule(_PROVIDER, (S.RESPONDED, S.WAITING), S.RESOLVED, "C6.2.2"),
    C.ACCEPT: Rule(_CUSTOMER, (S.RESOLVED,), S.CLOSED, "C6.2.2"),
    C.REOPEN: Rule(_CUSTOMER, (S.RESOLVED,), S.RESPONDED, "C6.2.2"),
    C.WITHDRAW: Rule(_CUSTOMER, (*WORKING, S.RESOLVED), S.WITHDRAWN, "C6.1.1"),
    C.RAISE_PRIORITY: Rule(_PROVIDER, WORKING, None, "C5.2"),
    C.LOWER_PRIORITY: Rule(_CUSTOMER, WORKING, None, "C5.2"),
    C.RATE: Rule(_CUSTOMER, (S.CLOSED, S.WITHDRAWN), None, "C5.5"),
    C.ANSWER_RATING: Rule(_PROVIDER, (S.CLOSED, S.WITHDRAWN), None, "C5.5"),
    C.ADD_NOTE: Rule(_EITHER, tuple(S), None, "C6.2.3"),
}


def clause_of_command(model: type[Command]) -> str:
    """The clause that a command is given under."""
    return TRANSITIONS[model.name].clause if issubclass(model, RequestCommand) else model.clause


def commands_in(state: RequestState, by: Role | None = None) -> list[str]:
    """What a state allows, in the table's order; for one party when given."""
    return [
        name.value
        for name, rule in TRANSITIONS.items()
        if state in rule.states and (by is None or by in rule.by)
    ]

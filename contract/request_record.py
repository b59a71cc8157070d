"""A request read back from its events: the facts that its workflow lived by, from the record alone (C6.2.3).

The commands among the events are applied again, by the rules that applied them; so whoever reads the record
has the clocks, pauses and budgets, and not only what was said of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from pydantic import TypeAdapter

from contract.clock import ServiceWindow
from contract.commands import MODELS, AnyRequestCommand, Submission
from contract.facts import Event, EventKind
from contract.judging import close_by_itself
from contract.open_requests import open_request
from contract.outcome import Outcome
from contract.request_file import RequestFile, RequestTerms
from contract.request_life import EVENT_OF, apply, apply_suspension, open_file
from contract.taken_over import OpenRequest
from contract.values import TICK, Instant

_COMMANDS = {kind: MODELS[name] for name, kind in EVENT_OF.items()}
_SUSPENDED = {EventKind.CLOCKS_STOPPED, EventKind.CLOCKS_RAN_ON}
_INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)
_SPAN: TypeAdapter[datetime | None] = TypeAdapter(Instant | None)


def request_from(
    agreement_id: str, request_id: str, events: Sequence[Event], terms: RequestTerms, window: ServiceWindow
) -> RequestFile:
    """The file of a request as its events tell it, the first of which is how it came here.

    ``window`` is the service time it rests on. What was announced and posted is not in it (``said``). Raises
    ValueError when the events begin with something else, Refused for events that the rules do not allow.
    """
    file = _begun(agreement_id, request_id, events[0], terms, window)
    for event in events[1:]:
        _take(file, event)
    file.seq = events[-1].seq
    return file


def submitted_at(first: Event) -> datetime:
    """When a request was submitted, by its first event: also of one that was taken over later."""
    if first.kind is EventKind.REQUEST_TAKEN_OVER:
        return _INSTANT.validate_python(first.payload["submitted_at"])
    return first.at


def _begun(
    agreement_id: str, request_id: str, first: Event, terms: RequestTerms, window: ServiceWindow
) -> RequestFile:
    match first.kind:
        case EventKind.SUBMITTED:
            submission = Submission.model_validate(_told(first))
            return open_file(agreement_id, submission, terms, window)[0]
        case EventKind.REQUEST_TAKEN_OVER:
            given = OpenRequest.model_validate(first.payload | {"request_id": request_id})
            # Since when commands could be told is of no matter for those that were taken.
            return open_request(agreement_id, given, terms, window, first.at, first.at)[0]
        case _:
            raise ValueError("a request begins with its submission, or by being taken over")


def _take(file: RequestFile, event: Event) -> None:
    if event.kind in _COMMANDS:
        command = _COMMANDS[event.kind].model_validate(_told(event))
        apply(file, cast(AnyRequestCommand, command), event.at)
    elif event.kind is EventKind.CLOSED_BY_ITSELF:
        close_by_itself(file, event.at + TICK, Outcome())
    elif event.kind in _SUSPENDED:
        begin, end = (_SPAN.validate_python(event.payload[name]) for name in ("from", "to"))
        assert begin is not None
        apply_suspension(file, begin, end)


def _told(event: Event) -> dict[str, object]:
    """The command that an event tells of."""
    return {
        "command_id": event.command_id,
        "at": event.at,
        "actor": {"party": event.party, "person": event.person},
        **event.payload,
    }

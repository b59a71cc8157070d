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
from contract.outcome import Outcome
from contract.request_file import RequestFile, RequestTerms
from contract.request_life import EVENT_OF, apply, apply_suspension, open_file
from contract.values import TICK, Instant

_COMMANDS = {kind: MODELS[name] for name, kind in EVENT_OF.items()}
_SUSPENDED = {EventKind.CLOCKS_STOPPED, EventKind.CLOCKS_RAN_ON}
_SPAN: TypeAdapter[datetime | None] = TypeAdapter(Instant | None)


def request_from(
    agreement_id: str, events: Sequence[Event], terms: RequestTerms, window: ServiceWindow
) -> RequestFile:
    """The file of a request as its events tell it, the first of which is its submission.

    ``window`` is the service time it rests on. What was announced and posted is not in it (``said``). Raises
    ValueError when the events do not begin with a submission, Refused for events that the rules do not allow.
    """
    if not events or events[0].kind is not EventKind.SUBMITTED:
        raise ValueError("the events of a request begin with its submission")
    submission = Submission.model_validate(_told(events[0]))
    file, _ = open_file(agreement_id, submission, terms, window)
    for event in events[1:]:
        _take(file, event)
    file.seq = events[-1].seq
    return file


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

"""What operators look at: what is due next, what asks for a person, what is stuck, what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from rich.console import RenderableType
from rich.table import Table

from contract.deadlines import CLAUSES
from contract.facts import RequestSnapshot
from records.results import Attention, AttentionKind
from starter.operating.reconciling import Difference, Reconciled
from starter.operating.retrying import Outcome, Step
from starter.operating.stuck import Stuck
from starter.operating.verifying import Verified
from starter.showing.paper import (
    BAD,
    DIM,
    GOOD,
    NOTED,
    NOTHING,
    PROVISIONAL,
    marked,
    span,
    table,
    words,
)


class Urgency(StrEnum):
    """How near a due is."""

    PASSED = "passed"
    """And not judged yet: on the way, or the engine stands still."""
    NOW = "now"
    """Within a quarter of an hour."""
    SOON = "soon"
    """Within the hour."""
    LATER = "later"


URGENCY = {Urgency.PASSED: f"{BAD} reverse", Urgency.NOW: BAD, Urgency.SOON: NOTED, Urgency.LATER: ""}


def urgency(left: timedelta) -> Urgency:
    """How near a due is by the time that is left."""
    if left < timedelta(0):
        return Urgency.PASSED
    if left <= timedelta(minutes=15):
        return Urgency.NOW
    return Urgency.SOON if left <= timedelta(hours=1) else Urgency.LATER


def countdown(left: timedelta) -> str:
    """``1 h 12 min``, ``passed 3 min ago``; below a minute in seconds, above two days in hours."""
    if left < timedelta(0):
        return f"passed {_roughly(-left)} ago"
    return _roughly(left)


def _roughly(length: timedelta) -> str:
    if length < timedelta(minutes=1):
        unit = timedelta(seconds=1)
    elif length < timedelta(days=2):
        unit = timedelta(minutes=1)
    else:
        unit = timedelta(hours=1)
    return span(length // unit * unit)


def local(at: datetime, zone: ZoneInfo) -> str:
    """An instant of these weeks in a contract's zone, with its offset: several contracts stand together."""
    found = at.astimezone(zone)
    return f"{found:%m-%d %H:%M} {found.isoformat()[-6:]}"


def at_risk(views: Sequence[RequestSnapshot], now: datetime, zones: Mapping[str, ZoneInfo]) -> Table:
    """Requests by their next due."""
    note = f"{_counted(len(views), 'request')}; the contract's time"
    if any(view.provisional for view in views):
        note += f"; ~ {PROVISIONAL}, rests on a year not announced yet"
    columns = ("left", "due", "target", "agreement", "request", "priority", "assignee")
    made = table("At risk", *columns, note=note)
    for column in made.columns[:-1]:
        column.no_wrap = True
    for view in views:
        if view.next_due is None or view.next_target is None:
            continue
        left = view.next_due - now
        made.add_row(
            marked(("~" if view.provisional else "") + countdown(left), URGENCY[urgency(left)]),
            local(view.next_due, zones[view.agreement_id]),
            f"{view.next_target} {CLAUSES[view.next_target]}",
            view.agreement_id,
            view.request_id,
            view.priority.value,
            view.assignee or marked("nobody", NOTED),
        )
    return made


_TO_COME = {AttentionKind.OFFER_LAPSING, AttentionKind.AGREEMENT_ENDING}


def attention(found: Sequence[Attention], now: datetime, zones: Mapping[str, ZoneInfo]) -> Table:
    """What asks for a person."""
    made = table(
        "Asks for a person",
        *("what", "clause", "agreement", "request", "assignee", "since or until", "", ""),
        note=f"{_counted(len(found), 'thing')}; the contract's time",
    )
    for one in found:
        passed = span((abs(now - one.since)) // timedelta(minutes=1) * timedelta(minutes=1))
        made.add_row(
            marked(words(one.kind), NOTED if one.kind in _TO_COME else BAD),
            one.clause,
            one.agreement_id,
            one.request_id or NOTHING,
            one.assignee or NOTHING,
            local(one.since, zones[one.agreement_id]),
            f"in {passed}" if one.since > now else f"for {passed}",
            one.what,
        )
    return made


def stuck(found: Sequence[Stuck], now: datetime) -> Table:
    """What keeps workflows from getting on."""
    made = table(
        "Stuck",
        *("workflow", "trouble", "what", "for", "tries", "next try", "last error"),
        right=["tries"],
        note=_counted(len({one.workflow_id for one in found}), "workflow"),
    )
    for one in found:
        made.add_row(
            one.workflow_id,
            marked(words(one.trouble), BAD),
            one.what,
            _roughly(max(now - one.since, timedelta(0))),
            NOTHING if one.attempt is None else str(one.attempt),
            NOTHING if one.next_try is None else f"in {_roughly(max(one.next_try - now, timedelta(0)))}",
            NOTHING if one.error is None else f"{one.error}: {one.message}",
        )
    return made


_OUTCOMES = {
    Outcome.PLANNED: NOTED,
    Outcome.DONE: GOOD,
    Outcome.UNDER_WAY: NOTED,
    Outcome.FAILED: BAD,
    Outcome.LEFT: NOTED,
}


def steps(found: Sequence[Step]) -> Table:
    """What was, or would be, done about what is stuck."""
    made = table("Set going again", "workflow", "trouble", "what", "remedy", "outcome", "")
    for step in found:
        made.add_row(
            step.workflow_id,
            words(step.trouble),
            step.what,
            NOTHING if step.remedy is None else words(step.remedy),
            marked(words(step.outcome), _OUTCOMES[step.outcome]),
            step.message or "",
        )
    return made


def reconciled(result: Reconciled) -> list[RenderableType]:
    """In what record and engine differ, and how much was compared."""
    lines: list[RenderableType] = []
    if result.differences:
        made = table("Differences", "workflow", "in", "field", "on record", "in the engine")
        for one in result.differences:
            made.add_row(
                one.workflow_id,
                marked(words(one.kind), BAD),
                one.field or NOTHING,
                _value(one, "record"),
                _value(one, "engine"),
            )
        lines += [made, ""]
    if result.unanswered:
        made = table("Did not answer (`aftercare ops stuck` says why)", "workflow")
        for workflow_id in result.unanswered:
            made.add_row(workflow_id)
        lines += [made, ""]
    verdict = (
        marked(_counted(len(result.differences), "difference"), BAD)
        if result.differences
        else marked("no differences", GOOD)
    )
    gone = f", {result.gone} over and no longer kept by the engine" if result.gone else ""
    return [*lines, verdict, marked(f"{_counted(result.compared, 'workflow')} compared{gone}", DIM)]


def _value(one: Difference, side: str) -> str:
    value = getattr(one, side)
    if isinstance(value, dict):
        return f"{value['amount']} {value['currency']}"
    return NOTHING if value is None else str(value)


def verified(found: Sequence[Verified]) -> list[RenderableType]:
    """What the hash chains came to, per agreement, and the first wrong row of each broken one."""
    made = table("Hash chains (C6.2.3)", "agreement", "chains", "events", "", right=["chains", "events"])
    broken = table("First rows that are not what was recorded", "workflow", "event", "", right=["event"])
    for one in found:
        verdict = (
            marked("sound", GOOD)
            if one.sound
            else marked(_counted(len(one.faults), "chain") + " broken", BAD)
        )
        made.add_row(one.agreement_id, str(one.workflows), str(one.events), verdict)
        for fault in one.faults:
            broken.add_row(fault.workflow_id, str(fault.seq), marked(fault.reason, BAD))
    return [made, "", broken] if broken.row_count else [made]


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"

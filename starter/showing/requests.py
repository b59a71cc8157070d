"""Service requests for people: one with its clocks, penalties and timeline; several as a list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from contract.deadlines import CLAUSES
from contract.facts import EventKind, RequestSnapshot
from contract.parties import Role
from contract.request import RequestState
from contract.snapshots import commands_possible
from contract.terms import Priority, Target, TermSheet
from contract.values import normalised
from records.results import RequestRecord
from starter.showing import penalties
from starter.showing.paper import (
    BAD,
    DIM,
    GOOD,
    NOTED,
    NOTHING,
    PROVISIONAL,
    briefly,
    exactly,
    facts,
    marked,
    span,
    table,
    words,
)
from starter.showing.timeline import timeline
from workflows.payloads import Receipt

S = RequestState

_STYLES = {S.WAITING: NOTED, S.RESOLVED: GOOD, S.CLOSED: DIM, S.WITHDRAWN: DIM}

_BEGAN = {EventKind.SUBMITTED, EventKind.REQUEST_TAKEN_OVER}
_SET_PRIORITY = {*_BEGAN, EventKind.PRIORITY_RAISED, EventKind.PRIORITY_LOWERED}

_RUNNING = {
    S.SUBMITTED: tuple(Target),
    S.CONFIRMED: (Target.RESPOND, Target.RESOLVE),
    S.ASSIGNED: (Target.RESPOND, Target.RESOLVE),
    S.RESPONDED: (Target.RESOLVE,),
    S.WAITING: (Target.RESOLVE,),
}
"""The targets still to be met in each state."""


def receipt_lines(receipt: Receipt, zone: ZoneInfo) -> str:
    """The answer to a command: where the request stands, and what falls due."""
    lines = [f"request {receipt.request_id}: {receipt.state}"]
    due = {
        Target.CONFIRM: receipt.confirm_due,
        Target.RESPOND: receipt.respond_due,
        Target.RESOLVE: receipt.resolve_due,
    }
    for target in _RUNNING.get(RequestState(receipt.state), ()):
        at = due[target]
        if at is not None:
            lines.append(f"  {target} due {exactly(at, zone)}")
        elif receipt.state == S.WAITING:
            lines.append(f"  {target} due: the clock is paused (C5.4)")
    if receipt.provisional and len(lines) > 1:
        lines.append(f"  {PROVISIONAL}: rests on a year whose make-up workdays are not announced yet")
    return "\n".join(lines)


def request(
    record: RequestRecord, terms: TermSheet, now: datetime, provisional_from: datetime | None
) -> list[RenderableType]:
    """One request, with everything on record about it."""
    zone = ZoneInfo(terms.time_zone)
    view = record.request
    rows: list[tuple[str, RenderableType]] = [
        ("request", f"{view.request_id} of agreement {view.agreement_id}"),
        ("title", view.title),
        ("state", marked(view.state.value, _STYLES.get(view.state, ""))),
        ("service", words(view.service)),
        ("priority", view.priority.value),
        ("submitted", exactly(view.submitted_at, zone)),
    ]
    if view.assignee is not None:
        rows.append(("assigned to", view.assignee))
    if view.rating is not None:
        rows.append(("rating", f"{view.rating} of 5{_follow_up(view, zone)}"))
    rows.append(("terms", f"version {view.terms_version}"))
    for role in Role:
        may = commands_possible(view, role, now, terms.rating_days)
        rows.append((f"the {role} may", ", ".join(map(words, may)) or "nothing"))
    shown: list[RenderableType] = [facts(rows), "", clocks(record, terms, provisional_from)]
    if record.entries:
        title = "Penalties (C8.1)"
        shown += ["", penalties.lines(title, record.entries, zone, of_one_request=True)]
    return [*shown, "", timeline([row.event for row in record.events], zone)]


def _follow_up(view: RequestSnapshot, zone: ZoneInfo) -> str:
    if view.follow_up_due is None:
        return ""
    if view.follow_up_answered_at is not None:
        return f", answered {exactly(view.follow_up_answered_at, zone)} (C5.5)"
    return f", an answer is due {exactly(view.follow_up_due, zone)} (C5.5)"


def clocks(record: RequestRecord, terms: TermSheet, provisional_from: datetime | None) -> Table:
    """The targets: what was promised, when it falls due, when it was met."""
    view = record.request
    zone = ZoneInfo(terms.time_zone)
    made = table(f"Clocks, {zone.key}", "target", "clause", "budget", "due", "met", "", right=["budget"])
    for target in Target:
        due, met, late = _clock(view, target)
        hours = terms.targets.hours(target, view.service, _priority_that_counts(record, target))
        marks = Text("")
        if late:
            marks.append(f"late{_delay(view)}" if target is Target.RESOLVE else "late", BAD)
        elif met is not None:
            marks.append("on time", GOOD)
        elif hours is None:
            marks.append("not promised", DIM)
        elif view.state is S.WITHDRAWN:
            marks.append("withdrawn", DIM)
        elif due is None:
            marks.append("paused", NOTED)
        else:
            marks.append("running")
        if due is not None and provisional_from is not None and due >= provisional_from:
            marks.append(f", {PROVISIONAL}", NOTED)
        budget = NOTHING if hours is None else f"{normalised(hours)} h"
        made.add_row(target.value, CLAUSES[target], budget, briefly(due, zone), briefly(met, zone), marks)
    return made


def _priority_that_counts(record: RequestRecord, target: Target) -> Priority:
    """The priority a target is measured by: once it is met or judged, a change leaves it alone (§3)."""
    due, met, late = _clock(record.request, target)
    judged = due if late else met
    events = [row.event for row in record.events]
    found = record.request.priority
    if target is not Target.RESOLVE and judged is not None:
        # What was met before the request was taken over is measured by the priority it was taken over with.
        counted = [e for e in events if e.kind in _SET_PRIORITY and (e.at <= judged or e.kind in _BEGAN)]
        found = Priority(counted[-1].payload["priority"])
    return found


def _delay(view: RequestSnapshot) -> str:
    """How late the solution is, and the started days that a penalty counts (C8.1.2).

    How late is on record as of the last event: while the clock runs on, only the days are up to date.
    """
    days = "1 started day" if view.delay_days == 1 else f"{view.delay_days} started days"
    if view.resolved_at is None and view.state.is_open:
        return f", {'paused' if view.state is S.WAITING else 'running'}, {days} so far"
    return f" by {span(timedelta(seconds=view.delay_seconds))}, {days}"


def _clock(view: RequestSnapshot, target: Target) -> tuple[datetime | None, datetime | None, bool]:
    """Due, met, late."""
    return {
        Target.CONFIRM: (view.confirm_due, view.confirmed_at, view.confirm_late),
        Target.RESPOND: (view.respond_due, view.responded_at, view.response_late),
        Target.RESOLVE: (view.resolve_due, view.resolved_at, view.resolution_late),
    }[target]


def requests(views: Sequence[RequestSnapshot], zone: ZoneInfo) -> Table:
    """Requests in order of their submission."""
    made = table(
        "Requests",
        *("request", "state", "priority", "service", "submitted", "next due", "late", "assignee", "title"),
        note=f"{len(views)} request{'' if len(views) == 1 else 's'}; times in {zone.key}",
    )
    for view in views:
        made.add_row(
            view.request_id,
            marked(view.state.value, _STYLES.get(view.state, "")),
            view.priority.value,
            words(view.service),
            f"{view.submitted_at.astimezone(zone):%Y-%m-%d %H:%M}",
            _next(view, zone),
            marked(_late(view), BAD),
            view.assignee or NOTHING,
            view.title,
        )
    return made


def _next(view: RequestSnapshot, zone: ZoneInfo) -> str:
    if view.next_due is None or view.next_target is None:
        return NOTHING
    provisional = f", {PROVISIONAL}" if view.provisional else ""
    return f"{view.next_target} {view.next_due.astimezone(zone):%Y-%m-%d %H:%M}{provisional}"


def _late(view: RequestSnapshot) -> str:
    late = []
    if view.confirm_late:
        late.append("confirm")
    if view.response_late:
        late.append("respond")
    if view.resolution_late:
        late.append(f"resolve {view.delay_days} d")
    return ", ".join(late)

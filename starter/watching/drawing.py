"""What the live view shows, as text: plain functions of what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from rich.table import Table
from rich.text import Text

from contract.deadlines import CLAUSES
from contract.facts import RequestSnapshot
from contract.request import RequestState
from contract.terms import Priority, Target
from records.results import RecordedEvent, RequestRecord
from starter.showing.operations import URGENCY, countdown, urgency
from starter.showing.paper import BAD, DIM, NOTED, NOTHING, PROVISIONAL, facts, span, table, words

BAR = 12
"""Columns of the longest bar."""

_PRIORITIES = {Priority.CRITICAL: BAD, Priority.HIGH: NOTED, Priority.NORMAL: "", Priority.LOW: DIM}


def left(view: RequestSnapshot, now: datetime) -> Text:
    """The time left, coloured by urgency; ``~`` marks a provisional due."""
    if view.next_due is None:
        return Text(NOTHING)
    rest = (view.next_due - now) // timedelta(seconds=1) * timedelta(seconds=1)
    shown = _ticking(rest) if abs(rest) < timedelta(hours=24) else countdown(rest)
    return Text(("~" if view.provisional else "") + shown, URGENCY[urgency(rest)], justify="right")


def _ticking(rest: timedelta) -> str:
    """``1:04:09``, with a sign when it has passed."""
    minutes, seconds = divmod(int(abs(rest).total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    sign = "-" if rest < timedelta(0) else ""
    return f"{sign}{hours}:{minutes:02}:{seconds:02}"


def row(view: RequestSnapshot, now: datetime) -> list[Text]:
    """The cells of one request that falls due."""
    target = view.next_target
    return [
        left(view, now),
        Text(NOTHING if target is None else f"{target} {CLAUSES[target]}"),
        Text(view.agreement_id),
        Text(view.request_id),
        Text(view.priority.value, _PRIORITIES[view.priority]),
        Text(view.assignee, no_wrap=True) if view.assignee else Text("nobody", NOTED),
    ]


def breaches(found: Sequence[RecordedEvent], now: datetime) -> Text:
    """Breaches, the newest first; those of the last minutes stand out."""
    lines = []
    for breach in found:
        ids = breach.workflow_id.removeprefix("request/")
        fresh = now - breach.recorded_at < timedelta(minutes=5)
        target = str(breach.event.payload.get("target", ""))
        lines.append(
            Text.assemble(
                (f"{breach.recorded_at:%H:%M} ", DIM),
                (f"{target:<8}", BAD if fresh else "red"),
                (ids, "bold" if fresh else ""),
            )
        )
    return Text("\n").join(lines) if lines else Text("none in the last 24 hours", DIM)


def states(counts: dict[RequestState, int]) -> Text:
    """How many requests are in each state, with bars."""
    if not counts:
        return Text("none", DIM)
    most = max(counts.values())
    lines = []
    for state, count in counts.items():
        bar = "█" * max(1, round(count * BAR / most))
        style = NOTED if state is RequestState.WAITING else "cyan"
        lines.append(Text.assemble(f"{state.value:<10}", (f"{bar:<{BAR}}", style), f"{count:>6}"))
    return Text("\n").join(lines)


def throughput(per_minute: Sequence[int], breaches_: int) -> Text:
    """The hour in numbers."""
    return Text.assemble(
        ("now ", DIM),
        f"{per_minute[-1]}",
        ("  most ", DIM),
        f"{max(per_minute)}",
        ("  in the hour ", DIM),
        f"{sum(per_minute)} events",
        ("  ", ""),
        (f"{breaches_} breaches", BAD if breaches_ else DIM),
    )


def details(record: RequestRecord, now: datetime) -> list[Table]:
    """One request: where it stands, its clocks, and what happened when; not what anybody wrote (C5.3)."""
    view = record.request
    clocks = {
        Target.CONFIRM: (view.confirm_due, view.confirmed_at, view.confirm_late),
        Target.RESPOND: (view.respond_due, view.responded_at, view.response_late),
        Target.RESOLVE: (view.resolve_due, view.resolved_at, view.resolution_late),
    }
    standing = facts(
        [
            ("agreement", view.agreement_id),
            ("state", view.state.value),
            ("priority", Text(view.priority.value, _PRIORITIES[view.priority])),
            ("service", words(view.service)),
            ("assigned to", view.assignee or Text("nobody", NOTED)),
            ("submitted", _at(view.submitted_at)),
        ]
    )
    dues = table("", "target", "clause", "due, UTC", "met", "")
    for target, (due, met, late) in clocks.items():
        if late:
            mark = Text("late", BAD)
        elif met is not None:
            mark = Text("on time", "green")
        elif due is None:
            mark = Text("paused or not promised", DIM)
        elif due < now:
            mark = Text("passed", BAD)
        else:
            mark = Text(f"{span((due - now) // timedelta(minutes=1) * timedelta(minutes=1))} left")
        if view.provisional and met is None and due is not None:
            mark.append(f", {PROVISIONAL}", NOTED)
        dues.add_row(target.value, CLAUSES[target], _at(due), _at(met), mark)
    events = table("", "#", "at, UTC", "what", "by", "clause", right=["#"])
    for recorded in record.events:
        event = recorded.event
        style = BAD if event.kind in {"target_breached", "penalty_accrued", "follow_up_overdue"} else ""
        by = "the contract" if event.party is None else event.party.value
        events.add_row(str(event.seq), _at(event.at), Text(words(event.kind), style), by, event.clause)
    return [standing, dues, events]


def _at(at: datetime | None) -> str:
    return NOTHING if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"

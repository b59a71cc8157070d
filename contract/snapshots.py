"""The current state of a request as others read it, computed from its file (see :mod:`contract.facts`)."""

from __future__ import annotations

from datetime import datetime, timedelta

from contract.commands import CommandName
from contract.deadlines import days_owed, readings
from contract.facts import RequestSnapshot
from contract.parties import Role
from contract.request import commands_in
from contract.request_file import RequestFile
from contract.terms import Priority, Target
from contract.values import DAY


def snapshot(file: RequestFile, now: datetime) -> RequestSnapshot:
    """Where the request stands at ``now``; delay in whole seconds, pauses left out."""
    found = {reading.target: reading for reading in readings(file)}
    resolve = found.get(Target.RESOLVE)
    running = [r for r in found.values() if r.stopped is None and r.due is not None and not r.is_late(now)]
    upcoming = min(running, key=lambda r: r.due or now, default=None)
    late = {target: reading.is_late(now) for target, reading in found.items()}
    due = {target: reading.due for target, reading in found.items()}
    days = days_owed(file, resolve, now)
    return RequestSnapshot(
        agreement_id=file.agreement_id,
        request_id=file.request_id,
        service=file.service,
        priority=file.priority,
        state=file.state,
        title=file.title,
        terms_version=file.terms.version,
        as_of=now,
        submitted_at=file.submitted_at,
        confirmed_at=file.confirmed_at,
        responded_at=file.responded_at,
        resolved_at=file.resolved_at,
        closed_at=file.closed_at,
        confirm_due=due.get(Target.CONFIRM),
        respond_due=due.get(Target.RESPOND),
        resolve_due=due.get(Target.RESOLVE),
        confirm_late=late.get(Target.CONFIRM, False),
        response_late=late.get(Target.RESPOND, False),
        resolution_late=days > 0,
        delay_seconds=resolve.delay(now) // timedelta(seconds=1) if resolve else 0,
        delay_days=days,
        provisional=any(r.provisional for r in found.values()),
        assignee=file.assignee,
        rating=file.rating,
        follow_up_due=file.follow_up_due,
        follow_up_answered_at=file.follow_up_answered_at,
        next_target=upcoming.target if upcoming else None,
        next_due=upcoming.due if upcoming else None,
    )


def commands_possible(view: RequestSnapshot, by: Role, at: datetime, rating_days: int) -> list[str]:
    """What a party may do at an instant, in the table's order.

    That is what the state allows, less what was done already, is over, or would change nothing.
    """
    out: set[CommandName] = set()
    rating_over = view.closed_at is not None and at > view.closed_at + rating_days * DAY
    if view.rating is not None or rating_over:
        out.add(CommandName.RATE)
    if view.follow_up_due is None or view.follow_up_answered_at is not None:
        out.add(CommandName.ANSWER_RATING)
    if view.priority is Priority.CRITICAL:
        out.add(CommandName.RAISE_PRIORITY)
    if view.priority is Priority.LOW:
        out.add(CommandName.LOWER_PRIORITY)
    return [name for name in commands_in(view.state, by) if name not in out]

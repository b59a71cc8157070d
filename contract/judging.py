"""Deadlines judged: what fell due by now is announced and posted, each as of its own instant.

It does not matter how late the judging happens. What the facts no longer call for, because a command
arrived late, is taken back by an event and an entry (contract §3); nothing is ever edited.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from contract import penalties
from contract.clock import Span
from contract.deadlines import (
    CLAUSES,
    Reading,
    day_started,
    days_before,
    days_owed,
    pauses_of,
    projected_due,
    readings,
    segments_by,
)
from contract.facts import Account, EntryKind, Event, EventKind, LedgerEntry
from contract.money import Money
from contract.outcome import Outcome
from contract.request import FINISHED, RequestState
from contract.request_file import LATE_RESPONSE, Basis, RequestFile, late_day
from contract.terms import Target
from contract.values import DAY, TICK, normalised
from contract.waking import Wake

NAMES = {Target.CONFIRM: "Confirmation", Target.RESPOND: "Response", Target.RESOLVE: "Resolution"}
"""What a target is called where it falls due."""


def advance(file: RequestFile, now: datetime) -> Outcome:
    """Judge everything that fell due by ``now``, each as of its own instant."""
    outcome = Outcome()
    file.judged_until = max(file.judged_until, now)
    found = {reading.target: reading for reading in readings(file)}
    for reading in found.values():
        _warn(file, reading, now, outcome)
        _judge(file, reading, now, outcome)
    _settle(file, found.get(Target.RESPOND), found.get(Target.RESOLVE), now, outcome)
    close_by_itself(file, now, outcome)
    _miss_follow_up(file, now, outcome)
    return outcome


def _warn(file: RequestFile, reading: Reading, now: datetime, outcome: Outcome) -> None:
    """Once per budget, and only while it still makes sense."""
    if reading.warn_at is None or reading.warn_at > now or reading.due is None:
        return
    if file.said.warned.get(reading.target) == file.priority_changes:
        return
    file.said.warned[reading.target] = file.priority_changes
    if reading.is_late(now) or _was_before(file, reading.warn_at):
        return
    basis = file.bases[reading.target]
    at = max(reading.warn_at, basis.not_before or reading.warn_at)
    payload = {"target": reading.target.value, "due": iso(reading.due), "provisional": reading.provisional}
    outcome.events.append(own_event(file, at, EventKind.TARGET_WARNED, CLAUSES[reading.target], payload))


def _judge(file: RequestFile, reading: Reading, now: datetime, outcome: Outcome) -> None:
    """Announce that a due has passed; take it back when the facts no longer say so."""
    target, said = reading.target, file.said.breached
    if reading.is_late(now) and reading.due is not None:
        if said.get(target) != reading.due:
            said[target] = reading.due
            if _was_before(file, reading.exceeds(timedelta(0))):
                return  # it was told and claimed before the request was taken over, or not at all
            payload = {
                "target": target.value,
                "due": iso(reading.due),
                "provisional": reading.provisional,
                **explain_clock(file, target, file.bases[target]),
            }
            outcome.events.append(
                own_event(file, reading.due, EventKind.TARGET_BREACHED, CLAUSES[target], payload)
            )
    elif target in said:
        if target is Target.RESOLVE and days_owed(file, reading, now) > 0:
            return  # late under an earlier priority: that stands
        payload = {"target": target.value, "due": iso(said.pop(target))}
        outcome.events.append(own_event(file, now, EventKind.BREACH_REVERSED, CLAUSES[target], payload))


def _was_before(file: RequestFile, at: datetime | None) -> bool:
    """Whether something fell due before the request was taken over: then it is not judged again."""
    return file.before is not None and at is not None and at < file.before.run_from


@dataclass(frozen=True, slots=True)
class Claim:
    """A penalty that the facts call for: as of when, how much, by which clause and basis."""

    at: datetime
    clause: str
    amount: Money
    target: Target
    basis: Basis
    formula: str
    day: int | None = None


def claims(
    file: RequestFile, respond: Reading | None, resolve: Reading | None, now: datetime
) -> dict[str, Claim]:
    """Every penalty the facts call for by ``now``, by what it is for (C8.1.1, C8.1.2)."""
    found: dict[str, Claim] = {}
    once, per_day = file.terms.late_response, file.terms.late_resolution_per_day
    at = respond.exceeds(timedelta(0)) if respond is not None and respond.is_late(now) else None
    said_before = file.before is not None and file.before.accrued.late_response
    if at is not None and once.minor and not said_before and not _was_before(file, at):
        formula = penalties.late_response_formula(once)
        basis = file.bases[Target.RESPOND]
        found[LATE_RESPONSE] = Claim(at, "C8.1.1", once, Target.RESPOND, basis, formula)
    first = days_before(file) + 1
    for day in range(first, days_owed(file, resolve, now) + 1 if per_day.minor else first):
        at, basis = day_started(file, resolve, day)
        formula = penalties.late_resolution_formula(per_day, day)
        found[late_day(day)] = Claim(at, "C8.1.2", per_day, Target.RESOLVE, basis, formula, day)
    return found


def _settle(
    file: RequestFile, respond: Reading | None, resolve: Reading | None, now: datetime, outcome: Outcome
) -> None:
    """Post the difference between what the facts call for and what stands, in either direction."""
    wanted, standing = claims(file, respond, resolve, now), file.said.accrued
    for what in reversed(list(standing)):
        if what not in wanted or wanted[what].at != standing[what]:
            _reverse(file, what, now, outcome)
    for what, claim in wanted.items():
        if what not in standing:
            _accrue(file, what, claim, outcome)


def close_by_itself(file: RequestFile, now: datetime, outcome: Outcome) -> None:
    """Close a solved request when its time for acceptance is over."""
    ends = file.acceptance_ends
    if file.state is RequestState.RESOLVED and ends is not None and now > ends:
        file.state, file.closed_at, file.closed_by_itself = RequestState.CLOSED, ends, True
        payload = {"after_days": file.terms.acceptance_days}
        outcome.events.append(own_event(file, ends, EventKind.CLOSED_BY_ITSELF, "C6.2.2", payload))


def _miss_follow_up(file: RequestFile, now: datetime, outcome: Outcome) -> None:
    due = file.follow_up_due
    if due is not None and file.follow_up_open and now > due and not file.said.follow_up_overdue:
        file.said.follow_up_overdue = True
        outcome.events.append(own_event(file, due, EventKind.FOLLOW_UP_OVERDUE, "C5.5", {"due": iso(due)}))


def next_wake(file: RequestFile) -> Wake | None:
    """The earliest instant at which :func:`advance` would find something, or the request ends."""
    wakes: list[Wake] = []
    for reading in readings(file):
        if reading.stopped is not None:
            continue
        clause = CLAUSES[reading.target]
        name = NAMES[reading.target]
        unwarned = file.said.warned.get(reading.target) != file.priority_changes
        if unwarned and reading.warn_at is not None and reading.due is not None:
            wakes.append(Wake(reading.warn_at, f"{name} warning", clause))
        if file.said.breached.get(reading.target) != reading.due:
            late = reading.exceeds(timedelta(0))
            if late is not None:
                wakes.append(Wake(late, f"{name} due", clause, reading.due))
        elif reading.target is Target.RESOLVE and file.terms.late_resolution_per_day.minor:
            days = days_before(file) + file.said.days
            day = reading.exceeds(days * DAY)
            if day is not None:
                wakes.append(Wake(day, f"Day {days + 1} of late solution", clause))
    if file.state is RequestState.RESOLVED and file.acceptance_ends is not None:
        ends = file.acceptance_ends
        wakes.append(Wake(ends + TICK, "Acceptance ends", "C6.2.2", ends))
    if file.follow_up_open and file.follow_up_due is not None and not file.said.follow_up_overdue:
        due = file.follow_up_due
        wakes.append(Wake(due + TICK, "Answer to the rating due", "C5.5", due))
    if file.ends_at is not None:
        wakes.append(Wake(file.ends_at + TICK, "Rating ends", "C5.5", file.rating_ends))
    return min(wakes, key=lambda wake: wake.at, default=None)


def is_over(file: RequestFile, now: datetime) -> bool:
    """Closed, past rating, nothing owed: the workflow may end."""
    return file.state in FINISHED and file.ends_at is not None and now > file.ends_at


def needs_window(file: RequestFile) -> bool:
    """Whether a due lies beyond the window of service time: also one that was met is shown and kept."""
    return any(reading.exhausted for reading in readings(file))


def _stem(file: RequestFile, what: str) -> str:
    return f"penalty:{file.agreement_id}/{file.request_id}:{what}"


def _accrue(file: RequestFile, what: str, claim: Claim, outcome: Outcome) -> None:
    file.said.accrued[what] = claim.at
    explanation: dict[str, Any] = {"target": claim.target.value}
    if claim.day is not None:
        explanation["day"] = claim.day
    explanation |= explain_clock(file, claim.target, claim.basis)
    explanation["formula"] = claim.formula
    entry = LedgerEntry(
        key=_generation(file, _stem(file, what)),
        kind=EntryKind.PENALTY,
        clause=claim.clause,
        effective_at=claim.at,
        debit=Account.PENALTY_EXPENSE,
        credit=Account.PENALTY_PAYABLE,
        amount=claim.amount,
        terms_version=file.terms.version,
        request_id=file.request_id,
        explanation=explanation,
    )
    _post(file, entry, EventKind.PENALTY_ACCRUED, explanation, outcome)


def _reverse(file: RequestFile, what: str, now: datetime, outcome: Outcome) -> None:
    del file.said.accrued[what]
    stem = _stem(file, what)
    key = _generation(file, stem)
    file.said.reaccruals[stem] = file.said.reaccruals.get(stem, 0) + 1
    is_response = what == LATE_RESPONSE
    entry = LedgerEntry(
        key=f"reversal:{key}",
        kind=EntryKind.PENALTY_REVERSAL,
        clause="C8.1.1" if is_response else "C8.1.2",
        effective_at=now,
        debit=Account.PENALTY_PAYABLE,
        credit=Account.PENALTY_EXPENSE,
        amount=file.terms.late_response if is_response else file.terms.late_resolution_per_day,
        terms_version=file.terms.version,
        request_id=file.request_id,
        reverses=key,
        reason="contradicted by a fact recorded later",
    )
    _post(file, entry, EventKind.PENALTY_REVERSED, {}, outcome)


def _post(
    file: RequestFile, entry: LedgerEntry, kind: EventKind, explanation: dict[str, Any], outcome: Outcome
) -> None:
    """An entry, and the event that tells of it."""
    payload = {
        "key": entry.reverses or entry.key,
        "amount": str(entry.amount),
        "currency": entry.amount.currency,
    }
    event = own_event(file, entry.effective_at, kind, entry.clause, payload | explanation)
    outcome.events.append(event)
    outcome.entries.append(entry.model_copy(update={"event_seq": event.seq}))


def _generation(file: RequestFile, key: str) -> str:
    """The ledger's key of an accrual: told apart when it was reversed and accrues anew."""
    times = file.said.reaccruals.get(key, 0)
    return key if times == 0 else f"{key}~{times + 1}"


def explain_clock(file: RequestFile, target: Target, basis: Basis) -> dict[str, Any]:
    """What a person needs to redo a due by hand: start, budget, pauses, segments, due."""
    pauses = pauses_of(file, target)
    return {
        "priority": basis.priority.value,
        "submitted_at": iso(file.submitted_at),
        "budget_hours": _hours(basis.budget),
        "not_before": iso(basis.not_before),
        "segments": [_span(segment) for segment in segments_by(file, target, basis)],
        "pauses": [
            {"kind": p.kind.value, "from": iso(p.begin), "to": iso(p.end)}
            for p in file.pauses
            if (p.begin, p.end) in pauses
        ],
        "due": iso(projected_due(file, target, basis)),
        "calendars": file.window.calendars,
    }


def _span(span: Span) -> dict[str, str | None]:
    return {"from": iso(span[0]), "to": iso(span[1])}


def _hours(microseconds: int) -> str:
    return normalised(Decimal(microseconds) / 3_600_000_000)


def iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def own_event(
    file: RequestFile, at: datetime, kind: EventKind, clause: str, payload: dict[str, Any]
) -> Event:
    return Event(seq=file.next_seq(), at=at, kind=kind, clause=clause, payload=payload)

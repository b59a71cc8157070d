"""Deadlines judged: what fell due by now is announced and posted, each as of its own instant.

It does not matter how late the judging happens. What the facts no longer call for, because a command
arrived late, is taken back by an event and an entry (contract §3); nothing is ever edited.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from contract import penalties
from contract.clock import Span
from contract.deadlines import CLAUSES, Reading, day_started_at, days_owed, readings
from contract.facts import Account, EntryKind, Event, EventKind, LedgerEntry
from contract.money import Money
from contract.request import FINISHED, RequestState
from contract.request_file import RequestFile
from contract.terms import Target
from contract.values import DAY, TICK
from contract.waking import Wake


@dataclass(slots=True)
class Outcome:
    """What a step adds to the record."""

    events: list[Event] = field(default_factory=list)
    entries: list[LedgerEntry] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        self.events += other.events
        self.entries += other.entries


def advance(file: RequestFile, now: datetime) -> Outcome:
    """Judge everything that fell due by ``now``, each as of its own instant."""
    outcome = Outcome()
    file.judged_until = max(file.judged_until, now)
    found = {reading.target: reading for reading in readings(file)}
    for reading in found.values():
        _warn(file, reading, now, outcome)
        _judge(file, reading, now, outcome)
    _settle_response_penalty(file, found.get(Target.RESPOND), now, outcome)
    _settle_resolution_days(file, found.get(Target.RESOLVE), now, outcome)
    _close_by_itself(file, now, outcome)
    _miss_follow_up(file, now, outcome)
    return outcome


def _warn(file: RequestFile, reading: Reading, now: datetime, outcome: Outcome) -> None:
    """Once per budget, and only while it still makes sense."""
    if reading.warn_at is None or reading.warn_at > now or reading.due is None:
        return
    if file.said.warned.get(reading.target) == file.priority_changes:
        return
    file.said.warned[reading.target] = file.priority_changes
    if reading.is_late(now):
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
            payload = {
                "target": target.value,
                "due": iso(reading.due),
                "provisional": reading.provisional,
                **explain_clock(file, reading),
            }
            outcome.events.append(
                own_event(file, reading.due, EventKind.TARGET_BREACHED, CLAUSES[target], payload)
            )
    elif target in said:
        if target is Target.RESOLVE and days_owed(file, reading, now) > 0:
            return  # late under an earlier priority: that stands
        payload = {"target": target.value, "due": iso(said.pop(target))}
        outcome.events.append(own_event(file, now, EventKind.BREACH_REVERSED, CLAUSES[target], payload))


def _settle_response_penalty(
    file: RequestFile, reading: Reading | None, now: datetime, outcome: Outcome
) -> None:
    owed = reading is not None and reading.is_late(now)
    key = f"penalty:{file.agreement_id}/{file.request_id}:late-response"
    amount = file.terms.late_response
    if owed and not file.said.response_penalty and reading is not None and reading.due is not None:
        file.said.response_penalty = True
        at = reading.exceeds(timedelta(0)) or reading.due + TICK
        explanation = {
            **explain_clock(file, reading),
            "formula": penalties.late_response_formula(amount),
        }
        _accrue(file, key, "C8.1.1", at, amount, explanation, outcome)
    elif file.said.response_penalty and not owed:
        file.said.response_penalty = False
        _reverse(file, key, "C8.1.1", now, amount, outcome)


def _settle_resolution_days(
    file: RequestFile, reading: Reading | None, now: datetime, outcome: Outcome
) -> None:
    owed = days_owed(file, reading, now)
    stem = f"penalty:{file.agreement_id}/{file.request_id}:late-resolution"
    amount = file.terms.late_resolution_per_day
    while file.said.days < owed:
        file.said.days += 1
        day = file.said.days
        explanation: dict[str, Any] = {"day": day}
        if reading is not None:
            explanation |= explain_clock(file, reading)
        explanation["formula"] = penalties.late_resolution_formula(amount, day)
        at = day_started_at(file, reading, day)
        _accrue(file, f"{stem}:{day}", "C8.1.2", at, amount, explanation, outcome)
    while file.said.days > owed:
        _reverse(file, f"{stem}:{file.said.days}", "C8.1.2", now, amount, outcome)
        file.said.days -= 1


def _close_by_itself(file: RequestFile, now: datetime, outcome: Outcome) -> None:
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
        name = reading.target.value.capitalize()
        unwarned = file.said.warned.get(reading.target) != file.priority_changes
        if unwarned and reading.warn_at is not None and reading.due is not None:
            wakes.append(Wake(reading.warn_at, f"{name} warning", clause))
        if file.said.breached.get(reading.target) != reading.due:
            late = reading.exceeds(timedelta(0))
            if late is not None:
                wakes.append(Wake(late, f"{name} due", clause))
        elif reading.target is Target.RESOLVE:
            day = reading.exceeds(file.said.days * DAY)
            if day is not None:
                wakes.append(Wake(day, f"Day {file.said.days + 1} of late solution", clause))
    if file.state is RequestState.RESOLVED and file.acceptance_ends is not None:
        wakes.append(Wake(file.acceptance_ends + TICK, "Acceptance ends", "C6.2.2"))
    if file.follow_up_open and file.follow_up_due is not None and not file.said.follow_up_overdue:
        wakes.append(Wake(file.follow_up_due + TICK, "Answer to the rating due", "C5.5"))
    if file.ends_at is not None:
        wakes.append(Wake(file.ends_at + TICK, "Rating ends", "C5.5"))
    return min(wakes, key=lambda wake: wake.at, default=None)


def is_over(file: RequestFile, now: datetime) -> bool:
    """Closed, past rating, nothing owed: the workflow may end."""
    return file.state in FINISHED and file.ends_at is not None and now > file.ends_at


def needs_window(file: RequestFile) -> bool:
    """Whether a running clock has come to the end of the window of service time."""
    return any(reading.exhausted for reading in readings(file))


def _accrue(
    file: RequestFile,
    key: str,
    clause: str,
    at: datetime,
    amount: Money,
    explanation: dict[str, Any],
    outcome: Outcome,
) -> None:
    if amount.minor == 0:
        return
    key = _generation(file, key)
    event = own_event(
        file,
        at,
        EventKind.PENALTY_ACCRUED,
        clause,
        {"key": key, "amount": str(amount), "currency": amount.currency, **explanation},
    )
    outcome.events.append(event)
    outcome.entries.append(
        LedgerEntry(
            key=key,
            kind=EntryKind.PENALTY,
            clause=clause,
            effective_at=at,
            debit=Account.PENALTY_EXPENSE,
            credit=Account.PENALTY_PAYABLE,
            amount=amount,
            terms_version=file.terms.version,
            request_id=file.request_id,
            event_seq=event.seq,
            explanation=explanation,
        )
    )


def _reverse(
    file: RequestFile, key: str, clause: str, now: datetime, amount: Money, outcome: Outcome
) -> None:
    if amount.minor == 0:
        return
    reversed_key = _generation(file, key)
    file.said.reaccruals[key] = file.said.reaccruals.get(key, 0) + 1
    event = own_event(
        file,
        now,
        EventKind.PENALTY_REVERSED,
        clause,
        {"key": reversed_key, "amount": str(amount), "currency": amount.currency},
    )
    outcome.events.append(event)
    outcome.entries.append(
        LedgerEntry(
            key=f"reversal:{reversed_key}",
            kind=EntryKind.PENALTY_REVERSAL,
            clause=clause,
            effective_at=now,
            debit=Account.PENALTY_PAYABLE,
            credit=Account.PENALTY_EXPENSE,
            amount=amount,
            terms_version=file.terms.version,
            request_id=file.request_id,
            event_seq=event.seq,
            reverses=reversed_key,
            reason="contradicted by a fact recorded later",
        )
    )


def _generation(file: RequestFile, key: str) -> str:
    """The ledger's key of an accrual: told apart when it was reversed and accrues anew."""
    times = file.said.reaccruals.get(key, 0)
    return key if times == 0 else f"{key}~{times + 1}"


def explain_clock(file: RequestFile, reading: Reading) -> dict[str, Any]:
    """What a person needs to redo a due by hand: start, budget, pauses, segments, due."""
    basis = file.bases[reading.target]
    return {
        "priority": file.priority.value,
        "submitted_at": iso(file.submitted_at),
        "budget_hours": _hours(basis.budget),
        "not_before": iso(basis.not_before),
        "segments": [_span(segment) for segment in reading.segments],
        "pauses": [
            {"kind": p.kind.value, "from": iso(p.begin), "to": iso(p.end)}
            for p in file.pauses
            if (p.begin, p.end) in reading.pauses
        ],
        "due": iso(reading.due),
        "calendars": file.window.calendars,
    }


def _span(span: Span) -> dict[str, str | None]:
    return {"from": iso(span[0]), "to": iso(span[1])}


def _hours(microseconds: int) -> str:
    hours, rest = divmod(microseconds, 3_600_000_000)
    return str(hours) if not rest else f"{microseconds / 3_600_000_000:.6f}".rstrip("0")


def iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def own_event(
    file: RequestFile, at: datetime, kind: EventKind, clause: str, payload: dict[str, Any]
) -> Event:
    return Event(seq=file.next_seq(), at=at, kind=kind, clause=clause, payload=payload)

"""A workflow's events as lines of a timeline: when, what, who, and the clause it rests on (C6.2.3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.table import Table

from contract.disputes import Dispute
from contract.facts import Event, EventKind
from starter.showing.disputed import amounts
from starter.showing.paper import BAD, GOOD, NOTED, PROVISIONAL, briefly, marked, table, words

E = EventKind

_STYLES = {
    E.TARGET_WARNED: NOTED,
    E.TARGET_BREACHED: BAD,
    E.PENALTY_ACCRUED: BAD,
    E.FOLLOW_UP_OVERDUE: BAD,
    E.BREACH_REVERSED: GOOD,
    E.PENALTY_REVERSED: GOOD,
    E.CALENDAR_APPLIED: NOTED,
}

_SAID = {
    E.RESPONDED: "message",
    E.DIAGNOSIS_NOTED: "diagnosis",
    E.MATERIALS_PROVIDED: "materials",
    E.RESOLVED: "solution",
    E.NOTED: "note",
    E.RATING_ANSWERED: "answer",
    E.ACCEPTED: "comment",
    E.AMENDMENT_PROPOSED: "text",
    E.AMENDMENT_DECLINED: "reason",
    E.AMENDMENT_WITHDRAWN: "reason",
    E.FEE_CHANGE_WITHDRAWN: "reason",
    E.TERMINATION_DECLINED: "reason",
    E.TERMINATION_WITHDRAWN: "reason",
    E.REOPENED: "reason",
    E.WITHDRAWN: "reason",
    E.OFFER_REFUSED: "reason",
    E.OFFER_WITHDRAWN: "reason",
    E.NEGOTIATION_FAILED: "reason",
    E.DISPUTE_REFERRED: "reason",
    E.DISPUTE_WITHDRAWN: "reason",
}
"""The field of an event's payload that holds what a person said."""


_DONE = ("submitted", "confirmed", "responded", "resolved")


def timeline(events: Iterable[Event], zone: ZoneInfo) -> Table:
    """Events in order, times in the contract's zone."""
    made = table(f"Timeline, {zone.key}", "#", "at", "what", "by", "clause", "", right=["#"])
    for event in events:
        made.add_row(
            str(event.seq),
            briefly(event.at, zone),
            marked(words(event.kind), _STYLES.get(event.kind, "")),
            who(event),
            event.clause,
            detail(event, zone),
        )
    return made


def who(event: Event) -> str:
    """The person and the party; the contract itself when nobody acted."""
    if event.kind is E.OFFERED:
        return "the provider"
    return "the contract" if event.party is None else f"{event.person} ({event.party})"


def detail(event: Event, zone: ZoneInfo) -> str:
    """What an event says besides its name."""
    said: dict[str, Any] = event.payload
    if event.kind in _SAID:
        return said.get(_SAID[event.kind]) or ""
    match event.kind:
        case E.SUBMITTED:
            text = f"{said['title']} · {words(said['service'])}, {said['priority']}"
            return f"{text}\n{said['description']}" if said.get("description") else text
        case E.REQUEST_TAKEN_OVER:
            about = f"{said['title']} · {words(said['service'])}, {said['priority']}"
            done = [(name, said.get(f"{name}_at")) for name in _DONE]
            at = [f"{name} {briefly(datetime.fromisoformat(told), zone)}" for name, told in done if told]
            return f"{about}\n{', '.join(at)}"
        case E.ASSIGNED | E.REASSIGNED:
            return f"to {said['assignee']}{_because(said)}"
        case E.PRIORITY_RAISED | E.PRIORITY_LOWERED:
            return f"to {said['priority']}{_because(said)}"
        case E.MATERIALS_ASKED:
            return "\n".join(said["missing"])
        case E.RATED:
            return f"{said['score']} of 5{_because(said, 'comment')}"
        case E.TARGET_WARNED | E.TARGET_BREACHED | E.BREACH_REVERSED:
            provisional = f", {PROVISIONAL}" if said.get("provisional") else ""
            return f"{said['target']} due {_at(said['due'], zone)}{provisional}"
        case E.PENALTY_ACCRUED:
            return str(said["formula"])  # which ends with the amount
        case E.DISPUTE_OPENED:
            return str(said["dispute"]["about"])
        case E.SETTLEMENT_OFFERED | E.DISPUTE_SETTLED | E.DISPUTE_AWARDED:
            dispute = Dispute.model_validate(said["dispute"])
            decided = dispute.offer if dispute.ending is None else dispute.ending
            return "" if decided is None else amounts(decided.amounts)
        case E.PENALTIES_WARNED:
            return f"{said['amount']} of {said['fees']} {said['currency']} in year {said['contract_year']}"
        case E.PENALTY_REVERSED:
            return f"{said['amount']} {said['currency']}"
        case E.CLOSED_BY_ITSELF:
            return f"not reopened within {said['after_days']} days"
        case E.FOLLOW_UP_OVERDUE:
            return f"answer to the rating was due {_at(said['due'], zone)}"
        case E.OFFERED:
            return f"open for signature until {_at(said['offer_ends'], zone)}"
        case E.SIGNED:
            return f"{said['title']}, terms {said['digest'][:12]}…"
        case E.ACTIVATED:
            return f"in force from {said['effective_date']} until {_at(said['ends_at'], zone)}"
        case E.FEE_CHANGE_PROPOSED | E.FEE_CHANGE_OBJECTED | E.FEE_CHANGE_COUNTERED | E.FEE_CHANGE_ACCEPTED:
            if "amount" not in said:
                return f"without another offer{_because(said)}"
            return f"{said['amount']} {said['currency']} from {said['effective_on']}{_because(said)}"
        case E.TERMS_AGREED | E.TERMS_IN_FORCE:
            return f"version {said['version']}, {said['why']}"
        case E.AMENDMENT_CONSENTED:
            return f"{said['title']}, terms {said['digest'][:12]}…"
        case E.TERMINATION_PROPOSED | E.TERMINATION_AGREED:
            return f"with {said['last_day']}{_because(said)}"
        case E.END_REMINDED:
            return f"{said['days']} days before the end"
        case E.AGREEMENT_CLOSED:
            return "with open requests: " + ", ".join(said["still_open"]) if said["still_open"] else ""
        case E.CALENDAR_APPLIED:
            return f"{len(said['calendars'])} calendar year(s)"
        case _:
            return ""


def _because(said: dict[str, Any], key: str = "reason") -> str:
    return f": {said[key]}" if said.get(key) else ""


def _at(text: str, zone: ZoneInfo) -> str:
    return briefly(datetime.fromisoformat(text), zone)

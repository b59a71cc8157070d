"""What a mail about an event says: the facts of the record, laid out for one reader (C6.2.3).

A letter is made from the record alone: the event, the terms, and where the request or the agreement
stands now, which may be later than the event when the mail server was away. Times are contract time,
in the agreement's zone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from activities.stationery import WORDINGS, one_line, several_lines
from activities.wording import Wording
from contract.agreement_states import AgreementState
from contract.commands import CommandName
from contract.dispute_names import DisputeCommandName
from contract.dispute_rules import possible
from contract.disputes import Dispute
from contract.facts import AgreementSnapshot, Event, EventKind, RequestSnapshot
from contract.money import Money
from contract.notices import CHANGE_NOTICES, DISPUTE_NOTICES, MONEY_NOTICES
from contract.parties import Party, Role
from contract.penalties import annual_cap
from contract.request_life import LOW_RATING
from contract.snapshots import commands_possible
from contract.terms import Priority, Target, TermSheet
from contract.values import DAY, normalised

_AT_LENGTH = frozenset(
    {
        "description",
        "message",
        "materials",
        "solution",
        "comment",
        "reason",
        "answer",
        "note",
        "diagnosis",
        "text",
    }
)
"""What people write at length; everything else in a payload is one line."""

_INSTANTS = frozenset(
    {"due", "offer_ends", "ends_at", "closes_at", "expires_at", "effective_at", "wanted_at"}
)
_DATES = frozenset(
    {"effective_date", "due_on", "value_date", "cleared_on", "first", "last", "as_of"}
    | {"effective_on", "first_period", "last_day", "issued_on"}
)
_AMOUNTS = frozenset(
    {"amount", "fees", "set_off", "to_pay", "unpaid", "late_fees", "owed", "penalties", "net", "current"}
)


@dataclass(frozen=True, slots=True)
class Due:
    """A target not met yet."""

    name: str
    at: datetime
    overdue: bool
    provisional: bool


@dataclass(frozen=True, slots=True)
class Matter:
    """What a letter is about: an event, and where things stand."""

    workflow_id: str
    event: Event
    hash: str
    """Of the event, in the chain of its workflow (C6.2.3)."""
    agreement: AgreementSnapshot
    terms: TermSheet
    """In force now: who the parties are, where their mail goes, the zone."""
    rules: TermSheet
    """The version that the request lives by (contract §7); of the agreement itself, the same as ``terms``."""
    request: RequestSnapshot | None = None

    def party(self, role: Role) -> Party:
        return self.terms.party(role)

    def facts(self, reader: Role) -> dict[str, Any]:
        """Everything a template may speak of, for one reader."""
        event, wording = self.event, WORDINGS[self.party(reader).language]
        zone = ZoneInfo(self.terms.time_zone)
        names = {role: one_line(self.party(role).name) for role in Role}

        def who(role: str) -> str:
            return wording.you if role == reader else names[Role(role)]

        facts: dict[str, Any] = {
            "kind": event.kind.value,
            "reader": reader.value,
            "contact": one_line(self.party(reader).contact.name),
            "provider": names[Role.PROVIDER],
            "customer": names[Role.CUSTOMER],
            "agreement_id": self.agreement.agreement_id,
            "at": event.at,
            "clause": event.clause,
            "clause_says": wording.clauses.get(event.clause, ""),
            "person": one_line(event.person or ""),
            "actor": event.party,
            "p": _payload(event.payload),
            "zone": wording.zone(zone, event.at),
            "when": lambda instant: wording.when(instant, zone),
            "close_of": lambda instant: wording.close_of(instant, zone),
            "day": wording.day,
            "date_of": lambda instant: wording.day(instant.astimezone(zone).date()),
            "money": wording.money,
            "name": lambda role: names[Role(role)],
            "who": who,
            "Who": lambda role: who(role)[:1].upper() + who(role)[1:],
        }
        return facts | (self._of_agreement(reader) if self.request is None else self._of_request(reader))

    # The agreement

    def _of_agreement(self, reader: Role) -> dict[str, Any]:
        agreement, event, payload = self.agreement, self.event, _payload(self.event.payload)
        wording = WORDINGS[self.party(reader).language]
        ends_at = agreement.ends_at or payload.get("ends_at")
        signed_by = {event.party} if event.kind is EventKind.SIGNED else set()
        on_offer = agreement.state is AgreementState.OFFERED
        return {
            "state": agreement.state.value,
            "status": wording.agreement_states[agreement.shown],
            "is_suspended": agreement.shown is AgreementState.SUSPENDED,
            "terms_version": str(agreement.terms_version),
            "term_months": str(self.terms.term.total_months),
            "before": self._before(),
            "offer_ends": payload.get("offer_ends") or agreement.offered_at + self.terms.offer_days * DAY,
            "effective_at": agreement.effective_at,
            "ends_at": ends_at,
            "closing_days": self.terms.closing_days,
            "closing_ends": ends_at and ends_at + self.terms.closing_days * DAY,
            "actor_other": event.party.other if event.party else None,
            "may_sign": [role.value for role in Role if on_offer and role not in signed_by],
            **self._of_money(wording),
            **self._of_change(),
            **self._of_dispute(reader, wording),
        }

    def _before(self) -> dict[str, Any] | None:
        """What a running agreement is taken over with; None when it begins with its signatures."""
        before, money = self.terms.taken_over, self.terms.money
        if before is None:
            return None
        return {
            "effective_date": before.effective_date,
            "run_from": before.run_from,
            "bills": str(len(before.bills)),
            "owed": money(sum((bill.unpaid + bill.late_fee for bill in before.bills), Decimal(0))),
            "credit": money(before.credit),
            "penalties": money(sum((year.unsettled for year in before.penalties), Decimal(0))),
            "requests": str(len(before.requests)),
        }

    def _of_dispute(self, reader: Role, wording: Wording) -> dict[str, Any]:
        """What only events of disputes speak of: the dispute as it then was, and what the reader may do."""
        if self.event.kind not in DISPUTE_NOTICES:
            return {}
        dispute = Dispute.model_validate(self.event.payload["dispute"])
        currency = self.terms.fees.currency
        decided = dispute.offer if dispute.ending is None else dispute.ending
        amounts = [] if decided is None else [wording.changed(one, currency) for one in decided.amounts]
        text = "" if decided is None else several_lines(decided.text or "")
        return {
            "d": dispute,
            "over": one_line(wording.over(dispute.item)),
            "about": several_lines(dispute.about),
            "reason": several_lines(self.event.payload.get("reason", "")),
            "stands": wording.dispute_states[dispute.state],
            "amounts": amounts,
            "charged": decided is not None and decided.charge_held_days,
            "text": text,
            "may_do": [
                wording.dispute_actions[DisputeCommandName(name)]
                for name in possible(dispute, reader, self.event.at)
            ],
        }

    def _of_money(self, wording: Wording) -> dict[str, Any]:
        """What only events of money speak of; what they may leave out is there as nothing."""
        event = self.event
        if event.kind not in MONEY_NOTICES and event.kind is not EventKind.PENALTIES_WARNED:
            return {}
        given, optional = event.payload, ("bill", "label", "cleared_on", "reason", "bills", "due_on")
        since = given.get("since", "")
        late = given.get("late") or {}
        return {
            "p": dict.fromkeys(optional)
            | {"percent_per_day": late.get("percent_per_day")}
            | _payload(given)
            | _of_final_bill(given),
            "a": {name: Money.of(given[name], given["currency"]) for name in _AMOUNTS & given.keys()},
            "means": {means.value: word for means, word in wording.means.items()},
            "since_at": datetime.fromisoformat(since) if "T" in since else None,
        }

    def _of_change(self) -> dict[str, Any]:
        """What only changes of the agreement speak of; what they may leave out is there as nothing."""
        event, given = self.event, self.event.payload
        if event.kind not in CHANGE_NOTICES:
            return {}
        optional = ("amount", "effective_on", "first_period", "reason", "if_unanswered", "answered", "ended")
        return {
            "p": dict.fromkeys(optional) | _payload(given),
            "a": {name: Money.of(given[name], given["currency"]) for name in _AMOUNTS & given.keys()},
            "offered_by": event.party or given.get("by"),
            "changes": [
                f"{one['path']} ({one['clause']}): {_short(one['before'])} → {_short(one['after'])}"
                for one in given.get("changes", [])
            ],
        }

    # A request

    def _of_request(self, reader: Role) -> dict[str, Any]:
        request, rules = self.request, self.rules
        assert request is not None
        wording = WORDINGS[self.party(reader).language]
        now = request.as_of
        accept_until = request.resolved_at and request.resolved_at + rules.acceptance_days * DAY
        rate_until = request.closed_at and request.closed_at + rules.rating_days * DAY
        may_rate = rate_until is not None and request.rating is None and now <= rate_until
        answer_due = request.follow_up_due if request.follow_up_answered_at is None else None
        dues = _dues(request, {target: wording.targets[target] for target in Target}, self.terms.time_zone)
        actions = commands_possible(request, reader, now, rules.rating_days)
        return {
            "request_id": request.request_id,
            "title": one_line(request.title),
            "service": wording.services[request.service],
            "priority": wording.priorities[request.priority],
            "state": request.state.value,
            "state_open": request.state.is_open,
            "status": wording.request_states[request.state],
            "as_of": now,
            "dues": dues,
            "provisional_dues": any(due.provisional for due in dues),
            "accept_until": accept_until,
            "rate_until": rate_until if may_rate else None,
            "answer_due": answer_due,
            "answer_overdue": answer_due is not None and now > answer_due,
            "nothing_due": not (dues or request.state.is_open or may_rate or answer_due),
            "actions": [wording.actions[CommandName(name)] for name in actions],
            **self._of_event(reader),
        }

    def _of_event(self, reader: Role) -> dict[str, Any]:
        """What only some events of a request speak of."""
        event, rules = self.event, self.rules
        payload, wording = _payload(event.payload), WORDINGS[self.party(reader).language]
        facts: dict[str, Any] = {}
        if "due" in payload:
            facts["due"] = payload["due"]
        if "priority" in payload:
            facts["p_priority"] = wording.priorities[Priority(payload["priority"])]
        if "score" in payload:
            low = payload["score"] <= LOW_RATING
            facts["follow_up"] = event.at + rules.follow_up_days * DAY if low else None
        if "target" in payload:
            facts |= self._of_target(Target(payload["target"]))
            facts["target"] = wording.targets[Target(payload["target"])]
            facts["of_target"] = "to" if payload["target"] == Target.RESPOND else "of"
            facts["provisional"] = bool(payload.get("provisional"))
        return facts

    def _of_target(self, target: Target) -> dict[str, Any]:
        """What missing a target costs (C8.1.1, C8.1.2); a missed confirmation costs nothing."""
        assert self.request is not None
        rules, days = self.rules, self.request.delay_days
        amounts = {
            Target.RESPOND: rules.money(rules.penalties.late_response),
            Target.RESOLVE: rules.money(rules.penalties.late_resolution_per_day),
        }
        penalty = amounts.get(target, Money(minor=0, currency=rules.fees.currency))
        return {
            "warn_percent": normalised(rules.targets.warn_percent),
            "penalty": penalty if penalty.minor else None,
            "days_late": days,
            "penalty_so_far": penalty * days,
            "cap": annual_cap(rules),
            "settlement": rules.penalties.settlement.value,
        }


def _short(value: Any) -> str:
    """A value of the term sheet on one line."""
    return "–" if value is None else one_line(value if isinstance(value, str) else json.dumps(value))


def _payload(given: Mapping[str, Any]) -> dict[str, Any]:
    """A payload as letters use it: times as times, and what people wrote without what could break a line."""
    made: dict[str, Any] = {}
    for key, value in given.items():
        match value:
            case str() if key in _INSTANTS:
                made[key] = datetime.fromisoformat(value).astimezone(UTC)
            case str() if key in _DATES or (key == "since" and len(value) == len("2026-03-02")):
                made[key] = date.fromisoformat(value)
            case str():
                made[key] = several_lines(value) if key in _AT_LENGTH else one_line(value)
            case list() if key == "bills":
                currency = given["currency"]
                made[key] = [
                    {
                        "bill": one_line(bill["bill"]),
                        "due_on": date.fromisoformat(bill["due_on"]),
                        "unpaid": Money.of(bill["unpaid"], currency),
                    }
                    for bill in value
                ]
            case list():
                made[key] = [one_line(item) if isinstance(item, str) else item for item in value]
            case _:
                made[key] = value
    return made


def _of_final_bill(given: Mapping[str, Any]) -> dict[str, Any]:
    """The bill that a final statement comes with, where penalties were given back."""
    if not isinstance(bill := given.get("bill"), Mapping):
        return {}
    return {
        "bill": None,
        "bill_number": one_line(bill["number"]),
        "due_on": date.fromisoformat(bill["due_on"]),
    }


def _dues(request: RequestSnapshot, names: Mapping[Target, str], zone: str) -> list[Due]:
    """Targets still to be met, in the order in which they fall due.

    The snapshot says whether any due is provisional, met or not: the last one is then, and with it those of
    its year.
    """
    if not request.state.is_open:
        return []
    open_targets = {
        Target.CONFIRM: request.confirm_due if request.confirmed_at is None else None,
        Target.RESPOND: request.respond_due if request.responded_at is None else None,
        Target.RESOLVE: request.resolve_due if request.resolved_at is None else None,
    }
    dues = sorted((due, target) for target, due in open_targets.items() if due is not None)
    years = [due.astimezone(ZoneInfo(zone)).year for due, _ in dues]
    agreed = (request.confirm_due, request.respond_due, request.resolve_due)
    last_year = max((due.astimezone(ZoneInfo(zone)).year for due in agreed if due is not None), default=None)
    return [
        Due(
            name=names[target],
            at=due,
            overdue=due < request.as_of,
            provisional=request.provisional and year == last_year,
        )
        for (due, target), year in zip(dues, years, strict=True)
    ]

"""A change of the fee: notice, negotiation, and what comes of it (C7.2, contract §7).

The provider gives notice of another fee from a date; until the window closes the customer may accept it or
object, and offers go back and forth. Nothing said in time is lost because it arrived late: a fee change never
takes effect before everything that was said in time must have arrived.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from contract import version_making as making
from contract.agreement_file import AgreementFile
from contract.change_commands import (
    AcceptFeeChange,
    CounterFeeChange,
    ObjectToFeeChange,
    ProposeFeeChange,
    WithdrawFeeChange,
)
from contract.facts import Event, EventKind
from contract.money import Money
from contract.negotiations import FeeChange, FeeChangeState, FeeOffer
from contract.outcome import Outcome
from contract.parties import Role
from contract.refusals import RefusalKind, refuse
from contract.terms import IfUnanswered, TermSheet
from contract.values import DAY, TICK

REMINDER = 3 * DAY
"""How long before the window closes both are reminded; a quarter of the window where that is less."""

Deed = tuple[EventKind, dict[str, Any]]
"""The event a command makes, and what it tells."""


def propose(file: AgreementFile, command: ProposeFeeChange, role: Role) -> Deed:
    """Notice of a fee change (C7.2.1); one is open at a time."""
    _by(role, Role.PROVIDER, "only the provider gives notice of a fee change", command.clause)
    running = file.negotiations.fee_change
    if running is not None and running.undecided:
        raise refuse(
            RefusalKind.NOT_ALLOWED_NOW,
            f"fee change {running.number} is open until {running.closes_at.isoformat()}",
            "C7.2",
            ["accept_fee_change", "counter_fee_change", "withdraw_fee_change"],
            closes_at=running.closes_at.isoformat(),
        )
    rules = making.sheet_of(file.version_at(command.at)).fee_change
    terms = making.sheet_of(file.newest)
    closes_at = command.at + rules.negotiation_days * DAY
    final_at = closes_at + timedelta(hours=file.terms.command_delay_hours)
    days = making.days_of(file)
    earliest = making.next_day(days, max(command.at + rules.notice_days * DAY, final_at))
    if file.newest.effective_at is not None:
        earliest = max(earliest, making.next_day(days, file.newest.effective_at))
    amount = _amount(terms, command.amount, command.clause)
    if amount == terms.money(terms.fees.amount):
        raise refuse(RefusalKind.INVALID, f"amount: another than {amount}, the fee as agreed", command.clause)
    _check_date(file, command.effective_on, earliest, f"{rules.notice_days} days after the notice")
    file.negotiations.fee_changes += 1
    offer = FeeOffer(number=1, by=role, amount=amount, effective_on=command.effective_on)
    change = FeeChange(
        number=file.negotiations.fee_changes,
        noticed_at=command.at,
        closes_at=closes_at,
        remind_at=closes_at - min(REMINDER, (closes_at - command.at) / 4),
        final_at=final_at,
        earliest_on=earliest,
        if_unanswered=rules.if_unanswered,
        standing=offer,
        offered_on=offer.effective_on,
    )
    file.negotiations.fee_change = change
    current = terms.money(terms.fees.amount)
    told = _offered(file, change, offer) | {
        "current": str(current),
        "if_unanswered": rules.if_unanswered.value,
    }
    return EventKind.FEE_CHANGE_PROPOSED, told | _reason(command.reason)


def accept(file: AgreementFile, command: AcceptFeeChange, role: Role) -> tuple[Deed, Outcome]:
    """Accept the offer that stands: it takes effect on its date (C7.2.2). What it makes besides its event."""
    change = _open(file, command.at)
    standing = _of_the_other(change, role, "accept_fee_change")
    terms = making.sheet_of(file.newest)
    amount = _amount(terms, command.amount, command.clause)
    if (amount, command.effective_on) != (standing.amount, standing.effective_on):
        offered = f"{standing.amount} {standing.amount.currency} from {standing.effective_on}"
        raise refuse(
            RefusalKind.NOT_ALLOWED_NOW, f"the offer that stands is {offered}", command.clause, [offered]
        )
    file.negotiations.fee_change = change.model_copy(
        update={"answered": True, "state": FeeChangeState.DECIDED}
    )
    told = _offered(file, change, standing)
    return (EventKind.FEE_CHANGE_ACCEPTED, told), _agree(file, change, standing, command.at)


def object_to(file: AgreementFile, command: ObjectToFeeChange, role: Role) -> Deed:
    """The customer objects (C7.2.2); without a counter-offer no offer stands until somebody makes one."""
    _by(role, Role.CUSTOMER, "it is the customer who objects; the provider counters or withdraws", "C7.2.2")
    change = _open(file, command.at)
    _of_the_other(change, role, "counter_fee_change")
    if command.amount is None:
        if command.effective_on is not None:
            raise refuse(RefusalKind.INVALID, "amount: one, when a date is offered", command.clause)
        file.negotiations.fee_change = change.model_copy(
            update={"standing": None, "answered": True, "state": FeeChangeState.OPEN}
        )
        told = {"number": change.number, "closes_at": change.closes_at.isoformat()}
        return EventKind.FEE_CHANGE_OBJECTED, told | _reason(command.reason)
    offer = _counter(file, change, role, command.amount, command.effective_on)
    return EventKind.FEE_CHANGE_OBJECTED, _offered(file, change, offer) | _reason(command.reason)


def counter(file: AgreementFile, command: CounterFeeChange, role: Role) -> Deed:
    """Offer something else than the other did; after an objection without an offer either side may."""
    change = _open(file, command.at)
    if change.standing is not None:
        _of_the_other(change, role, "counter_fee_change")
    offer = _counter(file, change, role, command.amount, command.effective_on)
    return EventKind.FEE_CHANGE_COUNTERED, _offered(file, change, offer) | _reason(command.reason)


def withdraw(file: AgreementFile, command: WithdrawFeeChange, role: Role) -> Deed:
    """The provider withdraws what is not agreed yet (C7.2)."""
    _by(role, Role.PROVIDER, "only the provider withdraws its fee change", command.clause)
    change = _open(file, command.at)
    file.negotiations.fee_change = change.model_copy(update={"state": FeeChangeState.DECIDED})
    return EventKind.FEE_CHANGE_WITHDRAWN, {"number": change.number} | _reason(command.reason)


# Time


def dues(file: AgreementFile) -> Iterator[tuple[datetime, str]]:
    """When something happens by itself, and what."""
    change = file.negotiations.fee_change
    if change is None:
        return
    if change.state is FeeChangeState.OPEN:
        if not change.reminded:
            yield change.remind_at, "Fee change: reminder"
        yield change.closes_at + TICK, "Fee change: negotiation ends"
    elif change.state is FeeChangeState.TAKEN:
        yield change.final_at + TICK, "Fee change: final"


def advance(file: AgreementFile, at: datetime, until: datetime) -> Outcome:
    """Do what is due at an instant; ``until`` is how far time has come."""
    change = file.negotiations.fee_change
    assert change is not None
    if change.state is FeeChangeState.TAKEN:
        assert change.standing is not None
        file.negotiations.fee_change = change.model_copy(update={"state": FeeChangeState.DECIDED})
        return _agree(file, change, change.standing, change.final_at)
    if at <= change.closes_at:
        file.negotiations.fee_change = change.model_copy(update={"reminded": True})
        if until > change.closes_at:
            return Outcome()
        told = _stands(file, change) | {"answered": change.answered}
        told |= {"if_unanswered": change.if_unanswered.value}
        return Outcome([_event(file, change.remind_at, EventKind.FEE_CHANGE_REMINDED, "C7.2.2", told)])
    takes_effect = not change.answered and change.if_unanswered is IfUnanswered.TAKES_EFFECT
    state = FeeChangeState.TAKEN if takes_effect else FeeChangeState.LAPSED
    file.negotiations.fee_change = change.model_copy(update={"state": state})
    kind = EventKind.FEE_CHANGE_TAKEN if takes_effect else EventKind.FEE_CHANGE_LAPSED
    told = _stands(file, change) | {"answered": change.answered}
    return Outcome([_event(file, change.closes_at, kind, "C7.2.2", told)])


def end(file: AgreementFile, at: datetime) -> list[Event]:
    """The agreement has ended: what is still negotiated lapses with it."""
    change = file.negotiations.fee_change
    if change is None or not change.undecided:
        return []
    file.negotiations.fee_change = change.model_copy(update={"state": FeeChangeState.DECIDED})
    told = _stands(file, change) | {"answered": change.answered, "ended": True}
    return [_event(file, at, EventKind.FEE_CHANGE_LAPSED, "C4.1", told)]


# What these share


def _open(file: AgreementFile, at: datetime) -> FeeChange:
    """The fee change that can be answered at an instant, even if it seems to have lapsed meanwhile."""
    change = file.negotiations.fee_change
    if change is None or change.state is FeeChangeState.DECIDED:
        raise refuse(RefusalKind.NOT_ALLOWED_NOW, "no fee change is open", "C7.2", ["propose_fee_change"])
    if not change.may_be_answered(at):
        raise refuse(
            RefusalKind.NOT_ALLOWED_NOW,
            f"the negotiation of fee change {change.number} ended at {change.closes_at.isoformat()}",
            "C7.2.2",
            closes_at=change.closes_at.isoformat(),
        )
    return change.model_copy(update={"state": FeeChangeState.OPEN})


def _of_the_other(change: FeeChange, role: Role, what: str) -> FeeOffer:
    """The offer that stands, made by the other side."""
    if change.standing is None:
        message = "no offer stands: the last one was objected to"
        raise refuse(RefusalKind.NOT_ALLOWED_NOW, message, "C7.2.2", ["counter_fee_change"])
    if change.standing.by is role:
        message = f"the offer that stands is the {role}'s own; the {role.other} answers it"
        raise refuse(RefusalKind.WRONG_PARTY, message, "C7.2.2", [f"{what} as {role.other}"])
    return change.standing


def _counter(file: AgreementFile, change: FeeChange, role: Role, amount: Any, day: date | None) -> FeeOffer:
    """Another offer in place of the one before, for its day unless it names another."""
    terms, effective_on = making.sheet_of(file.newest), day or change.offered_on
    _check_date(file, effective_on, change.earliest_on, "the date its notice allows")
    offer = FeeOffer(
        number=change.offers + 1,
        by=role,
        amount=_amount(terms, amount, "C7.2.2"),
        effective_on=effective_on,
    )
    file.negotiations.fee_change = change.model_copy(
        update={
            "standing": offer,
            "offers": offer.number,
            "offered_on": effective_on,
            "answered": True,
            "state": FeeChangeState.OPEN,
        }
    )
    return offer


def _agree(file: AgreementFile, change: FeeChange, offer: FeeOffer, at: datetime) -> Outcome:
    """The offer as a version of the terms: all else as it is."""
    terms = making.sheet_of(file.newest)
    fees = terms.fees.model_copy(update={"amount": offer.amount.amount})
    changed = terms.model_copy(update={"fees": fees})
    starts = making.days_of(file).start_of(offer.effective_on)
    return making.agree(file, changed, starts, at, "C7.2", f"fee change {change.number}")


def _offered(file: AgreementFile, change: FeeChange, offer: FeeOffer) -> dict[str, Any]:
    first = making.first_period_from(file, making.sheet_of(file.newest), offer.effective_on)
    return {
        "number": change.number,
        "offer": offer.number,
        "amount": str(offer.amount),
        "currency": offer.amount.currency,
        "effective_on": offer.effective_on.isoformat(),
        "first_period": None if first is None else first.isoformat(),
        "closes_at": change.closes_at.isoformat(),
    }


def _stands(file: AgreementFile, change: FeeChange) -> dict[str, Any]:
    """The offer that stands, if one does, and whose it is."""
    if change.standing is None:
        return {"number": change.number, "closes_at": change.closes_at.isoformat()}
    return _offered(file, change, change.standing) | {"by": change.standing.by.value}


def _check_date(file: AgreementFile, day: date, earliest: date, why: str) -> None:
    assert file.dates is not None
    last = file.dates.last_day
    if earliest > last:
        message = f"effective_on: at the earliest {earliest}, {why}, and the term ends on {last}"
        raise refuse(RefusalKind.TOO_SOON, message, "C7.2.1", earliest=earliest.isoformat())
    if day < earliest:
        message = f"effective_on: at the earliest {earliest}, {why}"
        raise refuse(
            RefusalKind.TOO_SOON,
            message,
            "C7.2.1",
            [f"from {earliest}"],
            earliest=earliest.isoformat(),
        )
    if day > last:
        raise refuse(RefusalKind.INVALID, f"effective_on: not after {last}, the term's last day", "C4.1")


def _amount(terms: TermSheet, amount: Any, clause: str) -> Money:
    try:
        return terms.money(amount)
    except ValueError as problem:
        raise refuse(RefusalKind.INVALID, f"amount: {problem}", clause) from None


def _by(role: Role, who: Role, message: str, clause: str) -> None:
    if role is not who:
        raise refuse(RefusalKind.WRONG_PARTY, message, clause, [who.value])


def _reason(reason: str | None) -> dict[str, Any]:
    return {} if reason is None else {"reason": reason}


def _event(file: AgreementFile, at: datetime, kind: EventKind, clause: str, payload: dict[str, Any]) -> Event:
    return Event(seq=file.next_seq(), at=at, kind=kind, clause=clause, payload=payload)

"""The money of an agreement read back from its events: what a statement of any past day is made from.

Every event of money tells its whole fact, so the record alone says what was known at any instant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from contract.billing import Bill, MoneyTerms
from contract.days import Days
from contract.dispute_endings import enter
from contract.facts import Event, EventKind
from contract.invoicing import issued_of
from contract.money import Money
from contract.money_file import (
    Credit,
    FinalStatement,
    LateFeeWaiver,
    LaterTerms,
    MoneyFile,
    Payment,
    Payout,
    Suspension,
)
from contract.money_life import open_money
from contract.terms import TermSheet
from contract.values import Instant, Model


class _InForce(Model):
    ends_at: Instant


class _Agreed(Model):
    version: int
    effective_at: Instant
    last_day: date | None = None
    """The new one, when the term was made longer."""


_PAYMENTS = {
    EventKind.PAYMENT_RECORDED,
    EventKind.PAYMENT_CLEARED,
    EventKind.PAYMENT_BOUNCED,
    EventKind.PAYMENT_REVERSED,
}


_DISPUTES = {
    EventKind.DISPUTE_OPENED,
    EventKind.SETTLEMENT_OFFERED,
    EventKind.NEGOTIATION_FAILED,
    EventKind.NEGOTIATION_OVER,
    EventKind.DISPUTE_REFERRED,
    EventKind.DISPUTE_SETTLED,
    EventKind.DISPUTE_AWARDED,
    EventKind.DISPUTE_WITHDRAWN,
    EventKind.DISPUTE_LAPSED,
    EventKind.DISPUTE_LAPSE_REVERSED,
}


def money_from(events: Iterable[Event], sheets: Mapping[int, TermSheet], days: Days) -> MoneyFile | None:
    """The facts that an agreement's events tell, in order; None while it is not in force.

    ``sheets``: the versions of its terms by number.
    """
    file: MoneyFile | None = None
    for event in events:
        if event.kind is EventKind.ACTIVATED:
            in_force = _InForce.model_validate({"ends_at": event.payload["ends_at"]})
            file = open_money(sheets[1], 1, days, event.at, in_force.ends_at)
        elif file is not None and event.kind is EventKind.TERMS_AGREED:
            agreed = _Agreed.model_validate({n: event.payload.get(n) for n in _Agreed.model_fields})
            terms = MoneyTerms.from_sheet(sheets[agreed.version], agreed.version)
            file.later.append(LaterTerms(effective_at=agreed.effective_at, terms=terms))
            file.last = agreed.last_day or file.last
        elif file is not None:
            take(file, event)
    return file


def take(file: MoneyFile, event: Event) -> None:
    """Take in what one event tells."""
    payload = event.payload
    if event.kind in _DISPUTES:
        enter(file, event)
    if event.kind in _PAYMENTS:
        known = {payment.key: payment for payment in file.payments}
        first = known.get(payload["key"])
        fact = _fact(payload, Payment) | {"at": event.at if first is None else first.at}
        if "taken_back" in payload:
            fact["taken_back_at"] = event.at
        file.payments = list((known | {payload["key"]: Payment.model_validate(fact)}).values())
    match event.kind:
        case EventKind.BILL_ISSUED:
            file.bills.append(bill_of(payload))
        case EventKind.INVOICE_ISSUED | EventKind.CREDIT_NOTE_ISSUED:
            file.invoices.append(issued_of(payload))
        case EventKind.LATE_FEE_WAIVED:
            file.waivers.append(
                LateFeeWaiver.model_validate(_fact(payload, LateFeeWaiver) | {"at": event.at})
            )
        case EventKind.CREDIT_GIVEN:
            file.credits.append(Credit.model_validate(_fact(payload, Credit) | {"at": event.at}))
        case EventKind.PAYOUT_RECORDED | EventKind.PAYOUT_REVERSED:
            paid = {payout.key: payout for payout in file.payouts}
            first_paid = paid.get(payload["key"])
            fact = _fact(payload, Payout) | {"at": event.at if first_paid is None else first_paid.at}
            file.payouts = list((paid | {payload["key"]: Payout.model_validate(fact)}).values())
        case EventKind.FINAL_STATEMENT:
            _take_final(file, event)
        case EventKind.TERMINATION_AGREED:
            file.last = date.fromisoformat(payload["last_day"])
        case EventKind.SUSPENDED:
            by_command = bool(payload.get("by_command"))
            file.suspensions.append(
                Suspension(number=payload["number"], begin=event.at, by_command=by_command)
            )
        case EventKind.RESUMED if "number" in payload:
            file.suspensions[-1] = file.suspensions[-1].model_copy(update={"end": event.at})
        case _:
            pass


def _take_final(file: MoneyFile, event: Event) -> None:
    """A final statement, and what it netted."""
    payload = event.payload
    if "credit" in payload:
        fact = _fact(payload["credit"], Credit) | {"at": event.at}
        file.credits.append(Credit.model_validate(fact))
    if "bill" in payload:
        file.bills.append(bill_of(payload["bill"]))
    stated = {name: payload[name] for name in ("number", "still_open")}
    file.finals.append(FinalStatement.model_validate(stated | {"on": payload["as_of"], "at": event.at}))


def _fact(payload: Mapping[str, Any], model: type[Model]) -> dict[str, Any]:
    """What of an event's payload is the fact itself."""
    told = {name: payload[name] for name in model.model_fields if name in payload}
    return told | {"amount": Money.of(payload["amount"], payload["currency"])}


def bill_of(payload: Mapping[str, Any]) -> Bill:
    """The bill that the event of its issue tells of."""
    amounts = {name: Money.of(payload[name], payload["currency"]) for name in ("fee", "amount", "set_off")}
    told = {name: payload[name] for name in Bill.model_fields if name in payload}
    return Bill.model_validate(told | amounts)

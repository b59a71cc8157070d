"""What the parties' commands do to the money of an agreement (C7.1.2, C8.2, contract §5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from contract import books, dunning
from contract.balance import Balance, balance
from contract.dunning import Number
from contract.facts import Event, EventKind
from contract.money import Money
from contract.money_commands import (
    AnyMoneyCommand,
    BouncePayment,
    ClearPayment,
    GiveCredit,
    PaymentNamed,
    RecordPayment,
    RecordPayout,
    Resume,
    ReversePayment,
    ReversePayout,
    Suspend,
    WaiveLateFee,
    WaivePenalty,
)
from contract.money_file import (
    Credit,
    CreditKind,
    LateFeeWaiver,
    MoneyFile,
    Payment,
    PaymentState,
    Payout,
    PayoutOf,
    told,
)
from contract.outcome import Outcome
from contract.parties import Role
from contract.refusals import RefusalKind, Refused, refuse
from contract.settling import more_than_owed
from contract.terms import Means, Settlement

Deed = tuple[EventKind, dict[str, Any]]
"""The event a command makes, and what it tells."""


def check(file: MoneyFile, command: AnyMoneyCommand, role: Role) -> None:
    """Raise :class:`Refused` when the command cannot be taken as things stand. Stamps are checked before."""
    if role is not command.by:
        raise refuse(
            RefusalKind.WRONG_PARTY,
            f"{command.name} is the {command.by}'s to do",
            command.clause,
            [command.by.value],
        )
    today = file.days.date_of(command.at)
    match command:
        case RecordPayment():
            _check_payment(file, command, today)
        case ClearPayment():
            payment = _named(file, command)
            if payment.means is not Means.CHEQUE or payment.taken_back is not None:
                raise _not_now(command, f"the payment is {payment.state}; only a cheque is cleared")
            if payment.cleared_on is not None and payment.cleared_on != command.cleared_on:
                raise refuse(RefusalKind.ALREADY_DONE, f"it cleared on {payment.cleared_on}", command.clause)
            _not_in_future(command, "cleared_on", command.cleared_on, today)
            _not_before(file, command, "cleared_on", command.cleared_on)
            if command.cleared_on < payment.value_date:
                raise _invalid(
                    command, "cleared_on", f"not before {payment.value_date}, when it was received"
                )
        case BouncePayment():
            payment = _named(file, command)
            if payment.means is not Means.CHEQUE or payment.taken_back is PaymentState.REVERSED:
                raise _not_now(command, f"the payment is {payment.state}; only a cheque bounces")
        case ReversePayment():
            payment = _named(file, command)
            if payment.taken_back is PaymentState.BOUNCED:
                raise _not_now(command, "the payment has bounced: it counts for nothing already")
        case WaiveLateFee():
            _check_waiver(file, command, balance(file, today))
        case RecordPayout():
            _check_payout(file, command, today)
        case ReversePayout():
            if file.payout(command.means, command.reference) is None:
                raise _not_on_record(command, "payout")
        case WaivePenalty(amount=amount):
            if amount is not None:
                _amount(file, command.clause, amount)
        case GiveCredit():
            _amount(file, command.clause, command.amount)
            _known_bill(file, command.bill, command.clause)
        case Suspend():
            if file.suspended or file.ordered_at:
                raise refuse(RefusalKind.ALREADY_DONE, "service is suspended, or will be", command.clause)
            if file.service_over:
                raise _not_now(command, "the agreement is closed: there is no service to suspend")
            if not dunning.overdue_bills(balance(file, today)):
                raise _not_now(command, "nothing is overdue: there is nothing to suspend for")
        case Resume():
            if not (file.suspended or file.ordered_at or file.announcements):
                raise _not_now(command, "service is not suspended, nor announced to be")


def asks_ledger(file: MoneyFile, command: AnyMoneyCommand) -> bool:
    """Whether a command depends on the penalties in the ledger: see :mod:`contract.settling`."""
    match command:
        case WaivePenalty():
            return True
        case RecordPayout():
            known = file.payout(command.means, command.reference)
            return not file.finals and (known is None or known.reversed)
        case _:
            return False


def apply(file: MoneyFile, command: AnyMoneyCommand, role: Role, number: Number) -> Outcome:
    """Apply a command; raises :class:`Refused` and changes nothing when it cannot be taken.

    What is told a second time is taken and changes nothing. The caller has done everything that was due
    by the command's instant (see :func:`contract.dunning.advance`).
    """
    check(file, command, role)
    before = _facts(file)
    kind, payload = _DEEDS[type(command)](file, command)
    if before == _facts(file):
        return Outcome()
    event = Event(
        seq=number(),
        at=command.at,
        kind=kind,
        clause=command.clause,
        party=role,
        person=command.actor.person,
        command_id=command.command_id,
        payload=payload,
    )
    entries = books.settle(file, command.at, event.seq)
    by = {"party": role, "person": command.actor.person}
    reason = getattr(command, "reason", None)
    outcome = Outcome([event], [e.model_copy(update=by | {"reason": e.reason or reason}) for e in entries])
    if kind is not EventKind.RESUMED:
        outcome.add(dunning.lift_if_paid(file, command.at, number))
    return outcome


def _facts(file: MoneyFile) -> tuple[Any, ...]:
    return (
        list(file.payments),
        list(file.credits),
        list(file.waivers),
        list(file.payouts),
        list(file.suspensions),
        list(file.excused),
        list(file.announcements),
        file.ordered_at,
    )


def _record_payment(file: MoneyFile, command: RecordPayment) -> Deed:
    payment = _as_payment(file, command)
    known = file.payment(command.means, command.reference)
    if known is None or not known.says(payment):
        file.payments.append(payment)
    return EventKind.PAYMENT_RECORDED, told(payment)


def _clear_payment(file: MoneyFile, command: ClearPayment) -> Deed:
    return EventKind.PAYMENT_CLEARED, _change(file, _named(file, command), cleared_on=command.cleared_on)


def _bounce_payment(file: MoneyFile, command: BouncePayment) -> Deed:
    changed = _take_back(file, command, PaymentState.BOUNCED)
    return EventKind.PAYMENT_BOUNCED, changed | {"reason": command.reason}


def _reverse_payment(file: MoneyFile, command: ReversePayment) -> Deed:
    changed = _take_back(file, command, PaymentState.REVERSED)
    return EventKind.PAYMENT_REVERSED, changed | {"reason": command.reason}


def _waive(file: MoneyFile, command: WaiveLateFee) -> Deed:
    today = file.days.date_of(command.at)
    outstanding = file.money(balance(file, today).bills[command.bill].late_unpaid(today))
    amount = outstanding if command.amount is None else _amount(file, command.clause, command.amount)
    waiver = LateFeeWaiver(
        key=f"late-fee-waiver:{file.agreement_id}:{command.bill}:{command.command_id}",
        bill=command.bill,
        amount=amount,
        on=today,
        at=command.at,
        reason=command.reason,
    )
    file.waivers.append(waiver)
    return EventKind.LATE_FEE_WAIVED, told(waiver)


def _give_credit(file: MoneyFile, command: GiveCredit) -> Deed:
    credit = Credit(
        key=f"credit:{file.agreement_id}:{command.command_id}",
        kind=CreditKind.GOODWILL,
        amount=_amount(file, command.clause, command.amount),
        on=file.days.date_of(command.at),
        at=command.at,
        bill=command.bill,
        reason=command.reason,
    )
    file.credits.append(credit)
    return EventKind.CREDIT_GIVEN, told(credit)


def as_payout(file: MoneyFile, command: RecordPayout) -> Payout:
    """The payout that a command records: of penalties in the term, of what is left after its end."""
    stem = f"payout:{command.means}:{command.reference}"
    times = sum((p.means, p.reference) == (command.means, command.reference) for p in file.payouts)
    return Payout(
        key=stem if not times else f"{stem}~{times + 1}",
        of=PayoutOf.CREDIT if file.finals else PayoutOf.PENALTIES,
        means=command.means,
        label=command.label,
        reference=command.reference,
        amount=_amount(file, command.clause, command.amount),
        value_date=command.value_date,
        at=command.at,
    )


def _record_payout(file: MoneyFile, command: RecordPayout) -> Deed:
    payout = as_payout(file, command)
    known = file.payout(command.means, command.reference)
    if known is None or known.reversed:
        file.payouts.append(payout)
    return EventKind.PAYOUT_RECORDED, told(payout)


def _reverse_payout(file: MoneyFile, command: ReversePayout) -> Deed:
    known = file.payout(command.means, command.reference)
    assert known is not None
    if not known.reversed:
        changed = known.model_copy(update={"reversed": True})
        file.payouts[file.payouts.index(known)] = changed
        file.unstated |= known.of is PayoutOf.PENALTIES and bool(file.finals)
        known = changed
    return EventKind.PAYOUT_REVERSED, told(known) | {"reason": command.reason}


def _suspend(file: MoneyFile, command: Suspend) -> Deed:
    file.ordered_at = command.at
    payload = {"reason": command.reason} if command.reason else {}
    owed = balance(file, file.days.date_of(command.at))
    return EventKind.SUSPENSION_ORDERED, dunning.demand(file, owed) | payload


def _resume(file: MoneyFile, command: Resume) -> Deed:
    owed = balance(file, file.days.date_of(command.at))
    file.excused = dunning.overdue_bills(owed)
    file.announcements, file.ordered_at = [], None
    payload: dict[str, Any] = {"reason": command.reason} if command.reason else {}
    running = file.suspended
    if running is not None:
        file.suspensions[-1] = running.model_copy(update={"end": max(command.at, running.begin)})
        payload |= {"number": running.number, "since": running.begin.isoformat()}
    return EventKind.RESUMED, dunning.demand(file, owed) | payload


_DEEDS: dict[type, Callable[[MoneyFile, Any], Deed]] = {
    RecordPayment: _record_payment,
    ClearPayment: _clear_payment,
    BouncePayment: _bounce_payment,
    ReversePayment: _reverse_payment,
    WaiveLateFee: _waive,
    GiveCredit: _give_credit,
    Suspend: _suspend,
    Resume: _resume,
    RecordPayout: _record_payout,
    ReversePayout: _reverse_payout,
}


def _as_payment(file: MoneyFile, command: RecordPayment) -> Payment:
    stem = f"payment:{command.means}:{command.reference}"
    times = sum((p.means, p.reference) == (command.means, command.reference) for p in file.payments)
    return Payment(
        key=stem if not times else f"{stem}~{times + 1}",
        means=command.means,
        label=command.label,
        reference=command.reference,
        amount=_amount(file, command.clause, command.amount),
        value_date=command.value_date,
        bill=command.bill,
        at=command.at,
    )


def _take_back(file: MoneyFile, command: BouncePayment | ReversePayment, how: PaymentState) -> dict[str, Any]:
    payment = _named(file, command)
    at = command.at if payment.taken_back is None else payment.taken_back_at
    return _change(file, payment, taken_back=how, taken_back_at=at)


def _change(file: MoneyFile, payment: Payment, **change: Any) -> dict[str, Any]:
    changed = payment.model_copy(update=change)
    file.payments[file.payments.index(payment)] = changed
    return told(changed)


def _check_payment(file: MoneyFile, command: RecordPayment, today: date) -> None:
    agreed = file.terms_at(command.at).means
    if command.means not in agreed:
        raise refuse(
            RefusalKind.NOT_COVERED,
            f"{command.means} is not among the agreed means of payment",
            command.clause,
            [means.value for means in agreed],
        )
    if (command.means is Means.OTHER) != (command.label is not None):
        raise _invalid(command, "label", "what the means is, for means `other` and for no other")
    _known_bill(file, command.bill, command.clause)
    _not_in_future(command, "value_date", command.value_date, today)
    if command.means is not Means.CHEQUE:  # which counts from the day it clears
        _not_before(file, command, "value_date", command.value_date)
    payment = _as_payment(file, command)
    known = file.payment(command.means, command.reference)
    if known is not None and known.taken_back is None and not known.says(payment):
        raise refuse(
            RefusalKind.OTHER_CONTENT,
            f"{command.means} {command.reference} is on record with other content",
            command.clause,
            ["the same content", "another reference", "reverse_payment first"],
        )


def _check_payout(file: MoneyFile, command: RecordPayout, today: date) -> None:
    if (command.means is Means.OTHER) != (command.label is not None):
        raise _invalid(command, "label", "what the means is, for means `other` and for no other")
    _not_in_future(command, "value_date", command.value_date, today)
    payout = as_payout(file, command)
    known = file.payout(command.means, command.reference)
    if known is not None and not known.reversed:
        if not known.says(payout):
            raise refuse(
                RefusalKind.OTHER_CONTENT,
                f"payout {command.means} {command.reference} is on record with other content",
                command.clause,
                ["the same content", "another reference", "reverse_payout first"],
            )
    elif file.finals:
        owed = file.money(max(0, balance(file, today).credit_left))
        if payout.amount.minor > owed.minor:
            raise Refused(more_than_owed(owed))
    elif file.terms_at(command.at).settlement is not Settlement.PAY_OUT:
        raise _not_now(command, "penalties are set off against the next bill, or in the final statement")


def _check_waiver(file: MoneyFile, command: WaiveLateFee, owed: Balance) -> None:
    _known_bill(file, command.bill, command.clause)
    of_bill = owed.bills.get(command.bill)
    outstanding = file.money(0 if of_bill is None else of_bill.late_unpaid(owed.on))
    wanted = outstanding if command.amount is None else _amount(file, command.clause, command.amount)
    if not outstanding.minor or wanted.minor > outstanding.minor:
        raise refuse(
            RefusalKind.NOT_ALLOWED_NOW,
            f"the outstanding late fee of {command.bill} is {outstanding} {outstanding.currency}",
            command.clause,
            [f"at most {outstanding}"],
        )


def _named(file: MoneyFile, command: ClearPayment | BouncePayment | ReversePayment) -> Payment:
    payment = file.payment(command.means, command.reference)
    if payment is None:
        raise _not_on_record(command, "payment")
    return payment


def _not_on_record(command: PaymentNamed, what: str) -> Refused:
    return refuse(
        RefusalKind.NOT_ON_RECORD,
        f"no {what} by {command.means} with that reference is on record",
        command.clause,
    )


def _known_bill(file: MoneyFile, number: str | None, clause: str) -> None:
    if number is not None and file.bill(number) is None:
        numbers = [known.number for known in file.bills]
        raise refuse(RefusalKind.NOT_ON_RECORD, f"bill {number} is not on record", clause, numbers)


def _amount(file: MoneyFile, clause: str, amount: Any) -> Money:
    try:
        return Money.of(amount, file.terms.fee.currency)
    except ValueError as problem:
        raise refuse(RefusalKind.INVALID, f"amount: {problem}", clause) from None


def _not_in_future(command: AnyMoneyCommand, field: str, day: date, today: date) -> None:
    if day > today:
        raise _invalid(command, field, f"not after {today.isoformat()}, the day of the command")


def _not_before(file: MoneyFile, command: AnyMoneyCommand, field: str, day: date) -> None:
    if file.run_from is not None and day < file.run_from:
        allowed = f"not before {file.run_from}: what came before is in the balances that were taken over"
        raise _invalid(command, field, allowed)


def _invalid(command: AnyMoneyCommand, field: str, allowed: str) -> Refused:
    return refuse(RefusalKind.INVALID, f"{field}: {allowed}", command.clause)


def _not_now(command: AnyMoneyCommand, why: str) -> Refused:
    return refuse(RefusalKind.NOT_ALLOWED_NOW, why, command.clause)

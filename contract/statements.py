"""The statement (对账单): every line of what is owed on a day, and how it comes about (C7.1, C8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from enum import StrEnum
from typing import Any

from contract.balance import Balance, balance, paid_out
from contract.books import clause_of, late_fee_explained
from contract.disputes import Item
from contract.facts import Account, EntryKind, LedgerEntry
from contract.holds import bill_hold, is_held, penalty_hold
from contract.late_fees import held
from contract.money import Money
from contract.money_file import FinalStatement, MoneyFile, Payment, PaymentState
from contract.set_off import held as reserved
from contract.set_off import outstanding
from contract.values import Model


class LineKind(StrEnum):
    BILL = "bill"
    SET_OFF = "set_off"
    PAYMENT = "payment"
    PAYMENT_TAKEN_BACK = "payment_taken_back"
    """A payment that bounced or was reversed after it had counted: two lines that cancel out."""
    CREDIT = "credit"
    LATE_FEE = "late_fee"
    WAIVER = "waiver"
    PAYOUT = "payout"
    """Credit that was paid out."""


class StatementLine(Model):
    """One line: ``amount`` is above zero where it raises what the customer owes. ``balance``: after it."""

    on: date
    kind: LineKind
    about: str
    """The bill's number, or the key of the payment or credit."""
    clause: str
    terms_version: int
    amount: Money
    balance: Money
    explanation: dict[str, Any]


class BillLine(Model):
    """Where one bill stands."""

    number: str
    due_on: date
    asked_for: Money
    unpaid: Money
    late_fee: Money
    late_fee_unpaid: Money
    overdue: bool


class PenaltyLine(Model):
    """One entry of what the provider owes; ``amount`` is above zero where it raises that."""

    on: date
    kind: EntryKind
    key: str
    clause: str
    terms_version: int
    amount: Money
    request_id: str | None = None
    explanation: dict[str, Any]


class HeldLine(Model):
    """What is on hold at the end of the day, and by which dispute (contract §7)."""

    dispute: str
    item: Item
    since: date
    amount: Money
    """Of a bill's unpaid principal, or of the penalties that stand."""


class Statement(Model):
    """What is owed at the end of a day, both ways.

    ``owed`` is what the customer owes (below zero: credit is left), the sum of ``lines``;
    ``penalties_owed`` what the provider owes and has not set off, the sum of ``penalties``.
    ``net`` = ``owed`` − ``penalties_owed``.
    """

    agreement_id: str
    as_of: date
    currency: str
    lines: list[StatementLine]
    bills: list[BillLine]
    penalties: list[PenaltyLine]
    pending: list[Payment]
    """Cheques not cleared: they count for nothing yet."""
    to_pay_now: Money
    """Overdue and undisputed, with late fees through the day: what full payment is."""
    owed: Money
    penalties_owed: Money
    net: Money
    suspended: bool
    held: list[HeldLine] = []
    final: FinalStatement | None = None
    """The final statement that was made last by then: this one says how things have gone on since."""


def statement(file: MoneyFile, entries: Sequence[LedgerEntry], on: date) -> Statement:
    """The statement of a day, by the facts of a file and the ledger's entries of penalties, as posted."""
    now = balance(file, on)
    lines = _running(sorted(_lines(file, now), key=lambda line: (line.on, _ORDER[line.kind], line.about)))
    penalties = sorted(_penalties(file, entries, on), key=lambda line: (line.on, line.key))
    owed = file.money(now.owed)
    provider_owes = file.money(sum(line.amount.minor for line in penalties))
    end = file.days.start_of(on.fromordinal(on.toordinal() + 1))
    return Statement(
        agreement_id=file.agreement_id,
        as_of=on,
        currency=owed.currency,
        lines=lines,
        bills=[
            BillLine(
                number=number,
                due_on=one.bill.due_on,
                asked_for=one.bill.principal,
                unpaid=file.money(one.unpaid),
                late_fee=file.money(one.late_before + one.accrued(on)),
                late_fee_unpaid=file.money(one.late_unpaid(on)),
                overdue=one.overdue(on) > 0,
            )
            for number, one in now.bills.items()
        ],
        penalties=penalties,
        held=list(_held(file, now, entries)),
        pending=[p for p in file.payments if p.state is PaymentState.PENDING and p.value_date <= on],
        to_pay_now=file.money(now.overdue),
        owed=owed,
        penalties_owed=provider_owes,
        net=owed - provider_owes,
        suspended=any(s.begin < end and (s.end is None or s.end >= end) for s in file.suspensions),
        final=next((made for made in reversed(file.finals) if made.on <= on), None),
    )


_ORDER = {kind: place for place, kind in enumerate(LineKind)}


def _running(lines: Iterable[StatementLine]) -> list[StatementLine]:
    """The lines with the balance after each."""
    found: list[StatementLine] = []
    for line in lines:
        before = found[-1].balance if found else line.balance
        found.append(line.model_copy(update={"balance": before + line.amount}))
    return found


def _lines(file: MoneyFile, now: Balance) -> Iterator[StatementLine]:
    def line(
        on: date,
        kind: LineKind,
        about: str,
        clause: str,
        minor: int,
        explanation: dict[str, Any],
        terms_version: int,
    ) -> StatementLine:
        return StatementLine(
            on=on,
            kind=kind,
            about=about,
            clause=clause,
            terms_version=terms_version,
            amount=file.money(minor),
            balance=file.money(0),
            explanation=explanation,
        )

    for number, one in now.bills.items():
        bill = one.bill
        span = {
            "from": bill.first.isoformat(),
            "to": bill.last.isoformat(),
            "due_on": bill.due_on.isoformat(),
        }
        yield line(
            bill.issued_on,
            LineKind.BILL,
            number,
            "C7.1.1",
            bill.amount.minor,
            span | {"formula": bill.formula},
            bill.terms_version,
        )
        if bill.set_off.minor:
            yield line(
                bill.issued_on, LineKind.SET_OFF, number, "C8.1", -bill.set_off.minor, {}, bill.terms_version
            )
        if one.late_before:
            through = bill.issued_on.isoformat()
            formula = f"taken over: {file.money(one.late_before)} unpaid through {through}"
            taken_over = {"bill": number, "taken_over_through": through, "formula": formula}
            yield line(
                bill.issued_on,
                LineKind.LATE_FEE,
                number,
                "C8.2.1",
                one.late_before,
                taken_over,
                bill.terms_version,
            )
        if one.accrued(now.on):
            yield line(
                now.on,
                LineKind.LATE_FEE,
                number,
                "C8.2.1",
                one.accrued(now.on),
                late_fee_explained(file, now, number),
                bill.terms_version,
            )
    for payment in file.payments:
        if payment.counts_on is not None and payment.counts_on <= now.on:
            shown = {"means": payment.means.value, "reference": payment.reference}
            spent = [
                {"bill": paid.bill, "part": paid.part.value, "amount": str(file.money(paid.amount))}
                for paid in now.paid
                if paid.fund == payment.key
            ]
            yield line(
                payment.counts_on,
                LineKind.PAYMENT,
                payment.key,
                "C7.1.2",
                -payment.amount.minor,
                shown | {"went_to": spent},
                file.terms_at(payment.at).version,
            )
    for payment in file.payments:
        came, gone = payment.came_on, payment.taken_back_at
        if payment.taken_back is None or came is None or gone is None or file.days.date_of(gone) > now.on:
            continue
        shown = {"means": payment.means.value, "reference": payment.reference}
        shown |= {
            "taken_back": payment.taken_back.value,
            "taken_back_on": file.days.date_of(gone).isoformat(),
        }
        for on, kind, minor, at in (
            (came, LineKind.PAYMENT, -payment.amount.minor, payment.at),
            (file.days.date_of(gone), LineKind.PAYMENT_TAKEN_BACK, payment.amount.minor, gone),
        ):
            yield line(on, kind, payment.key, "C7.1.2", minor, shown, file.terms_at(at).version)
    for credit in file.credits:
        if credit.on <= now.on:
            told = {"credit": credit.kind.value, "reason": credit.reason}
            version = file.terms_at(credit.at).version
            clause = clause_of(credit)
            yield line(credit.on, LineKind.CREDIT, credit.key, clause, -credit.amount.minor, told, version)
    for payout in paid_out(file):
        if payout.value_date <= now.on:
            told = {"means": payout.means.value, "reference": payout.reference}
            version = file.terms_at(payout.at).version
            yield line(
                payout.value_date, LineKind.PAYOUT, payout.key, "C8.1", payout.amount.minor, told, version
            )
    for waiver in file.waivers:
        if waiver.on <= now.on and now.waived[waiver.key]:
            yield line(
                waiver.on,
                LineKind.WAIVER,
                waiver.bill,
                waiver.clause or "C8.2.1",
                -now.waived[waiver.key],
                {"reason": waiver.reason},
                file.terms_at(waiver.at).version,
            )


def _held(file: MoneyFile, now: Balance, entries: Sequence[LedgerEntry]) -> Iterator[HeldLine]:
    """What the disputes hold that are open at the end of the day; those that hold nothing are left out."""
    by_then = [entry for entry in entries if file.days.date_of(entry.effective_at) <= now.on]
    for dispute in file.disputes:
        if not is_held(dispute, now.on, file.days):
            continue
        hold, of_penalties = bill_hold(dispute, file.days), penalty_hold(dispute)
        if hold is not None:
            of_bill = now.bills.get(hold.bill)
            amount = 0 if of_bill is None else held([hold], now.on, of_bill.unpaid)
        elif of_penalties is not None:
            amount = sum(reserved(outstanding(by_then), [of_penalties]).values())
        else:
            continue
        yield HeldLine(
            dispute=dispute.number,
            item=dispute.item,
            since=file.days.date_of(dispute.opened_at),
            amount=file.money(amount),
        )


def _penalties(file: MoneyFile, entries: Iterable[LedgerEntry], on: date) -> Iterator[PenaltyLine]:
    """Everything that moved what the provider owes for lateness."""
    for entry in entries:
        if Account.PENALTY_PAYABLE not in (entry.debit, entry.credit):
            continue
        day = file.days.date_of(entry.effective_at)
        if day <= on:
            yield PenaltyLine(
                on=day,
                kind=entry.kind,
                key=entry.key,
                clause=entry.clause,
                terms_version=entry.terms_version,
                amount=entry.amount if entry.credit is Account.PENALTY_PAYABLE else -entry.amount,
                request_id=entry.request_id,
                explanation=entry.explanation,
            )

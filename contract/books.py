"""Money as entries of a double-entry ledger: the difference between what is called for and what was posted.

Every payment and credit comes in over ``customer_credit`` and leaves it for the bills it pays. When a fact
recorded late changes what followed, the difference is posted, in either direction; nothing is ever edited.

Late fees are posted on demand: with every other posting, and at the turn of a month. On any day in between
the facts give their exact value (see :mod:`contract.balance`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import partial
from itertools import count
from typing import Any

from contract.balance import Balance, Part, balance
from contract.billing import Bill, bill_number
from contract.facts import Account, EntryKind, LedgerEntry
from contract.late_fees import exact
from contract.money import Money, exponent
from contract.money_file import Credit, CreditKind, MoneyFile, Payment, Payout, PayoutOf, Posted
from contract.values import normalised

_CREDITED = {
    CreditKind.GOODWILL: (Account.GOODWILL_EXPENSE, EntryKind.CREDIT, "C7.1.1"),
    CreditKind.EARLY_END: (Account.FEE_INCOME, EntryKind.CREDIT, "C4.2"),
    CreditKind.OPENING: (Account.OPENING, EntryKind.CREDIT, "C7.1.1"),
    CreditKind.SETTLEMENT: (Account.GOODWILL_EXPENSE, EntryKind.CREDIT, "C9.1"),
    CreditKind.AWARD: (Account.GOODWILL_EXPENSE, EntryKind.CREDIT, "C9.3"),
    CreditKind.PENALTIES: (Account.PENALTY_PAYABLE, EntryKind.SET_OFF, "C8.1"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """What the ledger should hold of one thing: ``minor`` from ``credit`` to ``debit``."""

    stem: str
    kind: EntryKind
    clause: str
    debit: Account
    credit: Account
    minor: int
    terms_version: int
    explain: Callable[[], dict[str, Any]]
    """What lets a person redo it by hand; worked out only when something is posted."""
    reason: str | None = None


_AS_TEXT = {"fee", "amount", "set_off", "late", "late_fee_before"}
"""Of a bill, what its event tells otherwise, or never: a bill that was taken over is in the terms."""


def bill_told(issue: Bill) -> dict[str, Any]:
    """A bill as an event tells it: all of it, its amounts as text."""
    told_of = issue.model_dump(mode="json", exclude=_AS_TEXT)
    return told_of | {
        "fee": str(issue.fee),
        "amount": str(issue.amount),
        "set_off": str(issue.set_off),
        "to_pay": str(issue.principal),
        "currency": issue.amount.currency,
        "late": issue.late.model_dump(mode="json"),
    }


def bill_key(agreement_id: str, bill: Bill) -> str:
    """The ledger's key of a bill's issue: by its period, a part of one and what was taken over by number."""
    whole = bill.period is not None and bill.number == bill_number(bill.period)
    named = bill.number if bill.period is not None else f"opening:{bill.number}"
    return f"bill:{agreement_id}:{bill.period if whole else named}"


def bill_entries(agreement_id: str, bill: Bill, of: list[dict[str, Any]] | None = None) -> list[LedgerEntry]:
    """The entries of a bill's issue: its fee, and the penalties set off against it (C7.1.1, C8.1).

    Of a bill that was taken over: what was unpaid of it, and of its late fee (C8.2.1).
    ``of`` tells which penalties are set off, where others were on hold.
    """
    key = bill_key(agreement_id, bill)
    entries = [
        LedgerEntry(
            key=key,
            kind=EntryKind.BILL,
            clause="C7.1.1",
            debit=Account.RECEIVABLE,
            credit=Account.OPENING if bill.period is None else Account.FEE_INCOME,
            amount=bill.amount,
            explanation={
                "bill": bill.number,
                "from": bill.first.isoformat(),
                "to": bill.last.isoformat(),
                "due_on": bill.due_on.isoformat(),
                "formula": bill.formula,
            },
            effective_at=bill.issued_at,
            terms_version=bill.terms_version,
        )
    ]
    if bill.late_fee_before is not None:
        entries.append(
            LedgerEntry(
                key=f"late-fee:{agreement_id}:{bill.number}:opening",
                kind=EntryKind.LATE_FEE,
                clause="C8.2.1",
                debit=Account.LATE_FEE_RECEIVABLE,
                credit=Account.OPENING,
                amount=bill.late_fee_before,
                explanation={"bill": bill.number, "through": bill.issued_on.isoformat()},
                effective_at=bill.issued_at,
                terms_version=bill.terms_version,
            )
        )
    if bill.set_off.minor:
        lowers = bill.set_off.minor > 0
        entries.append(
            LedgerEntry(
                key=f"set-off:{agreement_id}:{bill.number}",
                kind=EntryKind.SET_OFF,
                clause="C8.1",
                debit=Account.PENALTY_PAYABLE if lowers else Account.RECEIVABLE,
                credit=Account.RECEIVABLE if lowers else Account.PENALTY_PAYABLE,
                amount=bill.set_off if lowers else -bill.set_off,
                explanation={"bill": bill.number, "fee": str(bill.amount), "asked_for": str(bill.principal)}
                | ({} if of is None else {"penalties": of}),
                effective_at=bill.issued_at,
                terms_version=bill.terms_version,
            )
        )
    return [entry for entry in entries if entry.amount.minor > 0]


_PAID_FROM = {PayoutOf.PENALTIES: Account.PENALTY_PAYABLE, PayoutOf.CREDIT: Account.CUSTOMER_CREDIT}
_TAKEN_BACK = {EntryKind.PAYMENT: EntryKind.PAYMENT_REVERSAL, EntryKind.PAYOUT: EntryKind.PAYOUT_REVERSAL}


def first_entry(fact: Credit | Payout, version: int, event_seq: int) -> LedgerEntry:
    """The entry that a credit or payout makes, where it is posted as it is decided (C8.1)."""
    line = _credit_line(fact, version) if isinstance(fact, Credit) else _payout_line(fact, version)
    return LedgerEntry(
        key=line.stem,
        kind=line.kind,
        clause=line.clause,
        effective_at=fact.at,
        debit=line.debit,
        credit=line.credit,
        amount=fact.amount,
        terms_version=version,
        event_seq=event_seq,
        reason=line.reason,
        explanation=line.explain(),
    )


def is_posted(file: MoneyFile, fact: Credit | Payout) -> None:
    """Take note that :func:`first_entry` of a fact is in the ledger."""
    version = file.terms_at(fact.at).version
    line = _credit_line(fact, version) if isinstance(fact, Credit) else _payout_line(fact, version)
    file.posted[line.stem] = Posted(
        minor=line.minor,
        entries=1,
        on=file.days.date_of(fact.at),
        kind=line.kind,
        debit=line.debit,
        credit=line.credit,
    )


def settle(file: MoneyFile, at: datetime, event_seq: int | None = None) -> list[LedgerEntry]:
    """Post the difference between what the facts call for by an instant and what is posted.

    Late fees are taken through the day of the instant, or through the last day they were posted for.
    """
    on = file.days.date_of(at)
    if file.accrued_on is not None and file.accrued_on > on:
        on = file.accrued_on
    file.accrued_on = on
    version = file.terms_at(at).version
    wanted = {line.stem: line for line in _lines(file, balance(file, on), version)}
    entries: list[LedgerEntry] = []
    for stem in [*wanted, *(stem for stem in file.posted if stem not in wanted)]:
        line, before = wanted.get(stem), file.posted.get(stem, Posted())
        if line is None:
            line = _gone(file, stem, version)
        if line.minor != before.minor:
            entries.append(_entry(file, line, before, on, at, event_seq))
            file.posted[stem] = Posted(
                minor=line.minor,
                entries=before.entries + 1,
                on=on,
                kind=line.kind,
                debit=line.debit,
                credit=line.credit,
            )
    return entries


def _lines(file: MoneyFile, now: Balance, version: int) -> Iterator[Line]:
    """Everything the ledger should hold on a day, bills and set-offs left out."""
    for payment in file.payments:
        if payment.counts_on is not None and payment.counts_on <= now.on:
            yield Line(
                payment.key,
                EntryKind.PAYMENT,
                "C7.1.2",
                Account.CASH,
                Account.CUSTOMER_CREDIT,
                payment.amount.minor,
                version,
                partial(_payment_explained, payment),
            )
    for credit in file.credits:
        if credit.on <= now.on:
            yield _credit_line(credit, version)
    for payout in file.payouts:
        if payout.value_date <= now.on and not payout.reversed:
            yield _payout_line(payout, version)
    for number, of_bill in now.bills.items():
        bearing = of_bill.segments(now.on)
        if bearing:
            yield Line(
                f"late-fee:{file.agreement_id}:{number}",
                EntryKind.LATE_FEE,
                "C8.2.1",
                Account.LATE_FEE_RECEIVABLE,
                Account.LATE_FEE_INCOME,
                of_bill.accrued(now.on),
                of_bill.bill.terms_version,
                partial(late_fee_explained, file, now, number),
            )
    for waiver in file.waivers:
        if waiver.on <= now.on:
            yield Line(
                waiver.key,
                EntryKind.LATE_FEE_WAIVER,
                waiver.clause or "C8.2.1",
                Account.LATE_FEE_INCOME,
                Account.LATE_FEE_RECEIVABLE,
                now.waived[waiver.key],
                version,
                partial(dict, bill=waiver.bill),
                waiver.reason,
            )
    spent: dict[tuple[str, str, Part], int] = {}
    for paid in now.paid:
        spent[paid.fund, paid.bill, paid.part] = spent.get((paid.fund, paid.bill, paid.part), 0) + paid.amount
    for (fund, bill, part), minor in spent.items():
        yield Line(
            f"allocation:{fund}:{bill}:{part}",
            EntryKind.ALLOCATION,
            "C7.1.1" if part is Part.PRINCIPAL else "C8.2.1",
            Account.CUSTOMER_CREDIT,
            Account.RECEIVABLE if part is Part.PRINCIPAL else Account.LATE_FEE_RECEIVABLE,
            minor,
            version,
            partial(dict, bill=bill, part=part.value, of=fund, rule=file.terms.allocation.value),
        )


def _payment_explained(payment: Payment) -> dict[str, Any]:
    assert payment.counts_on is not None
    shown = {
        "means": payment.means.value,
        "label": payment.label,
        "reference": payment.reference,
        "counts_on": payment.counts_on.isoformat(),
    }
    return {name: value for name, value in shown.items() if value is not None}


def clause_of(credit: Credit) -> str:
    """The clause a credit rests on."""
    return _CREDITED[credit.kind][2]


def _credit_line(credit: Credit, version: int) -> Line:
    account, kind, clause = _CREDITED[credit.kind]
    if credit.dispute is not None and credit.bill is not None:
        account = Account.FEE_INCOME  # a bill lowered, not a kindness
    shown = {"credit": credit.kind.value} | ({"bill": credit.bill} if credit.bill else {})
    return Line(
        credit.key,
        kind,
        clause,
        account,
        Account.CUSTOMER_CREDIT,
        credit.amount.minor,
        version,
        lambda: shown,
        credit.reason,
    )


def _payout_line(payout: Payout, version: int) -> Line:
    shown = {
        "of": payout.of.value,
        "means": payout.means.value,
        "label": payout.label,
        "reference": payout.reference,
        "value_date": payout.value_date.isoformat(),
    }
    return Line(
        payout.key,
        EntryKind.PAYOUT,
        "C8.1",
        _PAID_FROM[payout.of],
        Account.CASH,
        payout.amount.minor,
        version,
        lambda: {name: value for name, value in shown.items() if value is not None},
    )


def _gone(file: MoneyFile, stem: str, version: int) -> Line:
    """What is posted and no longer called for: the same accounts, with nothing in them."""
    before = file.posted[stem]
    assert before.kind is not None
    assert before.debit is not None
    assert before.credit is not None
    clauses = {EntryKind.PAYMENT: "C7.1.2", EntryKind.LATE_FEE: "C8.2.1", EntryKind.PAYOUT: "C8.1"}
    clause = clauses.get(before.kind, "C7.1.1")
    return Line(stem, before.kind, clause, before.debit, before.credit, 0, version, dict)


def _entry(
    file: MoneyFile, line: Line, before: Posted, on: date, at: datetime, event_seq: int | None
) -> LedgerEntry:
    more = line.minor > before.minor
    taken_back = _TAKEN_BACK.get(line.kind) if not more else None
    explanation = line.explain()
    if before.entries:
        explanation |= {
            "before": str(file.money(before.minor)),
            "after": str(file.money(line.minor)),
        }
    return LedgerEntry(
        key=f"reversal:{_key(line, before, on, last=True)}" if taken_back else _key(line, before, on),
        kind=taken_back or line.kind,
        clause=line.clause,
        effective_at=at,
        debit=line.debit if more else line.credit,
        credit=line.credit if more else line.debit,
        amount=file.money(abs(line.minor - before.minor)),
        terms_version=line.terms_version,
        event_seq=event_seq,
        reverses=_key(line, before, on, last=True) if taken_back else None,
        reason=line.reason,
        explanation=explanation,
    )


def _key(line: Line, before: Posted, on: date, *, last: bool = False) -> str:
    """The ledger's key of the next entry of a thing, or of its last one: business facts, and a number."""
    number = before.entries + (0 if last else 1)
    stem = f"{line.stem}:{on.isoformat()}" if line.kind is EntryKind.LATE_FEE else line.stem
    if line.kind is EntryKind.LATE_FEE and before.on != on:
        return stem
    return stem if number <= 1 else f"{stem}~{number}"


def late_fee_explained(file: MoneyFile, now: Balance, number: str) -> dict[str, Any]:
    """What a person needs to redo a late fee by hand: rate, segments, the exact sum, its rounding."""
    of_bill = now.bills[number]
    bill, bearing = of_bill.bill, of_bill.segments(now.on)
    total = exact(bill, bearing)
    rate = normalised(bill.late.percent_per_day)
    parts = " + ".join(f"{file.money(s.base)} × {rate} % × {s.days}" for s in bearing)
    return {
        "bill": number,
        "due_on": bill.due_on.isoformat(),
        "grace_ends": bill.grace_ends.isoformat(),
        "percent_per_day": rate,
        "through": now.on.isoformat(),
        "segments": [
            {
                "from": segment.first.isoformat(),
                "to": segment.last.isoformat(),
                "days": segment.days,
                "principal": str(file.money(segment.base)),
            }
            for segment in bearing
        ],
        "exact": exact_amount(total, bill.amount.currency),
        "formula": f"{parts} = {exact_amount(total, bill.amount.currency)}"
        f" → {Money.rounded(total, bill.amount.currency)}",
    }


def exact_amount(minor: Fraction, currency: str) -> str:
    """An exact amount in full: rates are decimal, so it always ends."""
    value = minor / 10 ** exponent(currency)
    places = next(places for places in count() if 10**places % value.denominator == 0)
    return normalised(Decimal((0, _digits(value * 10**places), -places)))


def _digits(whole: Fraction) -> tuple[int, ...]:
    return tuple(map(int, str(int(whole))))

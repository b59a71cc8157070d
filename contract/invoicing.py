"""Which documents a payment calls for, and what they say (C7.1.3, contract §6).

Exactly one invoice per payment, once it counts: a cheque when it cleared. A payment that was taken back after
its invoice gets one credit note; one taken back before gets neither. Which documents are wanted follows from
the payments and from what was issued, so nothing is forgotten and nothing comes twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from contract.balance import Part, balance
from contract.facts import Account, EntryKind, Event, EventKind, LedgerEntry
from contract.invoices import (
    CreditedInvoice,
    CreditNote,
    Invoice,
    InvoiceKind,
    InvoiceLine,
    IssuedInvoice,
    LineKind,
    PaymentInvoiced,
)
from contract.money import Money
from contract.money_file import MoneyFile, Payment
from contract.terms import TermSheet
from contract.values import Instant, Model

_STEMS = {InvoiceKind.INVOICE: "invoice", InvoiceKind.CREDIT_NOTE: "credit-note"}
_PREFIXES = {InvoiceKind.INVOICE: "INV", InvoiceKind.CREDIT_NOTE: "CN"}
_PARTS = {Part.PRINCIPAL: LineKind.FEE, Part.LATE_FEE: LineKind.LATE_FEE}


class InvoiceWanted(Model):
    """A document that is to be issued: of which kind, for which payment, wanted since when."""

    kind: InvoiceKind
    payment: str
    """The payment's key."""
    at: Instant

    @property
    def key(self) -> str:
        return document_key(self.kind, self.payment)


def document_key(kind: InvoiceKind, payment: str) -> str:
    """The key of a document: business facts alone, the same however often it is asked for."""
    return f"{_STEMS[kind]}:{payment}"


def document_number(kind: InvoiceKind, year: int, place: int) -> str:
    """``INV-2026-000001``: numbers of a provider count from 1 in each kind and year of issue."""
    return f"{_PREFIXES[kind]}-{year}-{place:06d}"


def to_issue(file: MoneyFile, at: Instant, asked_for: Collection[str] = ()) -> list[InvoiceWanted]:
    """The documents that the payments call for and that were neither issued nor asked for (by key)."""
    issued = {document.key for document in file.invoices}
    wanted = []
    for payment in file.payments:
        invoice = document_key(InvoiceKind.INVOICE, payment.key)
        if payment.counts_on is not None:
            kind = InvoiceKind.INVOICE
        elif payment.taken_back is not None and invoice in issued:
            kind = InvoiceKind.CREDIT_NOTE
        else:
            continue
        one = InvoiceWanted(kind=kind, payment=payment.key, at=at)
        if one.key not in issued and one.key not in asked_for:
            wanted.append(one)
    return wanted


def invoice(
    file: MoneyFile, payment: Payment, terms: TermSheet, version: int, on: date, number: str
) -> Invoice:
    """The invoice of a payment that counts, issued on a day, with what the payment then had gone to."""
    assert payment.counts_on is not None
    lines = list(_lines(file, payment, on))
    gross = payment.amount
    tax = tax_included(gross, terms.fees.tax_percent)
    return Invoice(
        key=document_key(InvoiceKind.INVOICE, payment.key),
        number=number,
        agreement_id=file.agreement_id,
        terms_version=version,
        provider=terms.provider,
        customer=terms.customer,
        issued_on=on,
        payment=PaymentInvoiced(
            key=payment.key,
            means=payment.means,
            label=payment.label,
            reference=payment.reference,
            received_on=payment.value_date,
            counts_on=payment.counts_on,
        ),
        currency=gross.currency,
        lines=lines,
        tax_percent=terms.fees.tax_percent,
        net=gross if tax is None else gross - tax,
        tax=tax,
        gross=gross,
    )


def credit_note(
    credited: Invoice, payment: Payment, on: date, number: str, reason: str | None = None
) -> CreditNote:
    """The credit note of a payment taken back: what its invoice said, below zero. Parties as invoiced."""
    assert payment.taken_back is not None
    return CreditNote.model_validate(
        credited.model_dump(exclude={"kind", "key", "number", "issued_on"})
        | {
            "key": document_key(InvoiceKind.CREDIT_NOTE, payment.key),
            "number": number,
            "issued_on": on,
            "lines": [line.model_copy(update={"amount": -line.amount}) for line in credited.lines],
            "net": -credited.net,
            "tax": None if credited.tax is None else -credited.tax,
            "gross": -credited.gross,
            "credits": CreditedInvoice(
                key=credited.key, number=credited.number, issued_on=credited.issued_on
            ),
            "taken_back": payment.taken_back.value,
            "reason": reason,
        }
    )


def tax_included(gross: Money, percent: Decimal | None) -> Money | None:
    """The tax in an amount: gross × rate / (100 + rate), rounded half up once; None without a rate.

    Late fees are taxed like the fee they are late for: they are paid for the service, on top of its price.
    """
    if percent is None:
        return None
    rate = Fraction(percent)
    return Money.rounded(gross.minor * rate / (100 + rate), gross.currency)


def _lines(file: MoneyFile, payment: Payment, on: date) -> Iterator[InvoiceLine]:
    """What the payment had gone to at the end of a day, and what was left of it."""
    left = payment.amount.minor
    spent: dict[tuple[str, Part], int] = {}
    for paid in balance(file, on).paid:
        if paid.fund == payment.key:
            spent[paid.bill, paid.part] = spent.get((paid.bill, paid.part), 0) + paid.amount
    for (number, part), minor in spent.items():
        bill = file.bill(number)
        assert bill is not None
        timed = bill.period is not None
        left -= minor
        yield InvoiceLine(
            kind=_PARTS[part],
            bill=number,
            first=bill.first if timed else None,
            last=bill.last if timed else None,
            terms_version=bill.terms_version,
            amount=file.money(minor),
        )
    if left:
        yield InvoiceLine(kind=LineKind.ON_ACCOUNT, amount=file.money(left))


# What is told of it

_KINDS = {
    InvoiceKind.INVOICE: EventKind.INVOICE_ISSUED,
    InvoiceKind.CREDIT_NOTE: EventKind.CREDIT_NOTE_ISSUED,
}


def issued_event(issued: IssuedInvoice, seq: int, at: Instant) -> Event:
    """The event that a document was issued (C7.1.3)."""
    payload = issued.model_dump(mode="json", exclude={"gross"}, exclude_none=True)
    payload |= {"amount": str(issued.gross), "currency": issued.gross.currency}
    return Event(seq=seq, at=at, kind=_KINDS[issued.kind], clause="C7.1.3", payload=payload)


def delayed_event(file: MoneyFile, wanted: InvoiceWanted, seq: int, at: Instant, cause: str) -> Event:
    """The event that a document could not be issued for long; it is tried on (C7.1.3)."""
    payment = next(payment for payment in file.payments if payment.key == wanted.payment)
    payload = {
        "kind": wanted.kind.value,
        "key": wanted.key,
        "payment": payment.key,
        "reference": payment.reference,
        "value_date": payment.value_date.isoformat(),
        "amount": str(payment.amount),
        "currency": payment.amount.currency,
        "wanted_at": wanted.at.isoformat(),
        "cause": cause,
    }
    return Event(seq=seq, at=at, kind=EventKind.INVOICE_DELAYED, clause="C7.1.3", payload=payload)


def issued_of(payload: Mapping[str, Any]) -> IssuedInvoice:
    """The document that the event of its issue tells of."""
    told = {name: payload[name] for name in IssuedInvoice.model_fields if name in payload}
    return IssuedInvoice.model_validate(told | {"gross": Money.of(payload["amount"], payload["currency"])})


# What the ledger says


class InvoiceDiffers(Exception):
    """The ledger does not hold what a document would say; names the part and both amounts, nothing else."""

    def __init__(self, part: str, document: Money, ledger: Money) -> None:
        super().__init__(f"{part}: {document} by the document, {ledger} in the ledger")


def check_against_ledger(document: Invoice | CreditNote, entries: Iterable[LedgerEntry]) -> None:
    """Add the document up again from entries of the ledger; raises InvoiceDiffers (C7.1.3).

    ``entries``: those of the agreement that were posted by the time that the document speaks of.
    """
    posted = list(entries)

    def said(minor: int) -> Money:
        return Money(minor=minor, currency=document.currency)

    if isinstance(document, CreditNote):
        key = document.payment.key
        went_back = said(_sum((e for e in posted if e.reverses == key), None, key, Account.CASH))
        if went_back != document.gross:
            raise InvoiceDiffers("what was taken back", document.gross, went_back)
        return
    received = said(_sum(posted, EntryKind.PAYMENT, document.payment.key, Account.CASH))
    if received != document.gross:
        raise InvoiceDiffers("the payment", document.gross, received)
    asked = {(line.bill, line.kind): line.amount for line in document.lines if line.bill is not None}
    bills = {bill for bill, _ in asked} | set(_bills_of(posted, document.payment.key))
    for bill in sorted(bill for bill in bills if bill is not None):
        for part, kind in _PARTS.items():
            stem = f"allocation:{document.payment.key}:{bill}:{part}"
            account = Account.RECEIVABLE if part is Part.PRINCIPAL else Account.LATE_FEE_RECEIVABLE
            went = said(-_sum(posted, EntryKind.ALLOCATION, stem, account))
            if went != (expected := asked.get((bill, kind), said(0))):
                raise InvoiceDiffers(f"{part} of {bill}", expected, went)


def _sum(entries: Iterable[LedgerEntry], kind: EntryKind | None, stem: str, account: Account) -> int:
    """What the entries of one thing brought to an account, reversals included, in minor units."""
    return sum(
        entry.amount.minor * ((entry.debit is account) - (entry.credit is account))
        for entry in entries
        if (entry.kind is kind and _is_of(entry.key, stem)) or entry.reverses == stem
    )


def _is_of(key: str, stem: str) -> bool:
    """Whether a key is the stem itself or a later entry of the same thing (``stem~2``).

    Of a payment too: its reference is recorded anew, as ``~2``, only when it no longer counts itself.
    """
    rest = key.removeprefix(stem)
    return key.startswith(stem) and (not rest or (rest[0] == "~" and rest[1:].isdecimal()))


def _bills_of(entries: Iterable[LedgerEntry], payment: str) -> Iterator[str]:
    """The bills to which the ledger has a payment gone."""
    for entry in entries:
        if entry.kind is EntryKind.ALLOCATION and entry.key.startswith(f"allocation:{payment}:"):
            bill = entry.key.removeprefix(f"allocation:{payment}:").split(":")
            if len(bill) == 2:
                yield bill[0]

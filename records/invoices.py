"""Invoices and credit notes on record: begun with a number, issued once, kept with their files (C7.1.3).

A document is begun in one transaction: the facts and the ledger are read, its number is given, its content
is written. From then on it says what it says, however often issuing it is tried. A number is given to nobody
else and is never left out: when the transaction fails, its series stands where it stood.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, select
from sqlalchemy.dialects import postgresql, sqlite

from contract.facts import Event, EventKind
from contract.invoices import (
    CreditNote,
    Invoice,
    InvoiceKind,
    Issued,
    IssuedInvoice,
    canonical,
    digest,
    read,
)
from contract.invoicing import (
    InvoiceDiffers,
    InvoiceWanted,
    check_against_ledger,
    credit_note,
    document_key,
    document_number,
    invoice,
)
from contract.money_file import MoneyFile, Payment
from records import entries, history
from records import money as accounts
from records.archive import Shelf
from records.faults import AgreementUnknown, LedgerDiffers, RecordGap
from records.results import InvoiceRecord, KeptFile
from records.schema import (
    agreements,
    invoice_files,
    invoice_series,
    invoices,
    issued_invoices,
    ledger_entries,
)

# SQLite has no row locks and leaves this out: there the whole write holds the lock.
_HELD = select(agreements.c.workflow_id, agreements.c.provider_id)
_ALL = select(
    invoices,
    issued_invoices.c.issuer,
    issued_invoices.c.issuer_number,
    issued_invoices.c.reference,
    issued_invoices.c.recorded_at.label("issued_recorded_at"),
).outerjoin(
    issued_invoices,
    (issued_invoices.c.agreement_id == invoices.c.agreement_id) & (issued_invoices.c.key == invoices.c.key),
)
_TAKEN_BACK = (EventKind.PAYMENT_BOUNCED, EventKind.PAYMENT_REVERSED)


def begin(
    connection: Connection, agreement_id: str, wanted: InvoiceWanted, shelf: Shelf, recorded_at: datetime
) -> InvoiceRecord | None:
    """The document that is wanted, numbered and on record; the one there is, when it was begun before.

    None when nothing is to be issued: the payment was taken back before its invoice was begun. Raises
    LedgerDiffers when the ledger does not hold what the document would say, RecordGap when something that
    comes before is missing.
    """
    held = connection.execute(_HELD.where(agreements.c.agreement_id == agreement_id).with_for_update())
    agreement = held.one_or_none()
    if agreement is None:
        raise AgreementUnknown(f"agreement {agreement_id} is not on record")
    known = find(connection, agreement_id, wanted.key)
    if known is not None:
        return known
    now = _money(connection, agreement_id, None, shelf)
    # What is recorded as of a later instant is neither what the document says nor what it is checked against.
    then = _money(connection, agreement_id, wanted.at, shelf)
    payment, payment_then = _payment(now, wanted.payment), _payment(then, wanted.payment)
    on = then.days.date_of(wanted.at)
    document: Invoice | CreditNote
    if wanted.kind is InvoiceKind.INVOICE:
        if payment.counts_on is None:
            return None
        if payment_then.counts_on is None:
            raise RecordGap(f"agreement {agreement_id}: a payment counted only after its invoice was wanted")
        version, terms = shelf.in_force(connection, agreement_id, wanted.at)
        document = invoice(then, payment_then, terms, version, on, document_number(wanted.kind, on.year, 0))
    else:
        credited = find(connection, agreement_id, document_key(InvoiceKind.INVOICE, wanted.payment))
        if credited is None or not credited.is_issued or payment.taken_back is None:
            raise RecordGap(f"agreement {agreement_id}: there is no invoice to credit, or its payment counts")
        assert isinstance(credited.document, Invoice)
        reason = _reason(connection, agreement.workflow_id, wanted.payment)
        document = credit_note(
            credited.document, payment, on, document_number(wanted.kind, on.year, 0), reason
        )
    _check(connection, agreement_id, document, wanted.at)
    provider_id = document.provider.party_id
    place = _next_place(connection, provider_id, wanted.kind, on.year)
    document = document.model_copy(update={"number": document_number(wanted.kind, on.year, place)})
    connection.execute(
        invoices.insert(),
        {
            "agreement_id": agreement_id,
            "key": wanted.key,
            "kind": wanted.kind.value,
            "provider_id": provider_id,
            "year": on.year,
            "place": place,
            "number": document.number,
            "payment": wanted.payment,
            "at": wanted.at,
            "digest": digest(document),
            "canonical": canonical(document),
            "recorded_at": recorded_at,
        },
    )
    return find(connection, agreement_id, wanted.key)


def keep_issued(
    connection: Connection, agreement_id: str, key: str, issuer: str, issued: Issued, recorded_at: datetime
) -> InvoiceRecord:
    """Put on record what issuing came to; the first answer stands, however often it comes (C7.1.3)."""
    connection.execute(_HELD.where(agreements.c.agreement_id == agreement_id).with_for_update()).all()
    known = find(connection, agreement_id, key)
    if known is None:
        raise RecordGap(f"agreement {agreement_id}: what was issued was not begun")
    if known.is_issued:
        return known
    names = {"agreement_id": agreement_id, "key": key}
    connection.execute(
        issued_invoices.insert(),
        names
        | {
            "issuer": issuer,
            "issuer_number": issued.number,
            "reference": issued.reference,
            "recorded_at": recorded_at,
        },
    )
    rows = [
        names
        | {
            "name": file.name,
            "media_type": file.media_type,
            "digest": hashlib.sha256(file.content).hexdigest(),
            "content": file.content,
        }
        for file in issued.files
    ]
    if rows:
        connection.execute(invoice_files.insert(), rows)
    found = find(connection, agreement_id, key)
    assert found is not None
    return found


# Reading


def find(connection: Connection, agreement_id: str, key: str) -> InvoiceRecord | None:
    """A document by its key."""
    return _one(connection, _ALL.where(invoices.c.agreement_id == agreement_id, invoices.c.key == key))


def by_number(connection: Connection, agreement_id: str, number: str) -> InvoiceRecord | None:
    """A document by its number."""
    return _one(connection, _ALL.where(invoices.c.agreement_id == agreement_id, invoices.c.number == number))


def of_agreement(connection: Connection, agreement_id: str) -> list[InvoiceRecord]:
    """An agreement's documents in the order in which they were begun."""
    wanted = _ALL.where(invoices.c.agreement_id == agreement_id)
    order = (invoices.c.recorded_at, invoices.c.year, invoices.c.place, invoices.c.key)
    return [_record(row) for row in connection.execute(wanted.order_by(*order)).mappings()]


def files_of(connection: Connection, agreement_id: str, key: str) -> list[KeptFile]:
    """The files of an issued document, by name."""
    wanted = select(invoice_files).where(
        invoice_files.c.agreement_id == agreement_id, invoice_files.c.key == key
    )
    rows = connection.execute(wanted.order_by(invoice_files.c.name)).mappings()
    return [KeptFile.model_validate({name: row[name] for name in KeptFile.model_fields}) for row in rows]


def told(record: InvoiceRecord) -> IssuedInvoice:
    """An issued document as its agreement knows it."""
    document = record.document
    assert record.issuer is not None
    assert record.issuer_number is not None
    return IssuedInvoice(
        kind=document.kind,
        key=document.key,
        payment=document.payment.key,
        number=document.number,
        issued_on=document.issued_on,
        gross=document.gross,
        digest=record.digest,
        issuer=record.issuer,
        issuer_number=record.issuer_number,
        credits=document.credits.number if isinstance(document, CreditNote) else None,
    )


def _one(connection: Connection, wanted: Select[Any]) -> InvoiceRecord | None:
    row = connection.execute(wanted).mappings().one_or_none()
    return None if row is None else _record(row)


def _record(row: RowMapping) -> InvoiceRecord:
    same = ("digest", "at", "recorded_at", "issuer", "issuer_number", "reference", "issued_recorded_at")
    return InvoiceRecord(document=read(row["canonical"]), **{name: row[name] for name in same})


# What a document is made from


def _money(connection: Connection, agreement_id: str, known_at: datetime | None, shelf: Shelf) -> MoneyFile:
    found = accounts.money_of(connection, agreement_id, known_at, shelf)
    if found is None:
        raise RecordGap(f"agreement {agreement_id} has no money on record")
    return found


def _payment(money: MoneyFile, key: str) -> Payment:
    found = next((payment for payment in money.payments if payment.key == key), None)
    if found is None:
        raise RecordGap(f"a payment to be invoiced of agreement {money.agreement_id} is not on record")
    return found


def _reason(connection: Connection, workflow_id: str, payment: str) -> str | None:
    """Why a payment was taken back, as its event tells."""

    def of_payment(event: Event) -> bool:
        return event.kind in _TAKEN_BACK and event.payload.get("key") == payment

    told = [found.event for found in history.read(connection, workflow_id) if of_payment(found.event)]
    return told[-1].payload.get("reason") if told else None


def _check(
    connection: Connection, agreement_id: str, document: Invoice | CreditNote, until: datetime
) -> None:
    wanted = select(ledger_entries).where(
        ledger_entries.c.agreement_id == agreement_id, ledger_entries.c.effective_at <= until
    )
    posted = [found.entry for found in entries.read(connection, wanted)]
    try:
        check_against_ledger(document, posted)
    except InvoiceDiffers as difference:
        raise LedgerDiffers(f"agreement {agreement_id}, {document.kind}: {difference}") from None


def _next_place(connection: Connection, provider_id: str, kind: InvoiceKind, year: int) -> int:
    """The next number of a series, which stays locked until the transaction ends."""
    series = {"provider_id": provider_id, "kind": kind.value, "year": year, "last": 1}
    place: int = connection.execute(_count_on(connection.dialect.name), series).scalar_one()
    return place


@cache
def _count_on(dialect: str) -> Any:
    insert = (sqlite if dialect == "sqlite" else postgresql).insert(invoice_series)
    return insert.on_conflict_do_update(
        index_elements=list(invoice_series.primary_key.columns), set_={"last": invoice_series.c.last + 1}
    ).returning(invoice_series.c.last)

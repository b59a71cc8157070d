"""Invoices and credit notes, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from contract.invoices import CreditNote
from contract.values import normalised
from records.results import InvoiceRecord, KeptFile
from starter.showing.paper import BAD, GOOD, NOTHING, facts, marked, money, table, words


def invoices(found: Sequence[InvoiceRecord]) -> Table:
    """The documents of an agreement, one to a line."""
    made = table("", "number", "", "issued on", "amount", "payment", "issuer", "", right=["amount"])
    for record in found:
        document = record.document
        made.add_row(
            document.number,
            words(document.kind.value),
            document.issued_on.isoformat(),
            money(document.gross),
            document.payment.reference,
            record.issuer or NOTHING,
            marked("issued", GOOD) if record.is_issued else marked("not issued yet", BAD),
        )
    return made


def invoice(record: InvoiceRecord, files: Sequence[KeptFile]) -> Iterator[RenderableType]:
    """One document: what it says, and how it was issued."""
    document = record.document
    paid = document.payment
    rows = [
        (words(document.kind.value), document.number),
        ("issued on", document.issued_on.isoformat()),
        ("from", document.provider.name),
        ("to", document.customer.name),
        ("payment", f"{paid.label or paid.means.value} {paid.reference}, {paid.counts_on.isoformat()}"),
    ]
    if isinstance(document, CreditNote):
        rows.append(("takes back", f"{document.credits.number} of {document.credits.issued_on.isoformat()}"))
        rows += [("because", document.reason)] if document.reason else []
    rows += [
        ("issuer", record.issuer or "not issued yet"),
        *([("its number", record.issuer_number)] if record.issuer_number else []),
        ("SHA-256", record.digest),
    ]
    yield facts([(name, value or NOTHING) for name, value in rows])
    lines = table("", "for", "bill", "from", "to", "amount", right=["amount"])
    for line in document.lines:
        span = [day.isoformat() if day else NOTHING for day in (line.first, line.last)]
        lines.add_row(words(line.kind.value), line.bill or NOTHING, *span, money(line.amount))
    yield lines
    sums = [("net", money(document.net))]
    if document.tax is not None and document.tax_percent is not None:
        sums.append((f"tax, {normalised(document.tax_percent)} %", money(document.tax)))
    yield facts([*sums, ("in all", money(document.gross))])
    yield facts([("file", f"{file.name}, {len(file.content):,} bytes") for file in files])


def plain_invoice(record: InvoiceRecord, files: Sequence[KeptFile] | None = None) -> dict[str, Any]:
    """A document as JSON: what it says, and how it was issued; with ``files``, what these are."""
    how = record.model_dump(exclude={"document"})
    shown: dict[str, Any] = {"document": record.document, **how}
    if files is not None:
        told = [file.model_dump(exclude={"content"}) | {"bytes": len(file.content)} for file in files]
        shown["files"] = told
    return shown

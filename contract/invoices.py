"""The invoice (发票) of a payment and the credit note (红字发票) that takes one back: shapes only (C7.1.3).

Both are documents of a payment, issued once and never changed or issued anew: what the payment went to is
told as it stood on the day of issue, whatever a fact recorded later moves from one bill to another. When they
are issued is said by :mod:`contract.invoicing`.

``net`` + ``tax`` = ``gross`` = the sum of the lines, each of which is given with the tax that it includes.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self

import rfc8785
from pydantic import Field, TypeAdapter, model_validator

from contract.money import Money
from contract.parties import Party
from contract.terms import Means, digest_of
from contract.values import Currency, Digest, Exact, Identifier, Line, Model, Text, Whole


class InvoiceKind(StrEnum):
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class LineKind(StrEnum):
    """What a part of a payment went to."""

    FEE = "fee"
    """The fee that a bill asks for."""
    LATE_FEE = "late_fee"
    """The late fee of a bill (C8.2.1)."""
    ON_ACCOUNT = "on_account"
    """Nothing yet: credit for bills to come."""


class InvoiceLine(Model):
    """A part of the payment, tax included; below zero in a credit note."""

    kind: LineKind
    bill: Identifier | None = None
    """None on account."""
    first: date | None = None
    """The bill's period; None on account, and of a bill without one."""
    last: date | None = None
    terms_version: Whole | None = None
    """Of the bill."""
    amount: Money


class PaymentInvoiced(Model):
    """The payment that a document is of."""

    key: str
    means: Means
    label: Line | None = None
    reference: Line
    received_on: date
    """Its value date; of a cheque, the day it was received."""
    counts_on: date
    """The day the money came; of a cheque, the day it cleared."""


class Numbered(Model):
    """What both documents say."""

    schema_version: Literal[1] = 1
    kind: InvoiceKind
    key: str
    """``invoice:{payment key}`` or ``credit-note:{payment key}``: unique within the agreement."""
    number: Identifier
    """``INV-2026-000001``, ``CN-2026-000001``: from 1, without gap, per provider, kind and year of issue."""
    agreement_id: Identifier
    terms_version: Whole
    """In force on the day of issue: parties and tax are as it has them."""
    provider: Party
    customer: Party
    issued_on: date
    """In the agreement's zone."""
    payment: PaymentInvoiced
    currency: Currency
    lines: Annotated[list[InvoiceLine], Field(min_length=1)]
    tax_percent: Exact | None = None
    """None: no tax line (C7.1.1 ``fees.tax_percent``)."""
    net: Money
    tax: Money | None = None
    gross: Money

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        minor = [
            self.net,
            self.gross,
            *([self.tax] if self.tax else []),
            *(line.amount for line in self.lines),
        ]
        if any(amount.currency != self.currency for amount in minor):
            raise ValueError("all amounts in the document's currency")
        if sum(line.amount.minor for line in self.lines) != self.gross.minor:
            raise ValueError("lines that add up to the gross amount")
        if self.net.minor + (self.tax.minor if self.tax else 0) != self.gross.minor:
            raise ValueError("net and tax that add up to the gross amount")
        if (self.tax is None) != (self.tax_percent is None):
            raise ValueError("a tax amount where there is a rate, and only there")
        return self


class Invoice(Numbered):
    """The invoice of one payment that counts."""

    kind: Literal[InvoiceKind.INVOICE] = InvoiceKind.INVOICE


class CreditedInvoice(Model):
    """The invoice that a credit note takes back."""

    key: str
    number: Identifier
    issued_on: date


class CreditNote(Numbered):
    """The credit note of a payment that was taken back: every amount of its invoice, with the other sign."""

    kind: Literal[InvoiceKind.CREDIT_NOTE] = InvoiceKind.CREDIT_NOTE
    credits: CreditedInvoice
    taken_back: Literal["bounced", "reversed"]
    reason: Text | None = None


AnyInvoice = Annotated[Invoice | CreditNote, Field(discriminator="kind")]

_ANY: TypeAdapter[Invoice | CreditNote] = TypeAdapter(AnyInvoice)


def canonical(document: Invoice | CreditNote) -> str:
    """RFC 8785 canonical JSON: the very text that is kept."""
    return rfc8785.dumps(document.model_dump(mode="json", exclude_none=True)).decode()


def digest(document: Invoice | CreditNote) -> str:
    """SHA-256 of the canonical JSON."""
    return digest_of(canonical(document).encode())


def read(text: str) -> Invoice | CreditNote:
    """The document that a canonical text is of; raises pydantic's ValidationError for another text."""
    return _ANY.validate_json(text)


class IssuedInvoice(Model):
    """A document that was issued, as the agreement knows it."""

    kind: InvoiceKind
    key: str
    payment: str
    """The key of its payment."""
    number: Identifier
    issued_on: date
    gross: Money
    digest: Digest
    issuer: Line
    """Who issued it, such as ``builtin``."""
    issuer_number: Line
    """Under which the issuer has it: our own number, or that of a fapiao."""
    credits: Identifier | None = None
    """Of a credit note: the number of the invoice that it takes back."""


# What an issuer answers


class InvoiceFile(Model):
    """A file of an issued document."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
    """A plain file name, such as ``INV-2026-000001.pdf``."""
    media_type: Annotated[str, Field(pattern=r"^[a-z]+/[A-Za-z0-9.+-]+$")]
    content: bytes


class Issued(Model):
    """What came of issuing a document."""

    number: Line
    """Under which the issuer has it: our own number, or that of a fapiao."""
    reference: Line | None = None
    """What else the issuer knows it by."""
    files: list[InvoiceFile] = []

"""The invoice (发票) of a payment and the credit note (红字发票) on paper (C7.1.3).

The figures are those of the document as it was issued; nothing is added up here. The PDF is PDF/A-3, so that
its data can be put into it (EN 16931).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from contract.invoices import CreditNote, Invoice, InvoiceLine, LineKind
from contract.parties import Language
from contract.terms import Means
from contract.values import normalised
from documents import press
from documents.paper import (
    Cell,
    Column,
    Facts,
    Noted,
    Paper,
    Part,
    Sheet,
    Side,
    Sides,
    Sum,
    Sums,
    Total,
    fine,
    notice,
)
from documents.writing import Writing
from documents.writings import writing_of

LAYOUT: Final = "paper"

FAPIAO_COUNTRY: Final = "CN"
"""Where a fapiao is issued through the tax authority's platform only (contract §6)."""


def pdf(document: Invoice | CreditNote, *, language: Language | None = None) -> bytes:
    """An invoice or a credit note as PDF/A-3; without ``language``, in the customer's.

    Raises :class:`documents.errors.CannotPrint`. Dated midnight UTC of its day of issue.
    """
    spoken = language or document.customer.language
    at = datetime(document.issued_on.year, document.issued_on.month, document.issued_on.day, tzinfo=UTC)
    return press.pdf(LAYOUT, content(document, language=spoken), language=spoken, at=at)


def content(document: Invoice | CreditNote, *, language: Language) -> dict[str, Any]:
    """What the press is given."""
    writing, say = writing_of(language), LABELS[language]
    provider = Side.of(document.provider, say.seller, writing)
    customer = Side.of(document.customer, say.buyer, writing)
    title = say.credit_note if isinstance(document, CreditNote) else say.invoice
    made = Paper(
        title=title,
        sender=Side("", document.provider.name, [document.provider.address]),
        marks=[f"{say.number} {document.number}", f"{say.issued_on} {writing.day(document.issued_on)}"],
        footer=f"{title} {document.number}",
        subject=f"{title} {document.number}, {document.agreement_id}",
        parts=[Sides([provider, customer]), *_parts(document, writing, say)],
    )
    return made.content(writing)


def _parts(document: Invoice | CreditNote, writing: Writing, say: Labels) -> Iterator[Part]:
    if isinstance(document, CreditNote):
        credited = document.credits
        yield notice(
            say.takes_back.format(number=credited.number, day=writing.day(credited.issued_on))
            + say.taken_back[document.taken_back]
            + (f" {say.reason}{writing.colon}{document.reason}" if document.reason else "")
        )
    yield Facts(list(_facts(document, writing, say)))
    rows: list[list[Cell]] = [
        [Noted(say.lines[line.kind], list(_notes(line, say))), writing.figure(line.amount)]
        for line in document.lines
    ]
    yield Sheet(
        [Column(say.what, width=1), Column(say.amount.format(currency=document.currency), right=True)],
        rows,
        [Total(say.gross, [writing.figure(document.gross)])],
    )
    sums = [Sum(say.net, writing.money(document.net))]
    if document.tax is not None and document.tax_percent is not None:
        rate = normalised(document.tax_percent)
        sums.append(Sum(say.tax.format(rate=rate), writing.money(document.tax)))
    sums.append(Sum(say.gross, writing.money(document.gross), strong=True))
    words = f"{say.in_words}{writing.colon}{writing.amount_in_words(document.gross)}"
    yield Sums(sums, words=words)
    if document.tax is None:
        yield fine(say.no_tax)
    if document.provider.country == FAPIAO_COUNTRY:
        yield fine(say.not_a_fapiao)


def _facts(document: Invoice | CreditNote, writing: Writing, say: Labels) -> Iterator[tuple[str, str]]:
    payment = document.payment
    means = writing.means[payment.means]
    yield say.agreement, document.agreement_id
    yield say.version, str(document.terms_version)
    yield say.means, f"{means}{writing.comma}{payment.label}" if payment.label else means
    yield say.reference, payment.reference
    yield say.received_on, payment.received_on.isoformat()
    if payment.means is Means.CHEQUE:
        yield say.cleared_on, payment.counts_on.isoformat()


def _notes(line: InvoiceLine, say: Labels) -> Iterator[str]:
    if line.bill is not None:
        yield f"{say.bill} {line.bill}"
    if line.first is not None and line.last is not None:
        yield say.period.format(first=line.first.isoformat(), last=line.last.isoformat())


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Every word of an invoice; what stands in braces is filled in."""

    invoice: str
    credit_note: str
    seller: str
    buyer: str
    number: str
    issued_on: str
    takes_back: str
    taken_back: Mapping[str, str]
    reason: str
    agreement: str
    version: str
    means: str
    reference: str
    received_on: str
    cleared_on: str
    what: str
    amount: str
    lines: Mapping[LineKind, str]
    bill: str
    period: str
    net: str
    tax: str
    no_tax: str
    gross: str
    in_words: str
    not_a_fapiao: str


LABELS: Final[Mapping[Language, Labels]] = {
    Language.ENGLISH: Labels(
        invoice="Invoice",
        credit_note="Credit note",
        seller="Seller (provider)",
        buyer="Buyer (customer)",
        number="No.",
        issued_on="issued on",
        takes_back="This credit note takes back invoice {number} of {day} in whole. ",
        taken_back={
            "bounced": "The bank returned the cheque.",
            "reversed": "The payment was taken back or had been recorded wrongly.",
        },
        reason="Reason",
        agreement="Agreement",
        version="Terms version",
        means="Paid by",
        reference="Reference",
        received_on="Received on",
        cleared_on="Cleared on",
        what="For",
        amount="Amount with tax, {currency}",
        lines={
            LineKind.FEE: "Service fee (C7.1.1)",
            LineKind.LATE_FEE: "Late fee (C8.2.1)",
            LineKind.ON_ACCOUNT: "Payment on account, for bills to come",
        },
        bill="Bill",
        period="For service from {first} to {last}",
        net="Net amount",
        tax="Tax, {rate} %",
        no_tax="No tax is stated for this agreement.",
        gross="Total",
        in_words="Total in words",
        not_a_fapiao="This is the provider's own commercial document. A fapiao is issued through the "
        "platform of the tax authority only.",
    ),
    Language.CHINESE: Labels(
        invoice="发票",
        credit_note="红字发票",
        seller="销售方（甲方）",
        buyer="购买方（乙方）",
        number="编号",
        issued_on="开具日期",
        takes_back="本红字发票全额冲销 {day} 开具的编号为 {number} 的发票。",
        taken_back={"bounced": "支票被银行退回。", "reversed": "该笔付款已撤回或系误记。"},
        reason="原因",
        agreement="协议编号",
        version="条款版本",
        means="付款方式",
        reference="凭证号",
        received_on="收款日期",
        cleared_on="兑付日期",
        what="项目",
        amount="金额（含税，{currency}）",
        lines={
            LineKind.FEE: "服务费（C7.1.1）",
            LineKind.LATE_FEE: "滞纳金（C8.2.1）",
            LineKind.ON_ACCOUNT: "预付款，用于以后的账单",
        },
        bill="账单",
        period="服务期间 {first} 至 {last}",
        net="不含税金额",
        tax="税额，税率 {rate} %",
        no_tax="本协议未列明税额。",
        gross="价税合计",
        in_words="价税合计大写",
        not_a_fapiao="本单为甲方自行出具的商业凭证；税务机关监制的发票仅通过税务机关的平台开具。",
    ),
}

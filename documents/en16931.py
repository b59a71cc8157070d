"""Invoices and credit notes as data: EN 16931 in the syntax of UN/CEFACT's Cross Industry Invoice (C7.1.3).

Amounts are those of the document, without a sign: that a document credits is told by its type (381). What
falls due is nothing, for the document is of a payment. Each line is given without its tax; the lines' nets
add up to the document's.

The tax is taken out of an amount that includes it, so it can differ by one minor unit from net × rate.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

from contract.invoices import CreditNote, Invoice, InvoiceLine, LineKind
from contract.money import Money, exponent, half_up
from contract.parties import Language, Party
from contract.terms import Means
from contract.values import normalised

GUIDELINE: Final = "urn:cen.eu:en16931:2017"
_RSM: Final = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
_RAM: Final = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
_UDT: Final = "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"
_QDT: Final = "urn:un:unece:uncefact:data:standard:QualifiedDataType:100"
_NAMESPACES: Final = {"rsm": _RSM, "ram": _RAM, "udt": _UDT, "qdt": _QDT}

MEANS: Final[Mapping[Means, str]] = {
    Means.TRANSFER: "42",
    Means.CHEQUE: "20",
    Means.ONLINE: "68",
    Means.OTHER: "ZZZ",
}
"""UNTDID 4461. A transfer is a payment to a bank account: that of transfers wants the account's number."""

_LINES: Final[Mapping[Language, Mapping[LineKind, str]]] = {
    Language.CHINESE: {
        LineKind.FEE: "服务费，账单",
        LineKind.LATE_FEE: "滞纳金，账单",
        LineKind.ON_ACCOUNT: "预收款",
    },
    Language.ENGLISH: {
        LineKind.FEE: "Service fee, bill",
        LineKind.LATE_FEE: "Late fee, bill",
        LineKind.ON_ACCOUNT: "Paid on account",
    },
}
_PAID: Final[Mapping[Language, str]] = {
    Language.CHINESE: "已收讫，无应付款项。",
    Language.ENGLISH: "Paid; nothing is due.",
}
_TAKEN_BACK: Final[Mapping[Language, str]] = {
    Language.CHINESE: "该笔付款已退回或撤销，本单冲销其发票。",
    Language.ENGLISH: "The payment was taken back; this credits its invoice.",
}
_UNTAXED: Final[Mapping[Language, str]] = {
    Language.CHINESE: "不征税",
    Language.ENGLISH: "Not subject to VAT",
}

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot say: it is left out of what people wrote."""

for _prefix, _uri in _NAMESPACES.items():
    ET.register_namespace(_prefix, _uri)


def xml(document: Invoice | CreditNote) -> bytes:
    """The document as EN 16931 data; the same document gives the same bytes.

    Raises ValueError for a currency of more than two decimals, which EN 16931 does not know.
    """
    if not has_data(document):
        raise ValueError(f"EN 16931 knows two decimals at most, and {document.currency} has more")
    root = ET.Element(f"{{{_RSM}}}CrossIndustryInvoice")
    context = _add(root, "rsm:ExchangedDocumentContext")
    _add(_add(context, "ram:GuidelineSpecifiedDocumentContextParameter"), "ram:ID", GUIDELINE)
    credits = isinstance(document, CreditNote)
    head = _add(root, "rsm:ExchangedDocument")
    _add(head, "ram:ID", document.number)
    _add(head, "ram:TypeCode", "381" if credits else "380")
    _day(_add(head, "ram:IssueDateTime"), document.issued_on)
    language = document.customer.language
    for note in (
        (_TAKEN_BACK if credits else _PAID)[language],
        document.reason if isinstance(document, CreditNote) else None,
    ):
        if note:
            _add(_add(head, "ram:IncludedNote"), "ram:Content", note)
    trade = _add(root, "rsm:SupplyChainTradeTransaction")
    for place, (line, net) in enumerate(_nets(document), start=1):
        _line(trade, place, line, net, document, language)
    _parties(trade, document)
    _add(trade, "ram:ApplicableHeaderTradeDelivery")
    _settlement(trade, document, language)
    ET.indent(root)
    made: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return made


def has_data(document: Invoice | CreditNote) -> bool:
    """Whether EN 16931 can say the document's amounts."""
    return exponent(document.currency) <= 2


def _nets(document: Invoice | CreditNote) -> Iterator[tuple[InvoiceLine, Money]]:
    """Each line with its share of the net amount, without a sign; the shares add up to it."""
    gross, net = document.gross.minor, document.net.minor
    so_far = given = 0
    for line in document.lines:
        so_far += line.amount.minor
        share = half_up(Fraction(net * so_far, gross)) - given
        given += share
        yield line, Money(minor=abs(share), currency=document.currency)


def _line(
    trade: ET.Element,
    place: int,
    line: InvoiceLine,
    net: Money,
    document: Invoice | CreditNote,
    language: Language,
) -> None:
    item = _add(trade, "ram:IncludedSupplyChainTradeLineItem")
    _add(_add(item, "ram:AssociatedDocumentLineDocument"), "ram:LineID", str(place))
    name = " ".join(part for part in (_LINES[language][line.kind], line.bill) if part)
    _add(_add(item, "ram:SpecifiedTradeProduct"), "ram:Name", name)
    agreed = _add(item, "ram:SpecifiedLineTradeAgreement")
    _add(_add(agreed, "ram:NetPriceProductTradePrice"), "ram:ChargeAmount", str(net))
    delivered = _add(item, "ram:SpecifiedLineTradeDelivery")
    _add(delivered, "ram:BilledQuantity", "1", unitCode="C62")
    settled = _add(item, "ram:SpecifiedLineTradeSettlement")
    tax = _add(settled, "ram:ApplicableTradeTax")
    _add(tax, "ram:TypeCode", "VAT")
    _category(tax, document.tax_percent)
    if line.first is not None and line.last is not None:
        period = _add(settled, "ram:BillingSpecifiedPeriod")
        _day(_add(period, "ram:StartDateTime"), line.first)
        _day(_add(period, "ram:EndDateTime"), line.last)
    _add(_add(settled, "ram:SpecifiedTradeSettlementLineMonetarySummation"), "ram:LineTotalAmount", str(net))


def _parties(trade: ET.Element, document: Invoice | CreditNote) -> None:
    agreed = _add(trade, "ram:ApplicableHeaderTradeAgreement")
    taxed = document.tax_percent is not None
    _party(_add(agreed, "ram:SellerTradeParty"), document.provider, seller=True, taxed=taxed)
    _party(_add(agreed, "ram:BuyerTradeParty"), document.customer, seller=False, taxed=taxed)
    _add(_add(agreed, "ram:ContractReferencedDocument"), "ram:IssuerAssignedID", document.agreement_id)


def _party(made: ET.Element, party: Party, *, seller: bool, taxed: bool) -> None:
    _add(made, "ram:ID", party.party_id)
    _add(made, "ram:Name", party.name)
    is_vat = _is_vat_number(party)
    if party.tax_id is not None and not is_vat:
        _add(_add(made, "ram:SpecifiedLegalOrganization"), "ram:ID", party.tax_id)
    contact = _add(made, "ram:DefinedTradeContact")
    _add(contact, "ram:PersonName", party.contact.name)
    _add(_add(contact, "ram:TelephoneUniversalCommunication"), "ram:CompleteNumber", party.contact.phone)
    _add(_add(contact, "ram:EmailURIUniversalCommunication"), "ram:URIID", party.contact.email)
    address = _add(made, "ram:PostalTradeAddress")
    _add(address, "ram:LineOne", party.address)
    _add(address, "ram:CountryID", party.country)
    if party.tax_id is None:
        return
    # Where nothing is taxed the standard allows no VAT numbers; of a buyer it knows no other tax numbers.
    if is_vat and taxed:
        _add(_add(made, "ram:SpecifiedTaxRegistration"), "ram:ID", party.tax_id, schemeID="VA")
    elif seller:
        _add(_add(made, "ram:SpecifiedTaxRegistration"), "ram:ID", party.tax_id, schemeID="FC")


def _is_vat_number(party: Party) -> bool:
    """Whether the tax number is a VAT number as the EU writes them: with the country before it."""
    prefix = "EL" if party.country == "GR" else party.country
    return party.tax_id is not None and party.tax_id.startswith(prefix)


def _settlement(trade: ET.Element, document: Invoice | CreditNote, language: Language) -> None:
    settled = _add(trade, "ram:ApplicableHeaderTradeSettlement")
    _add(settled, "ram:PaymentReference", document.payment.reference)
    _add(settled, "ram:InvoiceCurrencyCode", document.currency)
    means = _add(settled, "ram:SpecifiedTradeSettlementPaymentMeans")
    _add(means, "ram:TypeCode", MEANS[document.payment.means])
    if document.payment.label is not None:
        _add(means, "ram:Information", document.payment.label)
    net, gross = _unsigned(document.net), _unsigned(document.gross)
    tax_amount = "0.00" if document.tax is None else _unsigned(document.tax)
    tax = _add(settled, "ram:ApplicableTradeTax")
    _add(tax, "ram:CalculatedAmount", tax_amount)
    _add(tax, "ram:TypeCode", "VAT")
    if document.tax_percent is None:
        _add(tax, "ram:ExemptionReason", _UNTAXED[language])
    _add(tax, "ram:BasisAmount", net)
    _category(tax, document.tax_percent)
    sums = _add(settled, "ram:SpecifiedTradeSettlementHeaderMonetarySummation")
    _add(sums, "ram:LineTotalAmount", net)
    _add(sums, "ram:TaxBasisTotalAmount", net)
    _add(sums, "ram:TaxTotalAmount", tax_amount, currencyID=document.currency)
    _add(sums, "ram:GrandTotalAmount", gross)
    _add(sums, "ram:TotalPrepaidAmount", gross)
    _add(sums, "ram:DuePayableAmount", "0.00")
    if isinstance(document, CreditNote):
        credited = _add(settled, "ram:InvoiceReferencedDocument")
        _add(credited, "ram:IssuerAssignedID", document.credits.number)
        when = _add(credited, "ram:FormattedIssueDateTime")
        _add(when, "qdt:DateTimeString", f"{document.credits.issued_on:%Y%m%d}", format="102")


def _category(tax: ET.Element, percent: Decimal | None) -> None:
    """The category of the tax: standard rate, zero rate, or outside the scope of the tax."""
    _add(tax, "ram:CategoryCode", "O" if percent is None else "S" if percent else "Z")
    if percent is not None:
        _add(tax, "ram:RateApplicablePercent", normalised(percent))


def _unsigned(amount: Money) -> str:
    return str(Money(minor=abs(amount.minor), currency=amount.currency))


def _day(parent: ET.Element, day: date) -> None:
    _add(parent, "udt:DateTimeString", f"{day:%Y%m%d}", format="102")


def _add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    prefix, _, local = name.partition(":")
    made = ET.SubElement(parent, f"{{{_NAMESPACES[prefix]}}}{local}", attributes)
    made.text = None if text is None else _NOT_XML.sub("", text)
    return made

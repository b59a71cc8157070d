"""Invoices as EN 16931 data: fit for the schema, adding up, saying what the document says (C7.1.3)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import date, timedelta
from decimal import Decimal

import facturx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.invoices import CreditNote, Invoice
from contract.money import Money
from contract.reading import check_terms
from contract.terms import TermSheet
from documents import en16931
from tests.contract.money_lives import FIRST, MoneyAgreed, MoneyLife
from tests.contract.sheets import changed, full_sheet
from tests.contract.test_invoices import Books, sheet

LATE = FIRST + timedelta(days=25)
"""Ten days after the first bill was due."""


def invoiced(amount: str, terms: TermSheet, reason: str = "Wrong customer.") -> tuple[Invoice, CreditNote]:
    """A payment's invoice, and the credit note after its reversal."""
    books = Books(MoneyLife(MoneyAgreed(currency=terms.fees.currency)), terms)
    books.life.pay(amount, LATE)
    (invoice,) = books.issue(LATE)
    books.life.do("reverse_payment", LATE, 11, means="transfer", reference="T1", reason="r")
    (credited,) = books.issue(LATE)
    assert isinstance(invoice, Invoice)
    assert isinstance(credited, CreditNote)
    return invoice, credited.model_copy(update={"reason": reason})


def texts(data: bytes, path: str) -> list[str]:
    """Every text at a path of names, without their namespaces."""
    wanted = "/".join(f"{{*}}{name}" for name in path.split("/"))
    return [found.text or "" for found in ET.fromstring(data).findall(f".//{wanted}")]


def text(data: bytes, path: str) -> str:
    (found,) = texts(data, path)
    return found


def fits_the_schema(data: bytes) -> bool:
    return bool(facturx.xml_check_xsd(data, flavor="factur-x", level="en16931"))


@pytest.mark.parametrize("percent", ["6", "0", None])
def test_invoice_and_credit_note_fit_the_schema(percent):
    for document in invoiced("13000.00", sheet(percent)):
        assert fits_the_schema(en16931.xml(document))


def test_it_says_what_the_invoice_says():
    invoice, credited = invoiced("13000.00", sheet("6"))
    data = en16931.xml(invoice)
    assert text(data, "ExchangedDocument/ID") == "INV-2026-000001"
    assert text(data, "ExchangedDocument/TypeCode") == "380"
    assert text(data, "ExchangedDocument/IssueDateTime/DateTimeString") == "20260126"
    assert text(data, "SellerTradeParty/Name") == invoice.provider.name
    assert text(data, "BuyerTradeParty/Name") == invoice.customer.name
    assert texts(data, "SpecifiedTradeProduct/Name") == [
        "Late fee, bill B001",
        "Service fee, bill B001",
        "Paid on account",
    ]
    assert text(data, "PaymentReference") == "T1"
    assert text(data, "GrandTotalAmount") == str(invoice.gross) == "13000.00"
    assert text(data, "DuePayableAmount") == "0.00"
    back = en16931.xml(credited)
    assert text(back, "ExchangedDocument/TypeCode") == "381"
    assert text(back, "InvoiceReferencedDocument/IssuerAssignedID") == invoice.number
    # The sign is in the type.
    assert text(back, "GrandTotalAmount") == "13000.00"


@settings(max_examples=60)
@given(minor=st.integers(1, 3_000_000), percent=st.sampled_from(["0", "0.5", "6", "13", "19", "100"]))
def test_lines_and_tax_add_up_to_the_payment(minor: int, percent: str):
    invoice, credited = invoiced(str(Money(minor=minor, currency="CNY")), sheet(percent))
    for document in (invoice, credited):
        data = en16931.xml(document)
        lines = [Decimal(amount) for amount in texts(data, "LineTotalAmount")]
        *of_lines, total = lines
        assert sum(of_lines) == total == Decimal(text(data, "TaxBasisTotalAmount"))
        tax = Decimal(text(data, "TaxTotalAmount"))
        assert total + tax == Decimal(text(data, "GrandTotalAmount")) == invoice.gross.amount
        assert min(lines) >= 0
        # BR-CO-17, with the cent that taking tax out of a gross amount may differ by.
        assert abs(total * Decimal(percent) / 100 - tax) <= Decimal("0.01")


def test_vat_numbers_are_given_where_there_is_vat_and_other_numbers_as_what_they_are():
    document = changed(full_sheet(), "provider.country", "DE")
    document = changed(document, "provider.tax_id", "DE123456789")
    taxed = en16931.xml(invoiced("1.00", check_terms(document))[0])
    assert 'schemeID="VA">DE123456789' in taxed.decode()
    untaxed = en16931.xml(invoiced("1.00", check_terms(changed(document, "fees.tax_percent", None)))[0])
    assert 'schemeID="VA"' not in untaxed.decode()
    assert fits_the_schema(untaxed)
    chinese = en16931.xml(invoiced("1.00", sheet("6"))[0])
    assert 'schemeID="FC">91310115MA1K4EXAM1' in chinese.decode()


def test_what_people_wrote_cannot_become_markup_nor_break_it():
    _, credited = invoiced("1.00", sheet("6"), reason="</ram:Content> & \x01\x0b<b>\n红字")
    data = en16931.xml(credited)
    assert texts(data, "IncludedNote/Content")[1] == "</ram:Content> & <b>\n红字"
    assert fits_the_schema(data)


def test_a_currency_of_three_decimals_has_no_such_data():
    invoice, _ = invoiced("1.000", check_terms(changed(full_sheet(), "fees.currency", "KWD")))
    assert not en16931.has_data(invoice)
    with pytest.raises(ValueError, match="two decimals"):
        en16931.xml(invoice)


def test_the_same_document_gives_the_same_bytes():
    invoice, _ = invoiced("13000.00", sheet("6"))
    assert en16931.xml(invoice) == en16931.xml(invoice.model_copy())
    assert invoice.issued_on == date(2026, 1, 26)

"""The invoice and the credit note on paper say what was issued (C7.1.3)."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pypdf
import pytest

from contract.invoices import CreditNote, Invoice, LineKind
from contract.invoicing import credit_note, invoice
from contract.money_file import PaymentState
from contract.parties import Language
from contract.terms import TermSheet
from documents import invoices
from documents.numerals import amount_in_words
from documents.writings import writing_of
from tests.contract.money_lives import MoneyAgreed, MoneyLife
from tests.documents.lives import LONG, example
from tests.documents.reading import figure, pages_of, text_of, without_blanks

BOTH = pytest.mark.parametrize("language", Language)
PAID = date(2026, 2, 25)


def issued(terms: TermSheet | None = None, **payment: Any) -> Invoice:
    """Of a payment that pays a late fee, a bill, and something on account."""
    life = MoneyLife(MoneyAgreed())
    life.pay("12500.00", date(2026, 2, 20))
    life.pay("13000.00", PAID, LONG)
    told = life.file.payments[-1].model_copy(update=payment)
    return invoice(life.file, told, terms or example(), 1, PAID, "INV-2026-000001")


def taken_back(found: Invoice, reason: str | None = "Of another customer") -> CreditNote:
    life = MoneyLife(MoneyAgreed())
    life.pay("13000.00", PAID, LONG)
    payment = life.file.payments[-1].model_copy(update={"taken_back": PaymentState.REVERSED})
    return credit_note(found, payment, date(2026, 2, 27), "CN-2026-000001", reason)


@BOTH
@pytest.mark.parametrize("back", [False, True], ids=["invoice", "credit note"])
def test_every_figure_of_the_document_is_printed(language, back):
    found = taken_back(issued()) if back else issued()
    assert {line.kind for line in found.lines} == set(LineKind)
    text = text_of(invoices.pdf(found, language=language))
    plain = without_blanks(text)
    assert found.tax is not None
    for amount in (found.net, found.tax, found.gross):
        assert without_blanks(writing_of(language).money(amount)) in plain
    for line in found.lines:
        assert f" {figure(line.amount)} " in text
    assert without_blanks(amount_in_words(found.gross, language)) in plain
    assert "6%" in plain
    for said in (found.number, found.agreement_id, LONG, found.provider.name, found.customer.name):
        assert without_blanks(said) in plain
    assert str(found.provider.tax_id) in text


@BOTH
def test_a_credit_note_names_the_invoice_that_it_takes_back_and_why(language):
    text = text_of(invoices.pdf(taken_back(issued()), language=language))
    assert "INV-2026-000001" in text
    assert "CN-2026-000001" in text
    assert "Of another customer" in text


def test_an_invoice_is_in_the_customers_language_unless_another_is_asked_for():
    assert "Invoice" in text_of(invoices.pdf(issued()))
    assert "发票" in text_of(invoices.pdf(issued(), language=Language.CHINESE))


@BOTH
def test_without_a_rate_no_tax_is_stated(language):
    sheet = example()
    untaxed = sheet.model_copy(update={"fees": sheet.fees.model_copy(update={"tax_percent": None})})
    found = issued(untaxed)
    assert found.tax is None
    text = text_of(invoices.pdf(found, language=language))
    assert "%" not in text
    assert text.count(figure(found.gross)) == 3


def test_outside_china_nothing_is_said_of_fapiao():
    found = issued()
    abroad = found.model_copy(update={"provider": found.provider.model_copy(update={"country": "DE"})})
    assert "fapiao" in text_of(invoices.pdf(found))
    assert "fapiao" not in text_of(invoices.pdf(abroad))


def test_the_pdf_is_of_the_day_of_issue_and_can_carry_data():
    made = pypdf.PdfReader(io.BytesIO(invoices.pdf(issued())))
    assert made.metadata is not None
    assert made.metadata.creation_date is not None
    assert made.metadata.creation_date.date() == PAID
    assert made.xmp_metadata is not None
    assert made.xmp_metadata.pdfaid_part == "3"


@BOTH
def test_a_reason_as_long_as_is_allowed_is_printed_to_its_end(language):
    reason = "because of this and that. " * 760 + "THEEND"
    made = invoices.pdf(taken_back(issued(), reason), language=language)
    assert "THEEND" in text_of(made)
    assert text_of(made).count("because") == 760
    assert len(pages_of(made)) > 3

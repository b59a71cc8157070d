"""The built-in provider: PDF and data, with the extra `einvoice` and without it (C7.1.3)."""

from __future__ import annotations

import logging
import sys
from datetime import date
from typing import Any

import facturx
import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.invoicing import BUILTIN, Invoicing, provider
from activities.own_invoices import OwnInvoices
from contract.invoices import InvoiceKind
from contract.invoicing import InvoiceWanted
from contract.money_commands import RecordPayment
from contract.reading import check_terms
from records import RecordStore
from tests.activities.lives import local, sheet
from tests.activities.money_lives import MoneyLife
from tests.contract.sheets import changed, full_sheet
from tests.contract.test_invoices import sheet as taxed
from tests.documents.reading import text_of
from tests.documents.test_en16931 import invoiced
from workflows.payloads import InvoiceToIssue


async def test_the_data_lies_in_the_pdf_and_beside_it():
    for document in invoiced("13000.00", taxed("6")):
        issued = await OwnInvoices().issue(document)
        pdf, data = issued.files
        assert (issued.number, pdf.name, data.name) == (
            document.number,
            f"{document.number}.pdf",
            f"{document.number}.xml",
        )
        name, embedded = facturx.get_facturx_xml_from_pdf(pdf.content)
        assert (name, embedded) == ("factur-x.xml", data.content)
        written = text_of(pdf.content)
        assert document.number in written
        assert f"{abs(document.gross.amount):,}" in written


async def test_without_the_extra_the_two_lie_side_by_side():
    document, _ = invoiced("13000.00", taxed("6"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "facturx", None)
        pdf, data = (await OwnInvoices().issue(document)).files
    assert facturx.xml_check_xsd(data.content, flavor="factur-x", level="en16931")
    assert document.number in text_of(pdf.content)
    assert facturx.get_facturx_xml_from_pdf(pdf.content) == (False, False)


async def test_a_currency_that_the_data_cannot_say_has_the_pdf_alone():
    document, _ = invoiced("1.000", check_terms(changed(full_sheet(), "fees.currency", "KWD")))
    (pdf,) = (await OwnInvoices().issue(document)).files
    assert pdf.name == f"{document.number}.pdf"


async def test_what_cannot_be_drawn_is_not_issued_and_nobodys_words_are_repeated(
    store: RecordStore, caplog: pytest.LogCaptureFixture
):
    """A name with a character that no font has: the error tells the place, not what was written."""
    life = MoneyLife(store, sheet("ONE", customer__name="Secret 𓀀 Ltd."))
    await life.in_force()
    paid: dict[str, Any] = {"means": "transfer", "reference": "SECRET-1", "amount": "12500.00"}
    await life.do(RecordPayment, "2026-03-20 10:00", **paid, value_date=date(2026, 3, 20))
    wanted = InvoiceWanted(
        kind=InvoiceKind.INVOICE, payment="payment:transfer:SECRET-1", at=local("2026-03-20 20:00")
    )
    issue = Invoicing(store, provider(BUILTIN)).issue_invoice
    with caplog.at_level(logging.DEBUG), pytest.raises(ApplicationError) as failed:
        await ActivityEnvironment().run(issue, InvoiceToIssue(agreement_id="ONE", wanted=wanted))
    assert failed.value.type == "invoice_unmade"
    assert "INV-2026-000001" in str(failed.value)
    assert "secret" not in f"{failed.value} {caplog.text}".lower()
    (record,) = await store.invoices("ONE")
    assert not record.is_issued

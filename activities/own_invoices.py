"""The built-in provider: the product's own invoices, as PDF and as EN 16931 data (C7.1.3, contract §6).

With the extra ``einvoice`` the data is checked against its schema and embedded in the PDF (Factur-X), beside
standing in a file of its own. Without it the two are files side by side. A document in a currency of three
decimals has the PDF alone: EN 16931 cannot say it.
"""

from __future__ import annotations

import asyncio
import logging
from types import ModuleType
from typing import Final

from activities.invoicing import BUILTIN
from contract.invoices import CreditNote, Invoice, InvoiceFile, Issued
from documents import en16931, invoices

PDF: Final = "application/pdf"
XML: Final = "application/xml"


class OwnInvoices:
    """Draws documents; the number that the record store gave is the number they have."""

    name = BUILTIN

    async def issue(self, document: Invoice | CreditNote) -> Issued:
        """The document's files; the same document gives the same number and figures each time."""
        return await asyncio.to_thread(_made, document)


def _made(document: Invoice | CreditNote) -> Issued:
    number, pdf = document.number, invoices.pdf(document)
    files = []
    if en16931.has_data(document):
        data = en16931.xml(document)
        files.append(InvoiceFile(name=f"{number}.xml", media_type=XML, content=data))
        if (facturx := _facturx()) is not None:
            pdf = _with_data(facturx, document, pdf, data)
    files.insert(0, InvoiceFile(name=f"{number}.pdf", media_type=PDF, content=pdf))
    return Issued(number=number, files=files)


def _facturx() -> ModuleType | None:
    try:
        import facturx
    except ImportError:
        return None
    # It logs what it finds wrong with a document, and with it what the document says (C5.3).
    logging.getLogger("factur-x").setLevel(logging.CRITICAL)
    found: ModuleType = facturx
    return found


def _with_data(facturx: ModuleType, document: Invoice | CreditNote, pdf: bytes, data: bytes) -> bytes:
    """The PDF with the data in it; raises what the library does when the data does not fit its schema."""
    made: bytes = facturx.generate_from_binary(
        pdf,
        data,
        flavor="factur-x",
        level="en16931",
        check_xsd=True,
        check_schematron=False,  # by default it asks a local port, and is content when nobody answers
        pdf_metadata={
            "author": document.provider.name,
            "keywords": "Factur-X, EN 16931",
            "title": document.number,
            "subject": document.agreement_id,
        },
        lang=document.customer.language.value,
        afrelationship="alternative",
    )
    return made

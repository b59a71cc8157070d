"""Providers of invoices to test with: plug-ins as anybody would write them, that can be told to fail."""

from __future__ import annotations

from collections import Counter

from activities.invoicing import InvoiceRefused, InvoiceUnavailable
from contract.invoices import CreditNote, Invoice, InvoiceFile, Issued


class Office:
    """Issues a document once; the first answer may get lost, or nobody may be in."""

    name = "office"

    def __init__(self) -> None:
        self.away = False
        self.refuses = False
        self.forgets_to_answer = 0
        """How many answers get lost after the document was issued."""
        self.asked: Counter[str] = Counter()
        self.issued: dict[str, Issued] = {}

    async def issue(self, document: Invoice | CreditNote) -> Issued:
        identity = f"{document.agreement_id}:{document.key}"
        self.asked[identity] += 1
        if self.away:
            raise InvoiceUnavailable("nobody in")
        if self.refuses:
            raise InvoiceRefused("code 17")
        number = f"OFFICE-{len(self.issued) + 1}"
        paper = InvoiceFile(name=f"{number}.txt", media_type="text/plain", content=document.number.encode())
        issued = self.issued.setdefault(identity, Issued(number=number, files=[paper]))
        if self.forgets_to_answer:
            self.forgets_to_answer -= 1
            raise InvoiceUnavailable("no answer")
        return issued


_OFFICES: list[Office] = []


def office() -> Office:
    """The office of this process: what `tests.issuers:office` names."""
    if not _OFFICES:
        _OFFICES.append(Office())
    return _OFFICES[0]


def new_office() -> Office:
    """Another office from now on."""
    _OFFICES[:] = [Office()]
    return _OFFICES[0]


def closed() -> Office:
    raise RuntimeError("there is no such office")

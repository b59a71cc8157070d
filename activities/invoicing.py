"""Invoices and credit notes issued exactly once, by a provider that the settings name (C7.1.3).

The ``issue_invoice`` activity may run again at any time. First the record store numbers the document and
keeps what it says; then the provider issues it, as often as it takes, always the same document under the same
key; then what came of it is kept, and the first answer stands. So a provider must answer for a key that it
knows what it answered before. A process that dies between leaves nothing that the next try does not find.

Errors name numbers and codes; they travel into histories and logs, so never what a person wrote (C5.3).
"""

from __future__ import annotations

import importlib
import traceback
from datetime import timedelta
from pathlib import Path
from typing import Final, Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from contract.invoices import CreditNote, Invoice, Issued
from records.faults import LedgerDiffers, RecordGap
from records.invoices import told
from records.store import RecordStore
from workflows.payloads import Invoiced, InvoiceToIssue

INVOICE_UNAVAILABLE: Final = "invoice_unavailable"
"""The provider could not issue it now, or has not yet."""
INVOICE_REFUSED: Final = "invoice_refused"
"""The provider will not issue it as it is. Tried all the same: somebody may put right what it lacks."""
INVOICE_UNMADE: Final = "invoice_unmade"
"""It could not be made: a fault of ours or of the provider's code. Tried, so that a release can repair it."""
LEDGER_DIFFERS: Final = "ledger_differs"
"""The ledger does not hold what the document would say. Tried, so that an entry can put it right."""
NOT_ON_RECORD: Final = "not_on_record"
"""What comes before it is not recorded yet."""

BUILTIN: Final = "builtin"


class InvoiceUnavailable(Exception):
    """The provider could not issue the document now, or has not finished: trying later can help.

    The message is shown to operators: a code or a state, never what a person wrote.
    """


class InvoiceRefused(Exception):
    """The provider will not issue the document as it is; the message names its code."""


class InvoiceProvider(Protocol):
    """Issues documents: the built-in one, or a plug-in such as a gateway for fapiao.

    ``issue`` may be called any number of times for a document, by several workers at once, and after an
    answer that got lost. Everything about a document is the same each time; ``agreement_id`` and ``key``
    together name it for ever. It is to be issued once, and every call answers the same.
    """

    name: str
    """Kept with what it issued."""

    async def issue(self, document: Invoice | CreditNote) -> Issued:
        """Issue a document, or answer what was issued; raises InvoiceUnavailable or InvoiceRefused."""
        ...


class ProviderFault(Exception):
    """The settings name a provider that cannot be had."""


def provider(named: str) -> InvoiceProvider:
    """The provider that a setting names: ``builtin``, or the ``module:factory`` of a plug-in.

    Raises ProviderFault.
    """
    if named == BUILTIN:
        from activities.own_invoices import OwnInvoices

        return OwnInvoices()
    module, _, factory = named.partition(":")
    try:
        made: InvoiceProvider = getattr(importlib.import_module(module), factory)()
    except Exception as problem:
        raise ProviderFault(f"invoices: {named} cannot be had: {type(problem).__name__}: {problem}") from None
    return made


class Invoicing:
    """Issues the documents that agreements want."""

    def __init__(self, store: RecordStore, provider: InvoiceProvider) -> None:
        self._store = store
        self._provider = provider

    @activity.defn(name="issue_invoice")
    async def issue_invoice(self, wanted: InvoiceToIssue) -> Invoiced:
        """Number, issue and keep a document; raises ApplicationError of the types above, all retryable."""
        agreement_id, key = wanted.agreement_id, wanted.wanted.key
        # Not by its key, which has the payment's reference: that is what a person wrote.
        about = f"agreement {agreement_id}: {wanted.wanted.kind.value.replace('_', ' ')}"
        try:
            begun = await self._store.begin_invoice(agreement_id, wanted.wanted)
        except LedgerDiffers as difference:
            raise ApplicationError(str(difference), type=LEDGER_DIFFERS) from None
        except RecordGap as gap:
            raise ApplicationError(str(gap), type=NOT_ON_RECORD) from None
        if begun is None:
            return Invoiced()
        if not begun.is_issued:
            issued = await self._issue(begun.document, f"{about} {begun.document.number}")
            begun = await self._store.keep_issued(agreement_id, key, self._provider.name, issued)
        at = activity.info().current_attempt_scheduled_time.replace(microsecond=0)
        return Invoiced(issued=told(begun), at=at + timedelta(seconds=wanted.offset_seconds))

    async def _issue(self, document: Invoice | CreditNote, about: str) -> Issued:
        try:
            return await self._provider.issue(document)
        except InvoiceUnavailable as trouble:
            raise ApplicationError(f"{about}: {trouble}", type=INVOICE_UNAVAILABLE) from None
        except InvoiceRefused as refusal:
            raise ApplicationError(f"{about}: refused: {refusal}", type=INVOICE_REFUSED) from None
        except Exception as fault:
            raise ApplicationError(f"{about}: {_place_of(fault)}", type=INVOICE_UNMADE) from None


def _place_of(fault: Exception) -> str:
    """What kind of fault, and where: never its message, which may repeat what a person wrote."""
    last = traceback.extract_tb(fault.__traceback__)[-1]
    return f"{type(fault).__name__} in {Path(last.filename).name}:{last.lineno}"

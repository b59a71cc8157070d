"""Invoices issued by a gateway over HTTP: accepted first, issued later, under a number of its own.

``AFTERCARE_INVOICES=examples.fapiao_gateway.plugin:provider`` puts it in place of the built-in provider;
``FAPIAO_GATEWAY_URL`` and ``FAPIAO_GATEWAY_TOKEN`` say where the gateway is. It stands for the interface that
your gateway has: copy it, and change what is said to whom.

What must stay is that a document is named by its key. The gateway is asked to *have* a document under a key,
which changes nothing when it has it; so a request whose answer got lost is simply made again.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from typing import Any

import httpx2

from activities.invoicing import InvoiceRefused, InvoiceUnavailable
from contract.invoices import CreditNote, Invoice, InvoiceFile, Issued
from contract.money import Money
from contract.parties import Party

STEP_SECONDS = 10.0
"""How long one request may take."""
PATIENCE_SECONDS = 30.0
"""How long an accepted document is waited for in one try; the next try goes on from there."""
POLL_SECONDS = 1.0


def provider() -> FapiaoGateway:
    """The provider by this process's environment; raises KeyError when it names no gateway."""
    return FapiaoGateway(os.environ["FAPIAO_GATEWAY_URL"], os.environ.get("FAPIAO_GATEWAY_TOKEN"))


class FapiaoGateway:
    """Has documents issued by a gateway: blue for invoices, red letters (红字) for credit notes."""

    name = "fapiao-gateway"

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        step: float = STEP_SECONDS,
        patience: float = PATIENCE_SECONDS,
        poll: float = POLL_SECONDS,
    ) -> None:
        """``step``, ``patience`` and ``poll`` are in seconds."""
        self._url, self._headers = url, {"Authorization": f"Bearer {token}"} if token else {}
        self._step, self._patience, self._poll = step, patience, poll

    async def issue(self, document: Invoice | CreditNote) -> Issued:
        """Have the document issued, or find it issued; raises InvoiceUnavailable, InvoiceRefused."""
        place = f"/documents/{key_of(document.agreement_id, document.key)}"
        try:
            async with self._gateway() as gateway:
                told = _told(await gateway.put(place, json=wanted(document)))
                give_up = time.monotonic() + self._patience
                while told["state"] == "accepted":
                    if time.monotonic() > give_up:
                        raise InvoiceUnavailable("accepted by the gateway, not issued yet")
                    await asyncio.sleep(self._poll)
                    told = _told(await gateway.get(place))
                if told["state"] != "issued":
                    raise InvoiceRefused(f"the gateway says {told['state']}, code {told.get('code')}")
                paper = await gateway.get(f"{place}/pdf")
                paper.raise_for_status()
        except httpx2.HTTPStatusError as problem:
            raise InvoiceUnavailable(f"the gateway answered {problem.response.status_code}") from None
        except httpx2.HTTPError as problem:
            raise InvoiceUnavailable(f"the gateway does not answer: {type(problem).__name__}") from None
        pdf = InvoiceFile(name=f"{told['number']}.pdf", media_type="application/pdf", content=paper.content)
        return Issued(number=told["number"], reference=told.get("code"), files=[pdf])

    def _gateway(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url=self._url, headers=self._headers, timeout=self._step)


def key_of(agreement_id: str, key: str) -> str:
    """A document's name at the gateway: the same for ever, and telling nobody of whom it is."""
    return hashlib.sha256(f"{agreement_id}\n{key}".encode()).hexdigest()


def wanted(document: Invoice | CreditNote) -> dict[str, Any]:
    """What the gateway is asked to have. Amounts are decimal strings; those of red letters are below zero."""
    asked: dict[str, Any] = {
        "kind": "red" if isinstance(document, CreditNote) else "blue",
        "our_number": document.number,
        "seller": _party(document.provider),
        "buyer": _party(document.customer),
        "currency": document.currency,
        "lines": [
            {"what": line.kind.value, "bill": line.bill, "amount": _amount(line.amount)}
            for line in document.lines
        ],
        "tax_percent": None if document.tax_percent is None else str(document.tax_percent),
        "tax": None if document.tax is None else _amount(document.tax),
        "amount": _amount(document.gross),
    }
    if isinstance(document, CreditNote):
        asked["takes_back"] = key_of(document.agreement_id, document.credits.key)
    return asked


def _party(party: Party) -> dict[str, str | None]:
    return {"name": party.name, "tax_id": party.tax_id, "address": party.address}


def _amount(amount: Money) -> str:
    return str(amount)


def _told(answer: httpx2.Response) -> dict[str, Any]:
    """What the gateway says of a document; 4xx are its refusals, everything else is trouble that may pass."""
    if answer.status_code in (409, 422):
        raise InvoiceRefused(f"the gateway answered {answer.status_code}")
    answer.raise_for_status()
    told: dict[str, Any] = answer.json()
    return told

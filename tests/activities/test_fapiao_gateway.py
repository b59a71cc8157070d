"""The example of a plug-in: documents issued by a gateway over HTTP, each once whatever happens (C7.1.3)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.invoicing import InvoiceRefused, InvoiceUnavailable, Invoicing, provider
from contract.invoices import CreditNote, Invoice, InvoiceKind
from contract.invoicing import InvoiceWanted
from contract.money_commands import RecordPayment
from examples.fapiao_gateway.plugin import FapiaoGateway, key_of
from examples.fapiao_gateway.service import Gateway
from records import RecordStore
from runtime.http import serving
from tests.activities.lives import local, sheet
from tests.activities.money_lives import MoneyLife
from tests.contract.money_lives import MoneyAgreed
from tests.contract.money_lives import MoneyLife as Money
from tests.contract.test_invoices import Books
from workflows.payloads import InvoiceToIssue

DAY = date(2026, 1, 10)


@dataclass
class Line:
    """What lies between plug-in and gateway: each request meets the next of ``faults``, then none.

    ``503``: answered so without asking the gateway; ``lost``: the gateway does it, its answer is dropped;
    ``late``: it answers after the caller has gone.
    """

    gateway: Gateway
    faults: list[str] = field(default_factory=list)
    asked: int = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        self.asked += 1
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "503":
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        kept: list[Any] = []

        async def keep(message: Any) -> None:
            kept.append(message)

        await self.gateway.application(scope, receive, keep)
        if fault == "lost":
            kept[0] = {"type": "http.response.start", "status": 500, "headers": []}
            kept[1:] = [{"type": "http.response.body", "body": b""}]
        elif fault == "late":
            gone = asyncio.Event()

            async def wait() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass
                gone.set()

            await asyncio.gather(wait(), gone.wait())
        for message in kept:
            await send(message)


@asynccontextmanager
async def line(**given: Any) -> AsyncIterator[tuple[Line, FapiaoGateway]]:
    between = Line(Gateway(delay=given.pop("delay", 0)))
    async with serving(between, "127.0.0.1", 0) as port:
        times = {"step": 0.4, "patience": 5.0, "poll": 0.02} | given
        yield between, FapiaoGateway(f"http://127.0.0.1:{port}", **times)


def documents() -> tuple[Invoice, CreditNote]:
    books = Books(Money(MoneyAgreed()))
    books.life.pay("12000.00", DAY)
    (invoice,) = books.issue(DAY)
    books.life.do("reverse_payment", DAY, 11, means="transfer", reference="T1", reason="r")
    (credited,) = books.issue(DAY)
    assert isinstance(invoice, Invoice)
    assert isinstance(credited, CreditNote)
    return invoice, credited


async def test_a_document_is_accepted_and_then_issued_under_the_gateways_number():
    invoice, _ = documents()
    async with line(delay=0.2) as (between, plugin):
        issued = await plugin.issue(invoice)
        assert issued.number == "26120000000000000001"
        assert issued.reference == invoice.number
        (pdf,) = issued.files
        assert pdf.name == "26120000000000000001.pdf"
        assert b"12000.00 CNY" in pdf.content
        assert between.asked > 3
        assert list(between.gateway.documents) == [key_of(invoice.agreement_id, invoice.key)]


@pytest.mark.parametrize("fault", ["503", "lost", "late"])
async def test_whatever_goes_wrong_on_the_way_a_document_is_issued_once(fault: str):
    invoice, _ = documents()
    async with line() as (between, plugin):
        numbers = set()
        # The fault strikes when the document is asked for, then when its paper is fetched.
        for place in range(2):
            between.faults[:] = [""] * place + [fault]
            with pytest.raises(InvoiceUnavailable):
                await plugin.issue(invoice)
        for _ in range(2):
            numbers.add((await plugin.issue(invoice)).number)
        assert numbers == {"26120000000000000001"}
        assert len(between.gateway.documents) == 1


async def test_one_that_is_only_accepted_is_asked_for_again_later():
    invoice, _ = documents()
    async with line(delay=60, patience=0.1) as (between, plugin):
        with pytest.raises(InvoiceUnavailable, match="not issued yet"):
            await plugin.issue(invoice)
        between.gateway.delay = 0
        assert (await plugin.issue(invoice)).number == "26120000000000000001"
        assert len(between.gateway.documents) == 1


async def test_a_credit_note_is_a_red_letter_to_its_invoice_and_only_to_one_that_was_issued():
    invoice, credited = documents()
    async with line() as (between, plugin):
        with pytest.raises(InvoiceRefused, match="422"):
            await plugin.issue(credited)
        await plugin.issue(invoice)
        first, again = await plugin.issue(credited), await plugin.issue(credited)
        assert first == again
        assert [one.wanted["kind"] for one in between.gateway.documents.values()] == ["blue", "red"]
        red = between.gateway.documents[key_of(credited.agreement_id, credited.key)].wanted
        assert (red["amount"], red["takes_back"]) == ("-12000.00", key_of("A", invoice.key))


async def test_other_content_under_a_key_is_refused():
    invoice, _ = documents()
    async with line() as (_, plugin):
        await plugin.issue(invoice)
        other = invoice.model_copy(update={"number": "INV-2026-000002"})
        with pytest.raises(InvoiceRefused, match="409"):
            await plugin.issue(other)


async def test_a_gateway_wants_to_know_who_asks():
    invoice, _ = documents()
    async with line() as (between, plugin):
        between.gateway.token = "secret"
        with pytest.raises(InvoiceUnavailable, match="401"):
            await plugin.issue(invoice)


async def test_nobody_there_is_trouble_that_may_pass():
    invoice, _ = documents()
    with pytest.raises(InvoiceUnavailable, match="does not answer"):
        await FapiaoGateway("http://127.0.0.1:1", step=0.4).issue(invoice)


async def test_two_workers_at_once_and_answers_lost_in_between_come_to_one_document_on_record(
    store: RecordStore, monkeypatch: pytest.MonkeyPatch
):
    """The whole activity, through the record store, with the plug-in taken by its name."""
    life = MoneyLife(store, sheet("ONE"))
    await life.in_force()
    paid: dict[str, Any] = {"means": "transfer", "reference": "T-1", "amount": "12500.00"}
    await life.do(RecordPayment, "2026-03-20 10:00", **paid, value_date=date(2026, 3, 20))
    wanted = InvoiceWanted(
        kind=InvoiceKind.INVOICE, payment="payment:transfer:T-1", at=local("2026-03-20 20:00")
    )
    async with line() as (between, _), serving(between, "127.0.0.1", 0) as port:
        monkeypatch.setenv("FAPIAO_GATEWAY_URL", f"http://127.0.0.1:{port}")
        between.faults[:] = ["lost", "503", "lost"]
        issued = []
        for _ in range(4):
            tries = [
                ActivityEnvironment().run(
                    Invoicing(store, provider("examples.fapiao_gateway.plugin:provider")).issue_invoice,
                    InvoiceToIssue(agreement_id="ONE", wanted=wanted),
                )
                for _ in range(2)
            ]
            issued += await asyncio.gather(*tries, return_exceptions=True)
    failed = [one for one in issued if isinstance(one, BaseException)]
    assert failed
    assert {one.type for one in failed if isinstance(one, ApplicationError)} == {"invoice_unavailable"}
    done = [one for one in issued if not isinstance(one, BaseException)]
    assert len({one.issued.issuer_number for one in done if one.issued}) == 1
    assert len(between.gateway.documents) == 1
    (record,) = await store.invoices("ONE")
    assert (record.document.number, record.issuer) == ("INV-2026-000001", "fapiao-gateway")
    assert record.issuer_number == "26120000000000000001"

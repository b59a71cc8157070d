"""Invoices and credit notes on record: one per payment, numbered without gap, on both databases (C7.1.3)."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from contract.facts import Account, EntryKind, RecordBatch
from contract.invoices import InvoiceFile, InvoiceKind, Issued
from contract.invoicing import InvoiceWanted
from contract.money import Money
from contract.money_commands import RecordPayment, ReversePayment
from records import RecordGap, RecordStore
from records.faults import LedgerDiffers
from records.results import InvoiceRecord
from tests.activities.lives import local, sheet
from tests.activities.money_lives import MoneyLife
from tests.records.conftest import Sql

HOUSE = Path(__file__).parents[2]
DAY = date(2026, 3, 20)

INVOICER = """
import asyncio, sys
from datetime import datetime
from contract.invoices import InvoiceKind
from contract.invoicing import InvoiceWanted
from records import RecordStore

async def main(url, at, *payments):
    async with await RecordStore.open(url, connections=4) as store:
        wanted = [
            InvoiceWanted(kind=InvoiceKind.INVOICE, payment=payment, at=datetime.fromisoformat(at))
            for payment in payments
        ]
        for agreement_id in ("ONE", "TWO"):
            await asyncio.gather(*(store.begin_invoice(agreement_id, one) for one in wanted))

asyncio.run(main(*sys.argv[1:]))
"""


class Payer(MoneyLife):
    """An agreement in force whose customer pays."""

    async def pay(self, reference: str, amount: str = "100.00", day: date = DAY, hour: str = "10:00") -> str:
        """The key of the payment."""
        content: dict[str, Any] = {"means": "transfer", "reference": reference, "amount": amount}
        await self.do(RecordPayment, f"{day} {hour}", **content, value_date=day)
        return f"payment:transfer:{reference}"

    async def take_back(self, reference: str, day: date = DAY) -> None:
        named = {"means": "transfer", "reference": reference, "reason": "Of another customer."}
        await self.do(ReversePayment, f"{day} 11:00", **named)

    async def begun(
        self,
        payment: str,
        day: date = DAY,
        kind: InvoiceKind = InvoiceKind.INVOICE,
        store: RecordStore | None = None,
    ) -> InvoiceRecord | None:
        wanted = InvoiceWanted(kind=kind, payment=payment, at=local(f"{day} 20:00"))
        return await (store or self.store).begin_invoice(self.terms.agreement_id, wanted)

    async def issue(self, record: InvoiceRecord | None) -> InvoiceRecord:
        assert record is not None
        number = record.document.number
        file = InvoiceFile(name=f"{number}.pdf", media_type="application/pdf", content=b"%PDF-1.7 \x00\xff")
        issued = Issued(number=number, reference="R", files=[file])
        return await self.store.keep_issued(self.terms.agreement_id, record.document.key, "builtin", issued)


@pytest.fixture
async def payer(empty_store: RecordStore) -> Payer:
    payer = Payer(empty_store, sheet("ONE"))
    await payer.in_force()
    return payer


@pytest.fixture
async def other(empty_store: RecordStore, record_url: str) -> AsyncIterator[RecordStore]:
    """The same record, opened by someone else."""
    async with await RecordStore.open(record_url) as opened:
        yield opened


async def test_a_document_is_begun_once_however_often_it_is_asked_for(payer: Payer):
    key = await payer.pay("T-1", "12500.00")
    first = await payer.begun(key)
    again = await payer.begun(key, DAY + timedelta(days=3))
    assert first is not None
    assert again == first
    assert (first.document.number, str(first.document.gross)) == ("INV-2026-000001", "12500.00")
    assert not first.is_issued
    assert await payer.store.invoices("ONE") == [first]


async def test_what_issuing_came_to_is_kept_once_and_for_good(payer: Payer):
    begun = await payer.begun(await payer.pay("T-1"))
    issued = await payer.issue(begun)
    assert (issued.issuer, issued.issuer_number, issued.reference) == ("builtin", "INV-2026-000001", "R")
    late = Issued(number="ANOTHER", files=[])
    again = await payer.store.keep_issued("ONE", issued.document.key, "other", late)
    assert again == issued
    (file,) = await payer.store.invoice_files("ONE", issued.document.key)
    assert (file.name, file.content) == ("INV-2026-000001.pdf", b"%PDF-1.7 \x00\xff")
    assert await payer.store.invoice("ONE", "INV-2026-000001") == issued


async def test_what_was_not_begun_is_not_issued(payer: Payer):
    with pytest.raises(RecordGap):
        await payer.store.keep_issued("ONE", "invoice:payment:transfer:T-1", "builtin", Issued(number="1"))


async def test_a_payment_taken_back_before_its_invoice_was_begun_gets_none_and_uses_no_number(payer: Payer):
    key = await payer.pay("T-1")
    await payer.take_back("T-1")
    assert await payer.begun(key) is None
    other = await payer.begun(await payer.pay("T-2", hour="12:00"))
    assert other is not None
    assert other.document.number == "INV-2026-000001"


async def test_an_invoice_begun_before_the_reversal_is_issued_and_then_credited_c7_1_3(payer: Payer):
    key = await payer.pay("T-1")
    begun = await payer.begun(key)
    await payer.take_back("T-1")
    assert await payer.begun(key) == begun
    with pytest.raises(RecordGap):
        await payer.begun(key, kind=InvoiceKind.CREDIT_NOTE)
    await payer.issue(begun)
    credited = await payer.begun(key, kind=InvoiceKind.CREDIT_NOTE)
    assert credited is not None
    assert (credited.document.number, str(credited.document.gross)) == ("CN-2026-000001", "-100.00")
    assert credited.document.kind is InvoiceKind.CREDIT_NOTE
    assert credited.document.reason == "Of another customer."


async def test_a_document_speaks_of_what_was_known_when_it_was_wanted(payer: Payer):
    """Credit left over goes to the next bill: begun only then, an invoice says what it was wanted for."""
    key = await payer.pay("T-1", "100000.00")
    await payer.pass_until(local("2026-06-10 00:00"))
    begun = await payer.begun(key)
    assert begun is not None
    assert [(line.kind, line.bill) for line in begun.document.lines][-1] == ("on_account", None)


async def test_numbers_count_anew_in_each_year_and_for_each_kind(payer: Payer):
    numbers = []
    for reference, day in (("A", date(2026, 12, 30)), ("B", date(2026, 12, 31)), ("C", date(2027, 1, 1))):
        begun = await payer.begun(await payer.pay(reference, day=day), day)
        await payer.issue(begun)
        assert begun is not None
        numbers.append(begun.document.number)
    assert numbers == ["INV-2026-000001", "INV-2026-000002", "INV-2027-000001"]


async def test_what_the_ledger_does_not_hold_is_not_issued_and_uses_no_number(payer: Payer, sql: Sql):
    key = await payer.pay("T-1", "12500.00")
    # Somebody else's posting, such as no rule of ours makes.
    entry = (await payer.store.money("ONE")) and {
        "key": f"allocation:{key}:B001:principal~2",
        "kind": EntryKind.ALLOCATION,
        "clause": "C7.1.1",
        "effective_at": local(f"{DAY} 12:00"),
        "debit": Account.RECEIVABLE,
        "credit": Account.CUSTOMER_CREDIT,
        "amount": Money.of("0.01", "CNY"),
        "terms_version": 1,
    }
    workflow_id = "agreement/ONE"
    await payer.store.append(
        RecordBatch.model_validate(
            {"workflow_id": workflow_id, "agreement_id": "ONE", "events": [], "entries": [entry]}
        )
    )
    with pytest.raises(LedgerDiffers, match="principal of B001"):
        await payer.begun(key)
    assert await payer.store.invoices("ONE") == []
    assert await sql("SELECT last FROM invoice_series") == []


async def test_two_workers_at_once_begin_each_document_once_and_leave_no_number_out(
    payer: Payer, other: RecordStore
):
    """Two agreements of one provider, each payment asked for by both workers at the same time."""
    second = Payer(payer.store, sheet("TWO"))
    await second.in_force()
    keys = [f"T-{number}" for number in range(8)]
    for one in (payer, second):
        for place, reference in enumerate(keys):
            await one.pay(reference, hour=f"10:{place:02d}")
    asked = [
        one.begun(f"payment:transfer:{reference}", store=store)
        for one in (payer, second)
        for reference in keys
        for store in (payer.store, other)
    ]
    begun = [record for record in await asyncio.gather(*asked) if record is not None]
    assert len(begun) == 32
    found = [*await payer.store.invoices("ONE"), *await payer.store.invoices("TWO")]
    numbers = sorted(record.document.number for record in found)
    assert numbers == [f"INV-2026-{place:06d}" for place in range(1, 17)]
    assert {record.document.number for record in begun} == set(numbers)


async def test_two_processes_begin_each_document_once_and_leave_no_number_out(payer: Payer, record_url: str):
    second = Payer(payer.store, sheet("TWO"))
    await second.in_force()
    keys = [await payer.pay(f"T-{number}", hour=f"10:{number:02d}") for number in range(8)]
    for number in range(8):
        await second.pay(f"T-{number}", hour=f"10:{number:02d}")
    at = local(f"{DAY} 20:00").isoformat()
    command = [sys.executable, "-c", INVOICER, record_url, at, *keys]
    processes = [subprocess.Popen(command, cwd=HOUSE) for _ in range(2)]
    assert [await asyncio.to_thread(process.wait) for process in processes] == [0, 0]
    found = [*await payer.store.invoices("ONE"), *await payer.store.invoices("TWO")]
    numbers = sorted(record.document.number for record in found)
    assert numbers == [f"INV-2026-{place:06d}" for place in range(1, 17)]


async def test_a_number_cannot_be_given_twice(payer: Payer, sql: Sql):
    await payer.begun(await payer.pay("T-1"))
    same = "agreement_id, kind, provider_id, year, place, number, payment, at, digest, canonical, recorded_at"
    with pytest.raises(IntegrityError):
        await sql(f"INSERT INTO invoices (key, {same}) SELECT 'another', {same} FROM invoices")

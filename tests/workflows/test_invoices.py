"""Invoices and credit notes, issued by the agreement's workflow off the path of every command (C7.1.3).

1,000.00 a month from Monday 2026-03-02 in Shanghai; payments come on days of March.
"""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import facturx
import pypdf
import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowExecutionStatus

from activities.invoicing import ProviderFault, provider
from contract.facts import EventKind
from contract.money_commands import BouncePayment, ClearPayment, GiveCredit, RecordPayment, ReversePayment
from records.results import AttentionKind
from runtime.settings import MailKind, Tls
from tests.activities.post_office import PostOffice
from tests.engine import (
    DAY,
    HOUR,
    MINUTE,
    PROVIDER,
    SECOND,
    LivedAgreement,
    World,
    eventually,
    shanghai,
    short_runs,
    skipping_world,
)
from tests.issuers import Office, new_office
from workflows.current_details import METADATA_QUERY
from workflows.ids import agreement_workflow_id

pytestmark = pytest.mark.engine

FEES: dict[str, Any] = {"fees": {"amount": "1000.00", "means": ["transfer", "cheque"], "tax_percent": "6"}}
PAID = shanghai("2026-03-05 10:00")


@pytest.fixture
async def office() -> Office:
    return new_office()


@pytest.fixture
async def office_world(tmp_path: Path, office: Office) -> AsyncIterator[World]:
    """A world whose invoices an office issues."""
    async with skipping_world(tmp_path, invoices="tests.issuers:office") as world:
        yield world


async def invoiced(world: World, **given: Any) -> LivedAgreement:
    return await world.agreement(billing=True, invoices=True, **FEES | given)


async def pay(agreement: LivedAgreement, reference: str = "T-1", **given: Any) -> None:
    """1,000.00 that came on 5 March, recorded at 10:00."""
    await agreement.pass_time_until(given.get("at", PAID))
    content: dict[str, Any] = {
        "at": PAID,
        "means": "transfer",
        "reference": reference,
        "amount": "1000.00",
        "value_date": date(2026, 3, 5),
    }
    await agreement.client.settle(agreement.id, RecordPayment, PROVIDER, **content | given)


async def reverse(agreement: LivedAgreement, reference: str = "T-1", after: timedelta = MINUTE) -> None:
    at = PAID + after
    await agreement.pass_time_until(at)
    named = {"means": "transfer", "reference": reference, "reason": "Of another customer."}
    await agreement.client.settle(agreement.id, ReversePayment, PROVIDER, at=at, **named)


async def told(agreement: LivedAgreement) -> list[tuple[str, str]]:
    """What was told of documents: kind of event, and number or cause."""
    return [
        (event.kind.value, event.payload.get("number") or event.payload["cause"])
        for event in await agreement.events(None)
        if "invoice" in event.kind or "credit_note" in event.kind
    ]


async def test_a_payment_is_invoiced_as_pdf_and_as_data_c7_1_3(world: World):
    agreement = await invoiced(world)
    await pay(agreement)
    event = await agreement.event(EventKind.INVOICE_ISSUED, None)
    (record,) = await world.store.invoices(agreement.id)
    assert event.payload["number"] == record.document.number == "INV-2026-000001"
    assert event.payload["digest"] == record.digest
    assert (record.issuer, record.issuer_number) == ("builtin", "INV-2026-000001")
    pdf, data = await world.store.invoice_files(agreement.id, record.document.key)
    assert (pdf.name, data.name) == ("INV-2026-000001.pdf", "INV-2026-000001.xml")
    assert facturx.xml_check_xsd(data.content, flavor="factur-x", level="en16931")
    name, embedded = facturx.get_facturx_xml_from_pdf(pdf.content)
    assert (name, embedded) == ("factur-x.xml", data.content)
    written = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf.content)).pages)
    for said in ("INV-2026-000001", "1,000.00", "943.40", "56.60"):
        assert said in written
    assert await agreement.is_sound(None)


async def test_a_payment_taken_back_is_credited_c7_1_3(world: World):
    agreement = await invoiced(world)
    await pay(agreement)
    await agreement.event(EventKind.INVOICE_ISSUED, None)
    await reverse(agreement)
    event = await agreement.event(EventKind.CREDIT_NOTE_ISSUED, None)
    assert (event.payload["number"], event.payload["credits"]) == ("CN-2026-000001", "INV-2026-000001")
    assert event.payload["amount"] == "-1000.00"
    assert await told(agreement) == [
        ("invoice_issued", "INV-2026-000001"),
        ("credit_note_issued", "CN-2026-000001"),
    ]


async def test_a_cheque_is_invoiced_when_it_clears_and_credited_when_it_bounces_c7_1_2(world: World):
    agreement = await invoiced(world)
    await pay(agreement, means="cheque", reference="C-1")
    cheque = {"means": "cheque", "reference": "C-1"}
    at = PAID + 2 * DAY
    await agreement.pass_time_until(at)
    assert await told(agreement) == []
    await agreement.client.settle(
        agreement.id, ClearPayment, PROVIDER, at=at, **cheque, cleared_on=date(2026, 3, 7)
    )
    event = await agreement.event(EventKind.INVOICE_ISSUED, None)
    assert event.payload["issued_on"] == "2026-03-07"
    at += DAY
    await agreement.pass_time_until(at)
    await agreement.client.settle(agreement.id, BouncePayment, PROVIDER, at=at, **cheque, reason="No funds.")
    await agreement.event(EventKind.CREDIT_NOTE_ISSUED, None)


async def test_where_invoices_are_off_nothing_is_issued(world: World):
    agreement = await world.agreement(billing=True, **FEES)
    await pay(agreement)
    await agreement.pass_time_until(PAID + DAY)
    assert await told(agreement) == []
    assert await world.store.invoices(agreement.id) == []


async def test_an_answer_that_got_lost_is_answered_again_and_one_invoice_is_issued(
    office_world: World, office: Office
):
    office.forgets_to_answer = 2
    agreement = await invoiced(office_world)
    await pay(agreement)
    event = await agreement.event(EventKind.INVOICE_ISSUED, None)
    assert office.asked.total() == 3
    assert len(office.issued) == 1
    assert (event.payload["issuer"], event.payload["issuer_number"]) == ("office", "OFFICE-1")
    (record,) = await office_world.store.invoices(agreement.id)
    assert record.issuer_number == "OFFICE-1"


async def test_what_cannot_be_issued_keeps_no_command_waiting_and_asks_for_attention_c7_1_3(
    office_world: World, office: Office
):
    office.away = True
    agreement = await invoiced(office_world)
    await pay(agreement)
    credit = {"amount": "5.00", "reason": "A good year."}
    await agreement.client.settle(agreement.id, GiveCredit, PROVIDER, at=PAID, **credit)
    # For an hour that is nobody's business; then it is told, once, and tried on.
    await agreement.pass_time_until(PAID + 50 * MINUTE)
    assert await told(agreement) == []
    await agreement.pass_time_until(PAID + 12 * HOUR)
    event = await agreement.event(EventKind.INVOICE_DELAYED, None)
    assert 50 * MINUTE < event.at - PAID <= 61 * MINUTE
    assert (event.payload["cause"], event.payload["amount"]) == ("invoice_unavailable", "1000.00")
    story = (await agreement.handle.query(METADATA_QUERY, result_type=WorkflowMetadata)).current_details
    assert "0 issued, **1 not yet** since Thu 5 Mar 2026, 10:00" in story
    assert "1 of them for long · C7.1.3" in story
    (asking,) = [
        found
        for found in await office_world.store.attention(PAID + 12 * HOUR)
        if found.kind is AttentionKind.INVOICE_DELAYED
    ]
    assert (asking.agreement_id, asking.clause) == (agreement.id, "C7.1.3")
    assert "T-1" not in asking.what
    office.away = False
    await agreement.pass_time_until(PAID + 13 * HOUR)
    await agreement.event(EventKind.INVOICE_ISSUED, None)
    assert await told(agreement) == [
        ("invoice_delayed", "invoice_unavailable"),
        ("invoice_issued", "INV-2026-000001"),
    ]
    assert not [
        found
        for found in await office_world.store.attention(PAID + 13 * HOUR)
        if found.kind is AttentionKind.INVOICE_DELAYED
    ]


async def test_one_that_cannot_be_issued_keeps_no_other_waiting(office_world: World, office: Office):
    agreement = await invoiced(office_world)
    office.refuses = True
    await pay(agreement, "T-1")

    async def asked() -> bool:
        return office.asked.total() > 0

    await eventually(asked, "the office asked")
    office.refuses = False
    await pay(agreement, "T-2", at=PAID + SECOND)
    await agreement.event(EventKind.INVOICE_ISSUED, None, 2)
    assert {document.split(":")[-1] for document in office.issued} == {"T-1", "T-2"}


async def test_a_payment_taken_back_while_its_invoice_is_being_issued_is_invoiced_and_credited(
    office_world: World, office: Office
):
    office.away = True
    agreement = await invoiced(office_world)
    await pay(agreement)

    async def asked() -> bool:
        return office.asked.total() > 0

    await eventually(asked, "the office asked")
    await reverse(agreement)
    office.away = False
    await agreement.event(EventKind.CREDIT_NOTE_ISSUED, None)
    assert [kind for kind, _ in await told(agreement)] == ["invoice_issued", "credit_note_issued"]
    assert len(office.issued) == 2


async def test_what_is_not_issued_yet_travels_through_continue_as_new(
    tmp_path: Path, office: Office, monkeypatch: pytest.MonkeyPatch
):
    options = {"workflow_runner": short_runs(monkeypatch)}
    async with skipping_world(tmp_path, options, invoices="tests.issuers:office") as world:
        office.away = True
        agreement = await invoiced(world)
        await pay(agreement)
        for _ in range(30):
            credit = {"amount": "1.00", "reason": "r"}
            await agreement.client.settle(agreement.id, GiveCredit, PROVIDER, at=PAID, **credit)
        assert len(await world.runs(agreement.handle)) > 1
        office.away = False
        await agreement.pass_time_until(PAID + HOUR)
        await agreement.event(EventKind.INVOICE_ISSUED, None)
        assert [kind for kind, _ in await told(agreement)] == ["invoice_issued"]
        assert len(office.issued) == 1
        assert await agreement.is_sound(None)


async def test_an_agreement_ends_only_when_its_last_document_is_issued(office_world: World, office: Office):
    agreement = await invoiced(office_world, term={"months": 1}, fees=FEES["fees"], closing_days=0)
    office.away = True
    # Twenty days late, with the late fee, four hours before the end.
    paid: dict[str, Any] = {
        "amount": "1010.00",
        "value_date": date(2026, 4, 1),
        "at": shanghai("2026-04-01 20:00"),
    }
    await pay(agreement, **paid)
    await agreement.pass_time_until(shanghai("2026-04-04 12:00"))
    await agreement.event(EventKind.SETTLED, None)
    assert await office_world.standing_of(agreement.handle) is WorkflowExecutionStatus.RUNNING
    office.away = False
    await agreement.pass_time_until(shanghai("2026-04-04 14:00"))
    await agreement.event(EventKind.INVOICE_ISSUED, None)
    await office_world.completed(agreement.handle)


async def test_an_invoice_is_mailed_with_the_document_attached_c7_1_3(tmp_path: Path):
    async with PostOffice() as post:
        await post.open()
        smtp: dict[str, Any] = {
            "mail": MailKind.SMTP,
            "smtp_host": "127.0.0.1",
            "smtp_port": post.port,
            "smtp_tls": Tls.NONE,
        }
        async with skipping_world(tmp_path, **smtp) as world:
            agreement = await invoiced(world, mail=True)
            await pay(agreement)
            event = await agreement.event(EventKind.INVOICE_ISSUED, None)

            async def sent() -> bool:
                return bool(await world.store.notifications(agreement_workflow_id(agreement.id), event.seq))

            await eventually(sent, "the mail")
            found = [
                message for _, message in post.received if "invoice_issued" in message["Aftercare-Event"]
            ]
            (message,) = found
            names = [part.get_filename() for part in message.iter_attachments()]
            assert names == ["INV-2026-000001.pdf", "INV-2026-000001.xml"]


def test_a_provider_that_cannot_be_had_is_told_by_its_name():
    for named in ("tests.issuers:closed", "tests.issuers:nobody", "no.such.module:factory"):
        with pytest.raises(ProviderFault, match=named):
            provider(named)

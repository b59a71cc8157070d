"""What is in an evidence pack: all of one agreement, nothing of another, the same bytes each time (C9.2)."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from contract.invoices import InvoiceKind
from contract.service_hours import CalendarYear, DayKind
from records import RecordStore, engine, upgrade
from records.engine import database_url
from starter.evidence.packing import pack
from starter.evidence.verify import MANIFEST, parse
from tests.activities.lives import Life, sheet
from tests.evidence.conftest import MONEY, REQUESTS, TODAY, live, packed
from tests.evidence.forging import Files, altered, faults, leaves, resealed, rows_of, unpacked, with_rows
from tests.records.test_invoices import Payer


@pytest.fixture
async def store(record_url: str, tmp_path: Path) -> AsyncIterator[RecordStore]:
    """Both lives on each database."""
    await upgrade(record_url)
    async with await RecordStore.open(record_url) as store:
        await live(store, tmp_path / "outbox")
        yield store


async def test_the_same_record_makes_the_same_bytes(store: RecordStore, tmp_path: Path):
    for agreement_id in (REQUESTS, MONEY):
        one = await packed(store, agreement_id, tmp_path / "one.zip")
        other = await packed(store, agreement_id, tmp_path / "other.zip")
        assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "other.zip").read_bytes()
        assert one == other
        assert one.faults == []


async def test_everything_on_record_is_in_it(store: RecordStore, tmp_path: Path):
    found = await packed(store, REQUESTS, tmp_path / "pack.zip")
    files = unpacked(tmp_path / "pack.zip")
    for workflow in await store.workflows(REQUESTS):
        stem = "agreement" if workflow.request_id is None else f"request-{workflow.request_id}"
        recorded = await store.events(workflow.workflow_id)
        told = rows_of(files, f"events/{stem}.jsonl")
        assert told == [row.model_dump(mode="json") for row in recorded]
        sent = await store.notifications(workflow.workflow_id)
        rows = rows_of(files, "notifications.jsonl")
        mine = [row["message_id"] for row in rows if row["workflow_id"] == workflow.workflow_id]
        assert sorted(mine) == sorted(one.message_id for one in sent)
        assert sent
    assert found.counts == {
        "terms": 1,
        "requests": 5,
        "events": 51,
        "entries": 5,
        "notifications": found.counts["notifications"],
        "invoices": 0,
        "statements": 1,
        "documents": found.counts["documents"],
        "calendars": 2,
        "histories": 3,
        "histories_missing": 0,
        "payloads_encrypted": 0,
    }
    assert parse(files[MANIFEST])["counts"] == found.counts
    kept = [row["file"] for row in rows_of(files, "histories.jsonl")]
    assert kept == [
        "histories/agreement.json",
        "histories/agreement~2.json",
        "histories/notices-request-R-1.json",
    ]
    document = await store.terms(REQUESTS, 1)
    assert document is not None
    assert files["terms/version-1.json"] == document.canonical.encode()


def test_nothing_of_another_agreement_is_in_it(packs: dict[str, Files]):
    for mine, other in ((REQUESTS, MONEY), (MONEY, REQUESTS)):
        for path, data in packs[mine].items():
            assert other.encode() not in data, path


def test_the_clocks_can_be_redone_and_are_those_of_the_record(packs: dict[str, Files]):
    told = parse(packs[REQUESTS]["requests/request-R-1.json"])
    clocks = {clock["target"]: clock for clock in told["clocks"]}
    # Materials were awaited for an hour, and it was reopened an hour after it was solved.
    assert [pause["kind"] for pause in clocks["resolve"]["pauses"]] == ["materials", "solved"]
    assert {clock["late"] for clock in told["clocks"]} == {False}
    late = parse(packs[REQUESTS]["requests/request-R-2.json"])
    assert [clock["late"] for clock in late["clocks"]] == [True, True, True]
    breached = {
        e["payload"]["target"]: e["payload"] for e in late["timeline"] if e["kind"] == "target_breached"
    }
    for clock in late["clocks"]:
        assert clock["due"] == breached[clock["target"]]["due"]
        assert clock["segments"] == breached[clock["target"]]["segments"]
    # The clock of another priority is kept beside that of the present one.
    changed = parse(packs[REQUESTS]["requests/request-R-3.json"])
    resolve = [clock["priority"] for clock in changed["clocks"] if clock["target"] == "resolve"]
    assert resolve == ["normal", "critical", "high"]


def test_the_pages_say_what_was_said_without_letting_it_be_markup(packs: dict[str, Files]):
    page = packs[REQUESTS]["requests/request-R-1.html"].decode()
    assert "Replace the feed roller." in page
    assert "Error E-42.<br>Since this morning." in page
    statement = packs[MONEY]["statements/2026-11-22.html"].decode()
    assert "24,000.00 CNY" in statement


async def test_what_people_write_is_no_markup_and_no_formula(empty_store: RecordStore, tmp_path: Path):
    life = Life(empty_store, sheet("A-1"))
    await life.begin()
    await life.submit(
        "R-1", "2026-03-09 09:00", title="<script>alert(1)</script>", description="9999-99-99T99:99:99Z"
    )
    await packed(empty_store, "A-1", tmp_path / "pack.zip")
    page = unpacked(tmp_path / "pack.zip")["requests/request-R-1.html"]
    assert b"<script>" not in page
    assert b"&lt;script&gt;" in page
    assert b"9999-99-99T99:99:99Z" in page


def test_the_ledger_is_a_table_too(packs: dict[str, Files]):
    table = list(csv.DictReader(io.StringIO(packs[MONEY]["ledger.csv"].decode("utf-8-sig"))))
    told = [row["entry"] for row in rows_of(packs[MONEY], "ledger.jsonl")]
    assert [row["key"] for row in table] == [entry["key"] for entry in told]
    assert [int(row["minor"]) for row in table] == [entry["amount"]["minor"] for entry in told]
    assert any("%" in row["formula"] for row in table)


def test_there_is_a_statement_of_every_billed_period_and_of_today(packs: dict[str, Files]):
    days = sorted(path for path in packs[MONEY] if path.startswith("statements/") and path.endswith(".json"))
    bills = [
        row["event"]["payload"]["last"]
        for row in rows_of(packs[MONEY], "events/agreement.jsonl")
        if row["event"]["kind"] == "bill_issued"
    ]
    ended = [day for day in bills if day < "2026-11-22"]
    assert days == [f"statements/{day}.json" for day in [*ended, "2026-11-22"]]


async def test_up_to_a_day_nothing_later_is_in_it(store: RecordStore, tmp_path: Path):
    until = datetime(2026, 3, 10, 16, tzinfo=UTC)
    found = await pack(store, REQUESTS, tmp_path / "pack.zip", until=until)
    assert found is not None
    assert (found.faults, found.as_of) == ([], "2026-03-11")
    files = unpacked(tmp_path / "pack.zip")
    for path in [path for path in files if path.startswith("events/")]:
        assert all(datetime.fromisoformat(row["event"]["at"]) <= until for row in rows_of(files, path))
    assert sorted(path for path in files if path.startswith("requests/") and path.endswith("json")) == [
        "requests/request-R-1.json",
        "requests/request-R-2.json",
    ]
    assert rows_of(files, "histories.jsonl") == []
    # Sent about what had happened by then, and the penalties of then.
    assert len(rows_of(files, "notifications.jsonl")) < found.counts["events"] * 2
    entries = [row["entry"] for row in rows_of(files, "ledger.jsonl")]
    assert [entry["clause"] for entry in entries] == ["C8.1.1"]


@pytest.fixture
async def empty_store(sqlite_url: str) -> AsyncIterator[RecordStore]:
    await upgrade(sqlite_url)
    async with await RecordStore.open(sqlite_url) as store:
        yield store


async def test_invoices_and_credit_notes_are_in_it_with_the_files_that_were_issued(
    empty_store: RecordStore, tmp_path: Path
):
    payer = Payer(empty_store, sheet("A-1"))
    await payer.in_force()
    key = await payer.pay("T-1", "12500.00")
    await payer.issue(await payer.begun(key))
    await payer.take_back("T-1")
    await payer.begun(key, kind=InvoiceKind.CREDIT_NOTE)  # not issued yet
    found = await packed(empty_store, "A-1", tmp_path / "pack.zip")
    assert found.faults == []
    files = unpacked(tmp_path / "pack.zip")
    invoice, note = rows_of(files, "invoices.jsonl")
    path = "invoices/INV-2026-000001/INV-2026-000001.pdf"
    assert [file["file"] for file in invoice["files"]] == [path]
    assert files[path] == b"%PDF-1.7 \x00\xff"
    assert (note["document"]["number"], note["files"], note["issuer"]) == ("CN-2026-000001", [], None)
    (fault,) = faults(resealed(files | {path: b"another"}))
    assert fault == ("invoices.jsonl", 1, f"was issued with another {path}")
    for leaf in leaves(invoice["document"]):
        rows = [altered(invoice, ("document", *leaf)), note]
        (fault,) = faults(resealed(with_rows(files, "invoices.jsonl", rows)))
        assert fault[:2] == ("invoices.jsonl", 1)


def test_the_agreement_and_its_statements_are_in_it_on_paper(packs: dict[str, Files]):
    printed = sorted(path for path in packs[MONEY] if path.startswith("documents/"))
    assert "documents/agreement-zh-CN-customer.pdf" in printed
    assert "documents/statement-2026-11-22-zh-CN.pdf" in printed
    assert all(packs[MONEY][path].startswith(b"%PDF-") for path in printed)


async def test_what_cannot_be_printed_is_left_out_and_said(empty_store: RecordStore, tmp_path: Path):
    life = Life(empty_store, sheet("A-1", provider__name="Linear B \U00010000 Ltd"))
    await life.begin()
    found = await packed(empty_store, "A-1", tmp_path / "pack.zip")
    assert found.not_printed is not None
    assert "U+10000" in found.not_printed
    assert (found.counts["documents"], found.faults) == (0, [])


async def test_a_statement_of_hundreds_of_pages_is_not_printed(
    store: RecordStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("starter.evidence.papers.PRINTABLE", 3)
    found = await packed(store, REQUESTS, tmp_path / "pack.zip")
    assert found.not_printed is not None
    assert found.not_printed.endswith("lines, which are in statements/")
    printed = [path for path in unpacked(tmp_path / "pack.zip") if path.startswith("documents/")]
    assert sorted(printed) == ["documents/agreement-en-customer.pdf", "documents/agreement-en-provider.pdf"]


async def test_ids_that_differ_in_capitals_only_have_files_of_their_own(
    empty_store: RecordStore, tmp_path: Path
):
    life = Life(empty_store, sheet("A-1"))
    await life.begin()
    for request_id in ("r-1", "R-1"):
        await life.submit(request_id, "2026-03-09 09:00")
    found = await packed(empty_store, "A-1", tmp_path / "pack.zip")
    names = [name.lower() for name in unpacked(tmp_path / "pack.zip")]
    assert (len(names), found.faults) == (len(set(names)), [])


async def test_where_calendars_are_missing_the_events_stand_for_themselves(
    empty_store: RecordStore, tmp_path: Path
):
    life = Life(empty_store, sheet("A-1"))
    await life.begin()
    await life.submit("R-1", "2026-03-09 09:00")
    found = await packed(empty_store, "A-1", tmp_path / "pack.zip")
    files = unpacked(tmp_path / "pack.zip")
    assert found.faults == []
    assert parse(files["requests/request-R-1.json"])["clocks"] is None
    assert b"not on record" in files["requests/request-R-1.html"]


@pytest.mark.parametrize("record_url", ["sqlite"], indirect=True)
async def test_a_record_that_was_tampered_with_makes_a_pack_that_says_so(
    store: RecordStore, record_url: str, tmp_path: Path
):
    file = engine.sqlite(database_url(record_url), 1)
    with file.execution_options(**{engine.WRITES: True}).begin() as connection:
        connection.execute(text("DROP TRIGGER events_no_update"))
        connection.execute(
            text("UPDATE events SET person = 'Nobody' WHERE workflow_id = 'request/ACME-1/R-1' AND seq = 3")
        )
    file.dispose()
    found = await packed(store, REQUESTS, tmp_path / "pack.zip")
    assert found.faults[0] == (
        "events/request-R-1.jsonl",
        3,
        "was altered: event 3 does not match its hash",
    )
    assert faults(unpacked(tmp_path / "pack.zip")) == found.faults


async def test_clocks_that_do_not_come_to_the_dues_on_record_are_left_out(
    empty_store: RecordStore, tmp_path: Path
):
    """A calendar that nobody kept when the request lived must not be taken for the one it rests on."""
    life = Life(empty_store, sheet("A-1"))
    await life.begin()
    await life.submit("R-1", "2026-03-09 09:00")
    off = dict.fromkeys([date(2026, 3, 9), date(2026, 3, 10)], DayKind.HOLIDAY)
    await empty_store.keep_calendar(CalendarYear(country="CN", year=2026, announced=True, days=off))
    await packed(empty_store, "A-1", tmp_path / "pack.zip")
    assert parse(unpacked(tmp_path / "pack.zip")["requests/request-R-1.json"])["clocks"] is None


async def test_of_an_unknown_agreement_nothing_is_written(empty_store: RecordStore, tmp_path: Path):
    assert await pack(empty_store, "nowhere", tmp_path / "pack.zip", today=TODAY) is None
    assert not (tmp_path / "pack.zip").exists()
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".zip"] == []
    assert not list(tmp_path.glob(".pack*"))

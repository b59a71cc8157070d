"""The database itself refuses to change what is on record (C6.2.3)."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from contract.parties import Role
from contract.service_hours import CalendarYear
from records import Notification, RecordStore
from records.schema import APPEND_ONLY
from tests.activities.lives import sheet
from tests.records.building import A, penalty, request, run_history, utc
from tests.records.conftest import Sql
from tests.records.test_invoices import Payer

pytestmark = pytest.mark.usefixtures("full_store")

COLUMN = {
    "terms_versions": "canonical",
    "events": "payload",
    "ledger_entries": "reason",
    "calendar_years": "canonical",
    "notifications": "response",
    "histories": "outcome",
    "invoices": "canonical",
    "issued_invoices": "reference",
    "invoice_files": "media_type",
}


@pytest.fixture
async def full_store(store: RecordStore) -> None:
    """A row in each of the tables."""
    await store.append(request("r1", entries=[penalty("p1", "200.00")]))
    await store.keep_calendar(CalendarYear(country="CN", year=2026, announced=True, days={}))
    await store.keep_notification(
        Notification(
            message_id="<1@example.com>",
            agreement_id=A,
            workflow_id=f"request/{A}/r1",
            event_seq=1,
            recipient=Role.PROVIDER,
            address="li@example.com",
            template="submitted",
            sent_at=utc("2026-01-02 00:00"),
            response="250 OK",
        )
    )
    await store.keep_history(*run_history())
    payer = Payer(store, sheet("INVOICED"))
    await payer.in_force()
    await payer.issue(await payer.begun(await payer.pay("T-1")))


@pytest.mark.parametrize("table", APPEND_ONLY)
async def test_update_is_refused(sql: Sql, table: str) -> None:
    before = await sql(f"SELECT * FROM {table}")
    assert before
    with pytest.raises(IntegrityError, match=f"{table} is append-only"):
        await sql(f"UPDATE {table} SET {COLUMN[table]} = '\"changed\"'")
    assert await sql(f"SELECT * FROM {table}") == before


@pytest.mark.parametrize("table", APPEND_ONLY)
async def test_delete_is_refused(sql: Sql, table: str) -> None:
    before = await sql(f"SELECT * FROM {table}")
    with pytest.raises(IntegrityError, match=f"{table} is append-only"):
        await sql(f"DELETE FROM {table}")
    assert await sql(f"SELECT * FROM {table}") == before


@pytest.mark.postgres
@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("record_url", ["postgres"], indirect=True)
async def test_truncate_is_refused(sql: Sql, table: str) -> None:
    with pytest.raises(IntegrityError, match="is append-only"):
        await sql(f"TRUNCATE {table} CASCADE")
    assert await sql(f"SELECT * FROM {table}")


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("record_url", ["sqlite"], indirect=True)
async def test_replacing_a_row_by_an_insert_is_refused(sql: Sql, table: str) -> None:
    with pytest.raises(IntegrityError, match=f"{table} is append-only"):
        await sql(
            # A connection that does not even fire triggers for deletes that a replacement makes.
            "PRAGMA recursive_triggers=OFF",
            f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
        )


async def test_an_amount_that_is_not_above_zero_is_refused(sql: Sql) -> None:
    with pytest.raises(IntegrityError, match="amount_positive"):
        await sql(_copy_of_entry("'p2'", amount_minor="0"))


async def test_an_entry_from_an_account_to_itself_is_refused(sql: Sql) -> None:
    with pytest.raises(IntegrityError, match="moves_between_accounts"):
        await sql(_copy_of_entry("'p2'", debit="credit"))


async def test_a_key_is_posted_once(sql: Sql) -> None:
    with pytest.raises(IntegrityError):
        await sql(_copy_of_entry("key"))


def _copy_of_entry(key: str, amount_minor: str = "amount_minor", debit: str = "debit") -> str:
    same = "kind, clause, contract_year, effective_at, recorded_at, currency, terms_version, explanation"
    return (
        f"INSERT INTO ledger_entries (agreement_id, key, amount_minor, debit, credit, {same})"
        f" SELECT agreement_id, {key}, {amount_minor}, {debit}, credit, {same} FROM ledger_entries"
    )

"""Bills issued exactly once, and the money of an agreement read back from the record, on both databases."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest

from contract.agreement_file import DAYS_BEYOND
from contract.billing import Bill
from contract.days import Days
from contract.facts import EntryKind, Event, EventKind, RecordBatch
from contract.money_life import draft_bill, open_money, take_bill
from contract.values import DAY
from records import RecordStore
from tests.records.building import EFFECTIVE, ENDS, A, cny, entries_only, penalty, shanghai, term_sheet

WORKFLOW = f"agreement/{A}"
DAYS = Days.of("Asia/Shanghai", EFFECTIVE - DAY, ENDS + DAYS_BEYOND)


def draft(k: int = 0) -> Bill:
    """The bill of a period, as the workflow would have it issued."""
    money = open_money(term_sheet(), 1, DAYS, EFFECTIVE, ENDS)
    for seq in range(k):
        before = draft_bill(money)
        assert before is not None
        take_bill(money, before, seq)
    found = draft_bill(money)
    assert found is not None
    return found


@pytest.fixture
async def billed(store: RecordStore) -> RecordStore:
    """An agreement in force, with a penalty of 200.00 in January."""
    payload = {"effective_date": "2026-01-01", "ends_at": ENDS.isoformat()}
    activated = Event(seq=2, at=EFFECTIVE, kind=EventKind.ACTIVATED, clause="C4.1", payload=payload)
    await store.append(RecordBatch(workflow_id=WORKFLOW, agreement_id=A, events=[activated]))
    await store.append(entries_only(penalty("p1", "200.00", shanghai("2026-01-09 12:00"))))
    return store


async def issue(store: RecordStore, k: int, *, set_off: bool = True) -> Bill:
    return await store.issue_bill(WORKFLOW, 3 + k, draft(k), A, set_off)


async def test_a_bill_sets_off_the_penalties_that_accrued_before_it_c8_1(billed: RecordStore):
    assert (await issue(billed, 0)).set_off == cny("0.00")
    assert (await issue(billed, 1)).set_off == cny("200.00")
    assert (await issue(billed, 2)).set_off == cny("0.00")
    found = await billed.statement(A, date(2026, 3, 1))
    assert found is not None
    assert [(line.kind, str(line.amount)) for line in found.penalties] == [
        ("penalty", "200.00"),
        ("set_off", "-200.00"),
    ]
    # With 49 days of late fees on 1,000.00 and 18 on 800.00.
    assert str(found.owed) == "2831.70"


async def test_a_bill_issued_again_is_the_same_whatever_was_posted_meanwhile(billed: RecordStore):
    await issue(billed, 0)
    first = await issue(billed, 1)
    await billed.append(entries_only(penalty("p2", "300.00", shanghai("2026-01-10 12:00"))))
    assert await issue(billed, 1) == first
    assert (await billed.verify_chain(WORKFLOW)).sound
    assert (await issue(billed, 2)).set_off == cny("300.00")


async def test_where_penalties_are_paid_out_bills_set_nothing_off(billed: RecordStore):
    await issue(billed, 0)
    assert (await issue(billed, 1, set_off=False)).set_off == cny("0.00")


async def test_what_the_cap_took_away_is_not_set_off(billed: RecordStore):
    await issue(billed, 0)
    await billed.append(entries_only(penalty("p2", "5000.00", shanghai("2026-01-10 12:00"))))
    # 10 % of a year's fees of 12,000.00; the bill takes 1,000.00 of it.
    assert (await issue(billed, 1)).set_off == cny("1000.00")
    assert (await issue(billed, 2)).set_off == cny("200.00")


async def test_a_statement_is_by_what_was_known_when_asked(billed: RecordStore):
    await issue(billed, 0)
    await issue(billed, 1)
    known = await billed.statement(A, date(2026, 3, 1), known_at=shanghai("2026-01-15 00:00"))
    assert known is not None
    assert [bill.number for bill in known.bills] == ["B001"]


async def test_an_agreement_that_was_never_in_force_has_no_statement(empty_store: RecordStore):
    assert await empty_store.statement("nobody", date(2026, 3, 1)) is None


async def test_the_journal_has_every_entry_once_in_the_order_of_recording(billed: RecordStore):
    await issue(billed, 0)
    await issue(billed, 1)
    (first, *_, last) = [row.recorded_at for row in await billed.journal(EFFECTIVE, EFFECTIVE + 10000 * DAY)]
    whole = await billed.journal(first, last + timedelta(microseconds=1))
    assert [row.entry.kind for row in whole].count(EntryKind.BILL) == 2
    assert all(before.recorded_at <= after.recorded_at for before, after in pairwise(whole))
    past = await billed.journal(first, last)
    await issue(billed, 2)
    assert await billed.journal(first, last) == past

"""The balances an agreement is taken over with, on both databases: ledger, cap, set-off, statement (C8.1)."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest

from contract.agreement import activate, offer, step
from contract.agreement_file import AgreementFile, TermDates
from contract.commands import Sign
from contract.facts import Account, RecordBatch, TermsDocument
from contract.money_life import draft_bill
from contract.opening import opening_entries
from contract.parties import Role
from contract.terms import TermSheet, canonical_bytes, digest_of
from records import RecordStore
from tests.records.building import cny, entries_only, penalty, shanghai, term_sheet

SIGNED = shanghai("2026-03-02 10:00")
BEFORE: dict[str, Any] = {
    "effective_date": "2025-03-02",
    "run_from": "2026-03-02",
    "bills": [
        {
            "number": "OLD-12",
            "first": "2026-02-02",
            "last": "2026-03-01",
            "due_on": "2026-02-12",
            "unpaid": "400.00",
            "late_fee": "3.40",
        }
    ],
    "credit": "0",
    "penalties": [{"contract_year": 1, "accrued": "1500.00", "unsettled": "250.00"}],
}


def sheet() -> TermSheet:
    """1,000.00 a month, a cap of 10 % of a year's 12,000.00; two years from 2 March 2025."""
    plain = term_sheet()
    document = plain.model_dump(mode="json") | {"term": {"years": 2}, "taken_over": BEFORE}
    return TermSheet.model_validate(document)


@pytest.fixture
async def taken_over(empty_store: RecordStore) -> tuple[RecordStore, AgreementFile]:
    """Offered, signed by both, and taken over, recorded as its workflow does."""
    terms = sheet()
    canonical = canonical_bytes(terms)
    file, events = offer(terms, digest_of(canonical), SIGNED)
    document = TermsDocument(
        agreement_id=file.agreement_id, version=1, digest=file.digest, canonical=canonical.decode()
    )
    await empty_store.append(batch(file, events, terms=document))
    for role in Role:
        actor = {"party": terms.party(role).party_id, "person": "P"}
        said = {
            "command_id": f"s-{role}",
            "at": SIGNED,
            "actor": actor,
            "digest": file.digest,
            "title": "CEO",
        }
        events = step(file, [Sign.model_validate(said | {"digest": file.digest})], SIGNED).events
        await empty_store.append(batch(file, events))
    dates = TermDates.of(terms, SIGNED, with_days=True)
    events = activate(file, dates, terms)
    entries = opening_entries(terms, 1, dates, file.money, events[-1].seq)
    for _ in range(2):  # told again, it is there once
        await empty_store.append(batch(file, events, entries=entries))
    return empty_store, file


def batch(file: AgreementFile, events: Any, **more: Any) -> RecordBatch:
    workflow_id = f"agreement/{file.agreement_id}"
    given: dict[str, Any] = {"workflow_id": workflow_id, "agreement_id": file.agreement_id}
    return RecordBatch(events=events, agreement=file.snapshot(), **given, **more)


async def test_the_cap_of_the_year_of_before_finds_what_accrued_then_c8_1(taken_over: Any):
    store, file = taken_over
    (year,) = await store.penalties(file.agreement_id)
    # 1,200.00 is the most a year can cost: 300.00 are above it, and 950.00 had been settled.
    found = (year.contract_year, str(year.accrued), str(year.above_cap), str(year.net))
    assert found == (1, "1500.00", "300.00", "1200.00")
    await store.append(entries_only(penalty("p1", "200.00", shanghai("2026-03-05 12:00"))))
    years = {year.contract_year: str(year.net) for year in await store.penalties(file.agreement_id)}
    assert years == {1: "1200.00", 2: "200.00"}


async def test_unsettled_penalties_of_before_are_set_off_against_the_first_bill_here_c8_1(taken_over: Any):
    store, file = taken_over
    assert file.money is not None
    draft = draft_bill(file.money)
    assert draft is not None
    bill = await store.issue_bill(f"agreement/{file.agreement_id}", 5, draft, file.agreement_id, True)
    assert (bill.number, bill.first, bill.set_off) == ("B013", date(2026, 3, 2), cny("250.00"))


async def test_the_record_alone_tells_the_money_and_the_statement_of_any_day(taken_over: Any):
    store, file = taken_over
    read = await store.money(file.agreement_id)
    assert read is not None
    assert file.money is not None
    for name in ("effective", "run_from", "last", "next_period", "bills", "credits", "days", "terms"):
        assert getattr(read, name) == getattr(file.money, name)
    found = await store.statement(file.agreement_id, date(2026, 3, 11))
    assert found is not None
    # Ten days of late fees on 400.00, beside those of before.
    assert [(line.kind, str(line.amount)) for line in found.lines] == [
        ("bill", "400.00"),
        ("late_fee", "3.40"),
        ("late_fee", "2.00"),
    ]
    assert (str(found.owed), str(found.penalties_owed), str(found.net)) == ("405.40", "250.00", "155.40")


async def test_nothing_of_before_is_income_or_expense_a_second_time(taken_over: Any):
    store, _ = taken_over
    rows = await store.journal(shanghai("2000-01-01 00:00"), shanghai("2100-01-01 00:00"))
    accounts: Counter[Account] = Counter()
    for entry in (row.entry for row in rows):
        accounts[entry.debit] += entry.amount.minor
        accounts[entry.credit] -= entry.amount.minor
    assert {account: minor for account, minor in accounts.items() if minor} == {
        Account.RECEIVABLE: 400_00,
        Account.LATE_FEE_RECEIVABLE: 3_40,
        Account.PENALTY_PAYABLE: -250_00,
        Account.OPENING: -400_00 - 3_40 + 250_00,
    }

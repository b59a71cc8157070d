"""Held penalties when a bill is issued, decided ones ever after, a year's warning: on both databases.

1,000.00 a month, 12,000.00 a year; penalties are capped at 10 % of that unless a test says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from contract.billing import Bill
from contract.facts import (
    Account,
    EntryKind,
    Event,
    EventKind,
    PenaltiesPassed,
    PenaltyDecision,
    RecordBatch,
    Recorded,
)
from contract.holds import PenaltyHold
from contract.parties import Role
from contract.penalties import PenaltyKind
from contract.values import DAY
from records import RecordStore
from tests.records.building import (
    EFFECTIVE,
    YEAR_STARTS,
    A,
    agreement,
    back,
    cny,
    document,
    entries_only,
    penalty,
    shanghai,
    term_sheet,
)
from tests.records.test_money import WORKFLOW, draft

EARLY, LATER = shanghai("2026-01-09 12:00"), shanghai("2026-01-12 12:00")
DECIDED = shanghai("2026-01-20 12:00")
R1, R2 = {"request_id": "r1"}, {"request_id": "r2"}
SOLUTION = {"clause": "C8.1.2"}


@pytest.fixture
async def penalised(store: RecordStore) -> RecordStore:
    """200.00 for a late response and 500.00 of a late solution of r1, 300.00 of r2: 1,000.00 in January."""
    await store.append(
        entries_only(
            penalty("p1", "200.00", EARLY, **R1),
            penalty("p2", "500.00", LATER, **R1, **SOLUTION),
            penalty("p3", "300.00", LATER, **R2),
        )
    )
    return store


def hold(request_id: str = "r1", *kinds: PenaltyKind, amount: int | None = None) -> PenaltyHold:
    penalties = list(kinds or PenaltyKind)
    return PenaltyHold(dispute="D001", request_id=request_id, penalties=penalties, amount=amount)


async def issue(store: RecordStore, k: int, *holds: PenaltyHold, seq: int | None = None) -> Bill:
    return await store.issue_bill(WORKFLOW, 2 + k if seq is None else seq, draft(k), A, True, holds)


def told(seq: int, at: datetime, kind: EventKind = EventKind.DISPUTE_SETTLED) -> Event:
    return Event(seq=seq, at=at, kind=kind, clause="C9.1", payload={"number": "D001"})


def decision(
    *kinds: PenaltyKind, amount: str | None, seq: int = 2, at: datetime = DECIDED, **changes: Any
) -> RecordBatch:
    """The agreement's step that settles a dispute over penalties of r1."""
    fields: dict[str, Any] = {
        "dispute": "D001",
        "request_id": "r1",
        "penalties": list(kinds or PenaltyKind),
        "amount": None if amount is None else cny(amount),
        "at": at,
        "clause": "C9.1",
        "event_seq": seq,
        "terms_version": 1,
        "party": Role.CUSTOMER,
        "persons": {Role.PROVIDER: "李明", Role.CUSTOMER: "王芳"},
    }
    made = PenaltyDecision(**(fields | changes))
    return RecordBatch(workflow_id=WORKFLOW, agreement_id=A, events=[told(seq, at)], decisions=[made])


async def owed(store: RecordStore, year: int = 1) -> str:
    (found,) = await store.penalties(A, year)
    return str(found.net)


async def decided(store: RecordStore) -> list[tuple[str, str]]:
    """What decisions changed, in the order in which it is owed."""
    found = [row.entry for year in await store.penalties(A) for row in year.entries]
    return [
        (e.key, str(e.amount if e.credit is Account.PENALTY_PAYABLE else -e.amount))
        for e in found
        if e.kind is EntryKind.PENALTY_DECISION
    ]


# On hold


@pytest.mark.parametrize(
    ("holds", "set_off", "then"),
    [
        ((), "1000.00", "0.00"),
        ((hold("r1"),), "300.00", "700.00"),
        ((hold("r1", PenaltyKind.LATE_RESPONSE),), "800.00", "200.00"),
        ((hold("r1", amount=250_00),), "750.00", "250.00"),
        ((hold("r1"), hold("r2", amount=100_00)), "200.00", "800.00"),
        ((hold("r9"),), "1000.00", "0.00"),
    ],
)
async def test_what_is_on_hold_is_not_set_off_until_the_hold_is_lifted(
    penalised: RecordStore, holds: Sequence[PenaltyHold], set_off: str, then: str
):
    assert (await issue(penalised, 0)).set_off == cny("0.00")
    assert (await issue(penalised, 1, *holds)).set_off == cny(set_off)
    assert (await issue(penalised, 2)).set_off == cny(then)


async def test_a_dispute_over_what_was_set_off_before_holds_back_nothing_else(penalised: RecordStore):
    await issue(penalised, 1, seq=2)
    await penalised.append(entries_only(penalty("p4", "400.00", shanghai("2026-02-03 12:00"), **R2)))
    assert (await issue(penalised, 2, hold("r1"), seq=3)).set_off == cny("200.00")  # 1,200.00 is the cap


async def test_which_penalties_a_bill_took_is_told_where_others_were_held(penalised: RecordStore):
    await issue(penalised, 1, hold("r1", PenaltyKind.LATE_RESPONSE), seq=2)
    rows = [row.entry for row in await penalised.journal(EFFECTIVE, EFFECTIVE + 10000 * DAY)]
    (entry,) = [entry for entry in rows if entry.kind is EntryKind.SET_OFF]
    assert entry.explanation["penalties"] == [
        {"request": "r1", "penalty": "late_resolution", "amount": "500.00"},
        {"request": "r2", "penalty": "late_response", "amount": "300.00"},
    ]


async def test_a_bill_issued_again_is_the_same_though_the_dispute_is_over(penalised: RecordStore):
    first = await issue(penalised, 1, hold("r1"), seq=2)
    assert await issue(penalised, 1, seq=2) == first


# Decided


async def test_a_decision_sets_what_a_request_s_penalties_come_to_c9_1(penalised: RecordStore):
    await penalised.append(decision(amount="350.00"))
    key = f"decision:{A}:D001:r1"
    assert await decided(penalised) == [(f"{key}:late_resolution:1", "-350.00")]
    assert await owed(penalised) == "650.00"


async def test_told_again_it_changes_nothing(penalised: RecordStore):
    for _ in range(2):
        await penalised.append(decision(amount="0.00"))
    assert await owed(penalised) == "300.00"
    assert len(await decided(penalised)) == 2


async def test_more_than_stands_can_be_decided_and_of_nothing_too(penalised: RecordStore):
    await penalised.append(decision(PenaltyKind.LATE_RESPONSE, amount="260.00"))
    await penalised.append(decision(amount="90.00", seq=3, request_id="r3"))
    assert [amount for _, amount in await decided(penalised)] == ["60.00", "90.00"]


async def test_the_difference_counts_in_the_years_in_which_it_accrued(store: RecordStore):
    second = YEAR_STARTS[1]
    await store.append(
        entries_only(
            penalty("p1", "500.00", second - DAY, **SOLUTION), penalty("p2", "500.00", second, **SOLUTION)
        )
    )
    await store.append(decision(amount="600.00", at=second + DAY))
    assert [await owed(store, year) for year in (1, 2)] == ["500.00", "100.00"]


async def test_what_was_decided_stays_whatever_is_reversed_or_accrues_for_the_time_before(
    penalised: RecordStore,
):
    await penalised.append(decision(amount="350.00"))
    await penalised.append(
        entries_only(
            back("reversal:p1", "200.00", "p1", EntryKind.PENALTY_REVERSAL, effective_at=DECIDED + DAY, **R1)
        )
    )
    assert await owed(penalised) == "650.00"
    await penalised.append(entries_only(penalty("p1~2", "200.00", EARLY + DAY, **R1)))
    assert await owed(penalised) == "650.00"
    # Days that begin after the decision are new, and so are other requests.
    await penalised.append(entries_only(penalty("p5", "100.00", DECIDED + DAY, **R1, **SOLUTION)))
    await penalised.append(entries_only(penalty("p6", "50.00", EARLY, **R2)))
    assert await owed(penalised) == "800.00"


async def test_what_a_decision_left_as_it_stood_stays_as_it_stood(penalised: RecordStore):
    await penalised.append(decision(PenaltyKind.LATE_RESPONSE, amount=None))
    assert await decided(penalised) == []
    taken_back = back(
        "reversal:p1", "200.00", "p1", EntryKind.PENALTY_REVERSAL, effective_at=DECIDED + DAY, **R1
    )
    await penalised.append(entries_only(taken_back))
    assert await decided(penalised) == [("decided:reversal:p1", "200.00")]
    assert await owed(penalised) == "1000.00"


async def test_a_recording_that_is_tried_again_keeps_the_decision_once(penalised: RecordStore):
    await penalised.append(decision(amount="350.00"))
    late = entries_only(penalty("p1~2", "200.00", EARLY, **R1))
    for _ in range(2):
        await penalised.append(late)
    assert await owed(penalised) == "650.00"


async def test_the_cap_counts_what_was_decided(penalised: RecordStore):
    await penalised.append(entries_only(penalty("p4", "900.00", LATER, **R2)))
    assert await owed(penalised) == "1200.00"
    await penalised.append(decision(amount="100.00"))
    # 100.00 + 300.00 + 900.00 is 1,300.00, and 1,200.00 is the cap.
    assert await owed(penalised) == "1200.00"


# The warning


async def uncapped(store: RecordStore) -> None:
    loose = term_sheet(penalties={"cap_percent": None})
    await store.append(agreement(terms=document(loose)))


async def record(store: RecordStore, *amounts: str, key: str = "p") -> Recorded:
    made = [penalty(f"{key}{n}", amount, EARLY) for n, amount in enumerate(amounts)]
    return await store.append(entries_only(*made))


async def test_passing_the_share_is_told_until_the_warning_is_on_record(empty_store: RecordStore):
    await uncapped(empty_store)
    assert (await record(empty_store, "3600.00")).passed == []
    passed = PenaltiesPassed(
        contract_year=1, penalties=cny("3600.01"), fees=cny("12000.00"), warning_percent=Decimal(30)
    )
    assert (await record(empty_store, "0.01", key="q")).passed == [passed]
    # Its answer was lost: told again, it is the same.
    assert (await record(empty_store, "0.01", key="q")).passed == [passed]
    warning = Event(
        seq=2, at=DECIDED, kind=EventKind.PENALTIES_WARNED, clause="C8.1", payload={"contract_year": 1}
    )
    await empty_store.append(RecordBatch(workflow_id=WORKFLOW, agreement_id=A, events=[warning]))
    assert (await record(empty_store, "500.00", key="r")).passed == []
    other_year = await empty_store.append(entries_only(penalty("s", "3600.01", YEAR_STARTS[1])))
    assert [one.contract_year for one in other_year.passed] == [2]


async def test_what_the_cap_takes_away_does_not_count_for_the_warning(store: RecordStore):
    assert (await record(store, "5000.00")).passed == []

"""The ledger: each entry once, corrected only by entries, counted in the year of its accrual (C8.1)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from contract.facts import Account, EntryKind, LedgerEntry
from contract.parties import Role
from records import AgreementUnknown, RecordConflict, RecordGap, RecordStore
from tests.records.building import (
    ENDS,
    YEAR_STARTS,
    A,
    agreement,
    back,
    cny,
    entries_only,
    event,
    penalty,
    request,
)

SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
async def _with_a_request(store: RecordStore) -> None:
    await store.append(request("r1"))


async def _posted(store: RecordStore) -> list[LedgerEntry]:
    found = await store.request(A, "r1")
    assert found is not None
    return [posted.entry for posted in found.entries]


async def test_an_entry_comes_back_as_it_was(store: RecordStore) -> None:
    first = penalty("p1", "200.00", event_seq=1)
    waiver = back(
        "w1",
        "50.00",
        "p1",
        EntryKind.PENALTY_WAIVER,
        party=Role.CUSTOMER,
        person="王芳",
        reason="goodwill",
        clause="C8.1",
        effective_at=first.effective_at + SECOND,
    )
    await store.append(request("r1", event(2), entries=[first, waiver]))
    assert await _posted(store) == [first, waiver]


async def test_the_same_entry_again_posts_nothing(store: RecordStore) -> None:
    await store.append(entries_only(penalty("p1", "200.00")))
    await store.append(entries_only(penalty("p1", "200.00"), penalty("p2", "200.00")))
    await store.append(entries_only(penalty("p2", "200.00"), penalty("p2", "200.00")))
    assert [entry.key for entry in await _posted(store)] == ["p1", "p2"]


@pytest.mark.parametrize(
    "change",
    [{"amount": cny("200.01")}, {"explanation": {"formula": "another"}}, {"terms_version": 2}],
    ids=lambda change: next(iter(change)),
)
async def test_the_same_key_with_other_content_is_a_conflict(
    store: RecordStore, change: dict[str, Any]
) -> None:
    entry = penalty("p1", "200.00")
    await store.append(entries_only(entry))
    with pytest.raises(RecordConflict, match="ledger entry p1"):
        await store.append(entries_only(entry.model_copy(update=change)))
    assert await _posted(store) == [entry]


async def test_a_key_may_be_used_by_another_agreement(store: RecordStore) -> None:
    await store.append(agreement("agreement-2"))
    await store.append(entries_only(penalty("p1", "200.00")))
    await store.append(entries_only(penalty("p1", "300.00"), agreement_id="agreement-2"))
    (year,) = await store.penalties("agreement-2")
    assert year.net == cny("300.00")


async def test_what_reverses_an_entry_waits_for_it(store: RecordStore) -> None:
    reversal = back("v1", "200.00", "p1", EntryKind.PENALTY_REVERSAL)
    with pytest.raises(RecordGap, match="v1 reverses p1, which is not on record"):
        await store.append(entries_only(reversal))
    await store.append(entries_only(penalty("p1", "200.00")))
    await store.append(entries_only(reversal))
    assert len(await _posted(store)) == 2


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (penalty("p1", "0.00"), "above zero"),
        (penalty("p1", "-200.00"), "above zero"),
        (penalty("p1", "200.00", credit=Account.PENALTY_EXPENSE), "one account to another"),
        (penalty("p1", "200.00", kind=EntryKind.PENALTY_CAP), "keeps the cap by itself"),
    ],
)
async def test_an_entry_that_cannot_stand_is_refused(
    store: RecordStore, entry: LedgerEntry, fault: str
) -> None:
    with pytest.raises(ValueError, match=fault):
        await store.append(entries_only(entry))
    assert await _posted(store) == []


async def test_entries_of_an_unknown_agreement_wait_for_it(store: RecordStore) -> None:
    with pytest.raises(AgreementUnknown):
        await store.append(entries_only(penalty("p1", "200.00"), agreement_id="agreement-2"))


async def test_penalties_wait_for_the_terms_that_cap_them(empty_store: RecordStore) -> None:
    bare = agreement("agreement-2").model_copy(update={"terms": None})
    await empty_store.append(bare)
    with pytest.raises(RecordGap, match="terms of agreement agreement-2"):
        await empty_store.append(entries_only(penalty("p1", "200.00"), agreement_id="agreement-2"))


@pytest.mark.parametrize(
    ("at", "year"),
    [
        (YEAR_STARTS[0], 1),
        (YEAR_STARTS[1] - SECOND, 1),
        (YEAR_STARTS[1], 2),
        (YEAR_STARTS[2], 3),
        (ENDS - SECOND, 3),
        (ENDS + timedelta(days=20), 3),
    ],
)
async def test_an_accrual_counts_in_the_contract_year_of_its_instant(
    store: RecordStore, at: datetime, year: int
) -> None:
    await store.append(entries_only(penalty("p1", "200.00", at)))
    assert [found.contract_year for found in await store.penalties(A)] == [year]


async def test_what_takes_an_accrual_back_counts_in_the_accruals_year(store: RecordStore) -> None:
    await store.append(entries_only(penalty("p1", "200.00", YEAR_STARTS[1] - SECOND)))
    late = {"effective_at": YEAR_STARTS[2]}
    await store.append(entries_only(back("v1", "120.00", "p1", EntryKind.PENALTY_REVERSAL, **late)))
    await store.append(entries_only(back("w1", "30.00", "p1", EntryKind.PENALTY_WAIVER, **late)))
    (year,) = await store.penalties(A)
    assert (year.contract_year, year.accrued, year.reversed, year.waived, year.net) == (
        1,
        cny("200.00"),
        cny("120.00"),
        cny("30.00"),
        cny("50.00"),
    )

"""Penalties per contract year, added up by hand (C8.1). Capped at 1,200.00 a year."""

from __future__ import annotations

from datetime import timedelta

from contract.facts import EntryKind
from records import PenaltyYear, RecordStore
from tests.records.building import YEAR_STARTS, A, back, cny, entries_only, penalty

DAY = timedelta(days=1)


async def test_a_year_adds_up_line_by_line(store: RecordStore) -> None:
    first, second = YEAR_STARTS[:2]
    await store.append(
        entries_only(
            penalty("p1", "200.00", first + DAY),
            penalty("p2", "500.00", first + 2 * DAY),
            penalty("p3", "500.00", first + 3 * DAY),
            penalty("p4", "500.00", first + 4 * DAY),
        )
    )
    reversed_on, waived_on = {"effective_at": first + 5 * DAY}, {"effective_at": first + 6 * DAY}
    await store.append(entries_only(back("v1", "200.00", "p1", EntryKind.PENALTY_REVERSAL, **reversed_on)))
    await store.append(entries_only(back("w1", "150.00", "p4", EntryKind.PENALTY_WAIVER, **waived_on)))
    await store.append(entries_only(penalty("p5", "200.00", second)))
    year_1, year_2 = await store.penalties(A)
    # 1,700.00 less 200.00 less 150.00 is 1,350.00: 150.00 above the cap.
    cap = f"penalty-cap:{A}:1"
    assert [posted.entry.key for posted in year_1.entries] == [
        *("p1", "p2", "p3", "p4", f"{cap}:1"),
        *("v1", f"{cap}:2"),
        *("w1", f"{cap}:3"),
    ]
    assert year_1.model_copy(update={"entries": []}) == PenaltyYear(
        contract_year=1,
        accrued=cny("1700.00"),
        reversed=cny("200.00"),
        waived=cny("150.00"),
        decided=cny("0.00"),
        above_cap=cny("150.00"),
        net=cny("1200.00"),
        cap=cny("1200.00"),
        entries=[],
    )
    assert (year_2.contract_year, year_2.net) == (2, cny("200.00"))
    assert year_2.entries[0].entry.explanation == {"formula": "once per request: 200.00 CNY"}


async def test_one_year_may_be_asked_for(store: RecordStore) -> None:
    await store.append(entries_only(penalty("p1", "200.00"), penalty("p2", "200.00", YEAR_STARTS[1])))
    assert [year.contract_year for year in await store.penalties(A, 2)] == [2]
    assert await store.penalties(A, 3) == []


async def test_without_penalties_there_are_no_years(store: RecordStore) -> None:
    assert await store.penalties(A) == []
    assert await store.penalties("agreement-3") == []

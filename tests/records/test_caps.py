"""The cap on a contract year's penalties: one sum kept right by entries, in either direction (contract §4).

The terms of the tests: 12 × 1,000.00 a year, capped at 10 %: 1,200.00.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.facts import Account, EntryKind, LedgerEntry
from contract.terms import Period
from records import PenaltyYear, RecordStore
from tests.records.building import (
    EFFECTIVE,
    ENDS,
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

REVERSAL, WAIVER = EntryKind.PENALTY_REVERSAL, EntryKind.PENALTY_WAIVER
EXPENSE, PAYABLE = Account.PENALTY_EXPENSE, Account.PENALTY_PAYABLE


async def _year(store: RecordStore, year: int = 1, agreement_id: str = A) -> PenaltyYear:
    (found,) = await store.penalties(agreement_id, year)
    return found


def _caps(year: PenaltyYear) -> list[LedgerEntry]:
    found = (posted.entry for posted in year.entries)
    return [entry for entry in found if entry.kind is EntryKind.PENALTY_CAP]


async def test_up_to_the_cap_nothing_is_adjusted(store: RecordStore) -> None:
    await store.append(entries_only(penalty("p1", "1200.00")))
    year = await _year(store)
    assert (year.cap, year.net, year.above_cap) == (cny("1200.00"), cny("1200.00"), cny("0.00"))
    assert _caps(year) == []


async def test_what_is_above_the_cap_is_one_entry_with_its_formula(store: RecordStore) -> None:
    at = EFFECTIVE + timedelta(days=3)
    await store.append(entries_only(penalty("p1", "1000.00"), penalty("p2", "500.00", at)))
    year = await _year(store)
    assert (year.accrued, year.above_cap, year.net) == (cny("1500.00"), cny("300.00"), cny("1200.00"))
    (entry,) = _caps(year)
    assert entry.key == f"penalty-cap:{A}:1:1"
    assert (entry.clause, entry.effective_at, entry.terms_version) == ("C8.1", at, 1)
    assert (entry.debit, entry.credit, entry.amount) == (PAYABLE, EXPENSE, cny("300.00"))
    assert entry.explanation == {
        "contract_year": 1,
        "currency": "CNY",
        "fee": "1000.00",
        "periods_per_year": 12,
        "cap_percent": "10",
        "cap": "1200.00",
        "accrued": "1500.00",
        "above_cap": "300.00",
        "above_cap_before": "0.00",
        "formula": "max(0, 1500.00 - 1200.00) = 300.00; 0.00 stood above the cap before",
        "because_of": ["p1", "p2"],
    }


async def test_a_further_accrual_above_the_cap_is_adjusted_in_full(store: RecordStore) -> None:
    for key in ("p1", "p2", "p3"):
        await store.append(entries_only(penalty(key, "700.00")))
    year = await _year(store)
    assert [entry.amount for entry in _caps(year)] == [cny("200.00"), cny("700.00")]
    assert year.net == cny("1200.00")


async def test_a_reversal_gives_back_what_no_longer_exceeds(store: RecordStore) -> None:
    await store.append(entries_only(penalty("p1", "1000.00"), penalty("p2", "500.00")))
    await store.append(entries_only(back("v2", "500.00", "p2", REVERSAL)))
    year = await _year(store)
    first, second = _caps(year)
    assert (first.key, second.key) == (f"penalty-cap:{A}:1:1", f"penalty-cap:{A}:1:2")
    assert (second.debit, second.credit, second.amount) == (EXPENSE, PAYABLE, cny("300.00"))
    assert (year.above_cap, year.net) == (cny("0.00"), cny("1000.00"))


async def test_a_waiver_above_the_cap_costs_the_customer_nothing_until_below(store: RecordStore) -> None:
    await store.append(entries_only(penalty("p1", "1500.00")))
    await store.append(entries_only(back("w1", "200.00", "p1", WAIVER)))
    year = await _year(store)
    assert (year.waived, year.above_cap, year.net) == (cny("200.00"), cny("100.00"), cny("1200.00"))
    await store.append(entries_only(back("w2", "200.00", "p1", WAIVER)))
    assert (await _year(store)).net == cny("1100.00")


async def test_each_contract_year_has_its_own_cap(store: RecordStore) -> None:
    for year, begins in enumerate(YEAR_STARTS, start=1):
        await store.append(entries_only(penalty(f"p{year}", "1300.00", begins)))
    assert [year.net for year in await store.penalties(A)] == [cny("1200.00")] * 3


async def test_a_reversal_in_a_later_year_frees_the_cap_of_the_accruals_year(store: RecordStore) -> None:
    await store.append(entries_only(penalty("p1", "1500.00")))
    await store.append(entries_only(back("v1", "400.00", "p1", REVERSAL, effective_at=YEAR_STARTS[1])))
    (year,) = await store.penalties(A)
    assert (year.contract_year, year.above_cap, year.net) == (1, cny("0.00"), cny("1100.00"))


async def test_the_same_entries_again_adjust_nothing(store: RecordStore) -> None:
    batch = entries_only(penalty("p1", "1500.00"))
    await store.append(batch)
    before = await _year(store)
    await store.append(batch)
    assert await _year(store) == before


async def test_terms_without_a_cap_adjust_nothing(empty_store: RecordStore) -> None:
    terms = document(term_sheet(penalties={"cap_percent": None}))
    await empty_store.append(agreement(terms=terms))
    await empty_store.append(entries_only(penalty("p1", "999999.00")))
    year = await _year(empty_store)
    assert (year.cap, year.net) == (None, cny("999999.00"))


async def test_a_year_is_capped_by_the_fee_at_its_start(store: RecordStore) -> None:
    """A fee change within year 1 raises the cap of year 2, not that of the year that is running."""
    changed = document(term_sheet(fees={"amount": "2000.00"}), 2, shanghai("2026-07-01 00:00"))
    later = document(term_sheet(fees={"amount": "3000.00"}), 3, YEAR_STARTS[2] + timedelta(seconds=1))
    await store.append(agreement(seq=2, terms=changed))
    await store.append(agreement(seq=3, terms=later))
    for year, at in enumerate([shanghai("2026-08-01 00:00"), *YEAR_STARTS[1:]], start=1):
        await store.append(entries_only(penalty(f"p{year}", "9000.00", at)))
    years = await store.penalties(A)
    assert [year.cap for year in years] == [cny("1200.00"), cny("2400.00"), cny("2400.00")]
    assert [year.net for year in years] == [year.cap for year in years]
    assert [_caps(year)[0].terms_version for year in years] == [1, 2, 2]


async def test_a_fee_change_at_the_very_start_of_a_year_counts_in_it(store: RecordStore) -> None:
    changed = document(term_sheet(fees={"amount": "2000.00"}), 2, YEAR_STARTS[1])
    await store.append(agreement(seq=2, terms=changed))
    await store.append(entries_only(penalty("p1", "9000.00", YEAR_STARTS[1])))
    assert (await _year(store, 2)).net == cny("2400.00")


async def test_the_adjustment_of_several_entries_written_together_is_right(store: RecordStore) -> None:
    batches = [entries_only(penalty(f"p{n}", "500.00")) for n in range(4)]
    await store.append_many([*batches, entries_only(back("v1", "900.00", "p1", REVERSAL))])
    assert (await _year(store)).net == cny("1100.00")


numbers = count(1)
amounts = st.integers(min_value=1, max_value=200_000)
at = st.datetimes(
    min_value=EFFECTIVE.replace(tzinfo=None), max_value=(ENDS + timedelta(days=40)).replace(tzinfo=None)
).map(lambda naive: naive.replace(tzinfo=EFFECTIVE.tzinfo)) | st.sampled_from(
    [*YEAR_STARTS, ENDS, *(begins - timedelta(microseconds=1) for begins in YEAR_STARTS[1:])]
)
postings = st.lists(
    st.tuples(
        st.sampled_from([EntryKind.PENALTY, EntryKind.PENALTY, REVERSAL, WAIVER]), amounts, at, st.integers(0)
    ),
    min_size=1,
    max_size=12,
)


def _years_by_hand(
    history: list[tuple[int, int]], fee: Decimal, periods: int, percent: Decimal
) -> dict[int, int]:
    """Net penalties in fen per year, from signed amounts: fractions, and no adjusting entries."""
    cap = Fraction(fee) * 100 * periods * Fraction(percent) / 100
    rounded = int(cap + Fraction(1, 2))
    return {
        year: min(sum(amount for at, amount in history if at == year), rounded)
        for year in {year for year, _ in history}
    }


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=postings,
    together=st.integers(1, 4),
    fee=st.decimals(min_value=1, max_value=3000, places=2),
    percent=st.decimals(min_value=0, max_value=100, places=3),
    period=st.sampled_from(Period),
)
async def test_whatever_is_posted_in_whatever_order_the_net_is_that_of_the_fractions(
    empty_store: RecordStore,
    steps: list[tuple[EntryKind, int, datetime, int]],
    together: int,
    fee: Decimal,
    percent: Decimal,
    period: Period,
) -> None:
    name = f"agreement-{next(numbers)}"
    sheet = term_sheet(
        name, fees={"amount": str(fee), "period": period}, penalties={"cap_percent": str(percent)}
    )
    await empty_store.append(agreement(name, terms=document(sheet)))
    penalties: list[list[Any]] = []  # those that stand: key, year, amount, what is left of it after waivers
    history: list[tuple[int, int]] = []
    entries: list[LedgerEntry] = []
    for number, (kind, minor, when, which) in enumerate(steps):
        key, amount = f"e{number}", str(Decimal(minor).scaleb(-2))
        if kind is EntryKind.PENALTY or not penalties:
            # The years of this agreement are calendar years in Shanghai; the last one goes on after the end.
            year = min((when + timedelta(hours=8)).year - 2025, 3)
            penalties.append([key, year, minor, minor])
            history.append((year, minor))
            entries.append(penalty(key, amount, when))
        elif kind is REVERSAL:
            # All of it, once; what was waived of it is taken back.
            reverses, year, whole, left = penalties.pop(which % len(penalties))
            history.append((year, -left))
            entries.append(back(key, str(Decimal(whole).scaleb(-2)), reverses, kind, effective_at=when))
        elif minor <= (one := penalties[which % len(penalties)])[3]:
            one[3] -= minor
            history.append((one[1], -minor))
            entries.append(back(key, amount, one[0], kind, effective_at=when))
        if len(entries) == together or number == len(steps) - 1:
            if entries:
                await empty_store.append(entries_only(*entries, agreement_id=name))
            entries = []
            found = {year.contract_year: year.net.minor for year in await empty_store.penalties(name)}
            assert found == _years_by_hand(history, fee, period.per_year, percent)

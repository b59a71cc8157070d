"""Which penalties a bill takes while others are on hold (C8.1, contract §4, §7), found in another way too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contract.facts import Account, EntryKind, LedgerEntry
from contract.holds import PenaltyHold
from contract.money import Money
from contract.penalties import PenaltyKind
from contract.set_off import OF_NONE, available, held, outstanding, taken_from

RESPONSE, RESOLUTION = PenaltyKind
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def entry(place: int, minor: int, **changes: Any) -> LedgerEntry:
    """An entry of the provider's debt: above zero where it is owed more."""
    more = minor > 0
    fields: dict[str, Any] = {
        "key": f"e{place}",
        "kind": EntryKind.PENALTY if more else EntryKind.PENALTY_REVERSAL,
        "clause": "C8.1.1",
        "effective_at": BEGIN + timedelta(hours=place),
        "debit": Account.PENALTY_EXPENSE if more else Account.PENALTY_PAYABLE,
        "credit": Account.PENALTY_PAYABLE if more else Account.PENALTY_EXPENSE,
        "amount": Money(minor=abs(minor), currency="CNY"),
        "terms_version": 1,
        "request_id": "r",
    }
    return LedgerEntry(**fields | changes)


def set_off(place: int, minor: int, told: list[dict[str, Any]] | None = None) -> LedgerEntry:
    explanation: dict[str, Any] = {"bill": f"B{place:03d}"} | ({} if told is None else {"penalties": told})
    lowered = {"debit": Account.PENALTY_PAYABLE, "credit": Account.RECEIVABLE}
    return entry(place, -minor, kind=EntryKind.SET_OFF, request_id=None, explanation=explanation, **lowered)


def hold(request_id: str, *kinds: PenaltyKind, amount: int | None = None) -> PenaltyHold:
    return PenaltyHold(
        dispute="D001", request_id=request_id, penalties=list(kinds or PenaltyKind), amount=amount
    )


def test_a_set_off_takes_the_oldest_first():
    entries = [entry(1, 200), entry(2, 500, clause="C8.1.2"), entry(3, 300, request_id="q"), set_off(4, 600)]
    assert outstanding(entries) == {("r", RESPONSE): 0, ("r", RESOLUTION): 100, ("q", RESPONSE): 300}


def test_what_a_reversal_leaves_below_zero_is_made_good_by_what_raises_a_bill():
    entries = [entry(1, 200), set_off(2, 200), entry(3, -200)]
    assert outstanding(entries) == {("r", RESPONSE): -200}
    raises = set_off(4, 200).model_copy(
        update={"debit": Account.RECEIVABLE, "credit": Account.PENALTY_PAYABLE}
    )
    assert outstanding([*entries, raises]) == {("r", RESPONSE): 0}


def test_what_was_taken_over_belongs_to_no_request():
    before = entry(1, 700, request_id=None, clause="C8.1")
    parts = outstanding([before, entry(2, 200)])
    assert parts == {OF_NONE: 700, ("r", RESPONSE): 200}
    assert held(parts, [hold("r")]) == {("r", RESPONSE): 200}


def test_a_named_amount_is_held_of_the_first_parts():
    parts = {("r", RESPONSE): 200, ("r", RESOLUTION): 500}
    assert held(parts, [hold("r", amount=300)]) == {("r", RESPONSE): 200, ("r", RESOLUTION): 100}
    assert held(parts, [hold("r", RESOLUTION)]) == {("r", RESOLUTION): 500}


REQUESTS = ("q", "r", "s")
_REQUEST, _KIND = st.sampled_from(REQUESTS), st.sampled_from(PenaltyKind)
DEEDS = st.one_of(
    st.tuples(st.just("accrues"), _REQUEST, _KIND, st.integers(1, 900)),
    st.tuples(st.just("bill"), st.just(""), st.just(RESPONSE), st.integers(1, 1500)),
    st.tuples(st.just("dispute"), _REQUEST, _KIND, st.integers(0, 400)),
    st.tuples(st.just("end"), _REQUEST, _KIND, st.just(0)),
)


@given(st.lists(DEEDS, max_size=30))
def test_nothing_that_is_on_hold_is_set_off_and_all_else_is(deeds: list[tuple[str, str, PenaltyKind, int]]):
    """Coins in jars, one for each penalty of a request; a bill takes coins from jars that are not sealed."""
    jars: dict[tuple[str, PenaltyKind], int] = {}
    sealed: dict[tuple[str, PenaltyKind], int | None] = {}
    ledger: list[LedgerEntry] = []
    for place, (what, request_id, kind, minor) in enumerate(deeds, start=1):
        jar = (request_id, kind)
        if what == "accrues":
            jars[jar] = jars.get(jar, 0) + minor
            ledger.append(entry(place, minor, request_id=request_id, clause=kind.clause))
        elif what == "dispute":
            sealed[jar] = minor or None
        elif what == "end":
            sealed.pop(jar, None)
        else:
            holds = [hold(r, k, amount=amount) for (r, k), amount in sealed.items()]
            parts = outstanding(ledger)
            assert parts == jars
            reserved = held(parts, holds)
            takes = Money(minor=min(minor, available(sum(parts.values()), reserved)), currency="CNY")
            free = dict(jars)
            for j in sealed.keys() & jars.keys():
                amount = sealed[j]
                free[j] = 0 if amount is None else max(0, jars[j] - amount)
            assert takes.minor == min(minor, sum(free.values()))
            told = taken_from(parts, reserved, takes) if reserved else None
            left = takes.minor
            for j, coins in free.items():
                taken = min(left, coins)
                jars[j] -= taken
                left -= taken
            assert left == 0
            if takes.minor:
                ledger.append(set_off(place, takes.minor, told))
    assert outstanding(ledger) == jars

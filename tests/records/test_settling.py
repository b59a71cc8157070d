"""What depends on the penalties that stand, decided where it is recorded (C8.1), on both databases.

12 × 1,000.00 a year from 2026-01-01, penalties capped at 10 % of it: 1,200.00.
"""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from contract.agreement_file import DAYS_BEYOND
from contract.agreement_states import AgreementState
from contract.billing import LateTerms
from contract.days import Days
from contract.facts import EntryKind, Event, EventKind
from contract.money import Money
from contract.money_commands import RecordPayout, WaivePenalty
from contract.money_file import Payout, PayoutOf
from contract.parties import Actor
from contract.refusals import Refusal, RefusalKind
from contract.settling import Ask, FinalAsk, PayoutAsk, WaiverAsk
from contract.terms import Means
from contract.values import DAY
from records import RecordStore
from tests.records.building import (
    EFFECTIVE,
    ENDS,
    YEAR_STARTS,
    A,
    agreement,
    back,
    cny,
    entries_only,
    penalty,
    request,
    shanghai,
)

WORKFLOW = f"agreement/{A}"
DAYS = Days.of("Asia/Shanghai", EFFECTIVE - DAY, ENDS + DAYS_BEYOND)
LATE = LateTerms(
    percent_per_day=Decimal("0.05"), grace_days=0, suspend_after_days=None, suspend_notice_days=3
)
NOW = shanghai("2026-06-01 12:00")
CUSTOMER = Actor(party="customer-1", person="Wang Fang")


def final(owed: str = "0.00", *, settles: bool = False, number: int = 1) -> FinalAsk:
    return FinalAsk(
        agreement_id=A,
        number=number,
        at=ENDS,
        days=DAYS,
        owed=cny(owed),
        late_fees=cny("0.00"),
        still_open=[],
        settles=settles,
        terms_version=1,
        payment_days=10,
        late=LATE,
    )


def payout(amount: str, reference: str = "P-1") -> PayoutAsk:
    said: dict[str, Any] = {"means": "transfer", "reference": reference, "value_date": date(2026, 6, 1)}
    command = RecordPayout(
        command_id=f"out-{reference}",
        at=NOW,
        actor=Actor(party="provider-1", person="Li"),
        amount=Decimal(amount),
        **said,
    )
    fact = Payout(
        key=f"payout:transfer:{reference}",
        of=PayoutOf.PENALTIES,
        means=Means.TRANSFER,
        reference=reference,
        amount=cny(amount),
        value_date=date(2026, 6, 1),
        at=NOW,
    )
    return PayoutAsk(command=command, payout=fact, terms_version=1)


def waiver(amount: str | None = None, at: datetime = NOW, request_id: str = "r1", no: int = 1) -> WaiverAsk:
    said: dict[str, Any] = {"of": "late_response", "amount": amount, "reason": "It was our mistake."}
    command = WaivePenalty(command_id=f"waiver-{no}", at=at, actor=CUSTOMER, request_id=request_id, **said)
    return WaiverAsk(agreement_id=A, command=command, terms_version=1, currency="CNY")


async def ask(store: RecordStore, wanted: Ask, seq: int = 2) -> tuple[Event | None, Refusal | None]:
    view = await store.agreement(A)
    assert view is not None
    return await store.settle_penalties(WORKFLOW, seq, view, wanted)


async def said(store: RecordStore, wanted: Ask, seq: int = 2) -> Event:
    made, refusal = await ask(store, wanted, seq)
    assert made is not None, refusal
    return made


async def stands(store: RecordStore) -> Money:
    """Penalties not set off, paid out or netted."""
    ever = await store.journal(EFFECTIVE - 20000 * DAY, EFFECTIVE + 20000 * DAY)
    total = cny("0.00")
    for row in ever:
        if row.entry.credit == "penalty_payable":
            total += row.entry.amount
        elif row.entry.debit == "penalty_payable":
            total -= row.entry.amount
    return total


async def test_the_final_statement_nets_the_penalties_that_stand_once(store: RecordStore):
    await store.append(entries_only(penalty("p1", "200.00")))
    first = await said(store, final("1000.00"))
    assert first.kind is EventKind.FINAL_STATEMENT
    assert [first.payload[name] for name in ("owed", "penalties", "net")] == ["1000.00", "200.00", "800.00"]
    await store.append(entries_only(penalty("p2", "300.00", ENDS + DAY)))
    assert await said(store, final("1000.00")) == first
    assert await stands(store) == cny("300.00")
    assert (await store.verify_chain(WORKFLOW)).sound
    again = await said(store, final("800.00", number=2), 3)
    # What is owed as of a later instant is for the next one.
    assert again.payload["penalties"] == "0.00"


async def test_it_is_settled_when_no_penalty_stands_and_recorded_as_such(store: RecordStore):
    settled = await said(store, final(settles=True))
    assert (settled.kind, settled.at) == (EventKind.SETTLED, ENDS)
    view = await store.agreement(A)
    assert view is not None
    assert (view.state, view.settled_at) == (AgreementState.SETTLED, ENDS)
    assert (await store.append(entries_only(penalty("p1", "1.00")))).awaits_requests is False


async def test_a_penalty_that_came_meanwhile_is_netted_instead_of_settling(store: RecordStore):
    await store.append(entries_only(penalty("p1", "200.00", ENDS + 2 * DAY)))
    made = await said(store, final(settles=True))
    assert (made.kind, made.at) == (EventKind.FINAL_STATEMENT, ENDS + 2 * DAY)
    assert made.payload["net"] == "-200.00"
    assert await stands(store) == cny("0.00")
    view = await store.agreement(A)
    assert view is not None
    assert view.state is AgreementState.ACTIVE


async def test_what_was_given_too_much_is_asked_for_by_a_bill(store: RecordStore):
    await store.append(entries_only(penalty("p1", "200.00")))
    await said(store, payout("200.00"))
    await said(store, waiver("150.00"), 3)
    made = await said(store, final("0.00"), 4)
    assert (made.payload["penalties"], made.payload["net"]) == ("-150.00", "150.00")
    bill = made.payload["bill"]
    assert (bill["number"], bill["to_pay"], bill["due_on"]) == ("F001", "150.00", "2029-01-11")
    assert await stands(store) == cny("0.00")


async def test_no_more_is_paid_out_than_stands_and_of_two_at_once_one(store: RecordStore):
    await store.append(entries_only(penalty("p1", "200.00")))
    _, refusal = await ask(store, payout("200.01"))
    assert refusal is not None
    assert (refusal.kind, refusal.details["owed"]) == (RefusalKind.NOT_ALLOWED_NOW, "200.00")
    answers = await asyncio.gather(ask(store, payout("150.00", "P-1")), ask(store, payout("150.00", "P-2")))
    assert sum(made is not None for made, _ in answers) == 1
    assert [r.kind for _, r in answers if r is not None] == [RefusalKind.OUT_OF_ORDER]
    assert await stands(store) == cny("50.00")


async def test_a_waiver_takes_the_oldest_penalties_first_each_in_its_contract_year(store: RecordStore):
    first, second = YEAR_STARTS[0] + DAY, YEAR_STARTS[1] + DAY
    await store.append(
        entries_only(
            penalty("p2", "200.00", second),
            penalty("p1", "200.00", first),
            penalty("q", "200.00", first, request_id="r2"),
            penalty("d", "500.00", first, clause="C8.1.2"),
        )
    )
    made = await said(store, waiver("250.00", second + DAY))
    assert made.payload["parts"] == [{"key": "p1", "amount": "200.00"}, {"key": "p2", "amount": "50.00"}]
    waived = [year.waived for year in await store.penalties(A)]
    assert waived == [cny("200.00"), cny("50.00")]
    _, refusal = await ask(store, waiver("150.01", no=2), 3)
    assert refusal is not None
    assert refusal.allowed == ["at most 150.00"]
    assert (await said(store, waiver(no=3), 3)).payload["amount"] == "150.00"
    _, refusal = await ask(store, waiver(request_id="r9"), 4)
    assert refusal is not None


async def test_the_cap_counts_what_is_left_after_a_waiver(store: RecordStore):
    await store.append(entries_only(penalty("p1", "1000.00"), penalty("p2", "1000.00", request_id="r2")))
    assert await stands(store) == cny("1200.00")
    await said(store, waiver("500.00"))
    assert await stands(store) == cny("1200.00")
    await said(store, waiver("500.00", no=2), 3)
    assert await stands(store) == cny("1000.00")


async def test_a_waived_penalty_that_is_reversed_was_never_waived(store: RecordStore):
    await store.append(entries_only(penalty("p1", "200.00"), penalty("p2", "300.00")))
    await said(store, waiver("250.00"))
    assert await stands(store) == cny("250.00")
    reversal = back("reversal:p1", "200.00", "p1", EntryKind.PENALTY_REVERSAL, effective_at=NOW)
    for _ in range(2):
        await store.append(entries_only(reversal))
    # Of p2 250.00 are left, of p1 nothing either way.
    assert await stands(store) == cny("250.00")
    (year,) = await store.penalties(A)
    assert (year.waived, year.net) == (cny("50.00"), cny("250.00"))


async def test_what_stands_at_the_number_already_is_not_overwritten(store: RecordStore):
    await store.append(entries_only(penalty("p1", "200.00")))
    first = await said(store, waiver("50.00"))
    assert await said(store, waiver("50.00")) == first
    for other in (waiver("20.00", no=2), payout("20.00"), final()):
        _, refusal = await ask(store, other)
        assert refusal is not None
        assert refusal.kind is RefusalKind.OUT_OF_ORDER
    assert await stands(store) == cny("150.00")


@pytest.mark.parametrize("state", list(AgreementState))
async def test_requests_are_waited_for_from_the_end_of_the_term_until_all_is_settled(
    store: RecordStore, state: AgreementState
):
    answer = await store.append(agreement(seq=2, state=state))
    ended = (AgreementState.EXPIRED, AgreementState.TERMINATED, AgreementState.CLOSED)
    assert answer.awaits_requests is (state in ended)


async def test_when_the_last_request_ended_is_at_the_earliest_the_end_of_the_term(store: RecordStore):
    assert await store.last_end_of_requests(A) == ENDS
    await store.append(request("r1", state="closed", closed_at=ENDS - DAY))
    assert await store.last_end_of_requests(A) == ENDS
    await store.append(request("r2", state="closed", closed_at=ENDS + DAY))
    assert await store.last_end_of_requests(A) == ENDS + DAY

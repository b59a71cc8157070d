"""A running agreement is taken over, lived by the engine (C4.1, C5.2, C7.1, C8.1, C8.2).

Since 2025-09-02 in Shanghai, 1,000.00 a month due after 10 days, 0.05 % a day; run from Monday 2026-03-02 on.
Both sign at 09:00 of that day, unless a test says otherwise.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.admission import Admissions
from activities.calendars import Calendars
from activities.taking_over import TakingOver
from activities.term_sheets import TermSheets
from contract.agreement_states import AgreementState
from contract.facts import Account, EntryKind, EventKind
from contract.faults import Faulty
from contract.money_commands import RecordPayment
from contract.refusals import RefusalKind
from contract.request import RequestState
from starter.errors import CommandRefused
from tests.engine import (
    CUSTOMER,
    DAY,
    PROVIDER,
    SECOND,
    START,
    LivedAgreement,
    World,
    eventually,
    shanghai,
)
from workflows.payloads import TakeOver, Ways

pytestmark = pytest.mark.engine

R7: dict[str, Any] = {
    "request_id": "R-7",
    "service": "technical_support",
    "title": "No sound",
    # Due, 48 hours on, on the evening of 27 February: two days late when it is taken over, three at 18:00.
    "submitted_at": "2026-02-25T18:00:00+08:00",
    "confirmed_at": "2026-02-25T18:30:00+08:00",
    "assignee": "Chen Jie",
    "responded_at": "2026-02-26T09:00:00+08:00",
    "accrued": {"late_response": True, "late_resolution_days": 3},
}
R8: dict[str, Any] = {
    "request_id": "R-8",
    "service": "problem_resolution",
    "title": "No picture",
    # To be answered until 10:00 of the first day.
    "submitted_at": "2026-03-01T23:59:00+08:00",
}
BEFORE: dict[str, Any] = {
    "effective_date": "2025-09-02",
    "run_from": "2026-03-02",
    "bills": [
        {
            "number": "2026-02",
            "first": "2026-02-02",
            "last": "2026-03-01",
            "due_on": "2026-02-12",
            "unpaid": "1000.00",
            "late_fee": "8.50",
        }
    ],
    "penalties": [{"contract_year": 1, "accrued": "1700.00", "unsettled": "700.00"}],
    "requests": [R7, R8],
}


async def taken_over(world: World, **changes: Any) -> LivedAgreement:
    given: dict[str, Any] = {"billing": True, "taken_over": BEFORE} | changes
    return await world.agreement(**given)


async def test_an_agreement_goes_on_from_where_it_stood(world: World):
    agreement = await taken_over(world, taken_over=BEFORE | {"requests": []})
    activated = await agreement.event(EventKind.ACTIVATED, None)
    assert activated.at == START
    assert activated.payload["effective_date"] == "2025-09-02"
    receipt = (await agreement.standing()).receipt
    assert receipt.effective_at == shanghai("2025-09-02 00:00")
    assert receipt.ends_at == shanghai("2026-09-02 00:00")
    bill = await agreement.event(EventKind.BILL_ISSUED, None)
    # The seventh period; the penalties of before that are not settled are set off against it.
    told = [bill.payload[name] for name in ("number", "set_off", "to_pay")]
    assert told == ["B007", "700.00", "300.00"]
    money = await world.store.money(agreement.id)
    assert money is not None
    assert [one.number for one in money.bills] == ["2026-02", "B007"]
    found = await world.store.statement(agreement.id, date(2026, 3, 2))
    assert found is not None
    assert (str(found.owed), str(found.penalties_owed)) == ("1309.00", "0.00")
    assert await agreement.is_sound(None)


async def test_the_ledger_balances_against_what_was_before(world: World):
    agreement = await taken_over(world, taken_over=BEFORE | {"requests": []})
    await agreement.event(EventKind.BILL_ISSUED, None)
    journal = await world.store.journal(shanghai("2000-01-01 00:00"), shanghai("2100-01-01 00:00"))
    opening = [p.entry for p in journal if p.agreement_id == agreement.id]
    opening = [e for e in opening if Account.OPENING in (e.debit, e.credit)]
    told = sorted((e.key.split(":", 1)[0], str(e.amount)) for e in opening)
    assert told == [("bill", "1000.00"), ("late-fee", "8.50"), ("penalty", "1700.00"), ("set-off", "1000.00")]
    (year,) = await world.store.penalties(agreement.id)
    assert (year.contract_year, str(year.accrued)) == (1, "1700.00")


async def test_open_requests_run_on_with_their_clocks(world: World):
    agreement = await taken_over(world)
    assert (await agreement.event(EventKind.REQUEST_TAKEN_OVER, "R-7")).at == shanghai("2026-03-02 00:00")
    await agreement.event(EventKind.REQUEST_TAKEN_OVER, "R-8")
    seven, eight = await agreement.status("R-7"), await agreement.status("R-8")
    assert seven.snapshot.state is RequestState.RESPONDED
    assert seven.snapshot.resolve_due == shanghai("2026-02-27 18:00")
    assert eight.snapshot.respond_due == shanghai("2026-03-02 03:59")
    # The response of R-8 fell due on the first day, before both had signed: it is judged, once.
    late = await agreement.event(EventKind.PENALTY_ACCRUED, "R-8")
    assert late.at == shanghai("2026-03-02 03:59") + SECOND
    # The fourth day of R-7 begins at 18:00; the first three, and its late response, are in the balances.
    await agreement.pass_time_until(shanghai("2026-03-03 18:00:01"))
    await agreement.event(EventKind.PENALTY_ACCRUED, "R-7", 2)
    keys = [e.key.removeprefix(f"penalty:{agreement.id}/") for e in await agreement.entries("R-7")]
    assert keys == ["R-7:late-resolution:4", "R-7:late-resolution:5"]
    for request in ("R-7", "R-8"):
        assert await agreement.is_sound(request)


async def test_what_happened_since_the_balances_is_told_after_the_signatures(world: World):
    agreement = await taken_over(world)
    told = shanghai("2026-03-02 00:30")
    for name in ("confirm", "assign", "respond"):
        await agreement.do(name, told, "R-8")
    # Whether it was judged before that was told or after it: the response was in time.
    kinds = [entry.kind for entry in await agreement.entries("R-8")]
    assert kinds.count(EntryKind.PENALTY) == kinds.count(EntryKind.PENALTY_REVERSAL)
    # A request of that night, and none of the day before.
    await agreement.submit("N-1", at=shanghai("2026-03-02 00:00"))
    with pytest.raises(CommandRefused) as refused:
        await agreement.submit("N-2", at=shanghai("2026-03-01 23:00"))
    assert refused.value.kind is RefusalKind.OUT_OF_ORDER


async def test_a_request_submitted_again_by_its_channel_is_the_one_taken_over(world: World):
    agreement = await taken_over(world)
    await agreement.event(EventKind.REQUEST_TAKEN_OVER, "R-7")
    receipt = await agreement.submit("R-7", at=START)
    assert receipt.state == RequestState.RESPONDED
    with pytest.raises(CommandRefused) as refused:
        await agreement.submit("R-7", at=START, title="Another matter")
    assert refused.value.kind is RefusalKind.OTHER_CONTENT


async def test_a_bill_of_before_is_paid_here_with_its_late_fees(world: World):
    agreement = await taken_over(world, taken_over=BEFORE | {"requests": []})
    at = shanghai("2026-03-05 10:00")
    await agreement.pass_time_until(at)
    day, paid = date(2026, 3, 5), {"means": "transfer", "reference": "T-1", "amount": "1010.50"}
    standing = await agreement.client.settle(
        agreement.id, RecordPayment, PROVIDER, at=at, value_date=day, bill="2026-02", **paid
    )
    # 8.50 of before and 0.50 a day since 2 March; what is left is the bill of March.
    assert (str(standing.owed), str(standing.late_fees)) == ("300.00", "0.00")
    day, paid = date(2026, 3, 1), paid | {"reference": "T-2"}
    with pytest.raises(CommandRefused) as refused:
        await agreement.client.settle(agreement.id, RecordPayment, PROVIDER, at=at, value_date=day, **paid)
    assert refused.value.kind is RefusalKind.INVALID


async def test_arrears_of_before_suspend_only_after_a_notice_from_here(world: World):
    late = {"percent_per_day": "0.05", "suspend_after_days": 10, "suspend_notice_days": 3}
    agreement = await taken_over(world, late_payment=late)
    announced = await agreement.event(EventKind.SUSPENSION_ANNOUNCED, None)
    assert announced.at == START
    await agreement.pass_time_until(START + 4 * DAY)
    suspended = await agreement.event(EventKind.SUSPENDED, None)
    assert suspended.at >= START + 3 * DAY
    await agreement.event(EventKind.CLOCKS_STOPPED, "R-7")


async def test_the_term_ends_where_it_would_have_ended_with_its_requests_finished(world: World):
    agreement = await taken_over(world, term={"months": 7}, billing=False)
    await agreement.event(EventKind.REQUEST_TAKEN_OVER, "R-8")
    await agreement.do("withdraw", START, "R-8", by=CUSTOMER)
    await agreement.pass_time_until(shanghai("2026-04-02 00:00"))
    await agreement.event(EventKind.EXPIRED, None)

    async def known() -> bool:
        return (await agreement.standing()).open_requests == ["R-7"]

    await eventually(known, "R-7 known as open")
    at = shanghai("2026-04-02 10:00")
    await agreement.pass_time_until(at)
    await agreement.do("withdraw", at, "R-7", by=CUSTOMER)
    await agreement.event(EventKind.AGREEMENT_CLOSED, None)
    assert (await agreement.standing()).receipt.state == AgreementState.CLOSED


async def test_balances_of_a_later_day_are_not_offered(world: World):
    with pytest.raises(Faulty) as caught:
        await world.offer(START - DAY, taken_over=BEFORE)
    assert [fault.path for fault in caught.value.faults] == ["taken_over.run_from"]


async def test_taking_over_again_what_was_taken_over_changes_nothing(world: World):
    agreement = await taken_over(world)
    await agreement.event(EventKind.PENALTY_ACCRUED, "R-8")
    before = {request: await agreement.events(request) for request in ("R-7", "R-8")}
    sheets = TermSheets(world.store)
    calendars = Calendars(world.store, sheets)
    admissions = Admissions(world.temporal, world.store, sheets, calendars, world.settings.task_queue)
    wanted = TakeOver(
        agreement_id=agreement.id,
        terms_version=1,
        run_from=shanghai("2026-03-02 00:00"),
        heard_from=START,
        ways=Ways(offset_seconds=int(agreement.offset / SECOND), mail=False, billing=True),
    )
    again = TakingOver(world.store, sheets, calendars, admissions)
    found = await ActivityEnvironment().run(again.take_over_requests, wanted)
    assert found.request_ids == ["R-7", "R-8"]
    assert {request: await agreement.events(request) for request in ("R-7", "R-8")} == before
    for request in ("R-7", "R-8"):
        assert len(await world.runs(agreement.request_handle(request))) == 1


async def test_requests_are_taken_over_when_the_record_store_comes_back(world: World):
    agreement = await world.offer(billing=True, taken_over=BEFORE)
    await agreement.sign(PROVIDER)
    admit, away = world.store.admit, 3

    async def admit_at_last(*given: Any) -> Any:
        nonlocal away
        if away > 0:
            away -= 1
            raise OSError("away")
        return await admit(*given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.store, "admit", admit_at_last)
        await agreement.sign(CUSTOMER)
        for request in ("R-7", "R-8"):
            await agreement.event(EventKind.REQUEST_TAKEN_OVER, request)
            assert (await agreement.status(request)).snapshot.request_id == request
    assert away == 0

"""The end of an agreement's money: final statement, payouts, waivers, settled (C8.1, contract §3, §4).

A month from Monday 2026-03-02 in Shanghai: one bill of 1,000.00, due on 12 March. A late response costs
200.00, each day of a late solution 500.00.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from contract.agreement_money import MoneyStanding
from contract.agreement_states import AgreementState
from contract.change_commands import ConsentToTermination, ProposeTermination
from contract.facts import Event, EventKind, RecordBatch, Recorded
from contract.money_commands import GiveCredit, RecordPayment, RecordPayout, ReversePayout, WaivePenalty
from contract.money_deeds import apply
from contract.parties import Role
from contract.refusals import RefusalKind
from starter.errors import CommandRefused
from tests.engine import CUSTOMER, DAY, HOUR, PROVIDER, SECOND, START, LivedAgreement, R, World, shanghai

pytestmark = pytest.mark.engine

ENDS = shanghai("2026-04-02 00:00")
MONTH: dict[str, Any] = {"term": {"months": 1}}
PAYING_OUT: dict[str, Any] = {"penalties": {"settlement": "pay_out"}}


async def short(world: World, **changes: Any) -> LivedAgreement:
    return await world.agreement(billing=True, **MONTH | changes)


async def settle(agreement: LivedAgreement, command: Any, at: datetime, **content: Any) -> MoneyStanding:
    await agreement.pass_time_until(at)
    actor = CUSTOMER if command is WaivePenalty else PROVIDER
    return await agreement.client.settle(agreement.id, command, actor, at=at, **content)


def day_of(at: datetime) -> date:
    return (at + 8 * HOUR).date()


async def pay(agreement: LivedAgreement, amount: str, at: datetime, reference: str = "T-1") -> MoneyStanding:
    content = {"means": "transfer", "reference": reference, "amount": amount, "value_date": day_of(at)}
    return await settle(agreement, RecordPayment, at, **content)


async def pay_out(
    agreement: LivedAgreement, amount: str, at: datetime, reference: str = "P-1"
) -> MoneyStanding:
    content = {"means": "transfer", "reference": reference, "amount": amount, "value_date": day_of(at)}
    return await settle(agreement, RecordPayout, at, **content)


async def waive(agreement: LivedAgreement, of: str, at: datetime, **content: Any) -> MoneyStanding:
    told = {"request_id": R, "of": of, "reason": "We found the cause ourselves."}
    return await settle(agreement, WaivePenalty, at, **told | content)


async def late_response(agreement: LivedAgreement, at: datetime = START) -> None:
    """A request responded to an hour late, then solved and accepted: 200.00."""
    await agreement.pass_time_until(at)
    await agreement.submit(at=at)
    await agreement.pass_time_until(at + 5 * HOUR)
    for command in ("confirm", "assign", "respond", "resolve", "accept"):
        await agreement.do(command, at + 5 * HOUR)


async def stated(agreement: LivedAgreement, nth: int = 1) -> dict[str, Any]:
    """The figures of a final statement."""
    told = (await agreement.event(EventKind.FINAL_STATEMENT, None, nth)).payload
    return {name: told[name] for name in ("owed", "penalties", "net", "still_open")}


async def is_settled(agreement: LivedAgreement) -> None:
    """Settled on record and where it is looked for, and its workflow over; the books balance."""
    world = agreement.world
    await world.completed(agreement.handle)
    view = await world.store.agreement(agreement.id)
    assert view is not None
    assert view.state is AgreementState.SETTLED
    assert view.settled_at == (await agreement.events(None))[-1].at
    assert await world.shown_state_of(agreement.handle) == "settled"
    found = await world.store.statement(agreement.id, day_of(view.settled_at))
    assert found is not None
    assert (found.owed.minor, found.penalties_owed.minor) == (0, 0)
    assert await agreement.is_sound(None)


async def test_with_nothing_owed_the_final_statement_says_so_and_the_agreement_is_settled(world: World):
    agreement = await short(world)
    await pay(agreement, "1000.00", START + DAY)
    await agreement.pass_time_until(ENDS + DAY - SECOND)
    nothing = {"owed": "0.00", "penalties": "0.00", "net": "0.00", "still_open": []}
    assert await stated(agreement) == nothing
    assert (await agreement.event(EventKind.FINAL_STATEMENT, None)).at == ENDS
    assert (await agreement.standing()).receipt.state == "closed"
    # What was stamped in time can come for another day.
    await agreement.pass_time_until(ENDS + DAY)
    assert (await agreement.event(EventKind.SETTLED, None)).at == ENDS + DAY
    await is_settled(agreement)


@pytest.mark.parametrize("terms", [{}, PAYING_OUT], ids=["set_off", "pay_out"])
async def test_penalties_are_netted_against_what_the_customer_owes_either_way_c8_1(
    world: World, terms: dict[str, Any]
):
    agreement = await short(world, **terms)
    await late_response(agreement)
    await agreement.pass_time_until(ENDS)
    # 1,000.00, and 21 days of 0.05 % by the day after the last.
    assert await stated(agreement) == {
        "owed": "1010.50",
        "penalties": "200.00",
        "net": "810.50",
        "still_open": [],
    }
    # 200.00 went to 10.50 of late fees and 189.50 of principal: 5 days of 0.05 % of the rest are 2.03.
    standing = await pay(agreement, "812.53", ENDS + 5 * DAY)
    assert str(standing.owed) == "0.00"
    await is_settled(agreement)


async def test_what_is_left_of_penalties_is_paid_out_and_not_more_c8_1(world: World):
    agreement = await short(world)
    await pay(agreement, "1000.00", START + DAY)
    await late_response(agreement, START + 2 * DAY)
    with pytest.raises(CommandRefused) as refused:
        await pay_out(agreement, "200.00", START + 3 * DAY)
    assert refused.value.kind is RefusalKind.NOT_ALLOWED_NOW
    await agreement.pass_time_until(ENDS)
    assert (await stated(agreement))["net"] == "-200.00"
    at = ENDS + 3 * DAY
    with pytest.raises(CommandRefused) as refused:
        await pay_out(agreement, "200.01", at)
    assert refused.value.refusal.allowed == ["at most 200.00"]
    assert str((await pay_out(agreement, "150.00", at)).owed) == "-50.00"
    assert str((await pay_out(agreement, "150.00", at)).owed) == "-50.00"
    with pytest.raises(CommandRefused) as refused:
        await pay_out(agreement, "50.00", at)
    assert refused.value.kind is RefusalKind.OTHER_CONTENT
    wrong = {"means": "transfer", "reference": "P-1", "reason": "To another customer."}
    assert str((await settle(agreement, ReversePayout, at, **wrong)).owed) == "-200.00"
    await pay_out(agreement, "200.00", at, "P-2")
    await is_settled(agreement)


async def test_penalties_are_paid_out_in_the_term_where_the_terms_say_so_c8_1(world: World):
    agreement = await short(world, **PAYING_OUT)
    await late_response(agreement)
    at = START + 2 * DAY
    with pytest.raises(CommandRefused) as refused:
        await pay_out(agreement, "200.01", at)
    assert refused.value.refusal.details["owed"] == "200.00"
    await pay_out(agreement, "200.00", at)
    await pay_out(agreement, "200.00", at)
    with pytest.raises(CommandRefused) as refused:
        await pay_out(agreement, "0.01", at, "P-2")
    assert refused.value.refusal.details["owed"] == "0.00"
    await pay(agreement, "1000.00", at)
    await agreement.pass_time_until(ENDS + DAY)
    assert (await stated(agreement))["penalties"] == "0.00"
    await is_settled(agreement)


async def test_a_payout_taken_back_after_the_final_statement_is_netted_again_c8_1(world: World):
    agreement = await short(world, **PAYING_OUT)
    await late_response(agreement)
    await pay_out(agreement, "200.00", START + 2 * DAY)
    await agreement.pass_time_until(ENDS)
    assert (await stated(agreement))["penalties"] == "0.00"
    wrong = {"means": "transfer", "reference": "P-1", "reason": "It came back."}
    await settle(agreement, ReversePayout, ENDS + DAY, **wrong)
    assert (await stated(agreement, 2))["penalties"] == "200.00"
    found = await world.store.statement(agreement.id, day_of(ENDS + DAY))
    assert found is not None
    await pay(agreement, str(found.owed), ENDS + DAY)
    await is_settled(agreement)


async def test_penalties_of_a_request_left_open_are_netted_when_it_has_ended(world: World):
    agreement = await short(world, closing_days=1)
    await pay(agreement, "1000.00", START + DAY)
    await agreement.pass_time_until(ENDS - HOUR)
    await agreement.bring("responded", at=ENDS - HOUR)
    await agreement.pass_time_until(ENDS + DAY + HOUR)
    assert await stated(agreement) == {"owed": "0.00", "penalties": "0.00", "net": "0.00", "still_open": [R]}
    # Nothing is owed, but a request is open that may still cost penalties.
    late = ENDS + 3 * DAY
    await agreement.pass_time_until(late)
    assert (await agreement.standing()).receipt.state == "closed"
    await agreement.do("resolve", late)
    await agreement.do("accept", late)
    assert await stated(agreement, 2) == {
        "owed": "0.00",
        "penalties": "1000.00",
        "net": "-1000.00",
        "still_open": [],
    }
    await pay_out(agreement, "1000.00", late)
    await agreement.pass_time_until(late + DAY)
    await is_settled(agreement)


async def test_the_customer_waives_penalties_of_a_closed_request_and_not_more_than_stand_c8_1(world: World):
    agreement = await short(world)
    await pay(agreement, "1000.00", START + DAY)
    await late_response(agreement, START + 2 * DAY)
    at = START + 4 * DAY
    with pytest.raises(CommandRefused) as refused:
        await waive(agreement, "late_resolution", at)
    assert refused.value.kind is RefusalKind.NOT_ALLOWED_NOW
    with pytest.raises(CommandRefused) as refused:
        await waive(agreement, "late_response", at, amount="200.01")
    assert refused.value.refusal.allowed == ["at most 200.00"]
    content = {"request_id": R, "of": "late_response", "reason": "?"}
    with pytest.raises(CommandRefused) as refused:
        await agreement.client.settle(agreement.id, WaivePenalty, PROVIDER, at=at, **content)
    assert refused.value.kind is RefusalKind.WRONG_PARTY
    again = {"amount": "150.00", "command_id": "waiver-1"}
    await waive(agreement, "late_response", at, **again)
    await waive(agreement, "late_response", at, **again)
    assert await agreement.owed() == "50.00"
    await waive(agreement, "late_response", at)
    assert await agreement.owed() == "0.00"
    waived = [e for e in await agreement.entries() if e.kind == "penalty_waiver"]
    assert [(str(e.amount), e.party, e.person, e.reason) for e in waived] == [
        ("150.00", "customer", "Wang Fang", "We found the cause ourselves."),
        ("50.00", "customer", "Wang Fang", "We found the cause ourselves."),
    ]
    await agreement.pass_time_until(ENDS + DAY)
    await is_settled(agreement)


async def test_a_penalty_waived_after_it_was_set_off_raises_the_next_bill_c8_1(world: World):
    agreement = await world.agreement(billing=True, term={"months": 3})
    await late_response(agreement)
    await agreement.pass_time_until(ENDS)
    assert (await agreement.event(EventKind.BILL_ISSUED, None, 2)).payload["to_pay"] == "800.00"
    await waive(agreement, "late_response", ENDS + DAY)
    await agreement.pass_time_until(shanghai("2026-05-02 00:00"))
    assert (await agreement.event(EventKind.BILL_ISSUED, None, 3)).payload["to_pay"] == "1200.00"


async def test_a_penalty_waived_after_it_was_netted_is_asked_for_by_another_final_statement_c8_1(
    world: World,
):
    agreement = await short(world)
    await pay(agreement, "800.00", START + DAY)
    await late_response(agreement, START + 2 * DAY)
    await agreement.pass_time_until(ENDS)
    net = (await stated(agreement))["net"]
    assert net == "2.10"  # 21 days of late fees on 200.00
    await pay(agreement, net, ENDS, "T-2")
    await waive(agreement, "late_response", ENDS + HOUR)
    told = (await agreement.event(EventKind.FINAL_STATEMENT, None, 2)).payload
    assert (told["owed"], told["penalties"], told["net"]) == ("0.00", "-200.00", "200.00")
    assert (told["bill"]["number"], told["bill"]["due_on"]) == ("F002", "2026-04-12")
    await agreement.pass_time_until(shanghai("2026-04-14 10:00"))
    assert "settled" not in await agreement.kinds(None)
    assert "payment_overdue" in await agreement.kinds(None)
    await pay(agreement, "200.20", shanghai("2026-04-14 10:00"), "T-3")
    await is_settled(agreement)


async def test_what_an_early_end_left_unserved_is_paid_out_after_the_final_statement_c4_2(world: World):
    agreement = await world.agreement(billing=True, term={"months": 3})
    at = START + 5 * DAY
    await pay(agreement, "1000.00", at)
    ends: dict[str, Any] = {"last_day": date(2026, 3, 16), "title": "CEO"}
    await agreement.client.change(agreement.id, ProposeTermination, PROVIDER, at=at, **ends)
    await agreement.client.change(agreement.id, ConsentToTermination, CUSTOMER, at=at, **ends)
    closes = shanghai("2026-03-17 00:00")
    await agreement.pass_time_until(closes)
    # 15 of 31 days were served: 483.87 of 1,000.00.
    told = {"owed": "-516.13", "penalties": "0.00", "net": "-516.13", "still_open": []}
    assert await stated(agreement) == told
    assert (await agreement.event(EventKind.FINAL_STATEMENT, None)).at == closes
    await pay_out(agreement, "516.13", closes + DAY)
    await is_settled(agreement)


async def test_an_agreement_whose_money_is_not_run_ends_when_it_is_closed(world: World):
    agreement = await world.agreement(**MONTH)
    await agreement.pass_time_until(ENDS)
    await world.completed(agreement.handle)
    assert (await agreement.kinds(None))[-1] == "agreement_closed"
    assert (await agreement.event(EventKind.AGREEMENT_CLOSED, None)).at == ENDS


async def test_a_final_statement_whose_recording_was_not_acknowledged_is_made_once(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    settle_penalties, tries = world.store.settle_penalties, []

    async def committed_and_lost(*given: Any) -> Any:
        answer = await settle_penalties(*given)
        tries.append(answer)
        if len(tries) % 2:
            raise ConnectionError("gone before it answered")
        return answer

    monkeypatch.setattr(world.store, "settle_penalties", committed_and_lost)
    agreement = await short(world)
    await late_response(agreement)
    await waive(agreement, "late_response", START + DAY, amount="50.00")
    await agreement.pass_time_until(ENDS)
    assert (await stated(agreement))["net"] == "860.50"
    await pay(agreement, "860.50", ENDS)
    await agreement.pass_time_until(ENDS + DAY)
    await is_settled(agreement)
    assert len(tries) == 6
    kinds = await agreement.kinds(None)
    assert [kinds.count(kind) for kind in ("penalty_waived", "final_statement", "settled")] == [1, 1, 1]
    assert timedelta(0) == (await agreement.event(EventKind.SETTLED, None)).at - (ENDS + DAY)


async def test_a_command_that_comes_after_what_a_lost_task_recorded_is_taken_after_it(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    """As when a worker dies between the commit and its acknowledgement: the record knows more."""
    agreement = await short(world)
    await agreement.event(EventKind.BILL_ISSUED, None)
    at = START + 2 * HOUR
    await agreement.pass_time_until(at)
    client, append_many = agreement.client, world.store.append_many
    lost: list[Event] = []

    def content(reference: str) -> dict[str, Any]:
        said: dict[str, Any] = {"means": "transfer", "reference": reference, "amount": "400.00"}
        return said | {"value_date": day_of(at)}

    async def after_a_lost_task(batches: Sequence[RecordBatch]) -> list[Recorded]:
        """Before a batch with the earlier command is written, the other one alone has been."""
        if not lost and any(e.command_id == "earlier" for batch in batches for e in batch.events):
            money = await world.store.money(agreement.id)
            assert money is not None
            first = client.make(RecordPayment, PROVIDER, at=at, command_id="first", **content("T-1"))
            seq = len(await agreement.events(None)) + 1
            done = apply(money, first, Role.PROVIDER, lambda: seq)
            lost.extend(done.events)
            entries = [entry for entry in done.entries if "T-1" in entry.key]
            batch = RecordBatch(
                workflow_id=agreement.handle.id, agreement_id=agreement.id, events=lost, entries=entries
            )
            await append_many([batch])
        return await append_many(batches)

    monkeypatch.setattr(world.store, "append_many", after_a_lost_task)
    before = client.settle(agreement.id, GiveCredit, PROVIDER, at=START, amount="1.00", reason="?")
    async with world.held_up(before):
        given = [
            asyncio.ensure_future(
                client.settle(
                    agreement.id, RecordPayment, PROVIDER, at=when, command_id=name, **content(reference)
                )
            )
            for name, when, reference in (("first", at, "T-1"), ("earlier", at - HOUR, "T-2"))
        ]
        await agreement.wait_until(await agreement.now() + 2 * SECOND)
    assert str((await given[0]).owed) == "599.00"
    with pytest.raises(CommandRefused) as refused:
        await given[1]
    assert refused.value.kind is RefusalKind.OUT_OF_ORDER
    assert len(lost) == 1
    assert [e.command_id for e in await agreement.events(None)][-1] == "first"
    assert await agreement.is_sound(None)

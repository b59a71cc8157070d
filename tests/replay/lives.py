"""Lives to record that no ticket log leads: mail on, one update a command, outages, years, afterthoughts.

Each is lived on a time-skipping server; :mod:`tests.replay.record` keeps the histories of all its runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Any

import pytest

from contract.change_commands import (
    AcceptFeeChange,
    ChangeCommand,
    ConsentToAmendment,
    ConsentToTermination,
    CounterFeeChange,
    DeclineAmendment,
    DeclineTermination,
    ObjectToFeeChange,
    ProposeFeeChange,
    ProposeTermination,
    WithdrawAmendment,
    WithdrawFeeChange,
    WithdrawTermination,
)
from contract.clock import ServiceWindow
from contract.commands import CommandName
from contract.dispute_commands import (
    ConfirmSettlement,
    DeclareFailed,
    DisputeCommand,
    OfferSettlement,
    OpenDispute,
    RecordAward,
    ReferDispute,
    WithdrawDispute,
)
from contract.facts import EventKind
from contract.money import Money
from contract.money_commands import (
    BouncePayment,
    ClearPayment,
    GiveCredit,
    MoneyCommand,
    RecordPayment,
    RecordPayout,
    Resume,
    ReversePayment,
    ReversePayout,
    Suspend,
    WaiveLateFee,
    WaivePenalty,
)
from contract.parties import Actor
from tests.engine import (
    CUSTOMER,
    DAY,
    HOUR,
    MINUTE,
    OFFICE_WEEK,
    PROVIDER,
    SECOND,
    START,
    LivedAgreement,
    R,
    World,
    shanghai,
)


async def give(agreement: LivedAgreement, *deeds: tuple[str, datetime], **content: dict[str, Any]) -> None:
    """Commands on the request, each at its time; `content` is what a command says, by its name."""
    for command, at in deeds:
        await agreement.pass_time_until(at)
        await agreement.do(command, at, **content.get(command, {}))


async def on_time(world: World) -> LivedAgreement:
    agreement = await world.agreement(mail=True)
    await agreement.submit()
    await give(
        agreement,
        ("confirm", START + 10 * MINUTE),
        ("assign", START + 20 * MINUTE),
        ("respond", START + 2 * HOUR),
        ("note_diagnosis", START + 5 * HOUR),
        ("resolve", START + 20 * HOUR),
        ("accept", START + DAY),
        ("rate", START + 2 * DAY),
    )
    await agreement.pass_time_until(START + 20 * DAY)
    return agreement


async def late_in_everything(world: World) -> LivedAgreement:
    """Late, paused, raised, solved, reopened, closed by itself, rated badly, answered when overdue."""
    agreement = await world.agreement(mail=True)
    await agreement.submit()
    due = START + 48 * HOUR
    await give(
        agreement,
        ("confirm", START + 2 * HOUR),
        ("assign", START + 3 * HOUR),
        ("reassign", START + 4 * HOUR),
        ("respond", START + 5 * HOUR),
        ("ask_for_materials", START + 20 * HOUR),
        ("provide_materials", START + 44 * HOUR),
        ("raise_priority", START + 46 * HOUR),
        ("lower_priority", due),
        ("resolve", due + 2 * DAY + SECOND),
        ("reopen", due + 3 * DAY),
        ("add_note", due + 3 * DAY),
        ("resolve", due + 9 * DAY),
        ("rate", due + 17 * DAY),
        ("answer_rating", due + 23 * DAY),
        rate={"score": 1},
        raise_priority={"priority": "high"},
    )
    await agreement.pass_time_until(due + 30 * DAY)
    return agreement


async def told_too_late(world: World) -> LivedAgreement:
    """Breaches, days and a closure taken back by commands that were given in time."""
    agreement = await world.agreement()
    await agreement.bring("assigned")
    await agreement.pass_time_until(START + 20 * HOUR)
    await agreement.do("respond", START + 4 * HOUR)
    await agreement.pass_time_until(START + 80 * HOUR)
    await agreement.do("resolve", START + 60 * HOUR)
    await agreement.pass_time_until(START + 60 * HOUR + 7 * DAY + HOUR)
    await agreement.do("reopen", START + 60 * HOUR + 7 * DAY)
    await agreement.do("withdraw", START + 60 * HOUR + 7 * DAY + HOUR)
    await agreement.pass_time_until(START + 30 * DAY)
    return agreement


async def together(world: World) -> LivedAgreement:
    """Commands that met each other and their timer in one task, and several told in one update."""
    agreement = await world.agreement()
    await agreement.submit()
    await agreement.tell([CommandName.CONFIRM, CommandName.RESOLVE, CommandName.ASSIGN], START)
    due = START + 4 * HOUR
    await agreement.pass_time_until(due)
    async with world.held_up(agreement.do("add_note", due)):
        told = asyncio.gather(
            agreement.do("respond", due), *(agreement.do("add_note", due) for _ in range(3))
        )
        await agreement.wait_until(due + 1.6 * SECOND)
    await told
    await give(agreement, ("resolve", due + HOUR), ("accept", due + HOUR))
    await agreement.pass_time_until(START + 20 * DAY)
    return agreement


async def store_away(world: World) -> LivedAgreement:
    """A recording that took longer than a local activity may."""
    agreement = await world.agreement()
    await agreement.submit()
    async with world.held_up(agreement.do("confirm", START)):
        await agreement.wait_until(START + 8 * SECOND)
    await give(agreement, ("assign", START + MINUTE), ("respond", START + HOUR), ("resolve", START + DAY))
    return agreement


async def store_refusing(world: World) -> LivedAgreement:
    """A record store that says no at once, for longer than a local activity tries."""
    agreement = await world.agreement()
    await agreement.submit()
    refused = asyncio.Event()

    async def say_no(*_: Any) -> Any:
        refused.set()
        raise ConnectionRefusedError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.store, "append_many", say_no)
        patch.setattr(world.store, "append", say_no)
        told = asyncio.ensure_future(agreement.do("confirm", START))
        await refused.wait()
        await agreement.wait_until(START + 8 * SECOND)
    await told
    await give(agreement, ("assign", START + MINUTE), ("respond", START + HOUR), ("resolve", START + DAY))
    return agreement


async def years(world: World) -> LivedAgreement:
    """Three years of an agreement: a run for each, reminders, the end, a request finished after it."""
    agreement = await world.agreement(mail=True, term={"years": 3}, service_hours=OFFICE_WEEK)
    ends = shanghai("2029-03-02 00:00")
    await agreement.submit()
    await give(agreement, ("confirm", START), ("withdraw", START))
    await agreement.pass_time_until(ends - HOUR)
    await agreement.submit("r-2", at=ends - HOUR)
    await agreement.pass_time_until(ends + HOUR)
    await agreement.do("withdraw", ends + HOUR, "r-2")
    await agreement.event(EventKind.AGREEMENT_CLOSED, None)
    await agreement.pass_time_until(ends + 20 * DAY)
    return agreement


async def more_service_time(world: World) -> LivedAgreement:
    """A pause longer than the window of service time, and a calendar announced while the clock ran."""
    agreement = await world.agreement(service_hours=OFFICE_WEEK, targets={"resolve_hours": 8})
    await agreement.submit()
    await give(
        agreement,
        ("confirm", START),
        ("assign", START),
        ("respond", START),
        ("ask_for_materials", START),
        ("provide_materials", START + 98 * DAY),
    )
    begins = START + 98 * DAY
    days = [(begins, begins + 3 * HOUR), (begins + 2 * DAY, begins + 2 * DAY + 9 * HOUR)]
    await agreement.pass_time_until(begins + DAY + 2 * HOUR)
    window = ServiceWindow.of(START, begins + 60 * DAY, days, calendars=["announced"])
    await agreement.client.apply_calendar(agreement.id, R, window)
    await give(agreement, ("resolve", begins + 2 * DAY), ("accept", begins + 2 * DAY))
    await agreement.pass_time_until(begins + 20 * DAY)
    return agreement


async def refused(world: World) -> LivedAgreement:
    agreement = await world.offer(mail=True)
    await agreement.sign(PROVIDER)
    await agreement.client.refuse_offer(agreement.id, CUSTOMER, at=START)
    return agreement


async def lapsed(world: World) -> LivedAgreement:
    """Signed in time, told when it had lapsed."""
    agreement = await world.offer()
    await agreement.sign(CUSTOMER)
    await agreement.pass_time_until(START + 30 * DAY + HOUR)
    await agreement.event(EventKind.OFFER_LAPSED, None)
    await agreement.sign(PROVIDER, at=START + 30 * DAY)
    await agreement.pass_time_until(START + 60 * DAY)
    return agreement


async def taken_over(world: World) -> LivedAgreement:
    """A running agreement with an overdue bill, penalties and two open requests, one of them late."""
    before = {
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
        "penalties": [{"contract_year": 1, "accrued": "1200.00", "unsettled": "700.00"}],
        "requests": [
            {
                "request_id": "R-7",
                "service": "technical_support",
                "title": "No sound",
                "submitted_at": "2026-02-25T10:00:00Z",
                "accrued": {"late_response": True, "late_resolution_days": 2},
            },
            {
                "request_id": "R-8",
                "service": "problem_resolution",
                "title": "No picture",
                "submitted_at": "2026-03-01T15:00:00Z",
            },
        ],
    }
    agreement = await world.agreement(mail=True, billing=True, taken_over=before)
    for request_id in ("R-7", "R-8"):
        await agreement.event(EventKind.REQUEST_TAKEN_OVER, request_id)
        for name in ("confirm", "assign", "respond"):
            await agreement.do(name, START, request_id)
    await agreement.pass_time_until(START + 2 * DAY)
    for request_id in ("R-7", "R-8"):
        await agreement.do("resolve", START + 2 * DAY, request_id)
    await agreement.pass_time_until(START + 40 * DAY)
    return agreement


async def disputed(world: World) -> LivedAgreement:
    """Disputes settled, awarded, withdrawn and lapsed; penalties that both sides are warned of."""
    terms: dict[str, Any] = {"disputes": {"negotiation_days": 30, "stale_days": 60}}
    agreement = await world.agreement(mail=True, billing=True, **terms)
    await agreement.submit()
    await agreement.event(EventKind.BILL_ISSUED, None)
    await agreement.pass_time_until(START + 9 * DAY)
    await agreement.event(EventKind.PENALTIES_WARNED, None)

    async def argue(
        command: type[DisputeCommand], by: Actor, day: int, number: str = "D001", **content: Any
    ) -> None:
        at = START + day * DAY
        await agreement.pass_time_until(at)
        named = {} if command is OpenDispute else {"dispute": number}
        await agreement.client.dispute(agreement.id, command, by, at=at, **named, **content)

    request = {"matter": "request", "request_id": R}
    bill = {"matter": "bill", "bill": "B001"}
    await argue(OpenDispute, PROVIDER, 10, item=request, about="It was your firewall.")
    await argue(OpenDispute, CUSTOMER, 11, item=bill, about="Not what was agreed.", amount="400.00")
    amounts = [{"kind": "bill", "bill": "B001", "amount": "100.00"}]
    await argue(OfferSettlement, PROVIDER, 12, "D002", amounts=amounts)
    await argue(ConfirmSettlement, CUSTOMER, 13, "D002", offer=1)
    for by in (PROVIDER, CUSTOMER):
        await argue(DeclareFailed, by, 14)
    await argue(ReferDispute, CUSTOMER, 15)
    await agreement.pass_time_until(START + 35 * DAY)
    decided = [{"kind": "penalty", "request_id": R, "amount": "1500.00"}]
    await argue(RecordAward, CUSTOMER, 36, digest="a" * 64, amounts=decided)
    await argue(OpenDispute, CUSTOMER, 37, item={"matter": "other"}, about="The tone.")
    await argue(WithdrawDispute, CUSTOMER, 38, "D003")
    await argue(OpenDispute, CUSTOMER, 39, item={"matter": "other"}, about="The tone again.")
    await agreement.pass_time_until(START + 99 * DAY + HOUR)
    await agreement.event(EventKind.DISPUTE_LAPSED, None)
    await agreement.client.dispute(agreement.id, ReferDispute, CUSTOMER, at=START + 99 * DAY, dispute="D004")
    await agreement.pass_time_until(START + 101 * DAY)
    return agreement


async def changed(world: World) -> LivedAgreement:
    """Fee changes negotiated, withdrawn and taken by silence, amendments, a renewal, an early end."""
    silent = {"notice_days": 30, "negotiation_days": 15, "if_unanswered": "takes_effect"}
    agreement = await world.agreement(mail=True, billing=True, fee_change=silent)
    signed = {"title": "CEO"}

    async def say(command: type[ChangeCommand], by: Actor, at: datetime, **content: Any) -> None:
        await agreement.pass_time_until(at)
        await agreement.client.change(agreement.id, command, by, at=at, **content)

    async def amend(by: Actor, at: datetime, changes: dict[str, Any], **content: Any) -> dict[str, Any]:
        await agreement.pass_time_until(at)
        told = {"changes": changes, "text": "as agreed", **signed} | content
        standing = await agreement.client.propose_amendment(agreement.id, by, at=at, **told)
        amendment = standing.open[-1]
        return {"amendment": amendment.number, "digest": amendment.digest} | signed

    notice, dearer = START + 10 * DAY, {"amount": "1200.00", "effective_on": date(2026, 5, 2)}
    await say(ProposeFeeChange, PROVIDER, notice, **dearer)
    await say(ObjectToFeeChange, CUSTOMER, notice + DAY, reason="too much")
    await say(CounterFeeChange, PROVIDER, notice + 2 * DAY, amount="1150.00")
    await say(CounterFeeChange, CUSTOMER, notice + 3 * DAY, amount="1050.00")
    await say(AcceptFeeChange, PROVIDER, notice + 14 * DAY, **dearer | {"amount": "1050.00"})
    first = await amend(
        PROVIDER, notice + 20 * DAY, {"targets.respond_hours": 2}, effective_on=date(2026, 5, 2)
    )
    await say(ConsentToAmendment, CUSTOMER, notice + 33 * DAY, **first)
    second = await amend(CUSTOMER, START + 70 * DAY, {"rating_days": 9})
    await say(DeclineAmendment, PROVIDER, START + 70 * DAY, amendment=second["amendment"])
    third = await amend(CUSTOMER, START + 71 * DAY, {"rating_days": 9})
    await say(WithdrawAmendment, CUSTOMER, START + 71 * DAY, amendment=third["amendment"])
    await amend(CUSTOMER, START + 72 * DAY, {"rating_days": 9})  # not answered
    await say(ProposeFeeChange, PROVIDER, START + 100 * DAY, amount="9.00", effective_on=date(2026, 9, 2))
    await say(WithdrawFeeChange, PROVIDER, START + 101 * DAY)
    await say(ProposeFeeChange, PROVIDER, START + 101 * DAY, amount="1300.00", effective_on=date(2026, 9, 2))
    renewal = await amend(PROVIDER, START + 300 * DAY, {"term": {"years": 2}}, effective_on=date(2027, 3, 2))
    await say(ConsentToAmendment, CUSTOMER, START + 301 * DAY, **renewal)
    ends = {"last_day": date(2027, 6, 15)} | signed
    await say(ProposeTermination, CUSTOMER, START + 400 * DAY, **ends)
    await say(WithdrawTermination, CUSTOMER, START + 400 * DAY)
    await say(ProposeTermination, CUSTOMER, START + 400 * DAY, **ends)
    await say(DeclineTermination, PROVIDER, START + 401 * DAY)
    await say(ProposeTermination, PROVIDER, START + 402 * DAY, **ends)
    await say(ConsentToTermination, CUSTOMER, START + 403 * DAY, **ends)
    await agreement.pass_time_until(shanghai("2027-06-16 00:00") + HOUR)
    await agreement.event(EventKind.AGREEMENT_CLOSED, None)
    return agreement


async def settled(world: World) -> LivedAgreement:
    """The end of an agreement's money: suspended, penalties paid out and waived, netted twice, settled."""
    terms: dict[str, Any] = {"term": {"months": 1}, "closing_days": 1}
    late = {"suspend_after_days": 10, "suspend_notice_days": 3, "percent_per_day": "0.05"}
    agreement = await world.agreement(
        billing=True, mail=True, penalties={"settlement": "pay_out"}, late_payment=late, **terms
    )
    ends = shanghai("2026-04-02 00:00")

    async def money(command: type[MoneyCommand], at: datetime, **content: Any) -> None:
        await agreement.pass_time_until(at)
        by = CUSTOMER if command is WaivePenalty else PROVIDER
        await agreement.client.settle(agreement.id, command, by, at=at, **content)

    def sum_of(amount: str, reference: str, at: datetime) -> dict[str, Any]:
        day = (at + 8 * HOUR).date()
        return {"means": "transfer", "reference": reference, "amount": amount, "value_date": day}

    await agreement.submit()
    await give(agreement, *((c, START + 5 * HOUR) for c in ("confirm", "assign", "respond", "resolve")))
    await agreement.do("accept", START + 5 * HOUR)
    await money(RecordPayout, START + DAY, **sum_of("150.00", "P-1", START + DAY))
    await money(ReversePayout, START + 2 * DAY, means="transfer", reference="P-1", reason="It came back.")
    waived = {"request_id": R, "of": "late_response", "amount": "50.00", "reason": "A small matter."}
    await money(WaivePenalty, START + 3 * DAY, **waived)
    await agreement.pass_time_until(shanghai("2026-03-23 00:00"))
    await agreement.event(EventKind.SUSPENDED, None)
    paid = shanghai("2026-03-25 10:00")
    await money(RecordPayment, paid, **sum_of("1006.50", "T-1", paid))
    await agreement.pass_time_until(ends - HOUR)
    await agreement.bring("responded", "r-2", at=ends - HOUR)
    await agreement.pass_time_until(ends + 3 * DAY)
    await agreement.event(EventKind.FINAL_STATEMENT, None)
    await agreement.do("withdraw", ends + 3 * DAY, "r-2")
    second = await agreement.event(EventKind.FINAL_STATEMENT, None, 2)
    owed = Money.of(second.payload["net"], "CNY")
    out = ends + 5 * DAY
    await money(RecordPayout, out, **sum_of(str(-owed), "P-2", out))
    await agreement.event(EventKind.SETTLED, None)
    return agreement


async def invoiced(world: World) -> LivedAgreement:
    """A payment invoiced and credited after its reversal; an invoice that could not be issued for an hour."""
    agreement = await world.agreement(mail=True, billing=True, invoices=True, fees={"tax_percent": "6"})

    async def settle(command: type[MoneyCommand], at: datetime, reference: str, **content: Any) -> None:
        await agreement.pass_time_until(at)
        named = {"means": "transfer", "reference": reference}
        await agreement.client.settle(agreement.id, command, PROVIDER, at=at, **named, **content)

    paid: dict[str, Any] = {"amount": "1000.00", "value_date": date(2026, 3, 3)}
    await settle(RecordPayment, START + DAY, "T-1", **paid)
    await agreement.event(EventKind.INVOICE_ISSUED, None)
    await settle(ReversePayment, START + DAY + HOUR, "T-1", reason="Of another customer.")
    await agreement.event(EventKind.CREDIT_NOTE_ISSUED, None)

    async def away(*_: Any) -> None:
        raise OSError("the record store is away")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.store, "begin_invoice", away)
        await settle(RecordPayment, START + 2 * DAY, "T-2", **paid)
        await agreement.pass_time_until(START + 2 * DAY + 3 * HOUR)
        await agreement.event(EventKind.INVOICE_DELAYED, None)
    await agreement.pass_time_until(START + 2 * DAY + 6 * HOUR)
    await agreement.event(EventKind.INVOICE_ISSUED, None, 2)
    await agreement.pass_time_until(START + 3 * DAY)
    return agreement


async def billed(world: World) -> LivedAgreement:
    """Two years of bills: every command on money, suspended by time and by command, a new run in between."""
    agreement = await world.agreement(
        mail=True,
        billing=True,
        term={"years": 2},
        fees={"amount": "1000.00", "period": "quarter", "means": ["transfer", "cheque"]},
        late_payment={"percent_per_day": "0.05", "suspend_after_days": 20},
    )
    await agreement.event(EventKind.BILL_ISSUED, None)

    async def tell(command: type[MoneyCommand], day: str, **content: Any) -> None:
        at = shanghai(f"{day} 10:00")
        await agreement.pass_time_until(at)
        await agreement.client.settle(agreement.id, command, PROVIDER, at=at, **content)

    transfer: dict[str, Any] = {"means": "transfer", "reference": "T-1"}
    cheque: dict[str, Any] = {"means": "cheque", "reference": "C-1"}
    why = {"reason": "as agreed"}
    await agreement.submit()
    await tell(RecordPayment, "2026-03-20", **transfer, amount="400.00", value_date="2026-03-19")
    await tell(GiveCredit, "2026-03-21", amount="5.00", **why)
    await tell(WaiveLateFee, "2026-03-22", bill="B001", **why)
    # Suspended since 2 April.
    await tell(RecordPayment, "2026-04-03", **cheque, amount="700.00", value_date="2026-04-03")
    await tell(ClearPayment, "2026-04-06", **cheque, cleared_on="2026-04-06")
    await tell(BouncePayment, "2026-04-20", **cheque, **why)
    await tell(Suspend, "2026-04-21")
    await tell(Resume, "2026-04-30", **why)
    await tell(ReversePayment, "2026-05-02", **transfer, **why)
    late: dict[str, Any] = {"means": "transfer", "reference": "T-2", "amount": "9000.00"}
    await tell(RecordPayment, "2026-06-20", **late, value_date="2026-06-19")
    withdrawn = shanghai("2026-06-21 10:00")
    await agreement.pass_time_until(withdrawn)
    await agreement.do("withdraw", withdrawn)
    await agreement.pass_time_until(START + 400 * DAY)
    return agreement


LIVES: tuple[Callable[[World], Awaitable[LivedAgreement]], ...] = (
    on_time,
    late_in_everything,
    told_too_late,
    together,
    store_away,
    store_refusing,
    years,
    more_service_time,
    refused,
    lapsed,
    taken_over,
    disputed,
    changed,
    settled,
    invoiced,
    billed,
)

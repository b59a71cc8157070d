"""Disputes, lived by the agreement's workflow (C9): each way they go, and each refusal at their borders.

1,000.00 a month from Monday 2026-03-02 in Shanghai, due after 10 days, 0.05 % a day; 200.00 when late.
Negotiation lasts 30 days; a dispute that nobody refers lapses after 60.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pytest

from contract import agreement as life
from contract.agreement_disputes import DisputeStanding
from contract.agreement_file import AgreementFile
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
from contract.disputes import DisputeState, DisputeTerms
from contract.facts import EntryKind, EventKind, RecordBatch, Recorded
from contract.money_commands import GiveCredit, RecordPayment, WaivePenalty
from contract.parties import Actor, Role
from contract.refusals import RefusalKind
from contract.terms import canonical_bytes
from starter.errors import CommandRefused
from tests.engine import (
    CUSTOMER,
    DAY,
    HOUR,
    PROVIDER,
    SECOND,
    START,
    LivedAgreement,
    World,
    eventually,
    shanghai,
    short_runs,
    term_sheet,
)
from tests.workflows.test_story import details
from workflows.disputes import know_disputes

pytestmark = pytest.mark.engine

TERMS: dict[str, Any] = {"disputes": {"negotiation_days": 30, "stale_days": 60}, "billing": True}
B001 = {"matter": "bill", "bill": "B001"}
LATE = {"matter": "penalty", "request_id": "r-1", "penalty": "late_response"}
DIGEST = "a" * 64


async def tell(
    agreement: LivedAgreement, command: type[DisputeCommand], by: Actor, at: datetime, **content: Any
) -> DisputeStanding:
    await agreement.pass_time_until(at)
    return await agreement.client.dispute(agreement.id, command, by, at=at, **content)


async def open_dispute(
    agreement: LivedAgreement, at: datetime, item: dict[str, Any] = B001, by: Actor = CUSTOMER, **given: Any
) -> DisputeStanding:
    await agreement.event(EventKind.BILL_ISSUED, None)
    return await tell(agreement, OpenDispute, by, at, item=item, about="Not what was agreed.", **given)


async def late_response(agreement: LivedAgreement, at: datetime = START) -> datetime:
    """A request answered an hour late and solved: 200.00. The instant of its solution."""
    await agreement.bring("assigned", at=at)
    await agreement.pass_time_until(at + 5 * HOUR)
    await agreement.do("respond", at + 5 * HOUR)
    await agreement.pass_time_until(at + 6 * HOUR)
    await agreement.do("resolve", at + 6 * HOUR)
    await agreement.comes_to_owe("200.00")
    return at + 6 * HOUR


async def refusal_of(agreement: LivedAgreement, *given: Any, **content: Any) -> CommandRefused:
    with pytest.raises(CommandRefused) as refused:
        await tell(agreement, *given, **content)
    return refused.value


async def set_off(agreement: LivedAgreement, nth: int) -> str:
    bill = await agreement.event(EventKind.BILL_ISSUED, None, nth)
    return str(bill.payload["set_off"])


async def test_a_disputed_penalty_is_not_set_off_until_its_hold_is_lifted(world: World):
    agreement = await world.agreement(**TERMS)
    at = await late_response(agreement)
    opened = await open_dispute(agreement, at + HOUR, LATE, PROVIDER)
    assert (opened.dispute.number, opened.dispute.state) == ("D001", DisputeState.NEGOTIATING)
    await agreement.pass_time_until(shanghai("2026-04-02 00:00"))
    assert await set_off(agreement, 2) == "0.00"
    at = shanghai("2026-04-03 10:00")
    withdrawn = await tell(agreement, WithdrawDispute, PROVIDER, at, dispute="D001")
    assert withdrawn.dispute.state is DisputeState.WITHDRAWN
    await agreement.pass_time_until(shanghai("2026-05-02 00:00"))
    assert await set_off(agreement, 3) == "200.00"
    assert await agreement.is_sound(None)


async def test_a_settlement_both_confirm_lowers_the_penalty_for_good_c9_1(world: World):
    agreement = await world.agreement(**TERMS)
    at = await late_response(agreement)
    await open_dispute(agreement, at + HOUR, LATE, PROVIDER)
    amounts = [
        {"kind": "penalty", "request_id": "r-1", "penalty": "late_response", "amount": "50.00"},
        {"kind": "credit", "amount": "30.00"},
    ]
    at += 2 * HOUR
    offered = await tell(agreement, OfferSettlement, PROVIDER, at, dispute="D001", amounts=amounts)
    assert "confirm_settlement" not in offered.allowed[Role.PROVIDER]
    settled = await tell(agreement, ConfirmSettlement, CUSTOMER, at, dispute="D001", offer=1)
    assert settled.dispute.state is DisputeState.SETTLED
    (decided,) = [e for e in await agreement.entries() if e.kind is EntryKind.PENALTY_DECISION]
    assert (str(decided.amount), decided.clause) == ("150.00", "C9.1")
    assert decided.explanation["decided_by"] == {"provider": "Li Ming", "customer": "Wang Fang"}
    assert await agreement.owed() == "50.00"
    await agreement.pass_time_until(shanghai("2026-04-02 00:00"))
    assert await set_off(agreement, 2) == "50.00"
    again = await refusal_of(
        agreement, OpenDispute, CUSTOMER, shanghai("2026-04-03 10:00"), item=LATE, about="Still."
    )
    assert again.kind is RefusalKind.ALREADY_DONE
    assert again.refusal.details["dispute"] == "D001"


async def test_no_more_than_was_decided_is_waived(world: World):
    agreement = await world.agreement(**TERMS)
    at = await late_response(agreement)
    await open_dispute(agreement, at, LATE, PROVIDER)
    amounts = [{"kind": "penalty", "request_id": "r-1", "amount": "50.00"}]
    await tell(agreement, OfferSettlement, CUSTOMER, at, dispute="D001", amounts=amounts)
    await tell(agreement, ConfirmSettlement, PROVIDER, at, dispute="D001", offer=1)
    waived: dict[str, Any] = {"request_id": "r-1", "of": "late_response", "reason": "Enough."}
    with pytest.raises(CommandRefused) as refused:
        await agreement.client.settle(agreement.id, WaivePenalty, CUSTOMER, at=at, **waived, amount="50.01")
    assert refused.value.refusal.allowed == ["at most 50.00"]
    await agreement.client.settle(agreement.id, WaivePenalty, CUSTOMER, at=at, **waived)
    assert await agreement.owed() == "0.00"


async def test_a_final_statement_leaves_out_what_is_disputed_and_another_nets_it(world: World):
    agreement = await world.agreement(**TERMS, term={"months": 1})
    ends = shanghai("2026-04-02 00:00")
    at = await late_response(agreement)
    await agreement.pass_time_until(at + DAY)
    await agreement.do("accept", at + DAY)
    await open_dispute(agreement, ends - DAY, LATE, PROVIDER)
    await agreement.pass_time_until(ends + HOUR)
    first = await agreement.event(EventKind.FINAL_STATEMENT, None)
    assert (first.payload["penalties"], first.payload["owed"]) == ("0.00", "1010.50")
    await tell(agreement, WithdrawDispute, PROVIDER, ends + DAY, dispute="D001")
    second = await agreement.event(EventKind.FINAL_STATEMENT, None, 2)
    assert second.payload["penalties"] == "200.00"
    day = (ends + 2 * DAY).date()
    found = await world.store.statement(agreement.id, day)
    assert found is not None
    await agreement.pass_time_until(ends + 2 * DAY)
    paid: dict[str, Any] = {"means": "transfer", "reference": "T-1", "value_date": day}
    await agreement.client.settle(
        agreement.id, RecordPayment, PROVIDER, at=ends + 2 * DAY, amount=str(found.owed), **paid
    )
    await world.completed(agreement.handle)


async def test_referral_after_the_window_and_one_award_for_both_c9_2_c9_3(world: World):
    agreement = await world.agreement(**TERMS)
    at = START + 11 * DAY
    opened = await open_dispute(agreement, at, B001)
    window_ends = opened.dispute.window_ends
    early = await refusal_of(agreement, ReferDispute, PROVIDER, window_ends, dispute="D001")
    assert early.refusal.details["earliest"] == (window_ends + SECOND).isoformat()
    over = await agreement.event(EventKind.NEGOTIATION_OVER, None)
    assert over.at == window_ends
    at = window_ends + SECOND
    referred = await tell(agreement, ReferDispute, PROVIDER, at, dispute="D001")
    assert referred.dispute.state is DisputeState.REFERRED
    award: dict[str, Any] = {"dispute": "D001", "digest": DIGEST}
    award["amounts"] = [{"kind": "bill", "bill": "B001", "amount": "400.00"}]
    at += DAY
    first = await tell(agreement, RecordAward, CUSTOMER, at, **award)
    again = await tell(agreement, RecordAward, PROVIDER, at + HOUR, **award)
    assert first.dispute == again.dispute
    other = await refusal_of(agreement, RecordAward, PROVIDER, at + HOUR, **award | {"digest": "b" * 64})
    assert other.kind is RefusalKind.OTHER_CONTENT
    assert (await agreement.kinds(None)).count("dispute_awarded") == 1
    found = await agreement.world.store.statement(agreement.id, (at + 8 * HOUR).date())
    assert found is not None
    b001 = next(bill for bill in found.bills if bill.number == "B001")
    # The first bill was due on 12 March and on hold from the 13th: one day bore a late fee once it was over.
    assert (str(b001.unpaid), b001.overdue) == ("600.00", True)


async def test_a_dispute_nobody_refers_lapses_by_itself_and_its_hold_is_lifted(world: World):
    agreement = await world.agreement(**TERMS)
    opened = await open_dispute(agreement, START + 11 * DAY)
    ends = opened.dispute.stale_ends
    await agreement.pass_time_until(ends)
    assert "dispute_lapsed" not in await agreement.kinds(None)
    await agreement.pass_time_until(ends + 2 * SECOND)
    lapsed = await agreement.event(EventKind.DISPUTE_LAPSED, None)
    assert lapsed.at == ends
    money = await world.store.money(agreement.id)
    assert money is not None
    assert [hold.last is None for hold in money.holds] == [False]


async def test_a_referral_stamped_at_the_last_instant_that_meets_the_lapse_is_taken(world: World):
    agreement = await world.agreement(**TERMS)
    opened = await open_dispute(agreement, START + 11 * DAY)
    ends = opened.dispute.stale_ends
    await agreement.pass_time_until(ends + HOUR)
    await agreement.event(EventKind.DISPUTE_LAPSED, None)
    referred = await agreement.client.dispute(agreement.id, ReferDispute, CUSTOMER, at=ends, dispute="D001")
    assert referred.dispute.state is DisputeState.REFERRED
    assert referred.dispute.ended_at is None
    kinds = await agreement.kinds(None)
    assert kinds[kinds.index("dispute_lapsed") :] == [
        "dispute_lapsed",
        "dispute_lapse_reversed",
        "dispute_referred",
    ]


async def test_commands_that_meet_in_one_task_are_applied_in_the_order_of_their_stamps(world: World):
    agreement = await world.agreement(**TERMS)
    at = START + 11 * DAY
    await open_dispute(agreement, at)
    await tell(agreement, OfferSettlement, PROVIDER, at, dispute="D001")
    credit = agreement.client.settle(agreement.id, GiveCredit, PROVIDER, at=at, amount="1.00", reason="r")
    async with world.held_up(credit):
        answers = asyncio.gather(
            agreement.client.dispute(
                agreement.id, ConfirmSettlement, CUSTOMER, at=at, dispute="D001", offer=1
            ),
            agreement.client.dispute(agreement.id, WithdrawDispute, CUSTOMER, at=at, dispute="D001"),
            return_exceptions=True,
        )
        await agreement.wait_until(await agreement.now() + 0.3 * SECOND)
    taken, refused = sorted(await answers, key=lambda one: isinstance(one, Exception))
    assert isinstance(taken, DisputeStanding)
    assert isinstance(refused, CommandRefused)
    assert not taken.dispute.state.is_open


async def test_a_late_fee_does_not_run_and_service_is_not_suspended_for_what_is_disputed(world: World):
    late = {"percent_per_day": "0.05", "suspend_after_days": 10, "suspend_notice_days": 3}
    agreement = await world.agreement(**TERMS, late_payment=late, fees={"period": "year"})
    await open_dispute(agreement, shanghai("2026-03-13 10:00"))
    await agreement.pass_time_until(shanghai("2026-04-20 10:00"))
    assert not {"suspended", "suspension_announced"} & set(await agreement.kinds(None))
    found = await world.store.statement(agreement.id, date(2026, 4, 20))
    assert found is not None
    assert (str(found.to_pay_now), str(found.bills[0].late_fee)) == ("0.00", "0.00")
    at = shanghai("2026-04-20 10:00")
    await tell(agreement, WithdrawDispute, CUSTOMER, at, dispute="D001")
    # The day on which the hold was lifted bears one day's fee, 0.50.
    found = await world.store.statement(agreement.id, date(2026, 4, 20))
    assert found is not None
    assert str(found.to_pay_now) == "1000.50"
    await agreement.pass_time_until(at + 5 * DAY)
    assert "suspended" in await agreement.kinds(None)
    # What was known before the hold was lifted is told as it was.
    before = await world.store.statement(agreement.id, date(2026, 4, 19), at - SECOND)
    assert before is not None
    assert str(before.to_pay_now) == "0.00"


async def test_what_was_awarded_stays_whatever_is_recorded_late(world: World):
    agreement = await world.agreement(**TERMS)
    await agreement.bring("assigned")
    at = START + 5 * HOUR
    await agreement.pass_time_until(at)
    await agreement.comes_to_owe("200.00")
    await open_dispute(agreement, at, LATE, PROVIDER)
    await tell(agreement, DeclareFailed, PROVIDER, at, dispute="D001")
    await tell(agreement, DeclareFailed, CUSTOMER, at, dispute="D001")
    await tell(agreement, ReferDispute, CUSTOMER, at, dispute="D001")
    amounts = [{"kind": "penalty", "request_id": "r-1", "amount": "120.00"}]
    await tell(agreement, RecordAward, PROVIDER, at, dispute="D001", digest=DIGEST, amounts=amounts)
    assert await agreement.owed() == "120.00"
    # Answered in time, told too late: the request takes its penalty back, the award stands.
    await agreement.pass_time_until(at + HOUR)
    await agreement.do("respond", START + 3 * HOUR)
    await agreement.event(EventKind.PENALTY_REVERSED)
    assert await agreement.owed() == "120.00"
    # Days of a delay that begins later are new.
    await agreement.pass_time_until(START + 49 * HOUR)
    await agreement.comes_to_owe("620.00")


async def test_a_request_that_is_not_on_record_is_not_disputed(world: World):
    agreement = await world.agreement(**TERMS)
    problem = await refusal_of(
        agreement,
        OpenDispute,
        CUSTOMER,
        START,
        item={"matter": "request", "request_id": "r-9"},
        about="?",
    )
    assert problem.kind is RefusalKind.NOT_ON_RECORD
    assert "r-9" in problem.refusal.message


async def test_an_open_dispute_outlives_the_term_and_keeps_the_agreement_until_it_is_closed(world: World):
    agreement = await world.agreement(**TERMS, term={"months": 1})
    ends = shanghai("2026-04-02 00:00")
    opened = await open_dispute(agreement, ends - DAY)
    await agreement.pass_time_until(ends + DAY)
    await agreement.event(EventKind.AGREEMENT_CLOSED, None)
    amounts = [{"kind": "bill", "bill": "B001", "amount": "1000.00"}]
    at = ends + 2 * DAY
    await tell(agreement, OfferSettlement, PROVIDER, at, dispute="D001", amounts=amounts)
    money = await world.store.money(agreement.id)
    assert money is not None
    assert opened.dispute.stale_ends > at
    standing = await agreement.standing()
    assert [one.dispute.number for one in standing.open_disputes] == ["D001"]
    await tell(agreement, ConfirmSettlement, CUSTOMER, at, dispute="D001", offer=1)
    found = await world.store.money(agreement.id)
    assert found is not None
    assert not found.disputes[0].state.is_open


async def test_both_are_warned_once_when_penalties_pass_the_agreed_share_of_the_fees_c8_1(world: World):
    agreement = await world.agreement(**TERMS)
    await agreement.submit()
    # 30 % of 12,000.00 is 3,600.00: passed with 200.00 and the seventh day, which begins on the 10th at 9:00.
    passes = START + 2 * DAY + 6 * DAY
    await agreement.pass_time_until(passes - HOUR)
    assert "penalties_warned" not in await agreement.kinds(None)
    await agreement.pass_time_until(passes + HOUR)
    warned = await agreement.event(EventKind.PENALTIES_WARNED, None)
    assert (warned.payload["contract_year"], warned.payload["amount"]) == (1, "3700.00")
    assert passes <= warned.at <= passes + HOUR
    await agreement.pass_time_until(passes + 10 * DAY)
    assert (await agreement.kinds(None)).count("penalties_warned") == 1


async def test_the_warning_is_neither_lost_nor_doubled_when_an_answer_is(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    append_many = world.store.append_many
    lost: list[list[Recorded]] = []

    async def committed_and_lost(batches: Sequence[RecordBatch]) -> list[Recorded]:
        answers = await append_many(batches)
        if any(answer.passed for answer in answers) and not lost:
            lost.append(answers)
            raise ConnectionError("gone before it answered")
        return answers

    monkeypatch.setattr(world.store, "append_many", committed_and_lost)
    agreement = await world.agreement(**TERMS)
    await agreement.submit()
    await agreement.pass_time_until(START + 8 * DAY + HOUR)
    await agreement.event(EventKind.PENALTIES_WARNED, None)
    await agreement.pass_time_until(START + 12 * DAY)
    assert len(lost) == 1
    assert (await agreement.kinds(None)).count("penalties_warned") == 1
    assert await agreement.is_sound(None)


async def test_a_dispute_goes_on_in_the_next_run(world: World, monkeypatch: pytest.MonkeyPatch):
    await world.stop_worker()
    world.worker_options["workflow_runner"] = short_runs(monkeypatch)
    await world.start_worker()
    agreement = await world.agreement(**TERMS)
    opened = await open_dispute(agreement, START + DAY)
    at = START + DAY
    for _ in range(12):
        await tell(agreement, OfferSettlement, PROVIDER, at, dispute="D001")
    assert len(await world.runs(agreement.handle)) > 1
    await tell(agreement, ConfirmSettlement, CUSTOMER, at, dispute="D001", offer=12)
    (standing,) = await agreement.client.disputes(agreement.id)
    assert standing.dispute.state is DisputeState.SETTLED
    assert standing.dispute.opened_at == opened.dispute.opened_at


async def test_an_operator_reads_which_disputes_are_open_and_until_when(world: World):
    agreement = await world.agreement(**TERMS)
    await open_dispute(agreement, START + DAY)
    read = await details(agreement.handle)
    assert (
        "**Dispute D001** over bill `B001`: in negotiation until **Thu 2 Apr 2026, 09:00:00** · C9.1" in read
    )
    assert "`withdraw_dispute`" in read
    await tell(agreement, WithdrawDispute, CUSTOMER, START + DAY, dispute="D001")
    assert "**Dispute" not in await details(agreement.handle)


async def test_the_engine_knows_how_many_disputes_are_open(world: World):
    agreement = await world.agreement(**TERMS)
    await open_dispute(agreement, START + DAY)

    async def told() -> bool:
        return b"AftercareOpenDisputes" in str(await agreement.handle.fetch_history()).encode()

    await eventually(told, "the search attribute")


def test_a_file_of_a_release_that_knew_no_disputes_gets_their_terms():
    sheet = term_sheet("A-old", disputes=TERMS["disputes"])
    file, _ = life.offer(sheet, "0" * 64, START)
    old = AgreementFile.model_validate(
        file.model_dump(mode="json") | {"terms": file.terms.model_dump(mode="json", exclude={"disputes"})}
    )
    assert old.terms.disputes is None
    know_disputes(old, canonical_bytes(sheet).decode())
    assert old.terms.disputes == DisputeTerms.from_sheet(sheet)

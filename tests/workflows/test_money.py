"""Bills, payments and suspension, lived by the agreement's workflow (C7.1, C8.2).

1,000.00 a month from Monday 2026-03-02 in Shanghai, due after 10 days, 0.05 % a day.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from contract.agreement_money import MoneyStanding
from contract.agreement_states import AgreementState
from contract.facts import EntryKind, EventKind
from contract.money_commands import (
    ClearPayment,
    GiveCredit,
    RecordPayment,
    Resume,
    ReversePayment,
    Suspend,
    WaiveLateFee,
)
from contract.notices import Notice
from contract.refusals import RefusalKind
from contract.statements import Statement
from runtime.settings import MailKind, Tls
from starter.errors import CommandRefused
from tests.activities.post_office import PostOffice
from tests.engine import (
    CUSTOMER,
    DAY,
    HOUR,
    MINUTE,
    PROVIDER,
    START,
    LivedAgreement,
    World,
    shanghai,
    skipping_world,
)

pytestmark = pytest.mark.engine

DUE = date(2026, 3, 12)
SUSPENDING: dict[str, Any] = {
    "late_payment": {"percent_per_day": "0.05", "suspend_after_days": 10, "suspend_notice_days": 3},
    "fees": {"amount": "1000.00", "means": ["transfer", "cheque"]},
}


async def pay(agreement: LivedAgreement, amount: str, day: date, **given: Any) -> MoneyStanding:
    at = shanghai(f"{day} 10:00")
    await agreement.pass_time_until(at)
    content: dict[str, Any] = {
        "means": "transfer",
        "reference": f"T-{day}",
        "amount": amount,
        "value_date": day,
    }
    return await agreement.client.settle(agreement.id, RecordPayment, PROVIDER, at=at, **content | given)


async def statement(agreement: LivedAgreement, day: date) -> Statement:
    found = await agreement.world.store.statement(agreement.id, day)
    assert found is not None
    return found


def days(number: int) -> date:
    return DUE + timedelta(days=number)


async def test_a_bill_is_issued_at_the_start_of_each_period_c7_1_1(world: World):
    agreement = await world.agreement(billing=True)
    await agreement.pass_time_until(shanghai("2026-05-02 00:00"))
    await agreement.event(EventKind.BILL_ISSUED, None, 3)
    told = [event for event in await agreement.events(None) if event.kind is EventKind.BILL_ISSUED]
    starts = [START, shanghai("2026-04-02 00:00"), shanghai("2026-05-02 00:00")]
    assert [event.at for event in told] == starts
    money = await world.store.money(agreement.id)
    assert money is not None
    assert [bill.number for bill in money.bills] == ["B001", "B002", "B003"]


async def test_paid_late_in_two_parts_costs_what_the_contract_says_c8_2_1(world: World):
    agreement = await world.agreement(billing=True, fees={"amount": "12000.00"})
    standing = await pay(agreement, "5000.00", days(4))
    assert (str(standing.owed), str(standing.late_fees)) == ("7024.00", "0.00")
    standing = await pay(agreement, "7045.07", days(10))
    assert str(standing.owed) == "0.00"
    found = await statement(agreement, days(10))
    assert [str(line.amount) for line in found.lines] == ["12000.00", "-5000.00", "-7045.07", "45.07"]
    assert await agreement.is_sound(None)


async def test_the_same_reference_twice_is_one_payment_and_with_other_content_refused_c7_1_2(world: World):
    agreement = await world.agreement(billing=True)
    await pay(agreement, "400.00", days(-3))
    standing = await pay(agreement, "400.00", days(-3))
    assert str(standing.owed) == "600.00"
    with pytest.raises(CommandRefused) as refused:
        await pay(agreement, "400.01", days(-3))
    assert refused.value.kind is RefusalKind.OTHER_CONTENT


async def test_a_penalty_is_set_off_against_the_next_bill_c8_1(world: World):
    agreement = await world.agreement(billing=True)
    await agreement.submit()
    await agreement.pass_time_until(shanghai("2026-04-02 00:00"))
    bill = await agreement.event(EventKind.BILL_ISSUED, None, 2)
    # Never answered, never solved: far more than the fee by then.
    assert (bill.payload["set_off"], bill.payload["to_pay"]) == ("1000.00", "0.00")
    found = await statement(agreement, date(2026, 4, 2))
    assert EntryKind.SET_OFF in {line.kind for line in found.penalties}


async def test_corrections_are_entries_with_actor_and_reason(world: World):
    agreement = await world.agreement(billing=True)
    at = shanghai(f"{days(4)} 10:00")
    await agreement.pass_time_until(at)
    bill = {"bill": "B001", "reason": "a good year"}
    standing = await agreement.client.settle(agreement.id, WaiveLateFee, PROVIDER, at=at, **bill)
    assert str(standing.late_fees) == "0.00"
    await pay(agreement, "1000.00", days(4))
    credit = {"amount": "5.00", "reason": "sorry"}
    standing = await agreement.client.settle(agreement.id, GiveCredit, PROVIDER, at=at, **credit)
    reverse = {"means": "transfer", "reference": f"T-{days(4)}", "reason": "of another customer"}
    standing = await agreement.client.settle(agreement.id, ReversePayment, PROVIDER, at=at, **reverse)
    told = [e for e in await agreement.events(None) if e.command_id and "reason" in e.payload]
    assert [(e.person, e.payload["reason"]) for e in told] == [
        ("Li Ming", "a good year"),
        ("Li Ming", "sorry"),
        ("Li Ming", "of another customer"),
    ]
    assert str(standing.to_pay_now) == str((await statement(agreement, days(4))).to_pay_now)


async def test_the_money_is_the_providers_to_record(world: World):
    agreement = await world.agreement(billing=True)
    content: dict[str, Any] = {"amount": "5.00", "reason": "?"}
    with pytest.raises(CommandRefused) as refused:
        await agreement.client.settle(agreement.id, GiveCredit, CUSTOMER, at=START, **content)
    assert refused.value.kind is RefusalKind.WRONG_PARTY


async def test_service_is_suspended_with_what_is_owed_and_resumes_with_full_payment_c8_2(world: World):
    agreement = await world.agreement(billing=True, **SUSPENDING)
    begin = shanghai(f"{days(11)} 00:00")
    await agreement.pass_time_until(begin - HOUR)
    await agreement.submit(at=begin - HOUR)
    due = (await agreement.status()).snapshot.respond_due
    await agreement.pass_time_until(begin)
    suspended = await agreement.event(EventKind.SUSPENDED, None)
    assert suspended.at == begin
    await agreement.event(EventKind.CLOCKS_STOPPED)
    view = await world.store.agreement(agreement.id)
    assert view is not None
    assert (view.state, view.shown) == (AgreementState.ACTIVE, AgreementState.SUSPENDED)
    assert await world.shown_state_of(agreement.handle) == "suspended"
    assert (await agreement.standing()).receipt.state == "active"
    with pytest.raises(CommandRefused) as refused:
        await agreement.submit("r-2", at=begin)
    assert refused.value.kind is RefusalKind.SUSPENDED
    assert refused.value.refusal.details["to_pay"] == "1005.50"
    # The first bill, with 13 days of late fees; a cheque counts when it clears.
    day = days(13)
    standing = await pay(agreement, "1006.50", day, means="cheque", reference="C-1")
    assert standing.suspended_since == begin
    cleared = begin + 2 * DAY + 12 * HOUR
    await agreement.pass_time_until(cleared)
    content: dict[str, Any] = {"means": "cheque", "reference": "C-1", "cleared_on": day}
    standing = await agreement.client.settle(agreement.id, ClearPayment, PROVIDER, at=cleared, **content)
    assert standing.suspended_since is None
    await agreement.event(EventKind.CLOCKS_RAN_ON)
    assert await world.shown_state_of(agreement.handle) == "active"
    moved = (await agreement.status()).snapshot.respond_due
    assert due is not None
    assert moved == due + (cleared - begin)
    assert (await agreement.entries()) == []
    await agreement.submit("r-2", at=cleared)


async def test_the_provider_suspends_and_resumes_by_command_c8_2(world: World):
    agreement = await world.agreement(billing=True)
    at = shanghai(f"{days(5)} 10:00")
    await agreement.pass_time_until(at)
    standing = await agreement.client.settle(agreement.id, Suspend, PROVIDER, at=at)
    assert standing.suspended_since is None
    await agreement.pass_time_until(at + 3 * DAY + HOUR)
    suspended = await agreement.event(EventKind.SUSPENDED, None)
    assert at + 3 * DAY <= suspended.at <= at + 3 * DAY + 60 * timedelta(seconds=1)
    later = at + 4 * DAY
    await agreement.pass_time_until(later)
    standing = await agreement.client.settle(agreement.id, Resume, PROVIDER, at=later)
    assert standing.suspended_since is None
    await agreement.submit(at=later)


async def test_an_agreement_in_debt_is_not_over_when_it_is_closed(world: World):
    late = {"percent_per_day": "0.05", "suspend_after_days": 30}
    agreement = await world.agreement(billing=True, term={"months": 1}, late_payment=late)
    await agreement.pass_time_until(shanghai("2026-04-20 10:00"))
    await agreement.event(EventKind.AGREEMENT_CLOSED, None)
    # There is no service left to suspend.
    assert "suspension_announced" not in await agreement.kinds(None)
    day = date(2026, 4, 20)
    owed = (await statement(agreement, day)).owed
    standing = await pay(agreement, str(owed), day)
    assert str(standing.owed) == "0.00"
    await world.completed(agreement.handle)


async def test_a_bill_whose_recording_was_not_acknowledged_is_issued_once(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    issue_bill, tries = world.store.issue_bill, []

    async def committed_and_lost(*given: Any) -> Any:
        bill = await issue_bill(*given)
        tries.append(bill)
        if len(tries) == 1:
            raise ConnectionError("gone before it answered")
        return bill

    monkeypatch.setattr(world.store, "issue_bill", committed_and_lost)
    agreement = await world.agreement(billing=True)
    await agreement.event(EventKind.BILL_ISSUED, None)
    standing = await pay(agreement, "1000.00", days(-5))
    assert len(tries) == 2
    assert str(standing.owed) == "0.00"
    assert (await agreement.kinds(None)).count("bill_issued") == 1
    assert await agreement.is_sound(None)


async def test_the_notice_of_a_suspension_is_mailed_and_its_period_runs_from_then_c8_2(tmp_path: Path):
    async with skipping_world(tmp_path, mail=MailKind.OUTBOX) as world:
        agreement = await world.agreement(billing=True, mail=True, **SUSPENDING)
        await agreement.pass_time_until(shanghai(f"{days(11)} 00:00"))
        suspended = await agreement.event(EventKind.SUSPENDED, None)
        announced = await agreement.event(EventKind.SUSPENSION_ANNOUNCED, None)
        mailed = await world.store.notifications(agreement.handle.id, announced.seq)
        assert suspended.at == shanghai(f"{days(11)} 00:00")
        assert len(mailed) == 2


@pytest.mark.parametrize("refuser", ["customer", "provider"])
async def test_nobody_is_cut_off_untold_and_a_notice_sent_again_counts_c8_2(tmp_path: Path, refuser: str):
    async with PostOffice() as office:
        await office.open()
        address = {"customer": "gone@acme.example", "provider": "gone@huaxin.example"}
        contacts: dict[str, Any] = {
            role: {"contact": {"name": "Wu", "email": address[role], "phone": "1"}} for role in address
        }
        smtp: dict[str, Any] = {"mail": MailKind.SMTP, "smtp_port": office.port, "smtp_tls": Tls.NONE}
        async with skipping_world(tmp_path, **smtp) as world:
            agreement = await world.agreement(billing=True, mail=True, **SUSPENDING, **contacts)
            await agreement.event(EventKind.BILL_ISSUED, None)
            office.refusals[address[refuser]] = "550 5.1.1 unknown"
            begin = shanghai(f"{days(11)} 00:00")
            await agreement.pass_time_until(begin + DAY)
            announced = await agreement.event(EventKind.SUSPENSION_ANNOUNCED, None)
            if refuser == "provider":
                assert (await agreement.event(EventKind.SUSPENDED, None)).at == begin
                assert "suspension_notice_refused" not in await agreement.kinds(None)
                return
            told = await agreement.event(EventKind.SUSPENSION_NOTICE_REFUSED, None)
            assert announced.at <= told.at < announced.at + MINUTE
            assert "suspended" not in await agreement.kinds(None)
            office.refusals.clear()
            notice = Notice(workflow_id=agreement.handle.id, agreement_id=agreement.id, seqs=[announced.seq])
            again = await world.temporal.start_workflow(
                "ResendNotices", notice, id="again", task_queue=world.settings.task_queue
            )
            await again.result()
            await agreement.pass_time_until(begin + DAY + 3 * DAY + HOUR)
            suspended = await agreement.event(EventKind.SUSPENDED, None)
            assert begin + 4 * DAY <= suspended.at < begin + 4 * DAY + HOUR

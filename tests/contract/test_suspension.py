"""Reminders, notices and suspension for late payment (C8.2, contract §5 "Suspension")."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contract.dunning import advance, told
from contract.facts import EventKind
from contract.late_fees import Hold
from contract.refusals import RefusalKind, Refused
from tests.contract.money_lives import MoneyAgreed, MoneyLife

AGREED = MoneyAgreed(suspend_after=10, notice=3)
HOUR = timedelta(hours=1)


def suspensions(life: MoneyLife) -> list[tuple[str, str | None]]:
    """Local days on which suspensions began and ended."""
    date_of = life.file.days.date_of
    return [
        (
            str((date_of(s.begin) - life.day(0)).days),
            None if s.end is None else str((date_of(s.end) - life.day(0)).days),
        )
        for s in life.file.suspensions
    ]


def lived(agreed: MoneyAgreed = AGREED, until: int = 40, **how: object) -> MoneyLife:
    life = MoneyLife(agreed, **how)  # type: ignore[arg-type]
    life.wake(life.at(life.day(until)))
    return life


def test_C8_2_service_is_suspended_at_midnight_after_suspend_after_days() -> None:
    life = lived(until=20)
    assert life.told(EventKind.SUSPENDED) == [life.file.days.start_of(life.day(11))]


def test_C8_2_the_customer_is_told_before_how_much_since_when_and_how_to_lift_it() -> None:
    life = lived(until=20)
    (announced,) = [e for e in life.events if e.kind is EventKind.SUSPENSION_ANNOUNCED]
    assert announced.at == life.file.days.start_of(life.day(7))
    assert announced.payload["to_pay"] == "12042.00"
    assert announced.payload["since"] == str(life.day(0))
    assert announced.payload["bills"] == [{"bill": "B001", "due_on": str(life.day(0)), "unpaid": "12000.00"}]


def test_C8_2_nobody_is_cut_off_who_could_not_be_told() -> None:
    life = lived(mail_delay=None)
    assert life.told(EventKind.SUSPENSION_ANNOUNCED)
    assert life.file.suspensions == []


def test_C8_2_the_notice_period_runs_from_when_the_notice_arrived() -> None:
    life = lived(mail_delay=timedelta(days=5, hours=2))
    (suspension,) = life.file.suspensions
    assert suspension.begin == life.file.days.start_of(life.day(15)) + 2 * HOUR


def test_C8_2_it_lifts_by_full_payment_the_moment_it_is_recorded() -> None:
    life = lived(until=12)
    life.pay("12078.00", life.day(13), hour=15.5)
    assert life.told(EventKind.RESUMED) == [life.at(life.day(13), 15.5)]
    assert life.file.suspended is None


def test_C8_2_late_fees_through_that_day_are_part_of_full_payment() -> None:
    life = lived(until=12)
    life.pay("12077.99", life.day(13))
    assert life.file.suspended is not None
    life.pay("0.01", life.day(13))
    assert life.file.suspended is None


def test_C8_2_bills_not_yet_due_are_no_part_of_full_payment() -> None:
    life = lived(until=20)
    assert len(life.file.bills) == 2
    life.pay("12120.00", life.day(20))
    assert life.file.suspended is None


def test_C8_2_a_cheque_lifts_it_when_it_clears_not_when_it_comes() -> None:
    life = lived(until=12)
    life.pay("12100.00", life.day(12), "C-1", means="cheque")
    assert life.file.suspended is not None
    life.do("clear_payment", life.day(14), means="cheque", reference="C-1", cleared_on=life.day(13))
    assert life.told(EventKind.RESUMED) == [life.at(life.day(14))]


def test_C8_2_a_value_date_recorded_late_does_not_undo_a_suspension() -> None:
    life = lived(until=12)
    life.pay("12000.00", life.day(0), recorded=life.day(13))
    assert suspensions(life) == [("11", "13")]


def test_C8_2_paying_the_older_of_two_overdue_bills_re_anchors_to_the_younger() -> None:
    life = MoneyLife(MoneyAgreed(suspend_after=40, notice=3))
    life.pay("12282.00", life.day(39))
    assert life.file.bills[1].due_on == life.day(31)
    life.wake(life.at(life.day(80)))
    assert suspensions(life) == [(str(31 + 41), None)]


def test_C8_2_a_waiver_that_leaves_nothing_overdue_lifts_it() -> None:
    life = MoneyLife(MoneyAgreed(suspend_after=10, months=1))
    life.pay("12000.00", life.day(12))
    assert life.file.suspended is not None
    life.pay("72.00", life.day(12))
    assert life.file.suspended is None
    again = MoneyLife(MoneyAgreed(suspend_after=10, months=1))
    again.do("waive_late_fee", again.day(12), bill="B001", reason="r")
    again.pay("12000.00", again.day(12))
    assert again.file.suspended is None


def test_C8_2_only_late_fees_left_unpaid_suspend_nothing_by_themselves() -> None:
    life = MoneyLife(MoneyAgreed(suspend_after=10, months=1, allocation="principal_first"))  # type: ignore[arg-type]
    life.pay("12000.00", life.day(5))
    life.wake(life.at(life.day(100)))
    assert life.owed(life.day(100)) == "30.00"
    assert life.file.suspensions == []


def test_C8_2_after_a_payment_bounced_a_new_notice_comes_before_a_new_suspension() -> None:
    life = lived(until=12)
    life.pay("12072.00", life.day(12), "C-1", means="cheque")
    life.do("clear_payment", life.day(12), 12, means="cheque", reference="C-1", cleared_on=life.day(12))
    life.do("bounce_payment", life.day(14), means="cheque", reference="C-1", reason="no funds")
    life.wake(life.at(life.day(15)))
    assert life.told(EventKind.SUSPENSION_ANNOUNCED)[1:] == [life.at(life.day(14))]
    assert life.file.suspended is None
    life.wake(life.at(life.day(20)))
    assert suspensions(life) == [("11", "12"), ("17", None)]


def test_C8_2_what_is_on_hold_suspends_nothing() -> None:
    life = MoneyLife(AGREED)
    life.wake(life.at(life.day(1)))
    life.file.holds.append(Hold(bill="B001", first=life.day(1)))
    life.wake(life.at(life.day(20)))
    assert life.file.suspensions == []


def test_C8_2_the_provider_suspends_by_command_once_the_customer_was_told() -> None:
    life = MoneyLife(MoneyAgreed(suspend_after=None))
    life.wake(life.at(life.day(30)))
    assert life.told(EventKind.SUSPENSION_ANNOUNCED) == []
    life.do("suspend", life.day(5 + 30), reason="three reminders")
    assert life.file.suspended is None
    life.wake(life.at(life.day(60)))
    (suspension,) = life.file.suspensions
    assert suspension.begin == life.at(life.day(38)) + timedelta(seconds=5)
    assert suspension.by_command


def test_C8_2_a_notice_that_was_told_serves_the_providers_command_too() -> None:
    life = lived(until=7)
    life.do("suspend", life.day(9))
    life.wake(life.at(life.day(11)))
    assert suspensions(life) == [("10", None)]


def test_C8_2_there_is_nothing_to_suspend_for_while_nothing_is_overdue() -> None:
    life = MoneyLife(AGREED)
    with pytest.raises(Refused) as caught:
        life.do("suspend", life.day(0))
    assert caught.value.refusal.kind is RefusalKind.NOT_ALLOWED_NOW


def test_C8_2_the_provider_may_resume_although_not_all_is_paid_and_those_bills_suspend_no_more() -> None:
    life = lived(until=12)
    life.do("resume", life.day(12), 11, reason="they promised")
    life.wake(life.at(life.day(31)))
    assert suspensions(life) == [("11", "12")]
    life.wake(life.at(life.day(60)))
    assert suspensions(life) == [("11", "12"), (str(31 + 11), None)]


def test_C8_2_each_reminder_and_notice_goes_out_once() -> None:
    life = lived(until=25)
    for kind, day in ((EventKind.PAYMENT_REMINDED, -3), (EventKind.PAYMENT_OVERDUE, 1)):
        assert life.told(kind)[0] == life.file.days.start_of(life.day(day))
        assert len(life.told(kind)) == 1


def test_C8_2_a_bill_paid_in_time_is_not_spoken_of_again() -> None:
    life = MoneyLife(MoneyAgreed(suspend_after=10, months=1))
    life.pay("12000.00", life.day(-10))
    life.wake(life.at(life.day(15)))
    kinds = {event.kind for event in life.events}
    assert kinds == {EventKind.BILL_ISSUED, EventKind.PAYMENT_RECORDED}


def test_C8_2_down_for_eight_days_it_arrives_in_the_right_state_with_each_notice_at_most_once() -> None:
    awake, down = MoneyLife(AGREED), MoneyLife(AGREED, mail_delay=None)
    awake.wake(awake.at(awake.day(12)))
    down.wake(down.at(down.day(4)))
    back = down.at(down.day(12))
    down.wake(back)
    assert [(e.kind, e.at) for e in down.events if e.kind is not EventKind.SUSPENDED] == [
        (e.kind, e.at) for e in awake.events if e.kind is not EventKind.SUSPENDED
    ]
    told(down.file, down.file.announcements[0].seq, back)
    down.wake(down.at(down.day(20)))
    (suspension,) = down.file.suspensions
    assert suspension.begin == back + timedelta(days=3)
    assert down.told(EventKind.SUSPENSION_ANNOUNCED) == awake.told(EventKind.SUSPENSION_ANNOUNCED)


def test_C8_2_a_reminder_that_comes_too_late_is_left_out() -> None:
    life = MoneyLife(AGREED)
    life.wake(life.at(life.day(-10)))
    outcome = advance(life.file, life.at(life.day(2)), life.number)
    assert [event.kind for event in outcome.events] == [EventKind.PAYMENT_OVERDUE]

"""Payments and corrections (C7.1.2, contract §5)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from contract.facts import Account, EntryKind, EventKind
from contract.money_file import PaymentState
from contract.parties import Role
from contract.refusals import Refusal, RefusalKind, Refused
from contract.terms import Means
from tests.contract.money_lives import FIRST, ONE_DAY, MoneyAgreed, MoneyLife

DAY = date(2026, 1, 10)
CHEQUE: dict[str, Any] = {"means": "cheque", "reference": "C-1"}


@pytest.fixture
def life() -> MoneyLife:
    return MoneyLife(MoneyAgreed(months=1))


def refusal(life: MoneyLife, name: str, day: date = DAY, **content: Any) -> Refusal:
    entries = len(life.entries)
    with pytest.raises(Refused) as caught:
        life.do(name, day, 11, **content)
    life.wake(life.at(day))
    assert len(life.entries) >= entries
    return caught.value.refusal


def test_C7_1_2_a_payment_is_the_providers_to_record(life: MoneyLife) -> None:
    with pytest.raises(Refused) as caught:
        life.do(
            "record_payment",
            DAY,
            role=Role.CUSTOMER,
            means="transfer",
            reference="T",
            amount="1.00",
            value_date=DAY,
        )
    assert caught.value.refusal.kind is RefusalKind.WRONG_PARTY
    assert caught.value.refusal.allowed == ["provider"]


def test_C7_1_2_the_same_reference_twice_is_one_payment(life: MoneyLife) -> None:
    life.pay("12000.00", DAY, "R-1")
    said = len(life.events)
    life.pay("12000.00", DAY, "R-1")
    assert len(life.events) == said
    assert life.account(Account.CASH) == 12000_00


def test_C7_1_2_the_same_reference_with_other_content_is_refused(life: MoneyLife) -> None:
    life.pay("12000.00", DAY, "R-1")
    found = refusal(
        life, "record_payment", means="transfer", reference="R-1", amount="12000.01", value_date=DAY
    )
    assert found.kind is RefusalKind.OTHER_CONTENT


def test_C7_1_2_the_same_reference_by_another_means_is_another_payment(life: MoneyLife) -> None:
    life.pay("100.00", DAY, "R-1")
    life.pay("100.00", DAY, "R-1", means="online")
    assert life.account(Account.CASH) == 200_00


def test_C7_1_2_a_means_that_was_not_agreed_is_refused_with_those_that_were(life: MoneyLife) -> None:
    life.file.terms = life.file.terms.model_copy(update={"means": [Means.TRANSFER]})
    found = refusal(life, "record_payment", means="cheque", reference="R", amount="1.00", value_date=DAY)
    assert (found.kind, found.allowed) == (RefusalKind.NOT_COVERED, ["transfer"])


def test_C7_1_2_another_means_is_named(life: MoneyLife) -> None:
    given: dict[str, Any] = {"means": "other", "reference": "R", "amount": "1.00", "value_date": DAY}
    assert refusal(life, "record_payment", **given).kind is RefusalKind.INVALID
    life.do("record_payment", DAY, 12, **given, label="barter")
    assert life.file.payments[0].label == "barter"


def test_C7_1_2_a_value_date_is_never_in_the_future(life: MoneyLife) -> None:
    found = refusal(
        life, "record_payment", means="transfer", reference="R", amount="1.00", value_date=DAY + ONE_DAY
    )
    assert found.kind is RefusalKind.INVALID
    assert "2026-01-10" in found.message


def test_C7_1_2_today_is_the_day_in_the_contracts_zone() -> None:
    life = MoneyLife(MoneyAgreed(zone="Pacific/Auckland"))
    life.do("record_payment", DAY, 0, means="transfer", reference="R", amount="1.00", value_date=DAY)
    assert life.file.payments[0].value_date == DAY


@pytest.mark.parametrize("amount", ["0", "-1", "0.001"])
def test_C7_1_2_an_amount_is_above_zero_and_has_the_currencys_decimals(life: MoneyLife, amount: str) -> None:
    with pytest.raises((Refused, ValueError)):
        life.pay(amount, DAY)


def test_C7_1_2_a_payment_for_a_bill_that_is_not_there_is_refused_with_those_that_are(
    life: MoneyLife,
) -> None:
    found = refusal(
        life,
        "record_payment",
        means="transfer",
        reference="R",
        amount="1.00",
        value_date=DAY,
        bill="B009",
    )
    assert (found.kind, found.allowed) == (RefusalKind.NOT_ON_RECORD, ["B001"])


def test_C7_1_2_a_cheque_counts_only_when_cleared_and_from_that_day(life: MoneyLife) -> None:
    life.pay("12000.00", life.day(0), "C-1", means="cheque")
    assert life.file.payments[0].state is PaymentState.PENDING
    assert life.account(Account.CASH) == 0
    life.do("clear_payment", life.day(4), **CHEQUE, cleared_on=life.day(3))
    assert life.late_fees(life.day(3)) == "18.00"
    assert life.owed(life.day(3)) == "18.00"
    assert life.account(Account.CASH) == 12000_00
    life.assert_books_hold()


def test_C7_1_2_clearing_again_on_the_same_day_changes_nothing_and_on_another_is_refused(
    life: MoneyLife,
) -> None:
    life.pay("12000.00", FIRST, "C-1", means="cheque")
    life.do("clear_payment", DAY, **CHEQUE, cleared_on=DAY)
    said = len(life.events)
    life.do("clear_payment", DAY, **CHEQUE, cleared_on=DAY)
    assert len(life.events) == said
    found = refusal(life, "clear_payment", **CHEQUE, cleared_on=DAY - ONE_DAY)
    assert found.kind is RefusalKind.ALREADY_DONE


def test_C7_1_2_only_a_cheque_clears_or_bounces(life: MoneyLife) -> None:
    life.pay("1.00", DAY, "C-1")
    named: dict[str, Any] = {"means": "transfer", "reference": "C-1"}
    assert refusal(life, "clear_payment", **named, cleared_on=DAY).kind is RefusalKind.NOT_ALLOWED_NOW
    assert refusal(life, "bounce_payment", **named, reason="?").kind is RefusalKind.NOT_ALLOWED_NOW


def test_C7_1_2_a_payment_that_is_not_on_record_cannot_be_reversed(life: MoneyLife) -> None:
    found = refusal(life, "reverse_payment", means="transfer", reference="X", reason="?")
    assert found.kind is RefusalKind.NOT_ON_RECORD


def test_C7_1_2_a_cheque_that_bounces_after_clearing_never_counted(life: MoneyLife) -> None:
    life.pay("12000.00", life.day(0), "C-1", means="cheque")
    life.do("clear_payment", life.day(0), 11, **CHEQUE, cleared_on=life.day(0))
    life.do("bounce_payment", life.day(10), **CHEQUE, reason="no funds")
    assert life.owed(life.day(10)) == "12060.00"
    back = [entry for entry in life.entries if entry.kind is EntryKind.PAYMENT_REVERSAL]
    assert [(entry.reverses, entry.reason) for entry in back] == [("payment:cheque:C-1", "no funds")]
    assert life.account(Account.CASH) == 0
    life.assert_books_hold()


def test_C7_1_2_a_reversal_puts_what_followed_right(life: MoneyLife) -> None:
    life = MoneyLife()
    life.pay("15000.00", life.day(-5), "T-1")
    life.pay("9000.00", life.day(31), "T-2")
    assert life.owed(life.day(31)) == "0.00"
    life.do("reverse_payment", life.day(32), means="transfer", reference="T-1", reason="typed twice")
    clean = MoneyLife()
    clean.pay("9000.00", clean.day(31), "T-2")
    assert life.owed(life.day(32)) == clean.owed(clean.day(32))
    assert life.late_fees(life.day(32)) == clean.late_fees(clean.day(32))
    life.assert_books_hold()


def test_C7_1_2_a_payment_recorded_wrongly_is_reversed_and_recorded_right_under_its_reference(
    life: MoneyLife,
) -> None:
    life.pay("1200.00", DAY, "R-1")
    life.do("reverse_payment", DAY, 11, means="transfer", reference="R-1", reason="a zero short")
    life.do("record_payment", DAY, 12, means="transfer", reference="R-1", amount="12000.00", value_date=DAY)
    assert life.owed(DAY) == "0.00"
    assert [payment.key for payment in life.file.payments] == [
        "payment:transfer:R-1",
        "payment:transfer:R-1~2",
    ]
    life.assert_books_hold()


def test_C7_1_a_goodwill_credit_lowers_what_is_owed_with_actor_and_reason(life: MoneyLife) -> None:
    life.do("give_credit", DAY, amount="500.00", reason="the outage of May")
    assert life.owed(DAY) == "11500.00"
    (entry,) = [entry for entry in life.entries if entry.kind is EntryKind.CREDIT]
    assert (entry.debit, entry.person, entry.reason) == (
        Account.GOODWILL_EXPENSE,
        "P",
        "the outage of May",
    )


def test_C8_2_1_no_more_than_the_outstanding_late_fee_is_waived(life: MoneyLife) -> None:
    found = refusal(life, "waive_late_fee", life.day(10), bill="B001", amount="60.01", reason="too generous")
    assert found.allowed == ["at most 60.00"]


def test_every_command_is_told_by_an_event_of_its_own(life: MoneyLife) -> None:
    life.pay("100.00", life.day(1), "C-1", means="cheque")
    life.do("clear_payment", life.day(1), 11, **CHEQUE, cleared_on=life.day(1))
    life.do("bounce_payment", life.day(1), 12, **CHEQUE, reason="r")
    life.pay("50.00", life.day(1), "T-1", value_date=life.day(1))
    life.do("reverse_payment", life.day(1), 13, means="transfer", reference="T-1", reason="r")
    life.do("waive_late_fee", life.day(1), 14, bill="B001", reason="r")
    life.do("give_credit", life.day(1), 15, amount="1.00", reason="r")
    life.do("suspend", life.day(1), 16)
    life.do("resume", life.day(1), 17)
    told = [event.kind for event in life.events if event.command_id]
    assert told == [
        EventKind.PAYMENT_RECORDED,
        EventKind.PAYMENT_CLEARED,
        EventKind.PAYMENT_BOUNCED,
        EventKind.PAYMENT_RECORDED,
        EventKind.PAYMENT_REVERSED,
        EventKind.LATE_FEE_WAIVED,
        EventKind.CREDIT_GIVEN,
        EventKind.SUSPENSION_ORDERED,
        EventKind.RESUMED,
    ]

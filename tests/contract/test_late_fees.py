"""Late fees and the allocation of payments (C8.2.1, contract §5)."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.books import late_fee_explained
from contract.facts import Account, EntryKind
from contract.late_fees import Hold
from contract.money import Money
from contract.terms import Allocation
from tests.contract.money_lives import ONE_DAY, MoneyAgreed, MoneyLife

PRINCIPAL_FIRST = MoneyAgreed(allocation=Allocation.PRINCIPAL_FIRST, months=1)
INTEREST_FIRST = MoneyAgreed(allocation=Allocation.INTEREST_FIRST, months=1)
BOTH = pytest.mark.parametrize("agreed", [PRINCIPAL_FIRST, INTEREST_FIRST], ids=["principal", "interest"])


@BOTH
def test_C8_2_1_paid_in_full_on_day_10_costs_60(agreed: MoneyAgreed) -> None:
    life = MoneyLife(agreed)
    life.pay("12060.00", life.day(10))
    assert life.late_fees(life.day(10)) == life.late_fees(life.day(300)) == "60.00"
    assert life.owed(life.day(10)) == "0.00"


def test_C8_2_1_in_two_parts_principal_first_costs_24_and_21() -> None:
    life = MoneyLife(PRINCIPAL_FIRST)
    life.pay("5000.00", life.day(4))
    assert life.late_fees(life.day(4)) == "24.00"
    assert life.balance(life.day(4)).bills["B001"].unpaid == 7000_00
    life.pay("7000.00", life.day(10))
    assert life.late_fees(life.day(10)) == "45.00"
    assert life.owed(life.day(30)) == "45.00"


def test_C8_2_1_in_two_parts_interest_first_costs_45_07() -> None:
    life = MoneyLife(INTEREST_FIRST)
    life.pay("5000.00", life.day(4))
    assert life.balance(life.day(4)).bills["B001"].unpaid == 7024_00
    assert life.owed(life.day(4)) == "7024.00"
    life.pay("7045.07", life.day(10))
    assert life.late_fees(life.day(10)) == "45.07"
    assert life.owed(life.day(30)) == "0.00"


@BOTH
def test_C8_2_1_the_late_fee_survives_payment_of_the_principal(agreed: MoneyAgreed) -> None:
    life = MoneyLife(agreed)
    life.pay("12000.00", life.day(10))
    owed = {Allocation.PRINCIPAL_FIRST: ("60.00", "60.00"), Allocation.INTEREST_FIRST: ("60.00", "63.00")}
    then, later = owed[agreed.allocation]
    assert life.owed(life.day(10)) == then
    assert life.owed(life.day(110)) == later  # 60.00 of principal, or of late fees, which bear none


def test_C8_2_1_principal_paid_within_the_grace_days_bears_nothing_and_the_rest_from_day_1() -> None:
    agreed = MoneyAgreed(grace=5, months=1, allocation=Allocation.PRINCIPAL_FIRST)
    life = MoneyLife(agreed)
    life.pay("5000.00", life.day(5))
    assert life.late_fees(life.day(5)) == "0.00"
    assert life.late_fees(life.day(6)) == "21.00"
    on_time = MoneyLife(agreed)
    on_time.pay("12000.00", on_time.day(5))
    assert on_time.late_fees(on_time.day(100)) == "0.00"


def test_C8_2_1_each_entry_lets_a_person_redo_it_by_hand() -> None:
    life = MoneyLife(INTEREST_FIRST)
    life.pay("5000.00", life.day(4))
    life.pay("1000.00", life.day(10))
    explained = late_fee_explained(life.file, life.balance(life.day(10)), "B001")
    assert explained["formula"] == "12000.00 × 0.05 % × 4 + 7024.00 × 0.05 % × 6 = 45.072 → 45.07"
    assert [segment["days"] for segment in explained["segments"]] == [4, 6]
    fees = [entry for entry in life.entries if entry.kind is EntryKind.LATE_FEE]
    assert [str(entry.amount) for entry in fees] == ["6.00", "18.00", "21.07"]
    assert fees[-1].explanation == explained | {"before": "24.00", "after": "45.07"}
    assert fees[-1].key == f"late-fee:A:B001:{life.day(10)}"


@given(
    percent=st.sampled_from(["0.05", "0.03", "0.0333", "1", "0.001"]),
    fee=st.integers(1, 10**8),
    grace=st.integers(0, 4),
    payments=st.lists(st.tuples(st.integers(1, 60), st.integers(1, 10**7)), max_size=4),
)
def test_C8_2_1_daily_accruals_add_up_to_the_total_and_are_never_negative(
    percent: str, fee: int, grace: int, payments: list[tuple[int, int]]
) -> None:
    life = MoneyLife(
        MoneyAgreed(fee=str(Money(minor=fee, currency="CNY")), percent=percent, grace=grace, months=1)
    )
    for number, minor in sorted(payments):
        life.pay(str(Money(minor=minor, currency="CNY")), life.day(number))
    life.wake(life.at(life.day(60)))
    to_date = [life.balance(life.day(n)).bills["B001"].accrued(life.day(n)) for n in range(61)]
    accruals = [after - before for before, after in pairwise(to_date)]
    assert min(accruals) >= 0
    assert sum(accruals) == to_date[-1]


def test_C9_what_is_on_hold_bears_no_late_fee_for_the_held_days() -> None:
    life = MoneyLife(INTEREST_FIRST)
    life.wake(life.at(life.day(1)))
    life.file.holds.append(Hold(bill="B001", first=life.day(3), last=life.day(7), amount=4000_00))
    assert life.late_fees(life.day(10)) == "50.00"  # 5 × 6.00 + 5 × 4.00
    life.file.holds.append(Hold(bill="B001", first=life.day(9)))
    assert life.late_fees(life.day(30)) == "38.00"


def test_C8_2_a_payment_goes_to_the_bill_it_names_else_to_the_oldest_due() -> None:
    life = MoneyLife(MoneyAgreed(allocation=Allocation.PRINCIPAL_FIRST))
    second = life.agreed.first + timedelta(days=40)
    life.pay("3000.00", second, bill="B002")
    life.pay("1000.00", second)
    unpaid = {number: bill.unpaid for number, bill in life.balance(second).bills.items()}
    assert unpaid == {"B001": 11000_00, "B002": 9000_00}


def test_C8_2_under_interest_first_the_late_fees_of_all_overdue_bills_come_before_any_principal() -> None:
    life = MoneyLife(MoneyAgreed(months=2))
    day = life.day(41)
    life.pay("300.00", day, bill="B002")
    bills = life.balance(day).bills
    assert [bill.late_unpaid(day) for bill in bills.values()] == [6_00, 0]
    assert [bill.unpaid for bill in bills.values()] == [12000_00, 12000_00]


def test_C7_1_an_over_payment_is_a_credit_for_the_next_bill() -> None:
    life = MoneyLife()
    life.pay("15000.00", life.day(-5))
    assert life.balance(life.day(-5)).credit_left == 3000_00
    life.wake(life.at(life.day(30)))
    assert life.balance(life.day(20)).bills["B002"].unpaid == 9000_00
    assert life.account(Account.CUSTOMER_CREDIT) == 0
    life.assert_books_hold()


def test_C8_2_1_a_value_date_recorded_late_recomputes_late_fees_by_counter_entries() -> None:
    life = MoneyLife(PRINCIPAL_FIRST)
    life.pay("1.00", life.day(9))
    assert life.account(Account.LATE_FEE_INCOME) == -54_00
    life.pay("11999.00", life.day(2), recorded=life.day(10))
    # 2 days of 12,000.00, then 7 more of 1.00.
    assert life.late_fees(life.day(10)) == "12.00"
    back = life.entries[-2]
    assert (back.kind, back.debit, str(back.amount)) == (EntryKind.LATE_FEE, Account.LATE_FEE_INCOME, "42.00")
    life.assert_books_hold()


def test_C8_2_1_late_fees_are_posted_at_the_end_of_every_month_even_when_nothing_else_happens() -> None:
    life = MoneyLife(MoneyAgreed(months=1))
    life.wake(life.at(life.agreed.first + timedelta(days=100)))
    posted = [entry.key for entry in life.entries if entry.kind is EntryKind.LATE_FEE]
    # Beside these the final statement, at the end of the term, posts them through its day.
    assert [key for key in posted if not key.endswith("-02-01")][-3:] == [
        "late-fee:A:B001:2026-01-31",
        "late-fee:A:B001:2026-02-28",
        "late-fee:A:B001:2026-03-31",
    ]


def test_C8_2_1_a_waiver_takes_away_what_is_outstanding_and_leaves_the_principal() -> None:
    life = MoneyLife(INTEREST_FIRST)
    life.do("waive_late_fee", life.day(10), bill="B001", amount="20.00", reason="goodwill")
    assert life.owed(life.day(10)) == "12040.00"
    life.do("waive_late_fee", life.day(10), 11, bill="B001", reason="goodwill")
    assert life.owed(life.day(10)) == "12000.00"
    assert life.owed(life.day(10) + ONE_DAY) == "12006.00"
    (first, second) = [entry for entry in life.entries if entry.kind is EntryKind.LATE_FEE_WAIVER]
    assert [str(first.amount), str(second.amount)] == ["20.00", "40.00"]
    assert (first.person, first.reason) == ("P", "goodwill")
    life.assert_books_hold()

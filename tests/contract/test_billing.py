"""Billing periods and bills (C7.1.1, contract §5 "Period k")."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.billing import billing_period, billing_periods
from contract.facts import Account, EntryKind, EventKind
from contract.money_life import end_early
from contract.penalties import add_months
from contract.terms import Period
from tests.contract.money_lives import FIRST, ONE_DAY, MoneyAgreed, MoneyLife, cny

DATES = st.dates(date(2000, 1, 1), date(2100, 12, 31))


def test_C7_1_1_a_period_that_begins_on_31_january_does_not_drift() -> None:
    periods = list(billing_periods(date(2027, 1, 31), date(2028, 1, 30), Period.MONTH))
    firsts = [period.first for period in periods]
    assert firsts[:4] == [date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30)]
    assert len(periods) == 12


def test_C7_1_1_in_a_leap_year_the_period_of_31_january_ends_on_28_february() -> None:
    period = billing_period(0, date(2028, 1, 31), date(2029, 1, 30), Period.MONTH)
    assert period is not None
    assert (period.last, period.days) == (date(2028, 2, 28), 29)


@given(DATES, st.integers(1, 120), st.sampled_from(Period))
def test_C7_1_1_periods_cover_the_term_without_gap_or_overlap(
    first: date, months: int, every: Period
) -> None:
    last = add_months(first, months) - ONE_DAY
    periods = list(billing_periods(first, last, every))
    assert (periods[0].first, periods[-1].last) == (first, last)
    assert all(after.first == before.last + ONE_DAY for before, after in pairwise(periods))
    assert all(period.first.day <= first.day for period in periods)
    assert len(periods) == -(-months // (12 // every.per_year))


def test_C7_1_1_a_short_last_period_costs_its_share_by_days_half_up() -> None:
    *_, last = billing_periods(date(2026, 1, 1), date(2026, 4, 30), Period.QUARTER)
    assert (last.first, last.days, last.full_days) == (date(2026, 4, 1), 30, 91)
    assert str(last.fee(cny("10000.00"))) == "3296.70"
    assert last.formula(cny("10000.00")) == "10000.00 × 30 / 91 days = 3296.70 CNY"


@given(DATES, st.integers(1, 40), st.integers(0, 10**9), st.sampled_from(Period), st.data())
def test_C7_1_1_an_early_end_costs_the_days_served_and_never_more(
    first: date, months: int, fee: int, every: Period, data: st.DataObject
) -> None:
    last = add_months(first, months) - ONE_DAY
    period = data.draw(st.sampled_from(list(billing_periods(first, last, every))))
    end = data.draw(st.dates(period.first, period.last))
    full = cny("0.01") * fee
    share = period.part(period.first, end).fee(full)
    assert abs(share.minor * period.full_days - fee * ((end - period.first).days + 1)) * 2 <= period.full_days
    assert share.minor <= period.fee(full).minor


def test_C7_1_1_a_bill_is_issued_at_the_start_of_each_period_in_the_contracts_zone() -> None:
    life = MoneyLife(MoneyAgreed(first=date(2026, 3, 1), zone="Europe/Berlin"))
    life.wake(life.at(date(2026, 5, 31), 23))
    assert life.told(EventKind.BILL_ISSUED) == [
        life.file.effective_at,
        datetime(2026, 3, 31, 22, tzinfo=UTC),
        datetime(2026, 4, 30, 22, tzinfo=UTC),
    ]
    assert [bill.number for bill in life.file.bills] == ["B001", "B002", "B003"]


def test_C7_1_1_a_bill_is_due_at_the_end_of_the_day_payment_days_after_its_issue() -> None:
    life = MoneyLife()
    life.pay("12000.00", life.day(0), reference="on the due date")
    assert life.late_fees(life.day(30)) == "0.00"
    late = MoneyLife()
    late.pay("12000.00", late.day(1), reference="a day later")
    assert late.late_fees(late.day(1)) == "6.00"


def test_C7_1_1_a_fee_of_zero_is_not_billed() -> None:
    life = MoneyLife(MoneyAgreed(fee="0.00"))
    life.wake(life.at(date(2026, 12, 1)))
    assert life.events == []


def test_C8_1_penalties_are_set_off_against_the_next_bill_and_late_fees_run_on_the_net() -> None:
    life = MoneyLife(set_offs={0: cny("2000.00")})
    assert life.owed(FIRST) == "0.00"
    life.wake(life.at(life.day(10)))
    assert life.owed(life.day(0)) == "10000.00"
    assert life.late_fees(life.day(10)) == "50.00"
    assert life.account(Account.PENALTY_PAYABLE) == 2000_00


def test_C8_1_a_set_off_takes_a_bill_to_zero_and_not_below() -> None:
    life = MoneyLife(set_offs={0: cny("20000.00")})
    life.wake(life.at(life.day(10)))
    assert life.owed(life.day(10)) == "0.00"
    assert str(life.file.bills[0].set_off) == "12000.00"


def test_C8_1_penalties_set_off_and_reversed_since_raise_the_next_bill() -> None:
    life = MoneyLife(set_offs={0: -cny("500.00")})
    life.wake(life.at(FIRST))
    assert life.owed(FIRST) == "12500.00"
    (entry,) = [entry for entry in life.entries if entry.kind is EntryKind.SET_OFF]
    assert (entry.debit, entry.credit) == (Account.RECEIVABLE, Account.PENALTY_PAYABLE)


def test_C4_2_an_early_end_credits_an_unpaid_bill_for_the_days_not_served() -> None:
    life = MoneyLife()
    life.wake(life.at(date(2026, 1, 10)))
    outcome = end_early(life.file, date(2026, 1, 10), life.at(date(2026, 1, 10), 23), life.number)
    life.entries += outcome.entries
    assert life.owed(date(2026, 1, 10)) == "3870.97"
    life.wake(life.at(date(2026, 12, 1)))
    assert len(life.file.bills) == 1
    life.assert_books_hold()


def test_C4_2_an_early_end_leaves_what_was_paid_too_much_as_credit() -> None:
    life = MoneyLife()
    life.pay("12000.00", date(2026, 1, 5))
    life.entries += end_early(
        life.file, date(2026, 1, 10), life.at(date(2026, 1, 10), 23), life.number
    ).entries
    assert life.owed(date(2026, 1, 10)) == "-8129.03"
    life.assert_books_hold()


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Sao_Paulo", "Europe/Berlin", "Africa/Cairo"])
def test_days_of_the_contract_are_those_of_its_zone(zone: str) -> None:
    agreed = MoneyAgreed(first=date(2016, 1, 1), months=60, zone=zone)
    file = agreed.file()
    for n in range(60 * 30):
        day = agreed.first + timedelta(days=n)
        start = file.days.start_of(day)
        assert file.days.date_of(start) == day
        assert file.days.date_of(start - timedelta(seconds=1)) == day - ONE_DAY

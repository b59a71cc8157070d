"""What the provider owes in a contract year, and the most it can come to (C8.1, contract §4 "Cap")."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.money import Money
from contract.penalties import (
    add_months,
    annual_cap,
    contract_year,
    excess,
    late_resolution_formula,
    late_response_formula,
)
from contract.reading import check_terms
from contract.terms import TermSheet
from tests.contract.sheets import changed, full_sheet

SECOND = timedelta(seconds=1)


def terms(**fields: object) -> TermSheet:
    document = full_sheet()
    for path, value in fields.items():
        document = changed(document, path.replace("__", "."), value)
    return check_terms(document)


def yuan(amount: str) -> Money:
    return Money.of(amount, "CNY")


# Months


@pytest.mark.parametrize(
    ("first", "months", "then"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2026-01-31", 2, "2026-03-31"),
        ("2026-01-31", 3, "2026-04-30"),
        ("2026-08-31", 6, "2027-02-28"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2028-02-29", 48, "2032-02-29"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2026-12-01", 1, "2027-01-01"),
        ("2026-12-31", 0, "2026-12-31"),
        ("2000-01-01", 600, "2050-01-01"),
    ],
)
def test_months_are_counted_from_the_first_date_C7_1(first, months, then):
    assert add_months(date.fromisoformat(first), months) == date.fromisoformat(then)


def one_month_at_a_time(first: date, months: int) -> date:
    """Walks the calendar page by page, then to the day or the last one of the page."""
    page = first.replace(day=1)
    for _ in range(months):
        page += timedelta(days=calendar.monthrange(page.year, page.month)[1])
    return page + timedelta(days=min(first.day, calendar.monthrange(page.year, page.month)[1]) - 1)


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)), st.integers(0, 700))
def test_adding_months_is_turning_the_pages_of_a_calendar(first, months):
    assert add_months(first, months) == one_month_at_a_time(first, months)


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)), st.integers(0, 300))
def test_more_months_are_later_and_never_skip_a_month(first, months):
    one, next_one = add_months(first, months), add_months(first, months + 1)
    assert timedelta(days=27) < next_one - one < timedelta(days=32)
    assert (next_one.year * 12 + next_one.month) - (one.year * 12 + one.month) == 1


# Contract years

STARTS = [datetime(2026 + n, 3, 1, tzinfo=UTC) - timedelta(hours=8) for n in range(3)]


@pytest.mark.parametrize(
    ("at", "year"),
    [
        (STARTS[0] - timedelta(days=400), 1),
        (STARTS[0] - SECOND, 1),
        (STARTS[0], 1),
        (STARTS[1] - SECOND, 1),
        (STARTS[1], 2),
        (STARTS[1] + SECOND, 2),
        (STARTS[2] - SECOND, 2),
        (STARTS[2], 3),
        (STARTS[2] + timedelta(days=365), 3),
        (STARTS[2] + timedelta(days=4000), 3),
    ],
)
def test_an_accrual_belongs_to_the_contract_year_of_its_instant_and_after_the_end_to_the_last(at, year):
    assert contract_year(at, STARTS) == year


def test_a_term_of_some_months_has_one_contract_year():
    assert {contract_year(STARTS[0] + timedelta(days=n), STARTS[:1]) for n in (-1, 0, 100, 1000)} == {1}


# The cap


@pytest.mark.parametrize(
    ("amount", "period", "percent", "cap"),
    [
        ("12000.00", "month", "20", "28800.00"),
        ("12000.00", "quarter", "20", "9600.00"),
        ("12000.00", "year", "20", "2400.00"),
        ("12000.00", "month", "0", "0.00"),
        ("0.01", "year", "50", "0.01"),
        ("0.01", "year", "49", "0.00"),
        ("33.33", "quarter", "33.33", "44.44"),
        ("12000.00", "month", "100", "144000.00"),
    ],
)
def test_the_cap_is_the_percentage_of_a_full_years_fees_C8_1(amount, period, percent, cap):
    found = annual_cap(
        terms(fees__amount=amount, fees__period=period, penalties__cap_percent=Decimal(percent))
    )
    assert found == yuan(cap)


def test_a_short_term_is_capped_by_a_full_years_fees_C8_1():
    assert annual_cap(terms(term={"months": 2}, penalties__cap_percent=10)) == yuan("14400.00")


def test_without_a_cap_in_the_terms_there_is_none_C8_1():
    sheet = terms(penalties__cap_percent=None)
    assert annual_cap(sheet) is None
    assert excess(yuan("1000000.00"), annual_cap(sheet)) == yuan("0")


@given(
    st.integers(0, 10**11),
    st.sampled_from([("month", 12), ("quarter", 4), ("year", 1)]),
    st.decimals(0, 100, places=4),
)
def test_the_cap_is_the_exact_share_rounded_half_up_C8_1(minor, period, percent):
    name, times = period
    amount = Decimal(minor).scaleb(-2)
    found = annual_cap(terms(fees__amount=amount, fees__period=name, penalties__cap_percent=percent))
    assert found is not None
    exact = Fraction(minor * times) * Fraction(percent) / 100
    assert -1 < 2 * (found.minor - exact) <= 1


@pytest.mark.parametrize("currency", ["CNY", "JPY", "KWD"])
def test_the_largest_fee_a_sheet_allows_has_a_cap_like_any_other(currency):
    document = changed(full_sheet(), "fees.currency", currency)
    document = changed(document, "fees.amount", 10**12)
    try:
        sheet = check_terms(document)
    except ValueError:
        return  # a sheet may refuse such fees, but not take them and fail later
    assert annual_cap(sheet) == Money.of(Decimal(10**12) * 12 / 5, currency)


@pytest.mark.parametrize(
    ("accrued", "cap", "above"),
    [
        ("0.00", "100.00", "0.00"),
        ("99.99", "100.00", "0.00"),
        ("100.00", "100.00", "0.00"),
        ("100.01", "100.00", "0.01"),
        ("500.00", "0.00", "500.00"),
        ("-5.00", "0.00", "0.00"),
    ],
)
def test_the_excess_is_what_is_above_the_cap_and_never_below_zero_C8_1(accrued, cap, above):
    assert excess(yuan(accrued), yuan(cap)) == yuan(above)


def test_a_formula_can_be_redone_by_hand_C8_1():
    assert late_response_formula(yuan("200.00")) == "once per request: 200.00 CNY"
    assert (
        late_resolution_formula(yuan("500.00"), 3)
        == "day 3 of the delay, begun 48 h past the due: 500.00 CNY"
    )

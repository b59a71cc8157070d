"""Money against fractions: exact, half up, never more digits than the currency has."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from contract.money import Money, exponent, half_up

DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "CNY": 2, "EUR": 2, "USD": 2, "KWD": 3, "BHD": 3}
CURRENCIES = st.sampled_from(sorted(DIGITS))
MINOR = st.integers(-(10**15), 10**15)
PERCENT = st.decimals(min_value=0, max_value=100, places=6)


@pytest.mark.parametrize(("currency", "digits"), DIGITS.items())
def test_a_currency_has_the_digits_iso_4217_gives_it(currency, digits):
    assert exponent(currency) == digits


@given(MINOR, CURRENCIES)
def test_an_amount_is_its_minor_units_over_a_power_of_ten_and_reads_back(minor, currency):
    money = Money(minor=minor, currency=currency)
    assert Fraction(money.amount) == Fraction(minor, 10 ** DIGITS[currency])
    assert Money.of(str(money), currency) == money
    assert Money.of(money.amount, currency) == money


@given(MINOR, CURRENCIES)
def test_an_amount_is_written_with_all_digits_of_its_currency_and_no_exponent(minor, currency):
    written = str(Money(minor=minor, currency=currency))
    assert Fraction(written) == Fraction(minor, 10 ** DIGITS[currency])
    whole, point, decimals = written.partition(".")
    assert len(decimals) == DIGITS[currency]
    assert bool(point) == bool(decimals)
    assert whole.lstrip("-").isdigit()


@given(st.integers(-(10**9), 10**9), CURRENCIES, st.integers(1, 60), st.integers(1, 9))
@example(1, "CNY", 28, 1)
def test_an_amount_with_more_digits_than_the_currency_is_refused_however_small_they_are(
    whole, currency, zeros, digit
):
    amount = Decimal(f"{whole}.{'0' * (DIGITS[currency] + zeros - 1)}{digit}")
    with pytest.raises(ValueError, match="decimals"):
        Money.of(amount, currency)


@pytest.mark.parametrize("amount", ["1.000", "1E+2", "0.10", 7])
def test_zeros_beyond_the_currencys_digits_do_no_harm(amount):
    assert Fraction(Money.of(amount, "CNY").amount) == Fraction(Decimal(amount))


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_finite_amount_is_refused(amount):
    with pytest.raises(ValueError, match="amount"):
        Money.of(Decimal(amount), "CNY")


@given(st.fractions())
@example(Fraction(1, 2))
@example(Fraction(-1, 2))
@example(Fraction(10**30 + 1, 2))
def test_half_up_is_the_nearest_whole_number_and_a_half_goes_away_from_zero(value):
    found = half_up(value)
    assert abs(found - value) <= Fraction(1, 2)
    if abs(found - value) == Fraction(1, 2):
        assert abs(found) > abs(value)
    assert half_up(-value) == -found
    assert found in (floor(value), ceil(value))


@pytest.mark.parametrize(
    ("minor", "percent", "share"),
    [
        (12_000_00, "0.05", 6_00),
        (1, "50", 1),
        (1, "49.9", 0),
        (-1, "50", -1),
        (3, "50", 2),
        (7_024_00, "0.3", 2107),
    ],
)
def test_a_percentage_of_an_amount_is_rounded_half_up(minor, percent, share):
    assert Money(minor=minor, currency="CNY").percent(Decimal(percent)).minor == share


@given(MINOR, PERCENT, CURRENCIES)
def test_a_percentage_is_within_half_a_unit_of_the_exact_share(minor, percent, currency):
    found = Money(minor=minor, currency=currency).percent(percent)
    exact = Fraction(minor) * Fraction(percent) / 100
    doubled = 2 * (abs(found.minor) - abs(exact))
    assert -1 < doubled <= 1
    assert found.currency == currency


@given(MINOR, MINOR, st.integers(0, 8), CURRENCIES)
def test_sums_differences_and_multiples_are_exact(one, other, times, currency):
    first, second = Money(minor=one, currency=currency), Money(minor=other, currency=currency)
    unit = Fraction(1, 10 ** DIGITS[currency])
    assert Fraction((first + second).amount) == (one + other) * unit
    assert Fraction((first - second).amount) == (one - other) * unit
    assert Fraction((first * times).amount) == one * times * unit
    assert -first + first == Money(minor=0, currency=currency)


@given(st.fractions(min_value=-(10**14), max_value=10**14))
def test_rounding_asked_for_is_half_up(exact):
    assert Money.rounded(exact, "CNY").minor == half_up(exact)


def test_two_currencies_are_never_added_or_subtracted():
    yuan, yen = Money(minor=1, currency="CNY"), Money(minor=1, currency="JPY")
    with pytest.raises(ValueError, match="CNY and JPY"):
        yuan + yen
    with pytest.raises(ValueError, match="one currency"):
        yuan - yen


@pytest.mark.parametrize("minor", [0.5, 1.0, True, "x", 2**53, -(2**53), 2**70])
def test_minor_units_are_whole_numbers_that_every_store_can_hold(minor):
    with pytest.raises(ValidationError):
        Money(minor=minor, currency="CNY")


@pytest.mark.parametrize("currency", ["", "cny", "CN", "YUAN", "CN¥", "CNY\n"])
def test_a_currency_is_three_capital_letters(currency):
    with pytest.raises(ValidationError):
        Money(minor=1, currency=currency)

"""Money: integer minor units and an ISO 4217 currency. No floats, no rounding unless asked for.

Rounding, where the contract asks for it, is half up (contract §5).
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Self

from contract.values import Currency, Model, Whole

_EXPONENTS = dict.fromkeys(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ],
    0,
) | dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3)


def exponent(currency: str) -> int:
    """Digits after the point that ISO 4217 gives the currency (CNY 2, JPY 0, KWD 3)."""
    return _EXPONENTS.get(currency, 2)


def half_up(value: Fraction) -> int:
    """The nearest whole number; a half goes up, away from zero for negatives."""
    whole = floor(abs(value) + Fraction(1, 2))
    return whole if value >= 0 else -whole


class Money(Model):
    """An amount in minor units (fen, cents). Adding two currencies is an error."""

    minor: Whole
    currency: Currency

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: str) -> Self:
        """From a decimal amount; raises ValueError when it has more digits than the currency."""
        exact = Decimal(amount)
        if not exact.is_finite():
            raise ValueError("a finite amount")
        minor = Fraction(exact) * 10 ** exponent(currency)
        if minor.denominator != 1:
            raise ValueError(f"an amount with at most {exponent(currency)} decimals ({currency})")
        return cls(minor=int(minor), currency=currency)

    @classmethod
    def rounded(cls, minor: Fraction, currency: str) -> Self:
        """From an exact number of minor units, half up."""
        return cls(minor=half_up(minor), currency=currency)

    @property
    def amount(self) -> Decimal:
        """The decimal amount with all of the currency's digits: ``Decimal("200.00")``."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def __str__(self) -> str:
        return format(self.amount, "f")

    def __add__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(minor=self.minor + other.minor, currency=self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(minor=self.minor - other.minor, currency=self.currency)

    def __mul__(self, times: int) -> Money:
        return Money(minor=self.minor * times, currency=self.currency)

    def __neg__(self) -> Money:
        return Money(minor=-self.minor, currency=self.currency)

    def percent(self, percent: Decimal) -> Money:
        """That share of the amount, half up."""
        return Money.rounded(Fraction(self.minor) * Fraction(percent) / 100, self.currency)

    def _same_currency(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"amounts in one currency, not {self.currency} and {other.currency}")

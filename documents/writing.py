"""How a language writes what documents are full of: dates, instants, amounts, the contract's own words."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import groupby
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

from contract.money import Money
from contract.parties import Language, Role
from contract.service_hours import Always, DayHours, ServiceHours, Weekday
from contract.terms import Means, Priority, Service
from documents import numerals

_AMOUNT: Final = re.compile(r"(?<![\d.,])\d{4,}(?=\.\d)")


class Unit(StrEnum):
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class Writing(ABC):
    """The formats of one language."""

    language: ClassVar[Language]
    colon: ClassVar[str]
    comma: ClassVar[str]
    """Between the items of a list."""
    tax_number: ClassVar[str]
    page_of: ClassVar[str]
    """With ``{page}`` and ``{pages}``."""
    roles: ClassVar[Mapping[Role, str]]
    services: ClassVar[Mapping[Service, str]]
    priorities: ClassVar[Mapping[Priority, str]]
    means: ClassVar[Mapping[Means, str]]
    languages: ClassVar[Mapping[Language, str]]
    weekdays: ClassVar[Sequence[str]]
    """From Monday on."""
    nothing: ClassVar[str]
    """Where a table has no figure."""

    @abstractmethod
    def day(self, day: date) -> str:
        """A date as running text has it. Tables have it as ISO 8601."""

    @abstractmethod
    def counted(self, number: Decimal | int, unit: Unit) -> str:
        """So many hours or days, in figures and in words."""

    @abstractmethod
    def percent(self, percent: Decimal) -> str:
        """A percentage, in figures and in words."""

    @abstractmethod
    def amount(self, amount: Money) -> str:
        """An amount with its currency, in figures and in words."""

    @abstractmethod
    def listed(self, items: Sequence[str]) -> str:
        """Things named one after the other, as running text has them."""

    @abstractmethod
    def hours_of(self, hours: Always | ServiceHours, zone: str) -> str:
        """Service hours as running text has them (C5.2)."""

    def formula(self, formula: str) -> str:
        """A formula of the ledger's in this language, its amounts with their thousands apart."""
        return self.thousands(formula)

    def thousands(self, text: str) -> str:
        """Amounts inside a text with their thousands apart: ``12000.00`` → ``12,000.00``."""
        return _AMOUNT.sub(lambda found: f"{int(found[0]):,}", text)

    def instant(self, at: datetime, zone: str) -> str:
        """A moment by the clocks of a zone, which is named."""
        local = at.astimezone(ZoneInfo(zone))
        return f"{self.day(local.date())} {local:%H:%M:%S} ({zone}, UTC{local.isoformat()[-6:]})"

    def figure(self, amount: Money) -> str:
        """An amount without its currency, thousands apart: ``-1,200.00``."""
        return f"{amount.amount:,f}".replace("-", "\u2212")

    def money(self, amount: Money) -> str:
        """An amount with its currency: ``CNY 1,200.00``."""
        return f"{amount.currency}\u00a0{self.figure(amount)}"

    def amount_in_words(self, amount: Money) -> str:
        return numerals.amount_in_words(amount, self.language)

    def in_words(self, number: Decimal | int) -> str:
        return numerals.in_words(number, self.language)

    def week(self, hours: ServiceHours, to: str, between: str) -> Iterator[str]:
        """The days of a week that have the same hours, with these; days without any are left out."""
        days = [(name, hours.weekly.get(day, [])) for name, day in zip(self.weekdays, Weekday, strict=True)]
        for intervals, same in groupby(days, key=lambda one: one[1]):
            names = [name for name, _ in same]
            if intervals:
                span = names[0] if len(names) == 1 else f"{names[0]}{to}{names[-1]}"
                yield f"{span} {clock_times(intervals, between)}"


def clock_times(intervals: DayHours, between: str) -> str:
    """``09:00–12:00 and 13:30–18:00``."""
    return between.join(
        f"{opens // 60:02}:{opens % 60:02}–{closes // 60:02}:{closes % 60:02}" for opens, closes in intervals
    )

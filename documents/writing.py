"""How a language writes what documents are full of: dates, instants, amounts, the contract's own words."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

from contract.money import Money
from contract.parties import Language, Role
from contract.terms import Means, Service
from documents import numerals

_AMOUNT: Final = re.compile(r"(?<![\d.,])\d{4,}(?=\.\d)")


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
    means: ClassVar[Mapping[Means, str]]

    @abstractmethod
    def day(self, day: date) -> str:
        """A date as running text has it. Tables have it as ISO 8601."""

    def formula(self, formula: str) -> str:
        """A formula of the ledger's in this language, its amounts with their thousands apart."""
        return self.thousands(formula)

    def thousands(self, text: str) -> str:
        """Amounts inside a text with their thousands apart: ``12000.00`` → ``12,000.00``."""
        return _AMOUNT.sub(lambda found: f"{int(found[0]):,}", text)

    def instant(self, at: datetime, zone: ZoneInfo) -> str:
        """A moment by the clocks of a zone, which is named."""
        local = at.astimezone(zone)
        return f"{self.day(local.date())} {local:%H:%M:%S} ({zone.key}, UTC{local.isoformat()[-6:]})"

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

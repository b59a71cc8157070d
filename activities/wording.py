"""How a language writes what mails are made of: times, money, and the contract's own words.

One :class:`Wording` per language, complete: every service, priority, target, state and command has its word.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from contract.agreement_states import AgreementState
from contract.commands import CommandName
from contract.dispute_names import DisputeCommandName
from contract.disputes import Amount, DisputeState, Item
from contract.money import Money
from contract.parties import Language
from contract.penalties import PenaltyKind
from contract.request import RequestState
from contract.terms import Means, Priority, Service, Target


class Wording(ABC):
    """The words and formats of one language."""

    language: ClassVar[Language]
    services: ClassVar[Mapping[Service, str]]
    priorities: ClassVar[Mapping[Priority, str]]
    targets: ClassVar[Mapping[Target, str]]
    means: ClassVar[Mapping[Means, str]]
    request_states: ClassVar[Mapping[RequestState, str]]
    agreement_states: ClassVar[Mapping[AgreementState, str]]
    actions: ClassVar[Mapping[CommandName, str]]
    """What a party may do, as it follows "you may now"."""
    penalties: ClassVar[Mapping[PenaltyKind, str]]
    dispute_states: ClassVar[Mapping[DisputeState, str]]
    dispute_actions: ClassVar[Mapping[DisputeCommandName, str]]
    """What a party may do about a dispute."""
    clauses: ClassVar[Mapping[str, str]]
    """What a clause says, in a few words."""
    you: ClassVar[str]
    """How the reader's own party is addressed."""
    joint: ClassVar[str]
    """What stands between two lines of one paragraph."""
    colon: ClassVar[str]

    @abstractmethod
    def day(self, day: date) -> str:
        """A date of the contract, with its weekday."""

    @abstractmethod
    def money(self, amount: Money) -> str:
        """An amount with its currency, thousands set apart."""

    @abstractmethod
    def over(self, item: Item) -> str:
        """What a dispute is over."""

    @abstractmethod
    def changed(self, amount: Amount, currency: str) -> str:
        """One amount of a settlement or an award, as a line of its own."""

    @abstractmethod
    def _moment(self, day: date, clock: str, offset: str) -> str:
        """A date and a time of day; ``offset`` is empty in a zone whose offset never changes."""

    def when(self, instant: datetime, zone: ZoneInfo) -> str:
        """An instant as the clocks of the zone show it; seconds only when there are any."""
        local = instant.astimezone(zone)
        clock = local.strftime("%H:%M:%S" if local.second else "%H:%M")
        return self._moment(local.date(), clock, _offset(local) if _offset_varies(zone, local) else "")

    def close_of(self, instant: datetime, zone: ZoneInfo) -> str:
        """Like :meth:`when`, but midnight is 24:00 of the day before: how the end of a term is written."""
        local = instant.astimezone(zone)
        if (local.hour, local.minute, local.second) != (0, 0, 0):
            return self.when(instant, zone)
        offset = _offset(local) if _offset_varies(zone, local) else ""
        return self._moment(local.date() - timedelta(days=1), "24:00", offset)

    def zone(self, zone: ZoneInfo, at: datetime) -> str:
        """The zone's name, with its offset where that is always the same."""
        local = at.astimezone(zone)
        return zone.key if _offset_varies(zone, local) else f"{zone.key}, {_offset(local)}"


def _offset(local: datetime) -> str:
    """``UTC+08:00``."""
    written = local.strftime("%z")
    return f"UTC{written[:3]}:{written[3:5]}"


def _offset_varies(zone: ZoneInfo, local: datetime) -> bool:
    """Whether the zone's clocks change in that year: then a time of day alone may name two instants."""
    months = (datetime(local.year, month, 1, 12, tzinfo=UTC).astimezone(zone) for month in range(1, 13))
    return len({month.utcoffset() for month in months}) > 1


def grouped(amount: Money) -> str:
    """``12,000.00``."""
    return format(amount.amount, ",f")

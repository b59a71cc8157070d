"""Days of the contract's zone as data: workflows carry them and never read time-zone rules (contract §3)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from contract.clock import EPOCH
from contract.values import Model, Whole

_LOOK = timedelta(days=7)
"""No zone has changed its offset twice within a week."""


class Days(Model):
    """Which local day an instant falls on, and when a local day begins.

    ``offsets``: from which second since the epoch how many seconds local time is ahead of UTC. The first
    holds for all time before, the last for all time after.
    """

    offsets: list[tuple[Whole, Whole]]

    @classmethod
    def of(cls, zone: str, begin: datetime, end: datetime) -> Self:
        """The days between two instants. Reads time-zone rules: for activities, not workflows."""
        rules = ZoneInfo(zone)
        found = [(_second(begin), _offset(rules, begin))]
        at = begin
        while at < end:
            later = at + _LOOK
            if _offset(rules, later) != found[-1][1]:
                changed = _change(rules, at, later)
                found.append((_second(changed), _offset(rules, changed)))
            at = later
        return cls(offsets=found)

    def followed_by(self, later: Days, since: datetime) -> Days:
        """These days up to an instant, and after it those of another."""
        further = [change for change in later.offsets if change[0] > _second(since)]
        return Days(offsets=[*(one for one in self.offsets if one[0] <= _second(since)), *further])

    def date_of(self, at: datetime) -> date:
        """The local day of an instant."""
        second = _second(at)
        offset = self.offsets[0][1]
        for since, ahead in self.offsets:
            if since > second:
                break
            offset = ahead
        return (at + timedelta(seconds=offset)).date()

    def start_of(self, day: date) -> datetime:
        """The first instant of a local day: 00:00, or later where that hour does not exist."""
        local = _second(datetime.combine(day, time(), EPOCH.tzinfo))
        for place, (since, ahead) in enumerate(self.offsets):
            begins = local - ahead if place == 0 else max(local - ahead, since)
            last = place + 1 == len(self.offsets)
            if last or begins < self.offsets[place + 1][0]:
                return EPOCH + timedelta(seconds=begins)
        raise AssertionError("the last offset holds for all time after")


def _second(at: datetime) -> int:
    return (at - EPOCH) // timedelta(seconds=1)


def _offset(rules: ZoneInfo, at: datetime) -> int:
    ahead = at.astimezone(rules).utcoffset()
    assert ahead is not None
    return ahead // timedelta(seconds=1)


def _change(rules: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first second at which the offset of ``after`` holds."""
    first = _offset(rules, before)
    low, high = _second(before), _second(after)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(rules, EPOCH + timedelta(seconds=middle)) == first:
            low = middle
        else:
            high = middle
    return EPOCH + timedelta(seconds=high)

"""What a watcher of the record store is told: how long it took, and what is newly on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from contract.facts import Event, LedgerEntry


@dataclass(frozen=True, slots=True)
class News:
    """What one committed write put on record that was not there before; without the cap's own entries."""

    events: list[Event] = field(default_factory=list)
    entries: list[LedgerEntry] = field(default_factory=list)


class Watch(Protocol):
    """Is called in the event loop, after the fact; must be quick, and must not raise."""

    def asked(self, question: str, seconds: float, answered: bool) -> None:
        """A transaction: by which function, how long with its waiting, and whether it was answered."""

    def written(self, events: Sequence[Event], entries: Sequence[LedgerEntry]) -> None:
        """A write is committed: told once, even if it was tried several times."""

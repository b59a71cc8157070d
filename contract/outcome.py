"""What a step adds to the record: events, and the entries of the ledger that go with them."""

from __future__ import annotations

from dataclasses import dataclass, field

from contract.facts import Event, LedgerEntry


@dataclass(slots=True)
class Outcome:
    """What a step adds to the record."""

    events: list[Event] = field(default_factory=list)
    entries: list[LedgerEntry] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        self.events += other.events
        self.entries += other.entries

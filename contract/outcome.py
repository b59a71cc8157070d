"""What a step adds to the record: events, the ledger's entries that go with them, versions of the terms."""

from __future__ import annotations

from dataclasses import dataclass, field

from contract.facts import Event, LedgerEntry, PenaltyDecision, TermsDocument


@dataclass(slots=True)
class Outcome:
    """What a step adds to the record."""

    events: list[Event] = field(default_factory=list)
    entries: list[LedgerEntry] = field(default_factory=list)
    documents: list[TermsDocument] = field(default_factory=list)
    """Versions of the terms that were agreed."""
    decisions: list[PenaltyDecision] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        self.events += other.events
        self.entries += other.entries
        self.documents += other.documents
        self.decisions += other.decisions

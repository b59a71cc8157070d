"""What the record store refuses. Messages name ids, sequence numbers and keys, never content (C5.3)."""

from __future__ import annotations


class RecordFault(Exception):
    """The store did not write, and nothing of what it was given is there."""

    def __init__(self, message: str, workflow_id: str | None = None) -> None:
        super().__init__(message)
        self.workflow_id = workflow_id
        """Whose batch was at fault: of several written together, the one to leave out."""


class RecordConflict(RecordFault):
    """What is on record says something else. Trying again cannot help."""


class RecordGap(RecordFault):
    """Something that comes before is not on record yet. Trying again later can help."""


class CalendarOutdated(RecordFault):
    """A newer snapshot of a year is kept than what was to be recorded rests on: work it out anew."""


class AgreementUnknown(RecordGap):
    """The agreement itself is not on record yet."""


class SchemaNotReady(RecordFault):
    """The database has no record store, or an older one: `records.upgrade(url)` comes first."""


class LedgerDiffers(RecordFault):
    """The ledger does not hold what a document would say: it is not issued (C7.1.3)."""

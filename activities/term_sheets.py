"""The terms of an agreement as the activities read them: versions never change, so each is parsed once."""

from __future__ import annotations

from contract.reading import read_terms
from contract.terms import TermSheet
from records.faults import AgreementUnknown
from records.store import RecordStore


class TermSheets:
    """Parsed term sheets by agreement and version."""

    def __init__(self, store: RecordStore) -> None:
        self._store = store
        self._parsed: dict[tuple[str, int], TermSheet] = {}

    async def sheet(self, agreement_id: str, version: int) -> TermSheet:
        """The sheet of a version; raises AgreementUnknown when it is not on record."""
        known = self._parsed.get((agreement_id, version))
        if known is None:
            document = await self._store.terms(agreement_id, version)
            if document is None:
                raise AgreementUnknown(f"no terms version {version} of agreement {agreement_id} on record")
            known = read_terms(document.canonical)
            self._parsed[agreement_id, version] = known
        return known

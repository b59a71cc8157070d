"""The terms as signed: kept as the bytes they were, and read back as a term sheet (C10.1, C10.2)."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, select

from contract.facts import TermsDocument
from contract.terms import TermSheet
from records.faults import RecordConflict, RecordGap
from records.schema import terms_versions

_VERSION = select(terms_versions).where(
    terms_versions.c.agreement_id == bindparam("agreement_id"),
    terms_versions.c.version == bindparam("version"),
)
_VERSIONS = (
    select(terms_versions.c.version, terms_versions.c.digest, terms_versions.c.effective_at)
    .where(terms_versions.c.agreement_id == bindparam("agreement_id"))
    .order_by(terms_versions.c.version)
)
_BY_DIGEST = select(terms_versions).where(terms_versions.c.digest == bindparam("digest"))


class Shelf:
    """Term sheets already read, by digest: parsing one costs more than a whole write."""

    def __init__(self, places: int = 256) -> None:
        self._places = places
        self._lock = threading.Lock()
        self._sheets: OrderedDict[str, TermSheet] = OrderedDict()

    def sheet(self, connection: Connection, digest: str) -> TermSheet:
        """The term sheet with that digest; raises RecordGap when it is not on record."""
        sheet = self._sheets.get(digest)
        if sheet is None:
            found = by_digest(connection, digest)
            if found is None:
                raise RecordGap(f"terms with digest {digest} are not on record")
            sheet = TermSheet.model_validate_json(found.canonical)
        with self._lock:
            self._sheets[digest] = sheet
            self._sheets.move_to_end(digest)
            if len(self._sheets) > self._places:
                self._sheets.popitem(last=False)
        return sheet

    def in_force(
        self, connection: Connection, agreement_id: str, at: datetime | None
    ) -> tuple[int, TermSheet]:
        """Number and sheet of the newest version that had taken effect at an instant; None: of the first.

        A version recorded without an instant is in force from the beginning. Raises RecordGap when the
        agreement has no terms on record.
        """
        versions = connection.execute(_VERSIONS, {"agreement_id": agreement_id}).all()
        if not versions:
            raise RecordGap(f"the terms of agreement {agreement_id} are not on record")
        taken = [row for row in versions if row.effective_at is None or (at and row.effective_at <= at)]
        version, digest, _ = taken[-1] if taken else versions[0]
        return version, self.sheet(connection, digest)

    def versions(self, connection: Connection, agreement_id: str) -> dict[int, TermSheet]:
        """All versions of an agreement's terms by number."""
        found = connection.execute(_VERSIONS, {"agreement_id": agreement_id}).all()
        return {version: self.sheet(connection, digest) for version, digest, _ in found}


def keep(connection: Connection, document: TermsDocument, recorded_at: datetime) -> None:
    """Store a version of the terms; the same again changes nothing.

    Raises RecordConflict when the version is on record with other content.
    """
    span = {"agreement_id": document.agreement_id, "version": document.version}
    found = connection.execute(_VERSION, span).mappings().one_or_none()
    if found is None:
        row = {name: getattr(document, name) for name in TermsDocument.model_fields}
        connection.execute(terms_versions.insert(), row | {"recorded_at": recorded_at})
    elif _document(found) != document:
        raise RecordConflict(
            f"version {document.version} of the terms of {document.agreement_id} is on record"
            " with other content or another effective date"
        )


def all_of(connection: Connection, agreement_id: str) -> list[TermsDocument]:
    """Every version of an agreement's terms, in order."""
    wanted = select(terms_versions).where(terms_versions.c.agreement_id == agreement_id)
    found = connection.execute(wanted.order_by(terms_versions.c.version)).mappings()
    return [_document(row) for row in found]


def by_version(connection: Connection, agreement_id: str, version: int) -> TermsDocument | None:
    span = {"agreement_id": agreement_id, "version": version}
    found = connection.execute(_VERSION, span).mappings().one_or_none()
    return None if found is None else _document(found)


def by_digest(connection: Connection, digest: str) -> TermsDocument | None:
    """The document with that digest; the first, when a later version went back to it."""
    found = connection.execute(_BY_DIGEST.order_by(terms_versions.c.version), {"digest": digest}).mappings()
    row = found.first()
    return None if row is None else _document(row)


def _document(row: RowMapping) -> TermsDocument:
    return TermsDocument.model_validate({name: row[name] for name in TermsDocument.model_fields})

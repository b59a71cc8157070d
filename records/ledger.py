"""The double-entry ledger of an agreement: each row moves an amount from one account to another (C8.1).

Rows are only added, a key of business facts makes each unique within its agreement, and what was wrong is
put right by another row. The cap of a contract year is kept the same way: see `caps.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from contract.facts import EntryKind, LedgerEntry
from contract.penalties import contract_year
from records import caps, decisions, waivers
from records import entries as rows
from records.archive import Shelf
from records.faults import RecordConflict, RecordGap
from records.results import PostedEntry
from records.schema import ledger_entries

_BY_KEY = select(ledger_entries).where(
    ledger_entries.c.agreement_id == bindparam("agreement_id"),
    ledger_entries.c.key.in_(bindparam("keys", expanding=True)),
)


def check(entry: LedgerEntry) -> None:
    """Raises ValueError for an entry that moves nothing, or that the store alone may make."""
    if entry.amount.minor <= 0 or entry.debit == entry.credit:
        raise ValueError(f"{entry.key}: an amount above zero from one account to another")
    if entry.kind is EntryKind.PENALTY_CAP:
        raise ValueError(f"{entry.key}: the store keeps the cap by itself")


def post(
    connection: Connection,
    agreement_id: str,
    entries: Sequence[LedgerEntry],
    year_starts: Sequence[datetime],
    shelf: Shelf,
    recorded_at: datetime,
) -> list[LedgerEntry]:
    """Post the entries and put the cap of every contract year they touch right; those that were new.

    ``year_starts``: when each contract year of the agreement begins. The caller holds the agreement's row
    alone. An entry whose key is on record with the same content is left as it is. Raises RecordConflict
    when the content differs, RecordGap when an entry reverses one that is not on record or the
    agreement's terms are not.
    """
    keys = {entry.key for entry in entries} | {entry.reverses for entry in entries if entry.reverses}
    span = {"agreement_id": agreement_id, "keys": sorted(keys)}
    known = {posted.entry.key: posted for posted in rows.read(connection, _BY_KEY, span)}
    new: list[PostedEntry] = []
    for entry in entries:
        before = known.get(entry.key)
        if before is None:
            year = _contract_year(entry, known, year_starts)
            known[entry.key] = PostedEntry(
                agreement_id=agreement_id, entry=entry, contract_year=year, recorded_at=recorded_at
            )
            new.append(known[entry.key])
        elif before.entry.model_dump(mode="json") != entry.model_dump(mode="json"):
            raise RecordConflict(f"ledger entry {entry.key} is on record with other content")
    for entry in decisions.keeping(connection, agreement_id, new, known):
        year = known[str(entry.reverses)].contract_year
        new.append(
            PostedEntry(agreement_id=agreement_id, entry=entry, contract_year=year, recorded_at=recorded_at)
        )
    if new:
        rows.insert(connection, new)
        back = waivers.voided(connection, agreement_id, new, known, recorded_at)
        if back:
            rows.insert(connection, back)
            new += back
        penalties = [posted for posted in new if posted.entry.kind in caps.ACCRUING]
        caps.keep_right(connection, agreement_id, penalties, year_starts, shelf, recorded_at)
    return [posted.entry for posted in new]


def _contract_year(
    entry: LedgerEntry, known: Mapping[str, PostedEntry], year_starts: Sequence[datetime]
) -> int:
    """By accrual instant (contract §4): what takes an accrual back counts in the accrual's year."""
    if entry.kind is EntryKind.PENALTY_DECISION and entry.reverses is None:
        return int(entry.explanation["contract_year"])
    if entry.reverses is None:
        return contract_year(entry.effective_at, year_starts)
    reversed_entry = known.get(entry.reverses)
    if reversed_entry is None:
        raise RecordGap(f"ledger entry {entry.key} reverses {entry.reverses}, which is not on record")
    return reversed_entry.contract_year

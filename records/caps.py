"""The cap on a contract year's penalties (C8.1, contract §4).

Accruals are posted in full. What of a year's penalties, less reversals and waivers, is above the cap stands
in entries of kind ``penalty_cap``; whenever an entry changes the year's sum, one more puts it right, in
either direction. The cap is that of the terms in force when the contract year began.

The sum of a year is kept beside the ledger, so that posting costs the same in a year's last entry as in
its first. It is derived: :func:`sums_of` computes it from the entries whenever it is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, case, func, insert, select, update

from contract.facts import Account, EntryKind, LedgerEntry
from contract.money import Money
from contract.penalties import annual_cap, excess
from contract.terms import TermSheet
from records import entries
from records.archive import Shelf
from records.results import PostedEntry
from records.schema import ledger_entries, penalty_years

_OWED = case(
    (ledger_entries.c.credit == Account.PENALTY_PAYABLE.value, ledger_entries.c.amount_minor),
    (ledger_entries.c.debit == Account.PENALTY_PAYABLE.value, -ledger_entries.c.amount_minor),
    else_=0,
)
ACCRUING = (
    EntryKind.PENALTY,
    EntryKind.PENALTY_REVERSAL,
    EntryKind.PENALTY_WAIVER,
    EntryKind.PENALTY_DECISION,
)
_IS_CAP = ledger_entries.c.kind == EntryKind.PENALTY_CAP.value
_KINDS = [kind.value for kind in (*ACCRUING, EntryKind.PENALTY_CAP)]
_SUMS = select(
    func.coalesce(func.sum(case((_IS_CAP, 0), else_=_OWED)), 0).label("accrued"),
    func.coalesce(func.sum(case((_IS_CAP, -_OWED), else_=0)), 0).label("above_cap"),
    func.coalesce(func.sum(case((_IS_CAP, 1), else_=0)), 0).label("adjustments"),
).where(
    ledger_entries.c.agreement_id == bindparam("agreement_id"),
    ledger_entries.c.contract_year == bindparam("contract_year"),
    # What was paid out or set off later does not lower what was accrued.
    ledger_entries.c.kind.in_(_KINDS),
)


_OF_YEAR = update(penalty_years).where(
    penalty_years.c.agreement_id == bindparam("of_agreement"),
    penalty_years.c.contract_year == bindparam("of_year"),
)
_ADD = _OF_YEAR.values(accrued=penalty_years.c.accrued + bindparam("owed")).returning(
    penalty_years.c.accrued, penalty_years.c.above_cap, penalty_years.c.adjustments
)
_ADJUST = _OF_YEAR.values(above_cap=bindparam("above"), adjustments=penalty_years.c.adjustments + 1)
_INSERT = insert(penalty_years)
_KEPT = select(penalty_years.c.accrued, penalty_years.c.above_cap, penalty_years.c.adjustments).where(
    penalty_years.c.agreement_id == bindparam("of_agreement"),
    penalty_years.c.contract_year == bindparam("of_year"),
)


def terms_of_year(
    connection: Connection, agreement_id: str, year: int, year_starts: Sequence[datetime], shelf: Shelf
) -> tuple[int, TermSheet]:
    """Version and sheet of the terms that set a contract year's cap: those in force when it began."""
    begins = year_starts[year - 1] if year <= len(year_starts) else None
    return shelf.in_force(connection, agreement_id, begins)


def keep_right(
    connection: Connection,
    agreement_id: str,
    new: Sequence[PostedEntry],
    year_starts: Sequence[datetime],
    shelf: Shelf,
    recorded_at: datetime,
) -> None:
    """Adjust every contract year that the new entries count in. The caller holds the agreement alone."""
    for year in sorted({entry.contract_year for entry in new}):
        causes = [posted.entry for posted in new if posted.contract_year == year]
        version, terms = terms_of_year(connection, agreement_id, year, year_starts, shelf)
        sums = _add(connection, agreement_id, year, causes)
        cap = annual_cap(terms)
        if cap is None:
            continue
        above = excess(Money(minor=sums.accrued, currency=cap.currency), cap)
        if above.minor != sums.above_cap:
            adjustment = _adjustment(agreement_id, year, causes, version, terms, cap, sums)
            row = PostedEntry(
                agreement_id=agreement_id, entry=adjustment, contract_year=year, recorded_at=recorded_at
            )
            entries.insert(connection, [row])
            connection.execute(_ADJUST, {"of_agreement": agreement_id, "of_year": year, "above": above.minor})


@dataclass(frozen=True, slots=True)
class Sums:
    """What one contract year's entries add up to, in minor units."""

    accrued: int
    """Penalties less reversals and waivers."""
    above_cap: int
    adjustments: int


def _owed(entry: LedgerEntry) -> int:
    if entry.kind not in ACCRUING:
        return 0
    if entry.credit is Account.PENALTY_PAYABLE:
        return entry.amount.minor
    return -entry.amount.minor if entry.debit is Account.PENALTY_PAYABLE else 0


def sums_of(connection: Connection, agreement_id: str, year: int) -> Sums:
    """A contract year's sums from its entries alone."""
    row = connection.execute(_SUMS, {"agreement_id": agreement_id, "contract_year": year}).one()
    # PostgreSQL sums whole numbers into a decimal.
    return Sums(int(row.accrued), int(row.above_cap), int(row.adjustments))


def kept_sums(connection: Connection, agreement_id: str, year: int) -> Sums:
    """A contract year's sums as they are kept, or from its entries where they are not."""
    row = connection.execute(_KEPT, {"of_agreement": agreement_id, "of_year": year}).one_or_none()
    return sums_of(connection, agreement_id, year) if row is None else Sums(*row)


def _add(connection: Connection, agreement_id: str, year: int, causes: Sequence[LedgerEntry]) -> Sums:
    """The year's sums once entries that are in the ledger already are added to those kept."""
    added = {"of_agreement": agreement_id, "of_year": year, "owed": sum(map(_owed, causes))}
    row = connection.execute(_ADD, added).one_or_none()
    if row is not None:
        return Sums(*row)
    sums = sums_of(connection, agreement_id, year)
    connection.execute(_INSERT, asdict(sums) | {"agreement_id": agreement_id, "contract_year": year})
    return sums


def _adjustment(
    agreement_id: str,
    year: int,
    causes: Sequence[LedgerEntry],
    version: int,
    terms: TermSheet,
    cap: Money,
    sums: Sums,
) -> LedgerEntry:
    """The entry that makes what stands above the cap what it should be."""
    accrued = Money(minor=sums.accrued, currency=cap.currency)
    before = Money(minor=sums.above_cap, currency=cap.currency)
    above = excess(accrued, cap)
    grows = above.minor > before.minor
    return LedgerEntry(
        key=f"penalty-cap:{agreement_id}:{year}:{sums.adjustments + 1}",
        kind=EntryKind.PENALTY_CAP,
        clause="C8.1",
        effective_at=max(cause.effective_at for cause in causes),
        debit=Account.PENALTY_PAYABLE if grows else Account.PENALTY_EXPENSE,
        credit=Account.PENALTY_EXPENSE if grows else Account.PENALTY_PAYABLE,
        amount=above - before if grows else before - above,
        terms_version=version,
        explanation={
            "contract_year": year,
            "currency": cap.currency,
            "fee": str(terms.money(terms.fees.amount)),
            "periods_per_year": terms.fees.period.per_year,
            "cap_percent": str(terms.penalties.cap_percent),
            "cap": str(cap),
            "accrued": str(accrued),
            "above_cap": str(above),
            "above_cap_before": str(before),
            "formula": f"max(0, {accrued} - {cap}) = {above}; {before} stood above the cap before",
            "because_of": [cause.key for cause in causes],
        },
    )

"""The cap on a contract year's penalties (C8.1, contract §4).

Accruals are posted in full. What of a year's penalties, less reversals and waivers, is above the cap stands
in entries of kind ``penalty_cap``; whenever an entry changes the year's sum, one more puts it right, in
either direction. The cap is that of the terms in force when the contract year began.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, case, func, select

from contract.facts import Account, EntryKind, LedgerEntry
from contract.money import Money
from contract.penalties import annual_cap, excess
from contract.terms import TermSheet
from records import entries
from records.archive import Shelf
from records.results import PostedEntry
from records.schema import ledger_entries

_OWED = case(
    (ledger_entries.c.credit == Account.PENALTY_PAYABLE.value, ledger_entries.c.amount_minor),
    (ledger_entries.c.debit == Account.PENALTY_PAYABLE.value, -ledger_entries.c.amount_minor),
    else_=0,
)
_IS_CAP = ledger_entries.c.kind == EntryKind.PENALTY_CAP.value
_KINDS = [
    kind.value
    for kind in (
        EntryKind.PENALTY,
        EntryKind.PENALTY_REVERSAL,
        EntryKind.PENALTY_WAIVER,
        EntryKind.PENALTY_CAP,
    )
]
_SUMS = select(
    func.coalesce(func.sum(case((_IS_CAP, 0), else_=_OWED)), 0).label("accrued"),
    func.coalesce(func.sum(case((_IS_CAP, -_OWED), else_=0)), 0).label("above_cap"),
    func.coalesce(func.sum(case((_IS_CAP, 1), else_=0)), 0).label("adjustments"),
).where(
    ledger_entries.c.agreement_id == bindparam("agreement_id"),
    ledger_entries.c.contract_year == bindparam("contract_year"),
    ledger_entries.c.currency == bindparam("currency"),
    # What was paid out or set off later does not lower what was accrued.
    ledger_entries.c.kind.in_(_KINDS),
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
        adjustment = _adjustment(connection, agreement_id, year, causes, version, terms)
        if adjustment is not None:
            row = PostedEntry(
                agreement_id=agreement_id, entry=adjustment, contract_year=year, recorded_at=recorded_at
            )
            entries.insert(connection, [row])


def _adjustment(
    connection: Connection,
    agreement_id: str,
    year: int,
    causes: Sequence[LedgerEntry],
    version: int,
    terms: TermSheet,
) -> LedgerEntry | None:
    """The entry that makes what stands above the cap what it should be; None when it is."""
    cap = annual_cap(terms)
    if cap is None:
        return None
    span = {"agreement_id": agreement_id, "contract_year": year, "currency": cap.currency}
    sums = connection.execute(_SUMS, span).one()
    # PostgreSQL sums whole numbers into a decimal.
    accrued = Money(minor=int(sums.accrued), currency=cap.currency)
    before = Money(minor=int(sums.above_cap), currency=cap.currency)
    above = excess(accrued, cap)
    if above == before:
        return None
    grows = above.minor > before.minor
    return LedgerEntry(
        key=f"penalty-cap:{agreement_id}:{year}:{int(sums.adjustments) + 1}",
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

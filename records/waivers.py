"""Waivers of penalties kept right (C8.1): a penalty that is reversed after it was waived was never there.

Without this, a customer who waived a penalty and then turned out not to be owed it would owe it back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, case, func, select

from contract.facts import Account, EntryKind
from contract.money import Money
from contract.settling import void
from records.results import PostedEntry
from records.schema import ledger_entries

_WAIVED = (
    select(
        ledger_entries.c.reverses,
        func.sum(
            case(
                (ledger_entries.c.debit == Account.PENALTY_PAYABLE.value, ledger_entries.c.amount_minor),
                else_=-ledger_entries.c.amount_minor,
            )
        ).label("minor"),
    )
    .where(
        ledger_entries.c.agreement_id == bindparam("agreement_id"),
        ledger_entries.c.kind == EntryKind.PENALTY_WAIVER.value,
        ledger_entries.c.reverses.in_(bindparam("keys", expanding=True)),
    )
    .group_by(ledger_entries.c.reverses)
)


def voided(
    connection: Connection,
    agreement_id: str,
    new: Sequence[PostedEntry],
    known: Mapping[str, PostedEntry],
    recorded_at: datetime,
) -> list[PostedEntry]:
    """The entries that take back what was waived of penalties which new entries reverse.

    A reversal that meets a decision of a dispute changes nothing: it is met by an entry of its own.
    """
    met = {p.entry.reverses for p in new if p.entry.kind is EntryKind.PENALTY_DECISION}
    reversals = {
        p.entry.reverses: p
        for p in new
        if p.entry.kind is EntryKind.PENALTY_REVERSAL and p.entry.key not in met
    }
    if not reversals:
        return []
    span = {"agreement_id": agreement_id, "keys": sorted(key for key in reversals if key)}
    found = []
    for row in connection.execute(_WAIVED, span):
        accrual, reversal = known[row.reverses], reversals[row.reverses]
        # PostgreSQL sums whole numbers into a decimal.
        waived = Money(minor=int(row.minor), currency=accrual.entry.amount.currency)
        if waived.minor > 0:
            found.append(
                PostedEntry(
                    agreement_id=agreement_id,
                    entry=void(accrual.entry, waived, reversal.entry),
                    contract_year=accrual.contract_year,
                    recorded_at=recorded_at,
                )
            )
    return found

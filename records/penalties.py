"""What lateness costs the provider, per contract year, with every entry that adds up to it (C8.1)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import Connection, select

from contract.facts import Account, EntryKind
from contract.money import Money
from contract.penalties import annual_cap
from contract.terms import TermSheet
from records import entries
from records.archive import Shelf
from records.caps import terms_of_year
from records.queries import find_agreement
from records.results import PenaltyYear, PostedEntry
from records.schema import ledger_entries

_PENALTIES = (
    EntryKind.PENALTY,
    EntryKind.PENALTY_REVERSAL,
    EntryKind.PENALTY_WAIVER,
    EntryKind.PENALTY_DECISION,
    EntryKind.PENALTY_CAP,
)


def penalties(
    connection: Connection, agreement_id: str, contract_year: int | None, shelf: Shelf
) -> list[PenaltyYear]:
    """Contract years with penalties, in order; one of them when named."""
    agreement = find_agreement(connection, agreement_id)
    if agreement is None:
        return []
    wanted = select(ledger_entries).where(
        ledger_entries.c.agreement_id == agreement_id,
        ledger_entries.c.kind.in_([kind.value for kind in _PENALTIES]),
    )
    if contract_year is not None:
        wanted = wanted.where(ledger_entries.c.contract_year == contract_year)
    # A stable sort: within a year the entries keep the order in which they are owed.
    posted = sorted(entries.read(connection, entries.in_order(wanted)), key=lambda entry: entry.contract_year)
    years = []
    for year, of_year in groupby(posted, key=lambda entry: entry.contract_year):
        _, terms = terms_of_year(connection, agreement_id, year, agreement.year_starts, shelf)
        years.append(_year(year, list(of_year), terms))
    return years


def _year(year: int, posted: Sequence[PostedEntry], terms: TermSheet) -> PenaltyYear:
    def owed(kind: EntryKind) -> Money:
        total = Money(minor=0, currency=terms.fees.currency)
        for entry in (row.entry for row in posted if row.entry.kind is kind):
            total += entry.amount if entry.credit is Account.PENALTY_PAYABLE else -entry.amount
        return total

    accrued, reversed_, waived, decided, cap = (owed(kind) for kind in _PENALTIES)
    return PenaltyYear(
        contract_year=year,
        accrued=accrued,
        reversed=-reversed_,
        waived=-waived,
        decided=decided,
        above_cap=-cap,
        net=accrued + reversed_ + waived + decided + cap,
        cap=annual_cap(terms),
        entries=list(posted),
    )

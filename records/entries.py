"""Rows of the ledger and the entries they hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, Select

from contract.facts import EntryKind, LedgerEntry
from contract.money import Money
from records.results import PostedEntry
from records.schema import ledger_entries

_PLAIN_FIELDS = tuple(name for name in LedgerEntry.model_fields if name not in {"amount", "explanation"})


def insert(connection: Connection, entries: Sequence[PostedEntry]) -> None:
    """Add the rows, in the order given: an entry after the one it reverses."""
    connection.execute(ledger_entries.insert(), [_row(entry) for entry in entries])


def posted(row: RowMapping) -> PostedEntry:
    """The entry a row holds."""
    fields = {name: row[name] for name in _PLAIN_FIELDS}
    amount = Money(minor=row["amount_minor"], currency=row["currency"])
    return PostedEntry(
        agreement_id=row["agreement_id"],
        entry=LedgerEntry.model_validate(fields | {"amount": amount, "explanation": row["explanation"]}),
        contract_year=row["contract_year"],
        recorded_at=row["recorded_at"],
    )


def in_order(wanted: Select[Any]) -> Select[Any]:
    """A selection of rows in the order in which they are owed."""
    return wanted.order_by(
        ledger_entries.c.effective_at,
        ledger_entries.c.recorded_at,
        # Written together with what it is because of, and after it.
        ledger_entries.c.kind == EntryKind.PENALTY_CAP.value,
        ledger_entries.c.key,
    )


def read(
    connection: Connection, wanted: Select[Any], span: Mapping[str, Any] | None = None
) -> list[PostedEntry]:
    """The entries that a selection of rows asks for."""
    return [posted(row) for row in connection.execute(wanted, span).mappings()]


def _row(posted_entry: PostedEntry) -> dict[str, Any]:
    entry = posted_entry.entry
    row = {name: getattr(entry, name) for name in _PLAIN_FIELDS}
    return row | {
        "agreement_id": posted_entry.agreement_id,
        "contract_year": posted_entry.contract_year,
        "recorded_at": posted_entry.recorded_at,
        "amount_minor": entry.amount.minor,
        "currency": entry.amount.currency,
        "explanation": entry.model_dump(mode="json", include={"explanation"})["explanation"],
    }

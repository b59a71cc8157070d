"""What the demonstration leaves to open: its invoices, and the statement of its last day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from contract.statements import Statement
from contract.terms import TermSheet
from records.store import RecordStore


@dataclass(frozen=True, slots=True)
class Papers:
    """The statement, and the files written: invoices with what is embedded in them, the statement."""

    statement: Statement
    invoices: tuple[Path, ...]
    stated: Path


async def write(store: RecordStore, terms: TermSheet, folder: Path, now: datetime) -> Papers:
    """Write the documents of an agreement into a folder that is there."""
    from documents import statements  # the typesetter is large: only who prints loads it

    agreement_id = terms.agreement_id
    invoices: list[Path] = []
    for record in await store.invoices(agreement_id):
        for file in await store.invoice_files(agreement_id, record.document.key):
            path = folder / file.name
            path.write_bytes(file.content)
            invoices.append(path)
    found = await store.statement(agreement_id, now.astimezone(ZoneInfo(terms.time_zone)).date())
    assert found is not None
    stated = folder / "statement.pdf"
    stated.write_bytes(statements.pdf(found, terms, language=terms.customer.language))
    return Papers(found, tuple(invoices), stated)

"""What the demonstration leaves to open: the agreement and what changed it, invoices, the last statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from contract.statements import Statement
from contract.terms import TermSheet
from records.store import RecordStore
from workflows.ids import agreement_workflow_id


@dataclass(frozen=True, slots=True)
class Papers:
    """The statement, and the files written: invoices with what is embedded in them, the statement, the
    agreement and what changed it.
    """

    statement: Statement
    invoices: tuple[Path, ...]
    stated: Path
    agreed: tuple[Path, ...]


async def write(store: RecordStore, terms: TermSheet, folder: Path, now: datetime) -> Papers:
    """Write the documents of an agreement into a folder that is there."""
    from documents import on_record, statements  # the typesetter is large: only who prints loads it

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
    events = [row.event for row in await store.events(agreement_workflow_id(agreement_id))]
    versions = await store.versions(agreement_id)
    made = on_record.documents_of(events, versions, on_record.languages_of(versions[0]))
    for name, pdf in made.items():
        (folder / name).write_bytes(pdf)
    return Papers(found, tuple(invoices), stated, tuple(folder / name for name in made))

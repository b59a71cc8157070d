"""`aftercare invoice`: invoices and credit notes on record, and their files (C7.1.3)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from records.results import InvoiceRecord, KeptFile
from starter.commands.options import AgreementId, AsJson, OutFolder
from starter.errors import Unknown
from starter.lookup import agreement_on_record
from starter.reaching import record_store
from starter.showing import invoices as showing
from starter.showing.filed import file_away
from starter.showing.paper import say
from starter.showing.plain import print_json

app = typer.Typer(no_args_is_help=True, help="Invoices and credit notes of payments.")

NUMBER = "The document's number, such as INV-2026-000001."


@app.command("list")
def list_invoices(agreement: AgreementId, as_json: AsJson = False) -> None:
    """List the invoices and credit notes of an agreement, and whether each is issued."""
    found = [record for record, _ in asyncio.run(_found(agreement))]
    if as_json:
        print_json({"invoices": [showing.plain_invoice(record) for record in found]})
    else:
        say(showing.invoices(found) if found else "no invoices")


@app.command()
def show(
    agreement: AgreementId,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help=NUMBER)],
    as_json: AsJson = False,
) -> None:
    """Show what an invoice or credit note says, and how it was issued."""
    ((record, files),) = asyncio.run(_found(agreement, number))
    if as_json:
        print_json(showing.plain_invoice(record, files))
    else:
        say(*showing.invoice(record, files))


@app.command()
def save(
    agreement: AgreementId,
    out: OutFolder,
    number: Annotated[
        str | None, typer.Argument(metavar="[NUMBER]", help=f"{NUMBER} Without it, all.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the files of one document, or of all: the very bytes that were issued."""
    found = asyncio.run(_found(agreement, number))
    unissued = [record.document.number for record, files in found if not record.is_issued]
    if number is not None and unissued:
        raise Unknown(
            f"{number} of agreement {agreement} is not issued yet; `aftercare ops attention` says why"
        )
    made: dict[Path, bytes] = {out / file.name: file.content for _, files in found for file in files}
    file_away(made, quiet=as_json)
    if as_json:
        print_json({"files": list(made), "not_issued": unissued})
    elif unissued:
        say(f"not issued yet: {', '.join(unissued)}")
    elif not made:
        say("no invoices")


async def _found(agreement_id: str, number: str | None = None) -> list[tuple[InvoiceRecord, list[KeptFile]]]:
    """An agreement's documents with their files, or the one of a number."""
    async with record_store() as store:
        await agreement_on_record(store, agreement_id)
        if number is None:
            records = await store.invoices(agreement_id)
        else:
            one = await store.invoice(agreement_id, number)
            if one is None:
                raise Unknown(f"agreement {agreement_id} has no invoice or credit note {number}")
            records = [one]
        return [(one, await store.invoice_files(agreement_id, one.document.key)) for one in records]

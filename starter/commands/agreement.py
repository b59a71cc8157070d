"""`aftercare agreement …`: from the offer to both signatures, and how an agreement stands (C4.1, C10.3)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer

from contract.agreement_states import AgreementState
from contract.money_commands import Resume, Suspend
from contract.parties import Language
from contract.terms import canonical_bytes, digest_of
from records.results import AgreementFilter
from starter import given
from starter.client import Aftercare
from starter.commands import changes, versions
from starter.commands.evidence import evidence
from starter.commands.money import settle
from starter.commands.options import (
    AgreementId,
    AsJson,
    At,
    By,
    CommandId,
    InLanguage,
    OutFolder,
    Reason,
    SheetFile,
)
from starter.lookup import agreement_on_record, zone_of
from starter.reaching import record_store, service
from starter.showing import agreements as showing
from starter.showing.filed import file_away
from starter.showing.paper import say
from starter.showing.plain import print_json
from workflows.ids import agreement_workflow_id
from workflows.payloads import AgreementReceipt

app = typer.Typer(no_args_is_help=True, help="Agreements, from the offer to the end of their term.")
app.command()(evidence)
app.add_typer(changes.fee_changes, name="fee-change")
app.add_typer(changes.amendments, name="amendment")
app.add_typer(changes.terminations, name="termination")
app.command("versions")(versions.versions)
app.command("diff")(versions.diff)


@app.command()
def offer(file: SheetFile, at: At = None, as_json: AsJson = False) -> None:
    """Offer a term sheet to both parties' signatures. The same sheet again is the same offer (C4.1)."""
    terms = given.sheet(file)

    async def offered(client: Aftercare) -> AgreementReceipt:
        return (await client.offer(terms, at=at)).receipt

    _tell(offered, as_json)


@app.command()
def sign(
    agreement: AgreementId,
    by: By,
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="The signatory's title.")],
    terms: Annotated[
        Path | None,
        typer.Option("--terms", metavar="FILE", help="The sheet you have read: its digest is signed."),
    ] = None,
    digest: Annotated[
        str | None,
        typer.Option("--digest", metavar="SHA256", help="The digest you sign, instead of the sheet."),
    ] = None,
    seal: Annotated[
        Path | None,
        typer.Option("--seal", metavar="FILE", help="The image of the seal; its digest goes on record."),
    ] = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """Sign: the signature binds the digest of the terms. In force from the second one (C4.1, C10.3)."""
    signed = _what_is_signed(terms, digest)
    sealed = None if seal is None else hashlib.sha256(given.content(seal)).hexdigest()
    _tell(
        lambda client: client.sign(
            agreement, by, digest=signed, title=title, seal_digest=sealed, at=at, command_id=command_id
        ),
        as_json,
    )


@app.command()
def refuse(
    agreement: AgreementId,
    by: By,
    reason: Reason = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """Refuse an offer (C4.1)."""
    _tell(
        lambda client: client.refuse_offer(agreement, by, reason=reason, at=at, command_id=command_id),
        as_json,
    )


@app.command()
def withdraw(
    agreement: AgreementId,
    by: By,
    reason: Reason = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """Withdraw one's own offer before it is in force (C4.1)."""
    _tell(
        lambda client: client.withdraw_offer(agreement, by, reason=reason, at=at, command_id=command_id),
        as_json,
    )


@app.command()
def suspend(
    agreement: AgreementId,
    by: By,
    reason: Reason = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """Suspend service for late payment, once the customer has been told as long as agreed (C8.2)."""
    settle(agreement, Suspend, by, at, command_id, as_json, {"reason": reason})


@app.command()
def resume(
    agreement: AgreementId,
    by: By,
    reason: Reason = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """Resume service, or give up suspending it, although not all is paid (C8.2)."""
    settle(agreement, Resume, by, at, command_id, as_json, {"reason": reason})


@app.command()
def show(agreement: AgreementId, as_json: AsJson = False) -> None:
    """Show an agreement: parties, dates, signatures, and all that happened to it (C6.2.3)."""
    asyncio.run(_show(agreement, as_json))


@app.command()
def documents(
    agreement: AgreementId, out: OutFolder, language: InLanguage = None, as_json: AsJson = False
) -> None:
    """Write what is on record in writing: the originals, supplements, notices of fee changes (C10.2)."""
    asyncio.run(_documents(agreement, out, language, as_json))


@app.command("list")
def list_(
    state: Annotated[
        list[AgreementState] | None, typer.Option("--state", help="In this state; repeatable.")
    ] = None,
    party: Annotated[
        str | None, typer.Option("--party", metavar="ID", help="With this provider or customer.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many.")] = None,
    as_json: AsJson = False,
) -> None:
    """List agreements in order of their offer."""
    asyncio.run(_list(AgreementFilter(states=state, party_id=party), limit, as_json))


def _what_is_signed(terms: Path | None, digest: str | None) -> str:
    if terms is not None and digest is None:
        return digest_of(canonical_bytes(given.sheet(terms)))
    if digest is not None and terms is None:
        return digest.lower()
    raise typer.BadParameter(
        "give the terms that are signed: --terms FILE or --digest SHA256, one of the two"
    )


def _tell(command: Callable[[Aftercare], Awaitable[AgreementReceipt]], as_json: bool) -> None:
    asyncio.run(_told(command, as_json))


async def _told(command: Callable[[Aftercare], Awaitable[AgreementReceipt]], as_json: bool) -> None:
    async with service() as client:
        receipt = await command(client)
    if as_json:
        print_json(receipt)
    else:
        say(showing.receipt_line(receipt, await zone_of(receipt.agreement_id)))


async def _show(agreement_id: str, as_json: bool) -> None:
    async with record_store() as store:
        view, terms = await agreement_on_record(store, agreement_id)
        recorded = await store.events(agreement_workflow_id(agreement_id))
        open_requests = await store.open_request_ids(agreement_id)
    if as_json:
        print_json(
            {
                "agreement": view,
                "terms": terms.model_dump(mode="json"),
                "open_requests": open_requests,
                "events": recorded,
            }
        )
    else:
        events = [row.event for row in recorded]
        say(*showing.agreement(view, terms, events, len(open_requests)))


async def _documents(agreement_id: str, out: Path, language: Language | None, as_json: bool) -> None:
    from documents import on_record  # the typesetter is large: only who prints loads it

    async with record_store() as store:
        await agreement_on_record(store, agreement_id)
        recorded = await store.events(agreement_workflow_id(agreement_id))
        versions = await store.versions(agreement_id)
    languages = [language] if language else on_record.languages_of(versions[0])
    found = on_record.documents_of([row.event for row in recorded], versions, languages)
    made = {out / name: pdf for name, pdf in found.items()}
    file_away(made, quiet=as_json)
    if as_json:
        print_json({"files": list(made)})


async def _list(wanted: AgreementFilter, limit: int | None, as_json: bool) -> None:
    async with record_store() as store:
        views = await store.agreements(wanted, limit=limit)
    if as_json:
        print_json({"agreements": views})
    elif views:
        say(showing.agreements(views))
    else:
        say("no such agreements")

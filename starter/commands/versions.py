"""`aftercare agreement versions|diff`: the versions of the terms, and what differs between two (C10.1)."""

from __future__ import annotations

import asyncio
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from contract.differences import differences
from contract.facts import AgreementSnapshot, Event, EventKind, TermsDocument
from contract.reading import read_terms
from starter.commands.options import AgreementId, AsJson
from starter.errors import Unknown
from starter.lookup import agreement_on_record
from starter.reaching import record_store
from starter.showing import changes as showing
from starter.showing.paper import say
from starter.showing.plain import print_json
from workflows.ids import agreement_workflow_id

Version = Annotated[int, typer.Argument(min=1, metavar="VERSION", help="The number of a version.")]


def versions(agreement: AgreementId, as_json: AsJson = False) -> None:
    """List the versions of the terms: digest, from when in force, how agreed (C7.2, C10.1)."""
    view, zone, documents, agreed = asyncio.run(_on_record(agreement))
    made = [showing.version(view, document, agreed.get(document.version)) for document in documents]
    if as_json:
        print_json({"agreement_id": agreement, "in_force": view.terms_version, "versions": made})
    else:
        say(showing.versions(made, zone))


def diff(agreement: AgreementId, before: Version, after: Version, as_json: AsJson = False) -> None:
    """Show what differs between two versions, field by field, each with its clause (C10.1)."""
    _, _, documents, _ = asyncio.run(_on_record(agreement))
    known = {document.version: read_terms(document.canonical) for document in documents}
    for number in (before, after):
        if number not in known:
            numbers = ", ".join(map(str, known))
            raise Unknown(f"agreement {agreement} has no version {number}; it has {numbers}")
    found = differences(known[before], known[after])
    if as_json:
        print_json({"agreement_id": agreement, "before": before, "after": after, "differences": found})
    elif found:
        say(showing.differences(found, f"Version {before} → {after}"))
    else:
        say(f"versions {before} and {after} have the same terms")


async def _on_record(
    agreement: str,
) -> tuple[AgreementSnapshot, ZoneInfo, list[TermsDocument], dict[int, Event]]:
    async with record_store() as store:
        view, terms = await agreement_on_record(store, agreement)
        documents = await store.versions(agreement)
        recorded = [row.event for row in await store.events(agreement_workflow_id(agreement))]
    agreed = {event.payload["version"]: event for event in recorded if event.kind is EventKind.TERMS_AGREED}
    return view, ZoneInfo(terms.time_zone), documents, agreed

"""`aftercare agreement fee-change|amendment|termination`: changing what was agreed (C4.2, C7.2, C10)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from contract.agreement_changes import ChangesStanding
from contract.change_commands import (
    AcceptFeeChange,
    ChangeCommand,
    ConsentToAmendment,
    ConsentToTermination,
    CounterFeeChange,
    DeclineAmendment,
    DeclineTermination,
    ObjectToFeeChange,
    ProposeFeeChange,
    ProposeTermination,
    WithdrawAmendment,
    WithdrawFeeChange,
    WithdrawTermination,
)
from contract.facts import EventKind
from contract.parties import Actor
from contract.reading import parse
from contract.terms import canonical_bytes, digest_of
from starter import given
from starter.client import Aftercare
from starter.commands.options import AgreementId, AsJson, At, By, CommandId, Reason
from starter.errors import Unknown
from starter.lookup import agreement_on_record, zone_of
from starter.reaching import record_store, service
from starter.showing import changes as showing
from starter.showing.paper import say
from starter.showing.plain import print_json
from workflows.ids import agreement_workflow_id

fee_changes = typer.Typer(no_args_is_help=True, help="Change the fee: notice, offers, acceptance (C7.2).")
amendments = typer.Typer(no_args_is_help=True, help="Amend or renew the terms by consent (C10).")
terminations = typer.Typer(no_args_is_help=True, help="End the agreement early, by consent (C4.2).")

Amount = Annotated[str, typer.Argument(metavar="AMOUNT", help="The fee of a period, such as 13000.00.")]
FromDay = Annotated[
    date, typer.Option("--from", parser=given.day, metavar="DATE", help="From the start of this day.")
]
FromDayIfAny = Annotated[
    date | None,
    typer.Option("--from", parser=given.day, metavar="DATE", help="From this day; else as offered before."),
]
OnDay = Annotated[
    date, typer.Option("--on", parser=given.day, metavar="DATE", help="The last day, served to its end.")
]
Number = Annotated[int, typer.Argument(min=1, metavar="AMENDMENT", help="Its number.")]
Title = Annotated[str, typer.Option("--title", metavar="TEXT", help="The signatory's title.")]
Seal = Annotated[
    Path | None,
    typer.Option("--seal", metavar="FILE", help="The image of the seal; its digest goes on record."),
]

# The fee


@fee_changes.command("propose")
def propose_fee(
    agreement: AgreementId,
    amount: Amount,
    from_: FromDay,
    by: By,
    reason: Reason = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """The provider gives notice of another fee; too short a notice names the earliest date (C7.2.1)."""
    content = {"amount": amount, "effective_on": from_, "reason": reason}
    _change(agreement, ProposeFeeChange, by, at, command_id, as_json, content)


@fee_changes.command("accept")
def accept_fee(
    agreement: AgreementId,
    amount: Amount,
    from_: FromDay,
    by: By,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """Accept the offer that stands, by naming it (C7.2.2)."""
    content = {"amount": amount, "effective_on": from_}
    _change(agreement, AcceptFeeChange, by, at, command_id, as_json, content)


@fee_changes.command("object")
def object_to_fee(
    agreement: AgreementId,
    by: By,
    amount: Annotated[str | None, typer.Option("--amount", metavar="AMOUNT", help="A counter-offer.")] = None,
    from_: FromDayIfAny = None,
    reason: Reason = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """The customer objects, with a counter-offer or without (C7.2.2)."""
    content = {"amount": amount, "effective_on": from_, "reason": reason}
    _change(agreement, ObjectToFeeChange, by, at, command_id, as_json, content)


@fee_changes.command("counter")
def counter_fee(
    agreement: AgreementId,
    amount: Amount,
    by: By,
    from_: FromDayIfAny = None,
    reason: Reason = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """Offer something else than the other side did (C7.2.2)."""
    content = {"amount": amount, "effective_on": from_, "reason": reason}
    _change(agreement, CounterFeeChange, by, at, command_id, as_json, content)


@fee_changes.command("withdraw")
def withdraw_fee(
    agreement: AgreementId,
    by: By,
    reason: Reason = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """The provider withdraws its fee change (C7.2)."""
    _change(agreement, WithdrawFeeChange, by, at, command_id, as_json, {"reason": reason})


# The terms


@amendments.command("propose")
def propose_amendment(
    agreement: AgreementId,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What is agreed, in words; it goes on record.")],
    by: By,
    title: Title,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="A field's new value, as YAML; repeatable."),
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option("--sheet", metavar="FILE", help="The whole sheet as it would be; needs --base."),
    ] = None,
    base: Annotated[
        int | None,
        typer.Option("--base", min=1, metavar="VERSION", help="The version that is changed: the newest."),
    ] = None,
    from_: Annotated[
        date | None,
        typer.Option("--from", parser=given.day, metavar="DATE", help="From this day; else with consent."),
    ] = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """Propose other terms; to propose is to sign. Renew by a longer term: --set term.years=2 (C10)."""
    changes = dict(map(_assignment, set_ or []))
    if sheet is not None and (changes or base is None):
        raise typer.BadParameter("give --sheet FILE with --base VERSION and without --set")
    whole = None if sheet is None else given.document(sheet)

    async def told(client: Aftercare) -> ChangesStanding:
        return await client.propose_amendment(
            agreement,
            by,
            text=text,
            title=title,
            changes=changes,
            sheet=whole,
            base=base,
            effective_on=from_,
            at=at,
            command_id=command_id,
        )

    asyncio.run(_told(agreement, told, as_json))


@amendments.command("show")
def show_amendment(agreement: AgreementId, amendment: Number, as_json: AsJson = False) -> None:
    """Show an amendment as it was proposed: every change with its clause, the text, the digest."""
    asyncio.run(_shown(agreement, amendment, as_json))


@amendments.command("consent")
def consent_to_amendment(
    agreement: AgreementId,
    amendment: Number,
    by: By,
    title: Title,
    digest: Annotated[
        str | None,
        typer.Option("--digest", metavar="SHA256", help="The digest you sign: of the terms that result."),
    ] = None,
    terms: Annotated[
        Path | None,
        typer.Option("--terms", metavar="FILE", help="The sheet you have read, instead of its digest."),
    ] = None,
    seal: Seal = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """Consent: the signature binds the digest of the terms that result (C10.1, C10.4)."""
    if (digest is None) == (terms is None):
        raise typer.BadParameter("give the terms that are signed: --digest SHA256 or --terms FILE")
    signed = digest.lower() if digest is not None else None
    if terms is not None:
        signed = digest_of(canonical_bytes(given.sheet(terms)))
    content = {"amendment": amendment, "digest": signed, "title": title, "seal_digest": _sealed(seal)}
    _change(agreement, ConsentToAmendment, by, at, command_id, as_json, content)


@amendments.command("decline")
def decline_amendment(
    agreement: AgreementId,
    amendment: Number,
    by: By,
    reason: Reason = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """Decline what the other side proposed (C10.1)."""
    content = {"amendment": amendment, "reason": reason}
    _change(agreement, DeclineAmendment, by, at, command_id, as_json, content)


@amendments.command("withdraw")
def withdraw_amendment(
    agreement: AgreementId,
    amendment: Number,
    by: By,
    reason: Reason = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """Withdraw what one's own side proposed (C10.1)."""
    content = {"amendment": amendment, "reason": reason}
    _change(agreement, WithdrawAmendment, by, at, command_id, as_json, content)


# The end


@terminations.command("propose")
def propose_termination(
    agreement: AgreementId,
    on: OnDay,
    by: By,
    title: Title,
    reason: Reason = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """Propose that the agreement ends early, at 24:00 of a day (C4.2)."""
    content = {"last_day": on, "title": title, "reason": reason}
    _change(agreement, ProposeTermination, by, at, command_id, as_json, content)


@terminations.command("consent")
def consent_to_termination(
    agreement: AgreementId,
    on: OnDay,
    by: By,
    title: Title,
    seal: Seal = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """Consent to the early end, naming its day; what was prepaid for later is credited (C4.2)."""
    content = {"last_day": on, "title": title, "seal_digest": _sealed(seal)}
    _change(agreement, ConsentToTermination, by, at, command_id, as_json, content)


@terminations.command("decline")
def decline_termination(
    agreement: AgreementId,
    by: By,
    reason: Reason = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """Decline the early end that the other side proposed (C4.2)."""
    _change(agreement, DeclineTermination, by, at, command_id, as_json, {"reason": reason})


@terminations.command("withdraw")
def withdraw_termination(
    agreement: AgreementId,
    by: By,
    reason: Reason = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """Withdraw the early end that one's own side proposed (C4.2)."""
    _change(agreement, WithdrawTermination, by, at, command_id, as_json, {"reason": reason})


# What these share


def _assignment(text: str) -> tuple[str, Any]:
    """``fees.payment_days=45``: a path, and its value as YAML."""
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        raise typer.BadParameter(f"given {text!r}; allowed: PATH=VALUE, such as fees.payment_days=45")
    return path.strip(), parse(value)


def _sealed(seal: Path | None) -> str | None:
    return None if seal is None else hashlib.sha256(given.content(seal)).hexdigest()


def _change(
    agreement_id: str,
    command: type[ChangeCommand],
    by: Actor,
    at: datetime | None,
    command_id: str | None,
    as_json: bool,
    content: dict[str, Any],
) -> None:
    async def told(client: Aftercare) -> ChangesStanding:
        return await client.change(agreement_id, command, by, at=at, command_id=command_id, **content)

    asyncio.run(_told(agreement_id, told, as_json))


async def _told(
    agreement_id: str, command: Callable[[Aftercare], Awaitable[ChangesStanding]], as_json: bool
) -> None:
    async with service() as client:
        standing = await command(client)
    if as_json:
        print_json(standing)
    else:
        say(*showing.standing_lines(standing, await zone_of(agreement_id)))


async def _shown(agreement_id: str, number: int, as_json: bool) -> None:
    async with record_store() as store:
        _, terms = await agreement_on_record(store, agreement_id)
        recorded = await store.events(agreement_workflow_id(agreement_id))
    for row in recorded:
        event = row.event
        if event.kind is EventKind.AMENDMENT_PROPOSED and event.payload["number"] == number:
            if as_json:
                print_json(event.payload | {"proposed_at": event.at, "person": event.person})
            else:
                until = datetime.fromisoformat(event.payload["expires_at"])
                say(*showing.amendment(event, until, ZoneInfo(terms.time_zone)))
            return
    raise Unknown(f"agreement {agreement_id} has no amendment {number}")

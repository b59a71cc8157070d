"""`aftercare dispute …`: negotiation, settlement, referral and award (C9)."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from contract.agreement_disputes import DisputeStanding
from contract.dispute_commands import (
    ConfirmSettlement,
    DeclareFailed,
    DisputeCommand,
    OfferSettlement,
    OpenDispute,
    RecordAward,
    ReferDispute,
    WithdrawDispute,
)
from contract.disputes import AmountKind, Dispute, Matter
from contract.facts import Event
from contract.parties import Actor
from starter import given
from starter.commands.options import AgreementId, AsJson, At, By, CommandId, Reason
from starter.errors import Unknown
from starter.lookup import agreement_on_record, zone_of
from starter.reaching import record_store, service
from starter.showing import disputes as showing
from starter.showing.paper import say
from starter.showing.plain import print_json
from workflows.ids import agreement_workflow_id

app = typer.Typer(no_args_is_help=True, help="Disputes, from negotiation to settlement or award (C9).")

Number = Annotated[str, typer.Argument(metavar="DISPUTE", help="The dispute's number, such as D001.")]
About = Annotated[str, typer.Argument(metavar="ABOUT", help="What is disputed and why; it goes on record.")]
Penalties = Annotated[
    list[str] | None,
    typer.Option(
        "--penalty",
        metavar="REQUEST[/WHICH]=AMOUNT",
        help="What a request's penalties (or late_response, late_resolution alone) come to; repeatable.",
    ),
]
Bills = Annotated[
    list[str] | None,
    typer.Option("--bill", metavar="BILL=AMOUNT", help="How much a bill is credited; repeatable."),
]
LateFees = Annotated[
    list[str] | None,
    typer.Option(
        "--late-fee", metavar="BILL=AMOUNT", help="How much of its late fee falls away; repeatable."
    ),
]
Credit = Annotated[
    str | None, typer.Option("--credit", metavar="AMOUNT", help="What the customer is credited besides.")
]
ChargeHeldDays = Annotated[
    bool, typer.Option("--charge-held-days", help="Charge late fees for the days on hold as well.")
]
Words = Annotated[str | None, typer.Option("--text", metavar="TEXT", help="In words; it goes on record.")]


@app.command("open")
def open_(
    agreement: AgreementId,
    about: About,
    by: By,
    bill: Annotated[str | None, typer.Option("--bill", metavar="BILL", help="Over this bill.")] = None,
    request: Annotated[
        str | None, typer.Option("--request", metavar="REQUEST", help="Over all penalties of this request.")
    ] = None,
    penalty: Annotated[
        str | None,
        typer.Option(
            "--penalty", metavar="REQUEST/WHICH", help="Over its late_response or late_resolution alone."
        ),
    ] = None,
    payment: Annotated[
        str | None, typer.Option("--payment", metavar="MEANS:REFERENCE", help="Over this payment.")
    ] = None,
    amount: Annotated[
        str | None, typer.Option("--amount", metavar="AMOUNT", help="Over so much; without it, all of it.")
    ] = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """Dispute a bill, penalties, a payment or (naming none) something else: negotiation begins (C9.1)."""
    item = _item(bill, request, penalty, payment)
    _tell(agreement, OpenDispute, by, at, command_id, as_json, item=item, amount=amount, about=about)


@app.command()
def offer(
    agreement: AgreementId,
    dispute: Number,
    by: By,
    penalty: Penalties = None,
    bill: Bills = None,
    late_fee: LateFees = None,
    credit: Credit = None,
    charge_held_days: ChargeHeldDays = False,
    text: Words = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """Offer a settlement, with its amounts; it takes the place of the offer before it (C9.1)."""
    content = _decided(penalty, bill, late_fee, credit, charge_held_days, text)
    _tell(agreement, OfferSettlement, by, at, command_id, as_json, dispute=dispute, **content)


@app.command()
def confirm(
    agreement: AgreementId,
    dispute: Number,
    by: By,
    number: Annotated[int, typer.Option("--offer", metavar="NUMBER", help="Which offer: the one you read.")],
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """Confirm the other party's offer: the dispute is settled for good, its amounts posted (C9.1)."""
    _tell(agreement, ConfirmSettlement, by, at, command_id, as_json, dispute=dispute, offer=number)


@app.command("declare-failed")
def declare_failed(
    agreement: AgreementId,
    dispute: Number,
    by: By,
    reason: Reason = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """Declare that negotiation has failed; once both have, either may refer (C9.2)."""
    _tell(agreement, DeclareFailed, by, at, command_id, as_json, dispute=dispute, reason=reason)


@app.command()
def refer(
    agreement: AgreementId,
    dispute: Number,
    by: By,
    reason: Reason = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """Refer the dispute to the arbitration commission that the terms name (C9.2)."""
    _tell(agreement, ReferDispute, by, at, command_id, as_json, dispute=dispute, reason=reason)


@app.command()
def award(
    agreement: AgreementId,
    dispute: Number,
    by: By,
    document: Annotated[
        Path | None,
        typer.Option("--document", metavar="FILE", help="The award; its digest goes on record."),
    ] = None,
    digest: Annotated[
        str | None, typer.Option("--digest", metavar="SHA256", help="Its digest, instead of the file.")
    ] = None,
    made_on: Annotated[
        date | None, typer.Option("--made-on", parser=given.day, metavar="DATE", help="Its own date.")
    ] = None,
    penalty: Penalties = None,
    bill: Bills = None,
    late_fee: LateFees = None,
    credit: Credit = None,
    charge_held_days: ChargeHeldDays = False,
    text: Words = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """Record the commission's award, final for both; the same one again is the same (C9.3)."""
    if (document is None) == (digest is None):
        raise typer.BadParameter("give either --document or --digest")
    known = digest if document is None else hashlib.sha256(given.content(document)).hexdigest()
    content = _decided(penalty, bill, late_fee, credit, charge_held_days, text)
    content |= {"dispute": dispute, "digest": known, "made_on": made_on}
    _tell(agreement, RecordAward, by, at, command_id, as_json, **content)


@app.command()
def withdraw(
    agreement: AgreementId,
    dispute: Number,
    by: By,
    reason: Reason = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """Withdraw a dispute you opened: closed without effect, its hold lifted (C9.1)."""
    _tell(agreement, WithdrawDispute, by, at, command_id, as_json, dispute=dispute, reason=reason)


@app.command("list")
def list_(agreement: AgreementId, as_json: AsJson = False) -> None:
    """List the disputes on record, open ones and those that have ended."""
    zone, found, _ = _on_record(agreement)
    if as_json:
        print_json({"disputes": found})
    else:
        say(showing.disputes(found, zone) if found else "no disputes")


@app.command()
def show(agreement: AgreementId, dispute: Number, as_json: AsJson = False) -> None:
    """Show a dispute with its offers, its ending and its timeline."""
    zone, found, events = _on_record(agreement)
    one = next((known for known in found if known.number == dispute), None)
    if one is None:
        raise Unknown(f"agreement {agreement} has no dispute {dispute} on record")
    of_it = [e for e in events if e.payload.get("number") == dispute and "dispute" in e.payload]
    if as_json:
        print_json({"dispute": one, "events": of_it})
    else:
        say(*showing.dispute(one, of_it, zone))


def _item(bill: str | None, request: str | None, penalty: str | None, payment: str | None) -> dict[str, Any]:
    if sum(one is not None for one in (bill, request, penalty, payment)) > 1:
        raise typer.BadParameter("name one thing: --bill, --request, --penalty or --payment")
    if bill is not None:
        return {"matter": Matter.BILL, "bill": bill}
    if request is not None:
        return {"matter": Matter.REQUEST, "request_id": request}
    if penalty is not None:
        request, slash, which = penalty.partition("/")
        if not slash:
            raise typer.BadParameter(f"given {penalty!r}; allowed: REQUEST/late_response or late_resolution")
        return {"matter": Matter.PENALTY, "request_id": request, "penalty": which}
    if payment is not None:
        means, colon, reference = payment.partition(":")
        if not colon:
            raise typer.BadParameter(f"given {payment!r}; allowed: MEANS:REFERENCE, such as transfer:T-1")
        return {"matter": Matter.PAYMENT, "means": means, "reference": reference}
    return {"matter": Matter.OTHER}


def _decided(
    penalty: list[str] | None,
    bill: list[str] | None,
    late_fee: list[str] | None,
    credit: str | None,
    charge_held_days: bool,
    text: str | None,
) -> dict[str, Any]:
    """The amounts of a settlement or an award."""
    amounts: list[dict[str, Any]] = []
    for told in penalty or []:
        name, amount = _pair(told)
        request, _, which = name.partition("/")
        amounts.append({"kind": AmountKind.PENALTY, "request_id": request, "amount": amount})
        if which:
            amounts[-1]["penalty"] = which
    for kind, several in ((AmountKind.BILL, bill), (AmountKind.LATE_FEE, late_fee)):
        for told in several or []:
            name, amount = _pair(told)
            amounts.append({"kind": kind, "bill": name, "amount": amount})
    if credit is not None:
        amounts.append({"kind": AmountKind.CREDIT, "amount": credit})
    return {"amounts": amounts, "charge_held_days": charge_held_days, "text": text}


def _pair(told: str) -> tuple[str, str]:
    name, equals, amount = told.partition("=")
    if not equals:
        raise typer.BadParameter(f"given {told!r}; allowed: NAME=AMOUNT, such as B001=200.00")
    return name, amount


def _tell(
    agreement_id: str,
    command: type[DisputeCommand],
    by: Actor,
    at: datetime | None,
    command_id: str | None,
    as_json: bool,
    **content: Any,
) -> None:
    async def told() -> DisputeStanding:
        async with service() as client:
            return await client.dispute(agreement_id, command, by, at=at, command_id=command_id, **content)

    async def shown() -> None:
        standing = await told()
        if as_json:
            print_json(standing)
        else:
            say(*showing.standing_lines(standing, await zone_of(agreement_id)))

    asyncio.run(shown())


def _on_record(agreement_id: str) -> tuple[ZoneInfo, list[Dispute], list[Event]]:
    async def found() -> tuple[ZoneInfo, list[Dispute], list[Event]]:
        async with record_store() as store:
            _, terms = await agreement_on_record(store, agreement_id)
            money = await store.money(agreement_id)
            recorded = await store.events(agreement_workflow_id(agreement_id))
            disputes = [] if money is None else money.disputes
            return ZoneInfo(terms.time_zone), disputes, [one.event for one in recorded]

    return asyncio.run(found())

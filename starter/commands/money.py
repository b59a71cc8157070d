"""`aftercare bill|payment|statement|journal`: what the customer owes and paid (C7.1, C8.2)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from contract.agreement_money import MoneyStanding
from contract.billing import Bill
from contract.money_commands import (
    BouncePayment,
    ClearPayment,
    GiveCredit,
    MoneyCommand,
    RecordPayment,
    RecordPayout,
    ReversePayment,
    ReversePayout,
    WaiveLateFee,
)
from contract.money_file import MoneyFile
from contract.parties import Actor
from contract.reading import read_terms
from contract.statements import Statement
from contract.terms import Means, TermSheet
from records.store import RecordStore
from starter import given
from starter.commands.options import AgreementId, AsJson, At, By, CommandId, InLanguage, OutFolder
from starter.errors import Unknown
from starter.lookup import agreement_on_record, zone_of
from starter.reaching import record_store, service
from starter.showing import money as showing
from starter.showing.filed import file_away
from starter.showing.paper import say
from starter.showing.plain import print_json

bills = typer.Typer(no_args_is_help=True, help="Bills, and what lowers them.")
payments = typer.Typer(no_args_is_help=True, help="Payments of the customer's.")

Reference = Annotated[str, typer.Argument(metavar="REFERENCE", help="The bank's, the cheque's, the shop's.")]
Amount = Annotated[str, typer.Argument(metavar="AMOUNT", help="In its currency, such as 12000.00.")]
Why = Annotated[str, typer.Argument(metavar="REASON", help="Why; it goes on record.")]
Number = Annotated[str, typer.Argument(metavar="BILL", help="The bill's number, such as B001.")]
MeansOption = Annotated[Means, typer.Option("--means", help="By which means (C7.1.2).")]
ForBill = Annotated[str | None, typer.Option("--bill", metavar="BILL", help="For this bill, such as B001.")]
AsOf = Annotated[
    date | None,
    typer.Option(
        "--as-of", parser=given.day, metavar="DATE", help="At the end of this day; without it, today."
    ),
]


@payments.command()
def record(
    agreement: AgreementId,
    reference: Reference,
    amount: Amount,
    by: By,
    on: Annotated[
        date, typer.Option("--on", parser=given.day, metavar="DATE", help="The day the money came.")
    ],
    means: MeansOption = Means.TRANSFER,
    label: Annotated[
        str | None, typer.Option("--label", metavar="TEXT", help="What the means `other` is.")
    ] = None,
    bill: ForBill = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """Record a payment; the same reference again is the same payment (C7.1.2)."""
    content = {"means": means, "reference": reference, "amount": amount, "value_date": on}
    told = content | {"label": label, "bill": bill}
    _tell(agreement, RecordPayment, by, at, command_id, as_json, **told)


@payments.command()
def clear(
    agreement: AgreementId,
    reference: Reference,
    by: By,
    on: Annotated[
        date, typer.Option("--on", parser=given.day, metavar="DATE", help="The day the cheque cleared.")
    ],
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """A cheque has cleared: from that day it counts (C7.1.2)."""
    content = {"means": Means.CHEQUE, "reference": reference, "cleared_on": on}
    _tell(agreement, ClearPayment, by, at, command_id, as_json, **content)


@payments.command()
def bounce(
    agreement: AgreementId,
    reference: Reference,
    reason: Why,
    by: By,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """The bank has returned a cheque: it never counted (C7.1.2)."""
    content = {"means": Means.CHEQUE, "reference": reference, "reason": reason}
    _tell(agreement, BouncePayment, by, at, command_id, as_json, **content)


@payments.command()
def reverse(
    agreement: AgreementId,
    reference: Reference,
    reason: Why,
    by: By,
    means: MeansOption = Means.TRANSFER,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """A payment was recorded wrongly or taken back: what followed is put right by entries (C7.1.2)."""
    content = {"means": means, "reference": reference, "reason": reason}
    _tell(agreement, ReversePayment, by, at, command_id, as_json, **content)


@payments.command()
def payout(
    agreement: AgreementId,
    reference: Reference,
    amount: Amount,
    by: By,
    on: Annotated[
        date, typer.Option("--on", parser=given.day, metavar="DATE", help="The day the money was paid.")
    ],
    means: MeansOption = Means.TRANSFER,
    label: Annotated[
        str | None, typer.Option("--label", metavar="TEXT", help="What the means `other` is.")
    ] = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """The provider paid the customer: penalties, or what is left at the end (C8.1)."""
    content = {"means": means, "reference": reference, "amount": amount, "value_date": on, "label": label}
    _tell(agreement, RecordPayout, by, at, command_id, as_json, **content)


@payments.command("reverse-payout")
def reverse_payout(
    agreement: AgreementId,
    reference: Reference,
    reason: Why,
    by: By,
    means: MeansOption = Means.TRANSFER,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """A payout was recorded wrongly or came back: an entry takes it back (C8.1)."""
    content = {"means": means, "reference": reference, "reason": reason}
    _tell(agreement, ReversePayout, by, at, command_id, as_json, **content)


@payments.command("list")
def list_payments(agreement: AgreementId, as_json: AsJson = False) -> None:
    """List the payments on record, with what became of them, and what was paid out."""
    _, money = _on_record(agreement, lambda store, _: store.money(agreement))
    found, out = ([], []) if money is None else (money.payments, money.payouts)
    if as_json:
        print_json({"payments": [showing.plain_payment(payment) for payment in found], "payouts": out})
    else:
        say(showing.payments(found) if found else "no payments")
        if out:
            say(showing.payouts(out))


@bills.command("list")
def list_bills(agreement: AgreementId, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """List the bills and where each stands, late fees included."""
    _, found = _statement(agreement, as_of)
    if as_json:
        print_json({"as_of": found.as_of, "bills": found.bills})
    else:
        say(showing.bills(found) if found.bills else "no bills")


@bills.command("pdf")
def bill_pdf(
    agreement: AgreementId, bill: Number, out: OutFolder, language: InLanguage = None, as_json: AsJson = False
) -> None:
    """Write a bill as a document to pay by, for the customer (C7.1.1)."""
    found, terms = asyncio.run(_bill(agreement, bill))
    from documents import bills as printing  # the typesetter is large: only who prints loads it

    file = out / f"bill-{found.number}.pdf"
    file_away({file: printing.pdf(found, terms, language=language or terms.customer.language)}, quiet=as_json)
    if as_json:
        print_json({"files": [file]})


@bills.command("waive-late-fee")
def waive_late_fee(
    agreement: AgreementId,
    bill: Number,
    reason: Why,
    by: By,
    amount: Annotated[
        str | None, typer.Option("--amount", metavar="AMOUNT", help="A part; without it, all of it.")
    ] = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """The provider waives the late fee of a bill, or a part of it (C8.2.1)."""
    content = {"bill": bill, "reason": reason, "amount": amount}
    _tell(agreement, WaiveLateFee, by, at, command_id, as_json, **content)


@bills.command()
def credit(
    agreement: AgreementId,
    amount: Amount,
    reason: Why,
    by: By,
    bill: ForBill = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """The provider credits the customer out of goodwill."""
    content = {"amount": amount, "reason": reason, "bill": bill}
    _tell(agreement, GiveCredit, by, at, command_id, as_json, **content)


def statement(
    agreement: AgreementId,
    as_of: AsOf = None,
    final: Annotated[
        bool, typer.Option("--final", help="The final statement (C8.1), as it was made last.")
    ] = False,
    pdf: Annotated[
        Path | None, typer.Option("--pdf", metavar="FILE", help="Write it here as PDF, for the customer.")
    ] = None,
    language: InLanguage = None,
    table: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write its lines here as CSV.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The statement of a day: every line with its clause and how it comes about (C7.1, C8)."""
    if final and as_of is not None:
        raise typer.BadParameter("give --final or --as-of: a final statement has its own day")
    terms, found = _final_statement(agreement) if final else _statement(agreement, as_of)
    made: dict[Path, bytes] = {}
    if pdf is not None:
        from documents import statements  # the typesetter is large: only who prints loads it

        made[pdf] = statements.pdf(found, terms, language=language or terms.customer.language)
    if table is not None:
        made[table] = showing.statement_table(found).encode()
    file_away(made, quiet=as_json)
    if as_json:
        print_json(found)
    elif not made:
        say(*showing.statement(found, ZoneInfo(terms.time_zone)))


def journal(
    from_: Annotated[
        given.Moment,
        typer.Option("--from", parser=given.moment, metavar="DATE", help="From this day on."),
    ],
    to: Annotated[
        given.Moment,
        typer.Option("--to", parser=given.moment, metavar="DATE", help="To this day, its end included."),
    ],
    as_json: AsJson = False,
) -> None:
    """The accounts' journal as CSV, by the time of recording in UTC: that of a past period never changes."""
    zone = ZoneInfo("UTC")
    begin, end = from_.begins(zone), to.ends(zone)
    if end <= begin:
        raise typer.BadParameter("--to is before --from")
    if end > datetime.now(UTC):
        raise typer.BadParameter("give a period that is over: only then does its journal stay as it is")

    async def found() -> Any:
        async with record_store() as store:
            return await store.journal(begin, end)

    posted = asyncio.run(found())
    if as_json:
        print_json({"entries": posted})
    else:
        showing.print_journal(posted)


def settle(
    agreement_id: str,
    command: type[MoneyCommand],
    by: Actor,
    at: datetime | None,
    command_id: str | None,
    as_json: bool,
    content: dict[str, Any],
) -> None:
    """Give a command on an agreement's money and show where it stands."""

    async def told() -> MoneyStanding:
        async with service() as client:
            return await client.settle(agreement_id, command, by, at=at, command_id=command_id, **content)

    async def shown() -> None:
        standing = await told()
        if as_json:
            print_json(standing)
        else:
            say(showing.standing_line(standing, await zone_of(agreement_id)))

    asyncio.run(shown())


def _tell(
    agreement_id: str,
    command: type[MoneyCommand],
    by: Actor,
    at: datetime | None,
    command_id: str | None,
    as_json: bool,
    **content: Any,
) -> None:
    settle(agreement_id, command, by, at, command_id, as_json, content)


def _on_record(
    agreement_id: str, wanted: Callable[[RecordStore, ZoneInfo], Awaitable[MoneyFile | Statement | None]]
) -> tuple[TermSheet, Any]:
    async def found() -> tuple[TermSheet, Any]:
        async with record_store() as store:
            _, terms = await agreement_on_record(store, agreement_id)
            return terms, await wanted(store, ZoneInfo(terms.time_zone))

    return asyncio.run(found())


async def _bill(agreement_id: str, number: str) -> tuple[Bill, TermSheet]:
    """A bill, with the terms of its issue."""
    async with record_store() as store:
        await agreement_on_record(store, agreement_id)
        money = await store.money(agreement_id)
        found = None if money is None else money.bill(number)
        if found is None:
            raise Unknown(f"agreement {agreement_id} has no bill {number}")
        terms = await store.terms(agreement_id, found.terms_version)
    assert terms is not None
    return found, read_terms(terms.canonical)


def _statement(agreement_id: str, as_of: date | None) -> tuple[TermSheet, Statement]:
    def wanted(store: RecordStore, zone: ZoneInfo) -> Awaitable[Statement | None]:
        return store.statement(agreement_id, as_of or datetime.now(UTC).astimezone(zone).date())

    terms, found = _on_record(agreement_id, wanted)
    if found is None:
        raise Unknown(f"agreement {agreement_id} has not been in force: there is nothing to state")
    return terms, found


def _final_statement(agreement_id: str) -> tuple[TermSheet, Statement]:
    async def wanted(store: RecordStore, zone: ZoneInfo) -> Statement | None:
        money = await store.money(agreement_id)
        if money is None or not money.finals:
            return None
        made = money.finals[-1]
        return await store.statement(agreement_id, made.on, made.at)

    terms, found = _on_record(agreement_id, wanted)
    if found is None:
        raise Unknown(
            f"agreement {agreement_id} has no final statement yet: it is made when the agreement closes"
        )
    return terms, found

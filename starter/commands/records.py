"""`aftercare records …`: the record store itself."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from records.migrate import upgrade as bring_up_to_date
from starter.commands.options import AsJson
from starter.reaching import answering, record_url
from starter.showing.paper import say
from starter.showing.plain import print_json

app = typer.Typer(no_args_is_help=True, help="The record store.")


@app.callback()
def records() -> None:
    """Keeps `upgrade` a command of a group that will have more."""


@app.command()
def upgrade(
    url: Annotated[
        str | None,
        typer.Option("--url", metavar="URL", help="Instead of AFTERCARE_RECORDS_URL or the one at home."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make the record store, or bring its tables up to date; does nothing when they are."""
    found = record_url(url)
    asyncio.run(_upgrade(found.url, found.name))
    if as_json:
        print_json({"records": found.name, "up_to_date": True})
    else:
        say(f"{found.name} is up to date")


async def _upgrade(url: str, name: str) -> None:
    async with answering(name):
        await bring_up_to_date(url)

"""`aftercare records …`: the record store itself."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from records.migrate import Standing, standing
from records.migrate import upgrade as bring_up_to_date
from starter.commands.options import AsJson
from starter.exits import ExitCode
from starter.reaching import answering, record_url
from starter.showing.paper import say
from starter.showing.plain import print_json

app = typer.Typer(no_args_is_help=True, help="The record store.")


Url = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", help="Instead of AFTERCARE_RECORDS_URL or the one at home."),
]


@app.command()
def upgrade(url: Url = None, as_json: AsJson = False) -> None:
    """Make the record store, or bring its tables up to date; does nothing when they are."""
    found = record_url(url)
    asyncio.run(_upgrade(found.url, found.name))
    if as_json:
        print_json({"records": found.name, "up_to_date": True})
    else:
        say(f"{found.name} is up to date")


@app.command()
def status(url: Url = None, as_json: AsJson = False) -> None:
    """Tell how far the record store's tables are; exit code 6 when this release needs them upgraded."""
    found = record_url(url)
    now = asyncio.run(_standing(found.url, found.name))
    if as_json:
        print_json(
            {
                "records": found.name,
                "revision": now.revision,
                "release": now.release,
                "up_to_date": now.ready,
            }
        )
    else:
        say(f"{found.name} {_in_words(now)}")
    if not now.ready:
        raise typer.Exit(ExitCode.DIFFERENT)


def _in_words(now: Standing) -> str:
    if now.revision is None:
        return "has not been made: `aftercare records upgrade` makes it"
    if not now.ready:
        return f"is at {now.revision}, this release needs {now.release}: `aftercare records upgrade`"
    newer = "" if now.revision == now.release else f"; newer than this release, which knows {now.release}"
    return f"is up to date, at {now.revision}{newer}"


async def _standing(url: str, name: str) -> Standing:
    async with answering(name):
        return await standing(url)


async def _upgrade(url: str, name: str) -> None:
    async with answering(name):
        await bring_up_to_date(url)

"""`aftercare calendars …`: holidays and make-up workdays, as kept and as newly announced (contract §3)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from activities.holiday_data import known_countries
from contract.service_hours import CalendarYear
from starter import given
from starter.announcement import read_announcement
from starter.commands.options import AsJson
from starter.lookup import zones_of
from starter.reaching import record_store, service
from starter.refreshing import Refreshed, Told, countries, installed_years
from starter.refreshing import refresh as bring_up_to_date
from starter.showing import calendars as showing
from starter.showing.paper import say
from starter.showing.penalties import owed
from starter.showing.plain import print_json

app = typer.Typer(no_args_is_help=True, help="Holidays and make-up workdays, kept as snapshots.")


def _country(text: str) -> str:
    if text not in known_countries():
        raise typer.BadParameter(f"given {text!r}; allowed: a country with calendar data, such as CN")
    return text


Country = Annotated[
    str | None,
    typer.Option(
        "--country", parser=_country, metavar="CN", help="Of this country; else of all agreements on record."
    ),
]
Year = Annotated[
    int | None, typer.Option("--year", min=1950, max=2100, help="This year; else all that are kept.")
]


@app.command()
def refresh(
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", metavar="FILE", help="A year as announced, where the installed data is behind."
        ),
    ] = None,
    country: Country = None,
    year: Year = None,
    as_json: AsJson = False,
) -> None:
    """Take newly announced calendars, and correct the dues and penalties that rest on older ones."""
    announced = None
    if file is not None:
        if country is not None or year is not None:
            raise typer.BadParameter("--file says its country and year itself")
        announced = read_announcement(str(file), given.document(file))
    asyncio.run(_refresh(announced, country, year, as_json))


@app.command()
def show(country: Country = None, year: Year = None, as_json: AsJson = False) -> None:
    """Show the calendars that are kept: what agreements go by."""
    asyncio.run(_show(country, year, as_json))


async def _refresh(
    announced: CalendarYear | None, country: str | None, year: int | None, as_json: bool
) -> None:
    async with service() as client, record_store() as store:
        if announced is not None:
            years = [announced]
        else:
            chosen = [country] if country is not None else await countries(store)
            years = [found for name in chosen for found in await installed_years(store, name, year)]
        result = await bring_up_to_date(client, store, years)
        zones = await zones_of(store, (told.before.agreement_id for told in result.told))
    if as_json:
        print_json(_plain(result))
    else:
        say(*showing.refreshed(result, zones))


async def _show(country: str | None, year: int | None, as_json: bool) -> None:
    async with record_store() as store:
        chosen = [country] if country is not None else await countries(store)
        wanted = [year] if year is not None else range(1900, 2201)
        found = [kept for name in chosen for _, kept in sorted((await store.calendars(name, wanted)).items())]
    if as_json:
        print_json({"calendars": [_year(kept) for kept in found]})
    elif found:
        say(showing.years(found))
    else:
        say("no such calendars are kept")


def _plain(result: Refreshed) -> dict[str, Any]:
    return {
        "kept": [_year(year) for year in result.kept],
        "same": [{"country": year.country, "year": year.year} for year in result.same],
        "told": len(result.told),
        "changed": [_change(told) for told in result.told if told.changed],
        "missing": [f"{view.agreement_id}/{view.request_id}" for view in result.missing],
        "closed": [f"{one.request.agreement_id}/{one.request.request_id}" for one in result.closed],
    }


def _change(told: Told) -> dict[str, Any]:
    return {
        "agreement_id": told.before.agreement_id,
        "request_id": told.before.request_id,
        "due": told.dues_before,
        "new_due": told.dues_after,
        "provisional": told.after.provisional,
        "entries": [
            {"key": posted.entry.key, "clause": posted.entry.clause, "amount": owed(posted.entry)}
            for posted in told.entries
        ],
    }


def _year(year: CalendarYear) -> dict[str, Any]:
    return {**year.model_dump(mode="json"), "digest": year.digest}

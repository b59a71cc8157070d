"""`aftercare rehearse`: what a contract would have cost on a log of tickets (docs/rehearsal.md)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from runtime.loop import run
from starter import given
from starter.commands.options import AsJson
from starter.exits import ExitCode

if TYPE_CHECKING:
    from contract.terms import TermSheet
    from starter.rehearsal.checking import Checked
    from starter.rehearsal.log import TicketLog
    from starter.rehearsal.running import Lived

CHARTS = (".svg", ".png")
A_URL = "sqlite+aiosqlite:///rehearsal.db"


class LogFormat(StrEnum):
    """Whose log it is."""

    OWN = "own"
    SERVICENOW = "servicenow"


def _chart(path: Path | None) -> Path | None:
    if path is not None and path.suffix.lower() not in CHARTS:
        raise typer.BadParameter(f"given {path.name}; allowed: a name that ends in {' or '.join(CHARTS)}")
    return path


def _records(url: str | None) -> str | None:
    if url is not None:
        from sqlalchemy.exc import ArgumentError

        from records.engine import database_url

        try:
            database_url(url)
        except (ValueError, ArgumentError):
            # Not repeated: it may have a password in it.
            raise typer.BadParameter(f"allowed: a database URL such as {A_URL}") from None
    return url


def rehearse(
    terms: Annotated[Path, typer.Argument(metavar="TERMS", help="The term sheet, YAML or JSON.")],
    log: Annotated[Path, typer.Argument(metavar="LOG", help="The ticket log, CSV.")],
    log_format: Annotated[
        LogFormat, typer.Option("--format", help="The project's own format, or ServiceNow's event log.")
    ] = LogFormat.OWN,
    as_json: AsJson = False,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write a row per request to this file.")
    ] = None,
    chart: Annotated[
        Path | None,
        typer.Option(
            "--chart",
            metavar="FILE",
            callback=_chart,
            help="Draw lateness and penalties over time to this file, .svg or .png.",
        ),
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Compute everything by arithmetic alone too; exit code 6 if it differs."
        ),
    ] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help="Only the first N tickets of the log.")
    ] = None,
    records: Annotated[
        str | None,
        typer.Option(
            "--records",
            metavar="URL",
            callback=_records,
            help="Keep the record in this database, to look into it afterwards.",
        ),
    ] = None,
) -> None:
    """Live every ticket of a log through the real workflows, in fast time, and report what it came to."""
    # A rehearsal lives a log from its beginning: there is nothing of before to take over.
    sheet = given.sheet(terms).model_copy(update={"taken_over": None})
    tickets = _first(limit, _read(log, log_format, ZoneInfo(sheet.time_zone)))
    lived = _live(sheet, tickets, records, silent=as_json)
    checked = _check(lived) if check else None
    _write(lived, csv, chart)
    _print(lived, checked, as_json)
    if checked is not None and checked.differences:
        raise typer.Exit(ExitCode.DIFFERENT)


def _read(path: Path, log_format: LogFormat, zone: ZoneInfo) -> TicketLog:
    from contract.faults import Faulty
    from starter.rehearsal import own_format, servicenow

    read = {LogFormat.OWN: own_format.read, LogFormat.SERVICENOW: servicenow.read}[log_format]
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return read(file, zone)
    except OSError as problem:
        raise typer.BadParameter(f"{path}: {problem.strerror or problem}") from None
    except Faulty as problem:
        raise Faulty(str(path), problem.faults) from None


def _first(limit: int | None, log: TicketLog) -> TicketLog:
    from starter.rehearsal.log import TicketLog

    in_order = sorted(log.tickets, key=lambda ticket: (ticket.submitted_at, ticket.request_id))
    return TicketLog(tuple(in_order[:limit]))


def _live(sheet: TermSheet, log: TicketLog, records: str | None, silent: bool) -> Lived:
    from starter.progress import progress
    from starter.reaching import answering, record_url
    from starter.rehearsal.running import rehearse as live

    with progress(silent) as bar:
        task = bar.add_task("starting", total=len(log))
        zone = ZoneInfo(sheet.time_zone)

        def advance(done: int, at: datetime) -> None:
            bar.update(task, advance=done, description=f"{at.astimezone(zone):%Y-%m-%d %H:%M}")

        async def whole() -> Lived:
            if records is None:
                return await live(sheet, log, records=None, progress=advance)
            async with answering(record_url(records).name):
                return await live(sheet, log, records=records, progress=advance)

        return run(whole())


def _check(lived: Lived) -> Checked:
    from starter.rehearsal.checking import check

    return check(lived)


def _write(lived: Lived, csv: Path | None, chart: Path | None) -> None:
    writers: list[tuple[Path | None, Callable[[Lived, Path], None]]] = []
    if csv is not None:
        from starter.rehearsal.report import write_csv

        writers.append((csv, write_csv))
    if chart is not None:
        from starter.rehearsal.chart import draw

        writers.append((chart, draw))
    for path, write in writers:
        assert path is not None
        try:
            write(lived, path)
        except OSError as problem:
            raise typer.BadParameter(f"{path}: {problem.strerror or problem}") from None


def _print(lived: Lived, checked: Checked | None, as_json: bool) -> None:
    if as_json:
        from starter.rehearsal.report import as_json as report
        from starter.showing.plain import print_json

        print_json(report(lived, checked))
    else:
        from starter.rehearsal.tables import pages
        from starter.showing.paper import say

        say(*pages(lived, checked))

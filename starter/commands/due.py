"""`aftercare due`: when a promise falls due, and how it comes about (contract §3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import RenderableType

from contract.clock import OpenSpan, Projection
from contract.deadlines import CLAUSES
from contract.terms import Priority, Service, Target, TermSheet
from contract.values import normalised
from starter import given
from starter.commands.options import AsJson, PriorityChoice
from starter.dues import Question, budget_hours
from starter.dues import due as project
from starter.showing.paper import NOTED, PROVISIONAL, exactly, facts, marked, say, service_time, table
from starter.showing.plain import print_json


def due(
    terms: Annotated[Path, typer.Option("--terms", metavar="FILE", help="The term sheet.")],
    target: Annotated[Target, typer.Option("--target", help="What is promised.")],
    start: Annotated[
        datetime,
        typer.Option(
            "--start",
            parser=given.local_time,
            metavar="TIME",
            help="When the request was submitted; without offset, in the sheet's zone.",
        ),
    ],
    pause: Annotated[
        list[given.Pause] | None,
        typer.Option(
            "--pause",
            parser=given.pause,
            metavar="FROM/TO",
            help="The clock is held; FROM/ while it lasts. Repeatable; pauses may overlap.",
        ),
    ] = None,
    priority: PriorityChoice = Priority.NORMAL,
    service: Annotated[
        Service | None,
        typer.Option("--service", help="Without it: the targets that no service overrides."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell when a promise falls due, from service hours, holidays and pauses alone. Needs no server."""
    sheet = given.sheet(terms)
    zone = ZoneInfo(sheet.time_zone)
    asked = Question(
        target=target,
        start=given.instant(start, zone),
        pauses=_pauses(pause or [], zone),
        priority=priority,
        service=service,
    )
    found = project(sheet, asked)
    if as_json:
        segments = [{"from": begin, "to": end} for begin, end in found.segments]
        print_json({"due": found.due, "provisional": found.provisional, "segments": segments})
    else:
        _show(sheet, asked, found, zone)


def _pauses(pauses: Sequence[given.Pause], zone: ZoneInfo) -> list[OpenSpan]:
    spans: list[OpenSpan] = []
    for pause in pauses:
        begin = given.instant(pause.begin, zone)
        end = None if pause.end is None else given.instant(pause.end, zone)
        if end is not None and end < begin:
            raise typer.BadParameter(f"--pause ends at {pause.end}, before it begins at {pause.begin}")
        spans.append((begin, end))
    return spans


def _show(sheet: TermSheet, asked: Question, found: Projection, zone: ZoneInfo) -> None:
    when = "not while the clock is held by a pause" if found.due is None else exactly(found.due, zone)
    run = sum((end - begin for begin, end in found.segments), timedelta(0))
    rows: list[tuple[str, RenderableType]] = [
        ("target", f"{asked.target}: {normalised(budget_hours(sheet, asked))} h ({CLAUSES[asked.target]})"),
        ("start", exactly(asked.start, zone)),
        ("due", when),
        ("run", f"{service_time(run)} of service time"),
    ]
    if found.provisional:
        why = f"{PROVISIONAL}: make-up workdays of that year are not announced yet"
        rows.append(("", marked(why, NOTED)))
    segments = table(f"Service time counted, {sheet.time_zone}", "from", "to", "length", right=["length"])
    for begin, end in found.segments:
        segments.add_row(exactly(begin, zone), exactly(end, zone), service_time(end - begin))
    say(facts(rows), "", segments)

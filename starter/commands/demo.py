"""`aftercare demo`: one agreement from its offer to its close, in fast time, on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from runtime.loop import run
from starter import given
from starter.commands.options import AsJson

if TYPE_CHECKING:
    from contract.terms import TermSheet
    from starter.demo.papers import Papers
    from starter.demo.playing import Happened
    from starter.rehearsal.log import TicketLog
    from starter.rehearsal.running import Lived

EXAMPLES = Path(__file__).parents[2] / "examples"
SHEET, TICKETS = EXAMPLES / "service-agreement.yaml", EXAMPLES / "demo-tickets.csv"
PACE = 0.15
"""Seconds a line stands before the next one, where somebody reads along."""


def demo(
    folder: Annotated[
        Path,
        typer.Option(
            "--folder",
            metavar="FOLDER",
            help="Mails, papers and records go here; those of the last time are removed.",
        ),
    ] = Path("demo-output"),
    pace: Annotated[
        float | None,
        typer.Option(
            "--pace",
            metavar="SECONDS",
            min=0,
            help=f"How long each line stands; on a terminal {PACE}, else 0.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Live one agreement: offer, signatures, requests of every kind, penalties, bills, end of term."""
    sheet = given.sheet(SHEET)
    tickets = _tickets(ZoneInfo(sheet.time_zone))
    outbox = folder / "outbox"
    try:
        _clear(folder, outbox)
    except OSError as problem:
        raise typer.BadParameter(f"{folder}: {problem.strerror or problem}") from None
    if pace is None:
        pace = PACE if sys.stdout.isatty() and not as_json else 0
    lived, papers, timeline = _play(sheet, tickets, folder, pace, as_json)
    if as_json:
        from starter.demo.showing import as_json as everything
        from starter.showing.plain import print_json

        print_json(everything(lived, papers, timeline, outbox))
    else:
        from starter.demo.showing import ending
        from starter.showing.paper import say

        say(*ending(lived, papers, folder, outbox))


def _tickets(zone: ZoneInfo) -> TicketLog:
    from starter.rehearsal.own_format import read

    with TICKETS.open(encoding="utf-8-sig", newline="") as file:
        return read(file, zone)


def _clear(folder: Path, outbox: Path) -> None:
    """Remove what a demonstration before this one left, and nothing else."""
    papers = folder / "papers"
    for made in (outbox, papers):
        made.mkdir(parents=True, exist_ok=True)
    for left in (
        *outbox.glob("*.eml"),
        *papers.glob("*.pdf"),
        *papers.glob("*.xml"),
        *(folder / f"records.db{end}" for end in ("", "-wal", "-shm")),
    ):
        left.unlink(missing_ok=True)


def _play(
    sheet: TermSheet, log: TicketLog, folder: Path, pace: float, silent: bool
) -> tuple[Lived, Papers, list[dict[str, Any]]]:
    from starter.demo.playing import play, steps
    from starter.demo.showing import as_data, line, opening
    from starter.progress import progress
    from starter.showing.paper import paper, say

    zone = ZoneInfo(sheet.time_zone)
    timeline: list[dict[str, Any]] = []
    # Lines scroll above the bar only when both are on the same terminal.
    console = paper() if sys.stdout.isatty() else None
    if not silent:
        say(*opening(sheet))
    with progress(silent, console) as bar:
        task = bar.add_task("the agreement's life", total=steps(log))

        async def tell(happened: Happened) -> None:
            timeline.append(as_data(happened, zone))
            if silent:
                return
            text = line(happened, zone)
            if console is not None:
                bar.console.print(text)
            else:
                with contextlib.suppress(BrokenPipeError):
                    say(text)
                    sys.stdout.flush()
            await asyncio.sleep(pace)

        lived, papers = run(play(sheet, log, folder, tell, lambda: bar.advance(task)))
    return lived, papers, timeline

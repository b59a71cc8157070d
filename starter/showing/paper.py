"""Paper to print on: tables that look right on a terminal and through a pipe; times and money in words."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from contract.money import Money

UNBOUNDED = 10_000
"""Columns where no terminal sets a width: tables take what they need."""

GOOD, BAD, DIM, NOTED = "green", "bold red", "dim", "yellow"
PROVISIONAL = "provisional"
NOTHING = "–"


def paper() -> Console:
    """Standard output: coloured on a terminal; plain and as wide as need be otherwise."""
    width = None if sys.stdout.isatty() else UNBOUNDED
    return Console(file=sys.stdout, width=width, highlight=False, soft_wrap=False, emoji=False, markup=False)


def say(*lines: RenderableType) -> None:
    """Print lines and tables, one below the other; through a pipe without the blanks that fill up rows."""
    console = paper()
    if console.is_terminal:
        for line in lines:
            console.print(line)
        sys.stdout.flush()
        return
    with console.capture() as captured:
        for line in lines:
            console.print(line)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))
    sys.stdout.flush()


def table(title: str, *columns: str, right: Sequence[str] = (), note: str | None = None) -> Table:
    """An empty table; ``right`` names the columns of numbers."""
    made = Table(
        title=title, caption=note, title_justify="left", caption_justify="left", box=None, pad_edge=False
    )
    made.title_style, made.caption_style, made.header_style = "bold", DIM, "bold dim"
    made.padding = (0, 3, 0, 0)
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made


def facts(pairs: Iterable[tuple[str, RenderableType]]) -> Table:
    """Names and values, one pair to a line."""
    made = Table.grid(padding=(0, 3, 0, 0))
    made.add_column(style=DIM, no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in pairs:
        made.add_row(name, value)
    return made


def exactly(at: datetime, zone: ZoneInfo) -> str:
    """An instant in the contract's zone, with weekday and offset."""
    local = at.astimezone(zone)
    return f"{local:%a %Y-%m-%d %H:%M:%S} {local.isoformat()[-6:]}"


def briefly(at: datetime | None, zone: ZoneInfo) -> str:
    """An instant in the contract's zone, for tables that name it."""
    return NOTHING if at is None else f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def span(length: timedelta) -> str:
    """A length of time in days, hours, minutes and seconds, those that count."""
    return _counted(length, (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)))


def service_time(length: timedelta) -> str:
    """A length of service time: in hours, for its days have not 24."""
    return _counted(length, (("h", 3600), ("min", 60), ("s", 1)))


def _counted(length: timedelta, units: Sequence[tuple[str, int]]) -> str:
    seconds = int(length.total_seconds())
    parts = []
    for name, size in units:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts) or "0 s"


def money(amount: Money) -> str:
    """``-1,200.00 CNY``."""
    return f"{amount.amount:,f} {amount.currency}"


def words(name: str) -> str:
    """A name of the contract as words: ``late_response`` → ``late response``."""
    return name.replace("_", " ")


def marked(text: str, style: str) -> Text:
    return Text(text, style=style)

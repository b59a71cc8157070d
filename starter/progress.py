"""Progress of something long: how much is done, how fast, and how long it will still take.

On standard error, and only where a person looks at it; through a pipe there is nothing to redraw.
"""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class _Rate(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.0f}/s")


def progress(silent: bool = False, console: Console | None = None) -> Progress:
    """A progress bar; lines printed through its console scroll above it."""
    console = console or Console(stderr=True, highlight=False, markup=False, emoji=False)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeElapsedColumn(),
        TextColumn("of about"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=silent or not sys.stderr.isatty(),
    )

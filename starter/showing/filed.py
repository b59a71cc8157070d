"""Files that commands write where they are told to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import typer

from starter.showing.paper import say


def file_away(made: Mapping[Path, bytes], *, quiet: bool = False) -> None:
    """Write files, their folders made where there are none, and say which.

    Raises typer.BadParameter for a place that cannot be written to.
    """
    for path, content in made.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except OSError as problem:
            raise typer.BadParameter(f"{path} cannot be written: {problem.strerror}") from problem
        if not quiet:
            say(f"wrote {path}")

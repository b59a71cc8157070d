"""`aftercare settings`: what is in force here, and where each value came from."""

from __future__ import annotations

from typing import Any

from runtime.profile import DEFAULT, in_force
from starter.commands.options import AsJson
from starter.showing.paper import DIM, NOTHING, marked, say, table
from starter.showing.plain import plain, print_json


def settings(as_json: AsJson = False) -> None:
    """Every setting with its value and where it came from; secrets are not shown, faults are, all of them."""
    found = in_force()
    if as_json:
        rows = [{"name": name, "value": value, "source": source} for name, value, source in found.shown()]
        print_json({"profile": found.profile, "settings": rows})
        return
    shown = table("Settings in force", "Setting", "Value", "From", note=f"Profile: {found.profile or 'none'}")
    for name, value, source in found.shown():
        shown.add_row(name, _written(value), marked(source, DIM) if source == DEFAULT else source)
    say(shown)


def _written(value: Any) -> str:
    match value:
        case None | "":
            return NOTHING
        case bool():
            return str(value).lower()
        case _:
            return str(plain(value))

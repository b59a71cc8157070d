"""The table of docs/settings.md, made from the model of the settings and its field's descriptions."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

from runtime.profile import variable
from runtime.settings import OTHER_VARIABLES, SECRET, Settings

SECTIONS = {
    "mode": "Everything",
    "temporal_address": "Temporal",
    "keyring": "Encryption",
    "records_url": "Record store",
    "mail": "Mail",
    "drain_seconds": "Worker and command line",
    "monitoring_address": "Watching it",
}
"""Where a section begins."""


def page() -> Iterator[str]:
    """The made part of docs/settings.md, line by line."""
    for name, field in Settings.model_fields.items():
        if name in SECTIONS:
            yield f"\n### {SECTIONS[name]}\n\n"
            yield "| In the profile | In the environment | Default | |\n|---|---|---|---|\n"
        by_file = name in SECRET and f"{name}_file" not in Settings.model_fields
        also = f" or `{variable(name)}_FILE`" if by_file else ""
        assert field.description, f"{name} says nothing about itself"
        meaning = " ".join(field.description.split())
        yield f"| `{name}` | `{variable(name)}`{also} | {_default(field.default)} | {meaning} |\n"
    yield "\n### Variables that are no settings\n\n| | |\n|---|---|\n"
    for name, meaning in OTHER_VARIABLES.items():
        yield f"| `{name}` | {meaning} |\n"
    yield "\n"


def _default(value: Any) -> str:
    match value:
        case None | "":
            return ""
        case dict():
            return "none"
        case list():
            return f"`{','.join(map(str, value))}`"
        case Enum():
            return f"`{value.value}`"
        case float() if value.is_integer():
            return f"`{int(value)}`"
        case _:
            return f"`{value}`"

"""`python -m checks.docs`: the documents say what the code does.

- The transition table and the diagram in docs/request-life.md are made from `contract/request.py`; what is
  committed must be what would be made now. `--write` makes it.
- The table in docs/disputes.md is made from `contract/disputes.py`, in the same way.
- The tables in docs/settings.md are made from `runtime/settings.py`, in the same way.
- docs/term-sheet.md lists every field of a term sheet, with its default.
- docs/cli.md names every command, and starter/exits.py's codes.
- Links between the documents lead somewhere.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import typer.main
from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from typer.core import TyperGroup

from checks import settings_page
from contract.commands import CommandName
from contract.dispute_names import DisputeCommandName
from contract.disputes import TRANSITIONS as DISPUTES_TABLE
from contract.request import FINISHED, TRANSITIONS, Rule
from contract.terms import TermSheet
from contract.values import normalised
from runtime.leave import leave

ROOT = Path(__file__).parents[1]
LIFE, SHEET, CLI, SETTINGS, DISPUTES = (
    ROOT / "docs" / name
    for name in ("request-life.md", "term-sheet.md", "cli.md", "settings.md", "disputes.md")
)
BEGIN, END = "<!-- made by `python -m checks.docs --write` -->\n", "<!-- end -->\n"
ROW = re.compile(r"^\| `(?P<path>[\w.]+)` \| [^|]+ \| (?P<default>[^|]+) \|", re.MULTILINE)
LINK = re.compile(r"\]\((?P<target>[^)#:]+)(#[^)]*)?\)")

IN_WORDS = {
    CommandName.NOTE_DIAGNOSIS: "diagnose",
    CommandName.ASK_FOR_MATERIALS: "ask",
    CommandName.PROVIDE_MATERIALS: "provide",
    CommandName.RAISE_PRIORITY: "priority",
    CommandName.LOWER_PRIORITY: "priority",
    CommandName.ANSWER_RATING: "answer",
    CommandName.ADD_NOTE: "note",
}
"""What `aftercare request …` calls a command, where not by its name."""
SAME_AS = {"customer": "provider"}
"""Parts of the sheet that are documented once."""


def main(arguments: list[str]) -> int:
    """0 when the documents are right; otherwise 1, after one line for each fault."""
    if arguments == ["--write"]:
        for document, made in MADE.items():
            document.write_text(with_made(document.read_text(), made()))
        return 0
    found = [*made_faults(), *sheet_faults(SHEET.read_text()), *cli_faults(CLI.read_text()), *link_faults()]
    for fault in found:
        print(fault, file=sys.stderr)
    return int(bool(found))


# What is made


def made_faults() -> Iterator[str]:
    for document, made in MADE.items():
        text = document.read_text()
        if with_made(text, made()) != text:
            yield f"docs/{document.name}: not what the code says; run `python -m checks.docs --write`"


def with_made(text: str, made: Iterable[str]) -> str:
    """The document with its made part made anew."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    assert begin, f"a document has no line {BEGIN!r}"
    assert end, f"a document has no line {END!r}"
    return "".join([before, begin, *made, end, after])


# The life of a request


def life() -> Iterator[str]:
    """The made part of docs/request-life.md."""
    yield from ("\n", *table(), "\n", *diagram(), "\n")


def table() -> Iterator[str]:
    """The transition table, a row for each command."""
    yield "| Command | On the command line | Who | While the request is | Then it is | Clause |\n"
    yield "|---|---|---|---|---|---|\n"
    for name, rule in TRANSITIONS.items():
        spoken = IN_WORDS.get(name, name.value)
        states = "any state" if set(rule.states) == set(type(rule.states[0])) else ", ".join(rule.states)
        then = "as before" if rule.leads_to is None else f"**{rule.leads_to}**"
        who = " or ".join(sorted(rule.by))
        yield f"| `{name}` | `request {spoken}` | {who} | {states} | {then} | {rule.clause} |\n"


def diagram() -> Iterator[str]:
    """The commands that change the state, as a diagram."""
    yield "```mermaid\nstateDiagram-v2\n    [*] --> submitted: submit\n"
    for name, rule in TRANSITIONS.items():
        yield from (f"    {edge}: {name}\n" for edge in edges(rule))
    yield "    resolved --> closed: acceptance_days pass\n"
    yield from (f"    {state} --> [*]\n" for state in sorted(FINISHED))
    yield "```\n"


def edges(rule: Rule) -> Iterator[str]:
    if rule.leads_to is not None:
        yield from (f"{state} --> {rule.leads_to}" for state in rule.states)


# Disputes


DISPUTE_WORDS = {
    DisputeCommandName.OPEN_DISPUTE: "open",
    DisputeCommandName.OFFER_SETTLEMENT: "offer",
    DisputeCommandName.CONFIRM_SETTLEMENT: "confirm",
    DisputeCommandName.DECLARE_FAILED: "declare-failed",
    DisputeCommandName.REFER_DISPUTE: "refer",
    DisputeCommandName.RECORD_AWARD: "award",
    DisputeCommandName.WITHDRAW_DISPUTE: "withdraw",
}
"""What `aftercare dispute …` calls a command."""


def disputes() -> Iterator[str]:
    """The made part of docs/disputes.md: what may be done in which state."""
    yield "\n| Command | On the command line | While the dispute is | Then it is | Clause |\n"
    yield "|---|---|---|---|---|\n"
    for name, rule in DISPUTES_TABLE.items():
        states = ", ".join(rule.states) or "not there yet"
        then = "as before" if rule.leads_to is None else f"**{rule.leads_to}**"
        yield f"| `{name}` | `dispute {DISPUTE_WORDS[name]}` | {states} | {then} | {rule.clause} |\n"
    yield "| | by itself, after `stale_days` | negotiating | **lapsed** | C9.1 |\n\n"


MADE = {LIFE: life, SETTINGS: settings_page.page, DISPUTES: disputes}
"""The documents with a made part, and what makes it."""


# The term sheet


def sheet_faults(text: str) -> Iterator[str]:
    """Fields that the document leaves out, has too many, or gives another default."""
    documented = {row["path"]: row["default"].strip().strip("`") for row in ROW.finditer(text)}
    actual = dict(fields(TermSheet))
    for path in actual.keys() - documented.keys():
        yield f"docs/term-sheet.md: does not have {path}"
    for path in documented.keys() - actual.keys():
        yield f"docs/term-sheet.md: {path} is no field of a term sheet"
    for path in documented.keys() & actual.keys():
        if documented[path] != actual[path]:
            yield f"docs/term-sheet.md: {path} has the default {actual[path]}, not {documented[path]}"


def fields(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every field's path with its default as the document writes it; mandatory ones have a dash."""
    for name, field in model.model_fields.items():
        path = f"{prefix}{name}"
        default = field.get_default(call_default_factory=True, validated_data={})
        yield path, written(default)
        for part in models_in(field.annotation, *field.metadata):
            if name not in SAME_AS:
                yield from fields(part, f"{path}.")


def models_in(*annotations: Any) -> Iterator[type[BaseModel]]:
    """The models a field holds directly, in one of its shapes; not those in lists or mappings."""
    for annotation in annotations:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield annotation
        elif get_origin(annotation) in (Annotated, Union, UnionType):
            yield from models_in(*get_args(annotation))


def written(default: Any) -> str:
    match default:
        case _ if default is PydanticUndefined:
            return "–"
        case None:
            return "null"
        case Enum():
            return str(default.value)
        case Decimal():
            return normalised(default)
        case dict():
            return "{}"
        case _:
            return str(default)


# The command line


def cli_faults(text: str) -> Iterator[str]:
    """Commands and exit codes that docs/cli.md does not name."""
    from starter.cli import app
    from starter.exits import ExitCode

    for path in command_paths(typer.main.get_command(app), "aftercare"):
        if not re.search(rf"{path}\b", text):
            yield f"docs/cli.md: does not have `{path}`"
    for code in ExitCode:
        if f"| {code.value} |" not in text:
            yield f"docs/cli.md: does not have exit code {code.value}"


def command_paths(command: Any, path: str) -> Iterator[str]:
    if not isinstance(command, TyperGroup):
        yield path
        return
    for name in command.commands:
        yield from command_paths(command.commands[name], f"{path} {name}")


# Links


def link_faults() -> Iterator[str]:
    """Links to files that are not there."""
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for link in LINK.finditer(document.read_text()):
            if not (document.parent / link["target"]).exists():
                yield f"{document.relative_to(ROOT)}: there is no {link['target']}"


if __name__ == "__main__":
    leave(main(sys.argv[1:]))

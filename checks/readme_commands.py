"""`python -m checks.readme_commands`: the commands that README.md and docs/*.md show exist.

Every `make …` line of a ```console or ```sh block names a target of the Makefile, and every `aftercare …`
line parses: its command, its options, their number of values and choices, and its arguments. Nothing is
run, so the files a line names need not exist.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import typer.main
from typer.core import TyperGroup
from typer.exceptions import TyperException

from runtime.leave import leave

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^ *```(?P<kind>console|sh)\s*$\n(?P<body>.*?)^ *```\s*$", re.MULTILINE | re.DOTALL)
PUNCTUATION = "();<>|&"


@dataclass(frozen=True)
class Line:
    """A shell line of a document, with where it stands."""

    document: str
    number: int
    text: str


def main() -> int:
    """0 when every command shown exists; otherwise 1, after one line for each fault."""
    from starter.cli import app

    documents = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    targets = make_targets((ROOT / "Makefile").read_text())
    command = typer.main.get_command(app)
    bad = 0
    for document in documents:
        for line in shell_lines(str(document.relative_to(ROOT)), document.read_text()):
            for fault in faults(line.text, command, targets):
                print(f"{line.document}:{line.number}: {fault}: {line.text}", file=sys.stderr)
                bad = 1
    return bad


def shell_lines(document: str, text: str) -> Iterator[Line]:
    """The commands in a document's blocks, continued lines joined.

    In a `console` block only what follows a `$` prompt is a command; the rest is what it printed.
    """
    for block in BLOCK.finditer(text):
        first = text.count("\n", 0, block.start("body")) + 1
        waiting, begun = "", 0
        for offset, raw in enumerate(dedent(block["body"]).splitlines()):
            if not waiting:
                if block["kind"] == "console" and not raw.startswith("$ "):
                    continue
                raw, begun = raw.removeprefix("$ "), first + offset
            else:
                raw = raw.removeprefix("> ")
            if raw.endswith("\\"):
                waiting += raw[:-1]
                continue
            yield Line(document, begun, (waiting + raw).strip())
            waiting = ""
        if waiting:
            yield Line(document, begun, waiting.strip())


def faults(line: str, command: Any, targets: frozenset[str]) -> Iterator[str]:
    """What is wrong with the `make` and `aftercare` commands of one shell line."""
    try:
        commands = list(simple_commands(line))
    except ValueError as error:
        yield f"is not a shell line ({error})"
        return
    for program, *arguments in commands:
        if program == "make":
            wanted = [word for word in arguments if not word.startswith("-") and "=" not in word]
            yield from (f"make has no target {word!r}" for word in wanted if word not in targets)
        elif program.rpartition("/")[2] == "aftercare" and (fault := parse(command, arguments)):
            yield fault


def simple_commands(line: str) -> Iterator[list[str]]:
    """The simple commands of a shell line, without redirections and without leading assignments."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=PUNCTUATION)
    lexer.whitespace_split = True
    words: list[str] = []
    skip = False
    for word in lexer:
        if skip:
            skip = False
        elif set(word) <= set("<>&") and set(word) & set("<>"):
            skip = True
            if words and words[-1].isdigit():  # the 2 of 2>file
                words.pop()
        elif set(word) <= set(PUNCTUATION):
            yield from _named(words)
            words = []
        else:
            words.append(word)
    yield from _named(words)


def _named(words: Sequence[str]) -> Iterator[list[str]]:
    rest = list(words)
    while rest and re.match(r"[A-Za-z_]\w*=", rest[0]):
        rest.pop(0)
    if rest:
        yield rest


def parse(command: Any, arguments: list[str]) -> str | None:
    """Why the command line would not be accepted; `None` when it would.

    Parsed with the application's own parser, without its callbacks and without looking at files.
    """
    path = ["aftercare"]
    while isinstance(command, TyperGroup):
        if arguments[:1] in (["--help"], ["--version"]):
            return None
        options = command.make_parser(command.context_class(command, info_name=path[-1]))
        options.allow_interspersed_args = False
        try:
            _, arguments, _ = options.parse_args(list(arguments))
        except TyperException as error:
            return str(error)
        if not arguments:
            return f"{' '.join(path)!r} needs a command"
        name, *arguments = arguments
        if name not in command.commands:
            return f"{' '.join(path)!r} has no command {name!r}"
        path.append(name)
        command = command.commands[name]
    if "--help" in arguments:
        return None
    parser = command.make_parser(command.context_class(command, info_name=path[-1]))
    try:
        given, surplus, _ = parser.parse_args(list(arguments))
    except TyperException as error:
        return str(error)
    if surplus:
        return f"unexpected argument {surplus[0]!r}"
    for parameter in command.params:
        value = given.get(parameter.name)
        if value is None or value == ():
            if parameter.required:
                return f"missing {parameter.opts[0]}"
            continue
        choices = parameter.type_descriptor.choices
        names = {str(getattr(choice, "value", choice)) for choice in choices or ()}
        for word in value if isinstance(value, tuple | list) else [value]:
            if names and str(word) not in names:
                return f"{parameter.opts[0]} is one of {', '.join(sorted(names))}, not {word!r}"
    return None


def make_targets(makefile: str) -> frozenset[str]:
    """The names one can give to make."""
    return frozenset(re.findall(r"^([a-z][\w-]*):", makefile, re.MULTILINE))


if __name__ == "__main__":
    leave(main())

"""A document cannot show a command that does not exist."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import pytest
import typer
import typer.main

from checks.readme_commands import faults, make_targets, shell_lines


class Target(StrEnum):
    RESPOND = "respond"
    RESOLVE = "resolve"


app = typer.Typer()
terms = typer.Typer()
app.add_typer(terms, name="terms")


@terms.command()
def check(files: list[str], as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    raise AssertionError("a check must not run what it checks")


@app.command()
def due(target: Annotated[Target, typer.Option()], pause: Annotated[list[str] | None, typer.Option()] = None):
    raise AssertionError("a check must not run what it checks")


COMMAND = typer.main.get_command(app)
TARGETS = make_targets("setup: .ready ## set up\n.ready: lock\n\tfalse\ntest:\n\ttrue\n")


@pytest.mark.parametrize(
    "line",
    [
        "make",
        "make setup test",
        "make test ARGS='-k nothing-of-the-kind'",
        "git clone somewhere && cd somewhere; make setup",
        "aftercare terms check examples/*.yaml --json > faults.json 2>&1",
        ".venv/bin/aftercare terms check a.yaml | head -3",
        "AFTERCARE_X=1 aftercare due --target respond --pause A/B --pause C/D  # why",
        "aftercare terms --help",
        "aftercare due --help",
    ],
)
def test_a_command_that_exists_passes(line: str):
    assert list(faults(line, COMMAND, TARGETS)) == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("make stup", "make has no target 'stup'"),
        ("make setup && make tset", "make has no target 'tset'"),
        ("aftercare", "'aftercare' needs a command"),
        ("aftercare terms", "'aftercare terms' needs a command"),
        ("aftercare terms chek a.yaml", "'aftercare terms' has no command 'chek'"),
        ("aftercare terms check", "missing files"),
        ("aftercare terms check a.yaml --jsn", "No such option: --jsn"),
        ("cat x | aftercare due", "missing --target"),
        ("aftercare due --target", "Option '--target' requires an argument."),
        ("aftercare due --target answer", "--target is one of resolve, respond, not 'answer'"),
        ("aftercare due --target respond now", "unexpected argument 'now'"),
    ],
)
def test_a_command_that_does_not_exist_is_named_with_its_fault(line: str, fault: str):
    assert [found.split(" Did you mean")[0] for found in faults(line, COMMAND, TARGETS)] == [fault]


def test_a_quote_that_is_never_closed_is_a_fault():
    assert list(faults("make test ARGS='-k", COMMAND, TARGETS)) == [
        "is not a shell line (No closing quotation)"
    ]


DOCUMENT = """\
Not a command: make believe.

```console
$ aftercare due \\
>     --target respond
due 2026-01-05T03:00:00Z
$ make test
```

```python
make = 1
```

```sh
make setup
```
"""


def test_commands_are_found_in_the_steps_of_a_list():
    step = "1. One:\n\n   ```console\n   $ make test\n   ok\n   ```\n2. Two:\n\n   ```sh\n   make\n   ```\n"
    assert [(line.number, line.text) for line in shell_lines("README.md", step)] == [
        (4, "make test"),
        (10, "make"),
    ]


def test_commands_are_found_in_console_and_sh_blocks_where_they_stand():
    lines = list(shell_lines("README.md", DOCUMENT))
    assert [(line.number, line.text) for line in lines] == [
        (4, "aftercare due     --target respond"),
        (7, "make test"),
        (15, "make setup"),
    ]

"""Help comes at once: what commands need is imported when they run, not before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import typer.main
from typer.core import TyperGroup

from starter.cli import Commands, app
from tests.starter.conftest import CommandLine

ROOT = Path(__file__).parents[2]
HEAVY = ("matplotlib", "sqlalchemy", "alembic", "temporalio", "holidays", "pydantic", "jinja2", "worker")

LOADED = """
import sys
from starter.cli import run
assert run(sys.argv[1:]) == 0
print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def loaded_by(*arguments: str) -> set[str]:
    """The packages that a command line imports."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


def test_help_imports_nothing_heavy():
    assert loaded_by("--help") & set(HEAVY) == set()


def test_checking_a_sheet_needs_neither_charts_nor_a_database_unless_it_names_holidays():
    loaded = loaded_by("terms", "check", "examples/around-the-clock.yaml")
    assert loaded & {"matplotlib", "sqlalchemy", "temporalio", "holidays"} == set()


def test_every_command_is_there_with_a_summary_and_help_of_its_own(aftercare: CommandLine):
    listed = aftercare.well("--help")
    command = typer.main.get_command(app)
    assert isinstance(command, TyperGroup)
    for name, later in Commands.later.items():
        assert later.summary.split(":")[0] in listed
        found = command.commands[name]
        assert name in aftercare.well(name, "--help")
        for inner in getattr(found, "commands", {}):
            assert inner in aftercare.well(name, inner, "--help")

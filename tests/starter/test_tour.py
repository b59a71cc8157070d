"""The tour in the README works, in order, for a new user."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.readme_commands import BLOCK
from tests.starter.conftest import CommandLine

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
ELSEWHERE = {"dev", "rehearse", "demo"}
"""Commands with tests of their own: they run servers."""


def tour() -> Iterator[tuple[list[str], str]]:
    """The tour's `aftercare` commands, each with what the README shows it to print."""
    text = (ROOT / "README.md").read_text().partition("## A tour")[2]
    for block in BLOCK.finditer(text):
        for part in block["body"].split("$ ")[1:]:
            line, _, printed = part.partition("\n")
            words = shlex.split(line)
            if words[0] == "aftercare" and words[1] not in ELSEWHERE:
                yield words[1:], printed


def test_the_tour_of_the_readme_works_in_order(online: CommandLine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    steps = list(tour())
    assert len(steps) > 20
    for words, printed in steps:
        said = online(*words)
        if printed:
            assert (said.code, said.err) == (4, printed), words
        else:
            assert (said.code, said.err) == (0, ""), words
            assert said.out, words
    (ROOT / "evidence-ACME-2026-001.zip").unlink()
    shutil.rmtree(ROOT / "paper")
    assert "Sun 2026-09-20 17:30:00 +08:00" in online.well(*steps[2][0])
    shown = online.well("request", "show", "ACME-2026-001", "R-1")
    assert "closed" in shown

"""The command line as a user types it, and a service for it to reach."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from starter.cli import run
from tests.starter.live import Service, serving


@dataclass(frozen=True)
class Said:
    """What a command line came to: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        """What a command line with `--json` says on standard error."""
        return json.loads(self.err)["error"]


class CommandLine:
    """`aftercare …`, run in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object) -> Said:
        self._capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        printed = self._capsys.readouterr()
        return Said(code, printed.out, printed.err)

    def well(self, *arguments: object) -> str:
        """What a command that must succeed prints."""
        said = self(*arguments)
        assert said.code == 0, said.err
        return said.out


@pytest.fixture
def aftercare(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> CommandLine:
    """A command line with nothing in its environment: an empty home, and an address where nobody answers."""
    monkeypatch.setenv("AFTERCARE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AFTERCARE_TEMPORAL_ADDRESS", "127.0.0.1:1")
    for name in ("AFTERCARE_RECORDS_URL", "AFTERCARE_BY"):
        monkeypatch.delenv(name, raising=False)
    return CommandLine(capsys)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A real server with a worker and a record store, in a thread of its own, for all tests of a process."""
    with serving(tmp_path_factory.mktemp("service")) as found:
        yield found


@pytest.fixture
def online(aftercare: CommandLine, service: Service, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """A command line whose environment leads to the service."""
    monkeypatch.setenv("AFTERCARE_HOME", str(service.home))
    monkeypatch.setenv("AFTERCARE_TEMPORAL_ADDRESS", service.address)
    return aftercare

"""`aftercare dev`: one command to run everything; another terminal finds it; a restart goes on (issue 2)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.starter.conftest import CommandLine
from tests.starter.sheets import write_sheet

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
PROVIDER = ("--by", "provider:Li Ming")
CUSTOMER = ("--by", "customer:Wang Fang")


class Terminal:
    """A terminal in which `aftercare dev` runs."""

    def __init__(self, elsewhere: Path, *options: str) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AFTERCARE_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "starter.cli", "dev", *options],
            cwd=elsewhere,
            env=clean | {"HOME": str(elsewhere), "TMPDIR": str(elsewhere), "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def read_json(self) -> Any:
        """The JSON document it prints when it is ready."""
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line == "}\n":
                return json.loads("".join(lines))
        raise AssertionError(self.process.communicate())

    def ctrl_c(self) -> tuple[int, str, str]:
        """What a terminal does on Ctrl-C: SIGINT to the whole process group. Exit code, output, errors."""
        os.killpg(self.process.pid, signal.SIGINT)
        out, err = self.process.communicate(timeout=40)
        return self.process.returncode, out, err


@contextmanager
def terminal(elsewhere: Path, *options: str) -> Iterator[Terminal]:
    found = Terminal(elsewhere, *options)
    try:
        yield found
    finally:
        if found.process.poll() is None:
            os.killpg(found.process.pid, signal.SIGKILL)
            found.process.communicate()


def test_another_terminal_finds_it_ctrl_c_drains_and_a_restart_goes_on(
    aftercare: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    home, elsewhere = tmp_path / "its own" / "home", tmp_path / "elsewhere"
    elsewhere.mkdir()
    options = ("--home", str(home), "--port", "0", "--ui-port", "0", "--json")
    sheet = write_sheet(tmp_path, "D-1", service_hours="always")
    # A folder that another release left open to all.
    home.mkdir(parents=True)
    (home / "temporal.log").touch(0o644)
    with terminal(elsewhere, *options) as first:
        said = first.read_json()
        assert said["home"] == str(home)
        assert said["environment"] == {
            "AFTERCARE_TEMPORAL_ADDRESS": said["temporal"],
            "AFTERCARE_HOME": str(home),
        }
        for name, value in said["environment"].items():
            monkeypatch.setenv(name, value)
        aftercare.well("agreement", "offer", sheet)
        aftercare.well("agreement", "sign", "D-1", *PROVIDER, "--title", "CEO", "--terms", sheet)
        assert first.ctrl_c() == (0, "", "")
    assert aftercare("agreement", "sign", "D-1", *CUSTOMER, "--title", "CEO", "--terms", sheet).code == 1
    with terminal(elsewhere, *options) as second:
        monkeypatch.setenv("AFTERCARE_TEMPORAL_ADDRESS", second.read_json()["temporal"])
        signed = aftercare(
            *("agreement", "sign", "D-1", *CUSTOMER, "--title", "CEO", "--terms", sheet, "--json"),
        ).json
        assert (signed["state"], signed["signed_by"]) == ("active", ["customer", "provider"])
        aftercare.well(
            *("request", "submit", "D-1", "R-1", *CUSTOMER, "--title", "T"),
            *("--service", "technical_support"),
        )
        assert "R-1" in aftercare.well("request", "list", "D-1")
        second.ctrl_c()
    assert [path.name for path in elsewhere.iterdir()] == [], "it writes nothing outside its home"
    assert {"temporal.db", "records.db", "outbox"} <= {path.name for path in home.iterdir()}
    readable = [path.name for path in home.rglob("*") if path.stat().st_mode & 0o077]
    assert readable == [], "what others on this machine could read"
    assert list((home / "outbox").glob("*.eml"))


def test_with_default_settings_no_terminal_needs_any_configuration():
    from runtime.settings import Settings
    from starter.commands.dev import _port
    from starter.development import _to_be_told

    known = Settings()
    settings = known.model_copy(update={"home": known.home_folder.absolute()})
    assert _to_be_told(settings, f"127.0.0.1:{_port(settings)}", {}) == {}


def test_other_terminals_are_told_of_the_record_store_and_the_profile_this_one_was_told(tmp_path: Path):
    from runtime.settings import Settings
    from starter.commands.dev import _port
    from starter.development import _to_be_told

    url = "postgresql://aftercare:secret@db.example/aftercare"
    known = Settings(records_url=url)
    settings = known.model_copy(update={"home": known.home_folder.absolute()})
    given = {"AFTERCARE_RECORDS_URL": url, "AFTERCARE_PROFILE": str(tmp_path / "mine.toml")}
    assert _to_be_told(settings, f"127.0.0.1:{_port(settings)}", given) == {
        "AFTERCARE_PROFILE": str(tmp_path / "mine.toml"),
        "AFTERCARE_RECORDS_URL": "postgresql://aftercare:***@db.example/aftercare",
    }

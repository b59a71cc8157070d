"""`aftercare agreement evidence`, as typed; that it works with an engine is part of the tour."""

from __future__ import annotations

import asyncio
import json
import re
import stat
from pathlib import Path

import pytest

from records import RecordStore, upgrade
from tests.activities.lives import long_life
from tests.starter.conftest import CommandLine


@pytest.fixture
def recorded(aftercare: CommandLine, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """A command line with a record store and no engine."""

    async def live() -> None:
        await upgrade(sqlite_url)
        async with await RecordStore.open(sqlite_url) as store:
            await long_life(store, "en")

    asyncio.run(live())
    monkeypatch.setenv("AFTERCARE_RECORDS_URL", sqlite_url)
    return aftercare


def test_without_an_engine_the_record_stands_alone(recorded: CommandLine, tmp_path: Path):
    file = tmp_path / "evidence.zip"
    said = recorded.well("agreement", "evidence", "ACME-1", "--to", file)
    assert re.search("events in hash chains +51", said)
    assert "the engine does not answer: histories of what still runs are not in it" in said
    assert said.splitlines()[-1] == "sound; keep the digest, both of you"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    told = recorded("agreement", "evidence", "ACME-1", "--to", file, "--json").json
    assert told["digest"] in said
    assert (told["sound"], told["engine_asked"], told["requests"]) == (True, False, 5)


def test_up_to_a_day_of_the_contract(recorded: CommandLine, tmp_path: Path):
    file = tmp_path / "evidence.zip"
    day = ("--until", "2026-03-10", "--json")
    told = recorded("agreement", "evidence", "ACME-1", "--to", file, *day).json
    assert (told["as_of"], told["requests"], told["sound"]) == ("2026-03-10", 2, True)


def test_of_an_unknown_agreement_or_into_no_folder_nothing_is_written(recorded: CommandLine, tmp_path: Path):
    said = recorded("agreement", "evidence", "NOBODY", "--to", tmp_path / "evidence.zip", "--json")
    assert (said.code, json.loads(said.err)["error"]["kind"]) == (5, "unknown")
    said = recorded("agreement", "evidence", "ACME-1", "--to", tmp_path / "nowhere" / "evidence.zip")
    assert (said.code, "allowed: a file in a folder that is there" in said.err) == (2, True)
    assert not list(tmp_path.glob("*.zip"))

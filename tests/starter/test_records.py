"""`aftercare records …`: how far the tables are, and bringing them there."""

from __future__ import annotations

import asyncio
from pathlib import Path

from records.database import Database
from records.engine import database_url
from starter.exits import ExitCode
from tests.starter.conftest import CommandLine


def at_revision(url: str, revision: str) -> None:
    """Make a record store look as if another release had made it."""

    async def write() -> None:
        database = Database.at(database_url(url), connections=1)
        statement = f"UPDATE alembic_version SET version_num = '{revision}'"
        await database.write(lambda connection: connection.exec_driver_sql(statement))
        await database.close()

    asyncio.run(write())


def test_the_tables_are_missing_then_there_then_newer_and_older(aftercare: CommandLine, record_url: str):
    def status() -> tuple[int, str]:
        said = aftercare("records", "status", "--url", record_url)
        assert said.err == ""
        return said.code, said.out

    code, out = status()
    assert code == ExitCode.DIFFERENT
    assert "has not been made: `aftercare records upgrade`" in out
    aftercare.well("records", "upgrade", "--url", record_url)
    code, out = status()
    assert code == 0
    assert "is up to date, at " in out
    release = aftercare("records", "status", "--url", record_url, "--json").json["release"]
    at_revision(record_url, "of-next-year")
    code, out = status()
    assert (code, f"newer than this release, which knows {release}" in out) == (0, True)


def test_older_tables_are_said_to_need_the_upgrade(aftercare: CommandLine, record_url: str):
    aftercare.well("records", "upgrade", "--url", record_url)
    found = aftercare("records", "status", "--url", record_url, "--json").json
    assert found["up_to_date"] is True
    assert found["revision"] == found["release"]
    at_revision(record_url, "0001")
    said = aftercare("records", "status", "--url", record_url)
    assert said.code == ExitCode.DIFFERENT
    assert f"is at 0001, this release needs {found['release']}: `aftercare records upgrade`" in said.out


def test_asking_makes_nothing(aftercare: CommandLine, tmp_path: Path):
    assert aftercare("records", "status").code == ExitCode.DIFFERENT
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_is_away_is_said_without_its_password(aftercare: CommandLine, tmp_path: Path):
    url = f"postgresql://aftercare:s3cret@/aftercare?host={tmp_path}"
    said = aftercare("records", "status", "--url", url)
    assert said.code == ExitCode.NOT_REACHED
    assert "does not answer" in said.err
    assert "s3cret" not in said.err

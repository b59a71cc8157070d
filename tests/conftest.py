"""Fixtures every test may ask for: databases to keep a record in, and how Hypothesis looks for examples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.postgres import ABSENT, Cluster, cluster, postgres_binaries

# A test run says the same thing twice: `--hypothesis-profile=dev` looks for examples not seen before.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("dev", deadline=None)
settings.load_profile("ci")


@pytest.fixture(autouse=True)
def no_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have settings of their own."""
    monkeypatch.setenv("AFTERCARE_PROFILE", "")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL server of this test process's own; `with postgres.database() as url` for a database."""
    binaries = postgres_binaries()
    if binaries is None:
        pytest.skip(ABSENT)
    with cluster(binaries) as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Cluster) -> Iterator[str]:
    """The asyncpg URL of an empty PostgreSQL database; skips where there is no PostgreSQL."""
    with postgres.database() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The aiosqlite URL of a file that does not exist yet."""
    return f"sqlite+aiosqlite:///{tmp_path / 'record.db'}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def record_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database of each kind: a test that asks for it runs on both."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url

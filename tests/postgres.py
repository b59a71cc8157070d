"""A throw-away PostgreSQL for the tests, from the server binaries of the machine.

One cluster per test process, in a temporary directory, reached by a Unix socket in that directory only:
no port to collide on, nothing listening on a network. Durability is off; it lives for minutes.
"""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

PROGRAMS: Final = ("initdb", "pg_ctl", "postgres", "psql")
ABSENT: Final = (
    "PostgreSQL's server binaries (initdb, postgres) are not on this machine:"
    " install your system's PostgreSQL server package to run these tests"
)
FAST_AND_FORGETFUL: Final = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")

# The shell reads a pipe whose other end only we hold. It closes when we end, even when we are killed.
TETHER: Final = '"$@" -w start && echo ready; read -r _; "$@" -m immediate stop'


def postgres_binaries() -> Path | None:
    """The directory that holds all of `PROGRAMS`: on `PATH`, or where Debian keeps them, newest first."""
    candidates = []
    if found := shutil.which("initdb"):
        candidates.append(Path(found).resolve().parent)
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    candidates += sorted(debian, key=lambda path: (len(path.parent.name), path.parent.name), reverse=True)
    for directory in candidates:
        if all(os.access(directory / program, os.X_OK) for program in PROGRAMS):
            return directory
    return None


@dataclass(frozen=True)
class Cluster:
    """A running PostgreSQL server, and databases in it."""

    binaries: Path
    directory: Path
    owner: str
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @contextmanager
    def database(self) -> Iterator[str]:
        """A fresh, empty database for the length of the block: its SQLAlchemy URL for asyncpg."""
        name = f"test_{next(self._numbers)}"
        self._sql(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield f"postgresql+asyncpg://{self.owner}@/{name}?host={self.directory}"
        finally:
            # By force: a connection that a failed test left open must not hide that test's own failure.
            self._sql(f"DROP DATABASE {name} WITH (FORCE)")

    def _sql(self, statement: str) -> None:
        where = ["-h", str(self.directory), "-U", self.owner, "-d", "postgres"]
        psql = [str(self.binaries / "psql"), "-qX", "-v", "ON_ERROR_STOP=1", *where, "-c", statement]
        subprocess.run(psql, check=True, capture_output=True)


@contextmanager
def cluster(binaries: Path, listen: str = "") -> Iterator[Cluster]:
    """A PostgreSQL server for the length of the block; it ends with this process however that ends.

    `listen`: an address on which it asks for passwords, at the usual port.
    """
    owner = _owner()
    # PostgreSQL refuses to run as root, so root lends it to an account that owns the directory.
    as_owner = ["runuser", "-u", owner, "--"] if os.geteuid() == 0 else []
    # The prefix is short because a socket's path has room for about a hundred characters.
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        if as_owner:
            shutil.chown(directory, owner)
        data, log = directory / "data", directory / "log"
        initdb = [str(binaries / "initdb"), "-D", str(data), "-U", owner, "-E", "UTF8"]
        initdb += ["--auth-local=trust", "--auth-host=scram-sha-256"]
        initdb += ["--no-sync", "--no-instructions", "--locale=C"]
        subprocess.run([*as_owner, *initdb], check=True, capture_output=True, cwd=directory)
        settings = (f"listen_addresses={listen}", "max_connections=200", *FAST_AND_FORGETFUL)
        options = " ".join([f"-k {directory}", *(f"-c {setting}" for setting in settings)])
        control = [str(binaries / "pg_ctl"), "-s", "-D", str(data), "-l", str(log), "-o", options]
        server = subprocess.Popen(
            [*as_owner, "/bin/sh", "-c", TETHER, "tether", *control],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=directory,
            start_new_session=True,
            text=True,
        )
        with server:
            assert server.stdin is not None
            assert server.stdout is not None
            try:
                if (answer := server.stdout.readline()) != "ready\n":
                    words = log.read_text(errors="replace")[-2000:] if log.exists() else ""
                    raise RuntimeError(f"PostgreSQL did not start: {answer}{words}")
                yield Cluster(binaries, directory, owner)
            finally:
                server.stdin.close()
                server.wait(timeout=30)


def _owner() -> str:
    if os.geteuid() != 0:
        return getpass.getuser()
    accounts = {account.pw_name for account in pwd.getpwall()}
    return "postgres" if "postgres" in accounts else "nobody"

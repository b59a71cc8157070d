"""The scripts under deploy/, run as they are: on a real Temporal server and a real PostgreSQL."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from runtime.binaries import temporal_cli
from runtime.engines import dev_server, free_port
from runtime.search_attributes import register_search_attributes
from tests.deploy.compose import HOUSE, env_file, text
from tests.postgres import Cluster
from workflows.search_attributes import ALL, STATE

DEPLOY = HOUSE / "deploy"
SCRIPTS = sorted(DEPLOY.rglob("*.sh"))
NAMESPACE = DEPLOY / "temporal" / "namespace.sh"
IMPATIENT = {"ATTEMPTS": "2", "PAUSE": "0.1"}


def sh(script: Path, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A script run by the machine's plain shell."""
    known = {"PATH": f"{temporal_cli().parent}:{os.environ['PATH']}", "HOME": "/nonexistent"}
    return subprocess.run(
        ["/bin/sh", str(script), *map(str, arguments)],
        env=known | environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def test_shellcheck_finds_no_fault_in_a_script():
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not on this machine: install your system's package to run this test")
    checked = subprocess.run(
        ["shellcheck", "--external-sources", *map(str, SCRIPTS)], capture_output=True, text=True, cwd=HOUSE
    )
    assert checked.returncode == 0, checked.stdout


def test_every_script_is_plain_shell_and_what_containers_start_may_be_started():
    assert SCRIPTS
    for script in SCRIPTS:
        first = script.read_text().splitlines()[0]
        assert first in {"#!/bin/sh", "# shellcheck shell=sh"}, script
        assert bool(script.stat().st_mode & stat.S_IXUSR) == (first == "#!/bin/sh"), script


def test_the_search_attributes_to_register_are_those_the_workflows_set():
    lines = (DEPLOY / "temporal" / "search-attributes").read_text().splitlines()
    listed = [tuple(line.split()) for line in lines if line and not line.startswith("#")]
    types = {"KEYWORD": "Keyword", "DATETIME": "Datetime", "BOOL": "Bool", "INT": "Int", "TEXT": "Text"}
    types |= {"DOUBLE": "Double", "KEYWORD_LIST": "KeywordList"}
    assert listed == [(key.name, types[key.indexed_value_type.name]) for key in ALL], (
        "workflows/search_attributes.py has changed: change deploy/temporal/search-attributes with it"
    )


@pytest.mark.engine
async def test_a_namespace_is_made_ready_as_soon_as_the_server_answers():
    port = free_port()
    environment = {"TEMPORAL_ADDRESS": f"127.0.0.1:{port}", "TEMPORAL_NAMESPACE": "aftercare"}
    early = subprocess.Popen(
        ["/bin/sh", str(NAMESPACE)],
        env={"PATH": f"{temporal_cli().parent}:{os.environ['PATH']}", "PAUSE": "0.2"} | environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    with early:
        assert early.stderr is not None
        assert "waiting for the Temporal server" in early.stderr.readline()
        async with dev_server(port=port) as server:
            assert early.wait(60) == 0, early.stderr.read()
            config = server.client.config()
            config["namespace"] = "aftercare"
            ready = type(server.client)(**config)
            assert await register_search_attributes(ready, ALL) == ()
            described = subprocess.run(
                [temporal_cli(), "operator", "namespace", "describe", "--namespace", "aftercare"],
                env=environment,
                capture_output=True,
                text=True,
                check=True,
            )
            assert "720h0m0s" in described.stdout
            again = sh(NAMESPACE, **environment)
            assert (again.returncode, again.stderr) == (0, "namespace.sh: namespace aftercare is ready\n")


@pytest.mark.engine
async def test_a_search_attribute_of_another_type_is_said_at_once():
    async with dev_server(namespace="taken") as server:
        taken = ["--namespace", "taken", "--name", STATE.name, "--type", "Bool"]
        where = {"TEMPORAL_ADDRESS": server.address}
        create = [str(temporal_cli()), "operator", "search-attribute", "create", *taken]
        subprocess.run(create, env=where, check=True, capture_output=True)
        refused = sh(NAMESPACE, TEMPORAL_NAMESPACE="taken", PAUSE="60", **where)
    assert refused.returncode == 1
    assert f"search attribute {STATE.name} (Keyword)" in refused.stderr
    assert "different type Bool" in refused.stderr


def test_a_server_that_never_answers_is_given_up_with_its_last_answer():
    silent = sh(
        NAMESPACE, TEMPORAL_ADDRESS=f"127.0.0.1:{free_port()}", TEMPORAL_NAMESPACE="aftercare", **IMPATIENT
    )
    assert silent.returncode == 1
    assert "gave up on the Temporal server at 127.0.0.1:" in silent.stderr
    assert "after 2 attempts" in silent.stderr
    assert "connection refused" in silent.stderr


TOOL = """#!/bin/sh
printf '%s %s %s %s\\n' "$SQL_HOST" "$SQL_USER" "$SQL_PASSWORD" "$*" >>"$CALLS"
[ "$(wc -l <"$CALLS")" -ne 1 ] || { echo "the database system is starting up" >&2; exit 1; }
"""
"""Stands in for Temporal's SQL tool, which comes with its image only: remembers, and fails the first time."""


def test_temporals_tables_are_made_and_updated_and_a_failure_is_tried_again(tmp_path: Path):
    (tmp_path / "temporal-sql-tool").write_text(TOOL)
    (tmp_path / "temporal-sql-tool").chmod(0o755)
    (tmp_path / "password").write_text("s3cret")
    calls = tmp_path / "calls"
    made = sh(
        DEPLOY / "temporal" / "schema.sh",
        PATH=f"{tmp_path}:{os.environ['PATH']}",
        CALLS=str(calls),
        SQL_HOST="db",
        SQL_USER="temporal",
        SQL_PASSWORD_FILE=str(tmp_path / "password"),
        PAUSE="0",
    )
    assert made.returncode == 0, made.stderr
    assert "s3cret" not in made.stderr + made.stdout
    tables = "/etc/temporal/schema/postgresql/v12"
    first = "db temporal s3cret --database temporal setup-schema --version 0.0"
    assert calls.read_text().splitlines() == [
        first,
        first,
        f"db temporal s3cret --database temporal update-schema --schema-dir {tables}/temporal/versioned",
        "db temporal s3cret --database temporal_visibility setup-schema --version 0.0",
        "db temporal s3cret --database temporal_visibility update-schema"
        f" --schema-dir {tables}/visibility/versioned",
    ]


@pytest.fixture
def ask(postgres: Cluster) -> Iterator[object]:
    """Asks the cluster; what owner.sh makes is gone afterwards."""

    def asked(statement: str, database: str = "postgres", user: str | None = None) -> str:
        where = ["-h", str(postgres.directory), "-U", user or postgres.owner, "-d", database]
        psql = [str(postgres.binaries / "psql"), "-qXAt", "-v", "ON_ERROR_STOP=1", *where, "-c", statement]
        answered = subprocess.run(psql, capture_output=True, text=True)
        return answered.stdout.strip() or answered.stderr.strip()

    yield asked
    for database in ("one", "two"):
        asked(f"DROP DATABASE IF EXISTS {database}")
    asked("DROP ROLE IF EXISTS owner_of_two")


@pytest.mark.postgres
def test_a_database_belongs_to_an_owner_who_is_no_superuser(postgres: Cluster, ask, tmp_path: Path):
    (tmp_path / "password").write_text('it\'s 100% "strong"\n')
    made = sh(
        DEPLOY / "postgres" / "owner.sh",
        PATH=f"{postgres.binaries}:{os.environ['PATH']}",
        PGHOST=str(postgres.directory),
        POSTGRES_USER=postgres.owner,
        OWNER="owner_of_two",
        OWNED_DATABASES="one two",
        OWNER_PASSWORD_FILE=str(tmp_path / "password"),
    )
    assert (made.returncode, made.stderr) == (0, "")
    rights = "rolsuper, rolcreatedb, rolcreaterole, rolcanlogin, left(rolpassword, 13)"
    role = f"SELECT {rights} FROM pg_authid WHERE rolname = 'owner_of_two'"
    assert ask(role) == "f|f|f|t|SCRAM-SHA-256"
    for database in ("one", "two"):
        assert ask("CREATE TABLE t (n int); SELECT count(*) FROM t", database, "owner_of_two") == "0"
    ask("CREATE ROLE stranger LOGIN")
    assert "permission denied" in ask("SELECT 1", "one", "stranger")
    ask("DROP ROLE stranger")


def modes(folder: Path) -> Mapping[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


def test_passwords_are_made_once_strong_and_only_for_their_owner(tmp_path: Path):
    settings, secrets = tmp_path / ".env", tmp_path / "secrets"
    first = sh(DEPLOY / "make-env.sh", settings, secrets)
    assert first.returncode == 0, first.stderr
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert env_file(settings) == env_file()
    made = {file.name: file.read_text() for file in secrets.iterdir()}
    # In a container another user reads them, whom the folder keeps out here.
    assert set(modes(secrets).values()) == {0o644}
    random = [value for name, value in made.items() if name.endswith(("_admin", "_owner"))]
    assert len(set(random)) == len(random) > 3
    assert all(len(value) == 48 and set(value) <= set("0123456789abcdef") for value in random)
    assert made["records_url"] == f"postgresql://aftercare:{made['records_db_owner']}@records-db/aftercare"
    settings.write_text("MINE=1\n")
    assert sh(DEPLOY / "make-env.sh", settings, secrets).returncode == 0
    assert settings.read_text() == "MINE=1\n"
    assert {file.name: file.read_text() for file in secrets.iterdir()} == made


def test_every_secret_of_the_compose_file_is_made(tmp_path: Path):
    sh(DEPLOY / "make-env.sh", tmp_path / ".env", tmp_path / "secrets")
    wanted = {Path(secret["file"]).name for secret in text()["secrets"].values()}
    assert wanted <= {file.name for file in (tmp_path / "secrets").iterdir()}


def test_what_make_env_makes_is_never_committed():
    for path in (".env", "deploy/secrets/records_url"):
        ignored = subprocess.run(["git", "check-ignore", "--quiet", path], cwd=HOUSE)
        assert ignored.returncode == 0, path

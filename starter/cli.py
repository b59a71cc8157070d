"""`aftercare …`: the command line. Which commands there are, and how the process leaves.

A mistake of the user's is one clear line on standard error (for a document, all of its faults) and one of
the exit codes in :mod:`starter.exits`; never a traceback. docs/cli.md documents both.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from typer.main import get_command

from runtime.leave import leave
from starter.lazily import Later, LazyGroup


class Commands(LazyGroup):
    """All commands, in the order in which one meets them."""

    later = {
        "demo": Later(
            "starter.commands.demo", "demo", "Live one agreement from offer to end, in two minutes."
        ),
        "dev": Later(
            "starter.commands.dev", "dev", "Run everything on this machine: server, records, worker."
        ),
        "terms": Later("starter.commands.terms", "app", "Term sheets: check, digest, show."),
        "agreement": Later(
            "starter.commands.agreement", "app", "Agreements: offer, sign, change, suspend, end, show, …"
        ),
        "request": Later(
            "starter.commands.request", "app", "Service requests, from submission to rating; show, list."
        ),
        "bill": Later(
            "starter.commands.money", "bills", "Bills: list, waive a late fee, credit the customer."
        ),
        "payment": Later(
            "starter.commands.money", "payments", "Payments: record, clear, bounce, reverse, list; payouts."
        ),
        "invoice": Later("starter.commands.invoice", "app", "Invoices and credit notes: list, show, save."),
        "dispute": Later(
            "starter.commands.dispute", "app", "Disputes: open, offer, confirm, refer, award, withdraw, list."
        ),
        "statement": Later("starter.commands.money", "statement", "What is owed on a day, line by line."),
        "journal": Later("starter.commands.money", "journal", "The journal of a past period, as CSV."),
        "report": Later("starter.commands.report", "app", "Reports: compliance, ratings, penalties."),
        "due": Later(
            "starter.commands.due", "due", "When a promise falls due, by arithmetic; needs no server."
        ),
        "rehearse": Later(
            "starter.commands.rehearse", "rehearse", "What a contract would have cost on a log of tickets."
        ),
        "calendars": Later(
            "starter.commands.calendars", "app", "Holidays and make-up workdays: refresh, show."
        ),
        "settings": Later(
            "starter.commands.settings", "settings", "What is in force here, and where each value came from."
        ),
        "keys": Later("starter.commands.keys", "app", "Keys of encryption: new, list, import."),
        "codec-server": Later(
            "starter.commands.codec_server",
            "codec_server_command",
            "Show operators payloads in clear in the UI.",
        ),
        "ops": Later(
            "starter.commands.ops",
            "app",
            "For operators: at-risk, attention, stuck, retry, reconcile, verify, watch.",
        ),
        "records": Later("starter.commands.records", "app", "The record store: upgrade, status."),
    }


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    no_args_is_help=True,
    help="Performs an after-sales service support agreement: deadlines, penalties and records, on Temporal.",
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"aftercare {version('aftercare')}")
        raise typer.Exit


@app.callback()
def aftercare(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    profile: Annotated[
        Path | None,
        typer.Option(
            "--profile",
            metavar="FILE",
            help="Settings, as TOML. [default: AFTERCARE_PROFILE, or aftercare.toml in the home folder]",
        ),
    ] = None,
) -> None:
    """Options before the command."""
    if profile is not None:
        # In the environment, so that the processes a command starts have the same settings.
        os.environ["AFTERCARE_PROFILE"] = str(profile.absolute())


def main() -> NoReturn:
    """The console script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # Names are Chinese: where a terminal cannot show them, escapes are better than an error.
            stream.reconfigure(errors="backslashreplace")
    leave(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line; the exit code. What is wrong has been said on standard error."""
    command = get_command(app)
    try:
        with command.make_context("aftercare", list(arguments)) as context:
            command.invoke(context)
    except typer.Exit as done:
        return done.exit_code
    except BrokenPipeError:
        # The reader has seen enough: `aftercare … | head`.
        return 0
    except BaseException as problem:
        return _explain(problem, "--json" in arguments)
    return 0


def _explain(problem: BaseException, for_programs: bool) -> int:
    from starter.exits import ExitCode, mistake

    if isinstance(problem, SystemExit):
        return problem.code if isinstance(problem.code, int) else ExitCode.BROKEN
    if type(problem).__name__ == "NoArgsIsHelpError":
        return ExitCode.USAGE
    found = mistake(problem)
    try:
        print(found.for_programs() if for_programs else found.for_people(), file=sys.stderr)
        if found.code is ExitCode.BROKEN:
            _trace(problem)
    except BrokenPipeError:
        pass
    return found.code


def _trace(problem: BaseException) -> None:
    """Where a fault of our own is, for whoever reports it; only when asked for: it may quote content."""
    import traceback

    if os.environ.get("AFTERCARE_LOG_LEVEL", "").upper() == "DEBUG":
        traceback.print_exception(problem)


if __name__ == "__main__":
    main()

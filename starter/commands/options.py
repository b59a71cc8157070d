"""Arguments and options that several commands share."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from contract.parties import Actor, Language
from contract.terms import Priority, Service
from starter import given

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

SheetFile = Annotated[Path, typer.Argument(metavar="FILE", help="A term sheet, YAML or JSON.")]

AgreementId = Annotated[str, typer.Argument(metavar="AGREEMENT", help="The agreement's id.")]

RequestId = Annotated[str, typer.Argument(metavar="REQUEST", help="The request's id within the agreement.")]

By = Annotated[
    Actor,
    typer.Option(
        "--by",
        parser=given.actor,
        metavar="PARTY:PERSON",
        envvar="AFTERCARE_BY",
        show_envvar=True,
        help="Who acts: provider or customer (or the party's id), and the person.",
    ),
]

At = Annotated[
    datetime | None,
    typer.Option(
        "--at",
        parser=given.stamp,
        metavar="TIME",
        help="When it happened, with offset; without it, now (contract §3).",
    ),
]

CommandId = Annotated[
    str | None,
    typer.Option(
        "--command-id", metavar="ID", help="An id of your own: told twice with the same one, it counts once."
    ),
]

OutFolder = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="The folder to write to; made if there is none.")
]

InLanguage = Annotated[
    Language | None,
    typer.Option("--language", help="Of the document; without it, as its readers have agreed."),
]

Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why.")]

Comment = Annotated[str | None, typer.Option("--comment", metavar="TEXT", help="What there is to say.")]

PriorityChoice = Annotated[Priority, typer.Option("--priority", help="How urgent it is.")]

Services = Annotated[list[Service] | None, typer.Option("--service", help="Of this service; repeatable.")]

Priorities = Annotated[
    list[Priority] | None, typer.Option("--priority", help="Of this priority; repeatable.")
]

From = Annotated[
    given.Moment | None,
    typer.Option(
        "--from", parser=given.moment, metavar="DATE", help="Submitted on this day or at this time or later."
    ),
]

To = Annotated[
    given.Moment | None,
    typer.Option(
        "--to", parser=given.moment, metavar="DATE", help="Submitted on this day or before this time."
    ),
]

"""`aftercare request …`: a service request from its submission to the end of its rating (C5, C6).

One command for each row of the transition table; docs/request-life.md has the table.
"""

from __future__ import annotations

from typing import Annotated

import typer

from contract import commands
from contract.money_commands import WaivePenalty
from contract.penalties import PenaltyKind
from contract.terms import Priority, Service
from starter.commands import request_reading
from starter.commands.money import settle
from starter.commands.options import (
    AgreementId,
    AsJson,
    At,
    By,
    CommandId,
    Comment,
    PriorityChoice,
    Reason,
    RequestId,
)
from starter.commands.telling import change_priority, perform, tell

app = typer.Typer(no_args_is_help=True, help="Service requests, from submission to rating.")


@app.command()
def submit(
    agreement: AgreementId,
    request: RequestId,
    by: By,
    service: Annotated[Service, typer.Option("--service", help="The service asked for (C3.1).")],
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="What it is about, in a line.")],
    description: Annotated[
        str | None, typer.Option("--description", metavar="TEXT", help="All of it.")
    ] = None,
    priority: PriorityChoice = Priority.NORMAL,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """The customer submits a request; all clocks start. The same again is the same request (C6.1.1)."""
    tell(
        agreement,
        lambda client: client.submit(
            agreement,
            request,
            by,
            service=service,
            title=title,
            description=description,
            priority=priority,
            at=at,
            command_id=command_id,
        ),
        as_json,
    )


@app.command()
def confirm(
    agreement: AgreementId,
    request: RequestId,
    by: By,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """The provider confirms receipt (C6.1.2)."""
    perform(agreement, request, commands.Confirm, by, at, command_id, as_json)


@app.command()
def assign(
    agreement: AgreementId,
    request: RequestId,
    assignee: Annotated[str, typer.Argument(metavar="ASSIGNEE", help="The member of staff.")],
    by: By,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """The provider names the member of staff who handles it (C6.1.2)."""
    perform(agreement, request, commands.Assign, by, at, command_id, as_json, assignee=assignee)


@app.command()
def reassign(
    agreement: AgreementId,
    request: RequestId,
    assignee: Annotated[str, typer.Argument(metavar="ASSIGNEE", help="The member of staff.")],
    by: By,
    reason: Reason = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """The provider names another member of staff (C6.1.2)."""
    perform(
        agreement, request, commands.Reassign, by, at, command_id, as_json, assignee=assignee, reason=reason
    )


@app.command()
def respond(
    agreement: AgreementId,
    request: RequestId,
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="The response.")],
    by: By,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """The provider responds in substance; the response clock stops (C5.2, C6.2.1)."""
    perform(agreement, request, commands.Respond, by, at, command_id, as_json, message=message)


@app.command()
def diagnose(
    agreement: AgreementId,
    request: RequestId,
    diagnosis: Annotated[str, typer.Argument(metavar="DIAGNOSIS", help="What was found.")],
    by: By,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """The provider notes what it found (C6.2.2)."""
    perform(agreement, request, commands.NoteDiagnosis, by, at, command_id, as_json, diagnosis=diagnosis)


@app.command()
def ask(
    agreement: AgreementId,
    request: RequestId,
    missing: Annotated[list[str], typer.Argument(metavar="MISSING...", help="What is missing, one by one.")],
    by: By,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """The provider asks for materials; the resolution clock is held until they come (C5.4)."""
    perform(agreement, request, commands.AskForMaterials, by, at, command_id, as_json, missing=missing)


@app.command()
def provide(
    agreement: AgreementId,
    request: RequestId,
    materials: Annotated[str, typer.Argument(metavar="MATERIALS", help="What is provided, or where it is.")],
    by: By,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """The customer provides the materials; the resolution clock runs on (C5.4)."""
    perform(agreement, request, commands.ProvideMaterials, by, at, command_id, as_json, materials=materials)


@app.command()
def resolve(
    agreement: AgreementId,
    request: RequestId,
    solution: Annotated[str, typer.Argument(metavar="SOLUTION", help="What solves it.")],
    by: By,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """The provider gives a solution; the resolution clock stops (C6.2.2)."""
    perform(agreement, request, commands.Resolve, by, at, command_id, as_json, solution=solution)


@app.command()
def accept(
    agreement: AgreementId,
    request: RequestId,
    by: By,
    comment: Comment = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """The customer accepts the solution; the request is closed (C6.2.2)."""
    perform(agreement, request, commands.Accept, by, at, command_id, as_json, comment=comment)


@app.command()
def reopen(
    agreement: AgreementId,
    request: RequestId,
    reason: Annotated[str, typer.Argument(metavar="REASON", help="What is not solved.")],
    by: By,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """The customer finds it not solved; the resolution clock runs on (C6.2.2)."""
    perform(agreement, request, commands.Reopen, by, at, command_id, as_json, reason=reason)


@app.command()
def withdraw(
    agreement: AgreementId,
    request: RequestId,
    by: By,
    reason: Reason = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """The customer withdraws the request; all clocks stop (C6.1.1)."""
    perform(agreement, request, commands.Withdraw, by, at, command_id, as_json, reason=reason)


@app.command()
def rate(
    agreement: AgreementId,
    request: RequestId,
    score: Annotated[int, typer.Argument(metavar="SCORE", help="From 1, bad, to 5, good.")],
    by: By,
    comment: Comment = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """The customer rates the service; 1 or 2 asks for an answer (C5.5)."""
    perform(agreement, request, commands.Rate, by, at, command_id, as_json, score=score, comment=comment)


@app.command()
def answer(
    agreement: AgreementId,
    request: RequestId,
    answer: Annotated[str, typer.Argument(metavar="ANSWER", help="What is done about it.")],
    by: By,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """The provider answers a low rating (C5.5)."""
    perform(agreement, request, commands.AnswerRating, by, at, command_id, as_json, answer=answer)


@app.command()
def priority(
    agreement: AgreementId,
    request: RequestId,
    priority: Annotated[Priority, typer.Argument(help="How urgent it is now.")],
    by: By,
    reason: Reason = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """The provider raises the priority, or the customer lowers it; clocks re-project (C5.2)."""
    change_priority(agreement, request, priority, by, at, command_id, as_json, reason)


@app.command()
def note(
    agreement: AgreementId,
    request: RequestId,
    note: Annotated[str, typer.Argument(metavar="NOTE", help="What is to be on record.")],
    by: By,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """Either party adds to the record (C6.2.3)."""
    perform(agreement, request, commands.AddNote, by, at, command_id, as_json, note=note)


app.command("show")(request_reading.show)
app.command("list")(request_reading.list_)


@app.command("waive-penalty")
def waive_penalty(
    agreement: AgreementId,
    request: RequestId,
    of: Annotated[PenaltyKind, typer.Argument(metavar="OF", help="late_response or late_resolution.")],
    reason: Annotated[str, typer.Argument(metavar="REASON", help="Why; it goes on record.")],
    by: By,
    amount: Annotated[
        str | None, typer.Option("--amount", metavar="AMOUNT", help="A part; without it, all that stands.")
    ] = None,
    at: At = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
) -> None:
    """The customer waives a penalty of a request, closed or not, or a part of it (C8.1)."""
    content = {"request_id": request, "of": of, "reason": reason, "amount": amount}
    settle(agreement, WaivePenalty, by, at, command_id, as_json, content)

"""What the parties tell the contract: one frozen model per command (contract §3, "When a command happens").

Every command carries who acts, when it happened (stamped by the channel in whole seconds) and an
id of its own, so that telling it twice is telling it once; another one under its id is refused.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Annotated, Any, ClassVar

import rfc8785
from pydantic import Field

from contract.parties import Actor
from contract.refusals import Refusal, RefusalKind
from contract.terms import Priority, Service
from contract.values import Digest, Identifier, Line, Model, Stamp, Text, Whole


class CommandName(StrEnum):
    """Names of the commands of a service request, as they stand in records, updates and errors."""

    CONFIRM = "confirm"
    ASSIGN = "assign"
    REASSIGN = "reassign"
    RESPOND = "respond"
    NOTE_DIAGNOSIS = "note_diagnosis"
    ASK_FOR_MATERIALS = "ask_for_materials"
    PROVIDE_MATERIALS = "provide_materials"
    RESOLVE = "resolve"
    ACCEPT = "accept"
    REOPEN = "reopen"
    WITHDRAW = "withdraw"
    RAISE_PRIORITY = "raise_priority"
    LOWER_PRIORITY = "lower_priority"
    RATE = "rate"
    ANSWER_RATING = "answer_rating"
    ADD_NOTE = "add_note"


class Command(Model):
    """What every command carries."""

    clause: ClassVar[str]
    """What it is given under; a request's commands have theirs in the table of transitions."""

    command_id: Identifier
    at: Stamp
    actor: Actor

    @property
    def says(self) -> dict[str, Any]:
        """What it says, apart from its id, who gave it and when."""
        return self.model_dump(mode="json", exclude={"command_id", "at", "actor"}, exclude_none=True)

    @property
    def content(self) -> str:
        """A digest by which a command told again under its id is seen to be the same, or another."""
        return hashlib.sha256(rfc8785.dumps([type(self).__name__, self.says])).hexdigest()[:16]

    def other_content(self) -> Refusal:
        """Why it is refused when another command was taken under its id."""
        message = f"command {self.command_id} was given before with other content"
        return Refusal(kind=RefusalKind.OTHER_CONTENT, message=message, clause="§3")


class Submission(Command):
    """A service request as the customer makes it (C6.1.1)."""

    clause = "C6.1.1"
    request_id: Identifier
    service: Service
    priority: Priority = Priority.NORMAL
    title: Line
    description: Text | None = None


class RequestCommand(Command):
    """A command on one service request."""

    name: ClassVar[CommandName]


class Confirm(RequestCommand):
    """The provider confirms receipt (C6.1.2)."""

    name = CommandName.CONFIRM


class Assign(RequestCommand):
    """The provider names the member of staff who handles it (C6.1.2)."""

    name = CommandName.ASSIGN
    assignee: Line


class Reassign(RequestCommand):
    """The provider names another member of staff (C6.1.2)."""

    name = CommandName.REASSIGN
    assignee: Line
    reason: Text | None = None


class Respond(RequestCommand):
    """The provider responds in substance; the response clock stops (C5.2, C6.2.1)."""

    name = CommandName.RESPOND
    message: Text


class NoteDiagnosis(RequestCommand):
    """The provider notes what it found (C6.2.2)."""

    name = CommandName.NOTE_DIAGNOSIS
    diagnosis: Text


class AskForMaterials(RequestCommand):
    """The provider asks for what is missing; the resolution clock pauses (C5.4)."""

    name = CommandName.ASK_FOR_MATERIALS
    missing: Annotated[list[Line], Field(min_length=1, max_length=50)]


class ProvideMaterials(RequestCommand):
    """The customer provides the materials; the resolution clock runs on (C5.4)."""

    name = CommandName.PROVIDE_MATERIALS
    materials: Text


class Resolve(RequestCommand):
    """The provider gives a solution; the resolution clock stops (C6.2.2)."""

    name = CommandName.RESOLVE
    solution: Text


class Accept(RequestCommand):
    """The customer accepts the solution; the request is closed (C6.2.2)."""

    name = CommandName.ACCEPT
    comment: Text | None = None


class Reopen(RequestCommand):
    """The customer finds it not solved; the resolution clock runs on (C6.2.2)."""

    name = CommandName.REOPEN
    reason: Text


class Withdraw(RequestCommand):
    """The customer withdraws the request; all clocks stop (C6.1.1)."""

    name = CommandName.WITHDRAW
    reason: Text | None = None


class RaisePriority(RequestCommand):
    """The provider makes it more urgent (C5.2)."""

    name = CommandName.RAISE_PRIORITY
    priority: Priority
    reason: Text | None = None


class LowerPriority(RequestCommand):
    """The customer makes it less urgent (C5.2)."""

    name = CommandName.LOWER_PRIORITY
    priority: Priority
    reason: Text | None = None


class Rate(RequestCommand):
    """The customer rates the service, 1 (bad) to 5 (good) (C5.5)."""

    name = CommandName.RATE
    score: Annotated[Whole, Field(ge=1, le=5)]
    comment: Text | None = None


class AnswerRating(RequestCommand):
    """The provider answers a low rating (C5.5)."""

    name = CommandName.ANSWER_RATING
    answer: Text


class AddNote(RequestCommand):
    """Either party adds to the record (C6.2.3)."""

    name = CommandName.ADD_NOTE
    note: Text


AnyRequestCommand = (
    Confirm
    | Assign
    | Reassign
    | Respond
    | NoteDiagnosis
    | AskForMaterials
    | ProvideMaterials
    | Resolve
    | Accept
    | Reopen
    | Withdraw
    | RaisePriority
    | LowerPriority
    | Rate
    | AnswerRating
    | AddNote
)


MODELS: dict[CommandName, type[RequestCommand]] = {
    model.name: model for model in RequestCommand.__subclasses__()
}
"""The model of each command of a request."""


class Sign(Command):
    """A party signs: the signature stands for 签字盖章 and binds the digest of the terms (C4.1, C10.3)."""

    clause = "C4.1"
    digest: Digest
    title: Line
    seal_digest: Digest | None = None


class RefuseOffer(Command):
    """A party refuses the offer (C4.1)."""

    clause = "C4.1"
    reason: Text | None = None


class WithdrawOffer(Command):
    """The provider withdraws the offer before it is in force (C4.1)."""

    clause = "C4.1"
    reason: Text | None = None

"""How the command line leaves when something is wrong: one clear line, and a code that scripts can switch on.

Documented in docs/cli.md; stable. A document's faults are listed one to a line, all of them.
"""

from __future__ import annotations

import errno
import json
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from typer import Abort
from typer.exceptions import TyperException

from contract.faults import Fault, Faulty
from runtime.leave import OUTPUT_LOST
from starter.errors import CommandRefused, NotPromised, NotReached, Unknown


class ExitCode(IntEnum):
    """What the process leaves with."""

    DONE = 0
    NOT_REACHED = 1
    """The service, its record store or an engine does not answer."""
    USAGE = 2
    """The command line itself is wrong."""
    FAULTY = 3
    """A document, or what a command says, has faults."""
    REFUSED = 4
    """The contract does not allow it."""
    UNKNOWN = 5
    """There is no such agreement or request."""
    DIFFERENT = 6
    """A check found differences."""
    BROKEN = 70
    """A fault of aftercare's own."""
    OUTPUT_LOST = OUTPUT_LOST
    """Done, but the output could not be written."""
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Mistake:
    """What went wrong, for a person and, with ``--json``, for a program."""

    code: ExitCode
    kind: str
    message: str
    clause: str | None = None
    allowed: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def for_people(self) -> str:
        clause = f" ({self.clause})" if self.clause and self.clause not in self.message else ""
        return "\n".join([f"aftercare: {self.message}{clause}", *(f"  {fault}" for fault in self.faults)])

    def for_programs(self) -> str:
        error: dict[str, Any] = {
            "kind": self.kind,
            "message": self.message,
            "clause": self.clause,
            "allowed": self.allowed,
            "faults": [fault.model_dump(mode="json") for fault in self.faults],
        }
        return json.dumps({"error": error}, ensure_ascii=False)


def mistake(problem: BaseException) -> Mistake:
    """What an exception that ended a command comes to."""
    match problem:
        case CommandRefused(refusal=refusal):
            faults = [Fault.model_validate(fault) for fault in refusal.details.get("faults", [])]
            kind, message, clause = refusal.kind.value, refusal.message, refusal.clause
            return Mistake(ExitCode.REFUSED, kind, message, clause, refusal.allowed, faults)
        case NotPromised():
            return Mistake(ExitCode.REFUSED, "not_promised", str(problem), problem.clause)
        case Unknown():
            return Mistake(ExitCode.UNKNOWN, "unknown", str(problem))
        case NotReached():
            return Mistake(ExitCode.NOT_REACHED, "not_reached", str(problem))
        case Faulty(what=what, faults=faults):
            count = f"{len(faults)} fault{'' if len(faults) == 1 else 's'}"
            return Mistake(ExitCode.FAULTY, "faulty", f"{what}: {count}", faults=faults)
        case TyperException():
            # Typer repeats how pydantic introduces what a validator said.
            message = _one_line(problem.format_message()).replace("Value error, ", "")
            return Mistake(ExitCode.USAGE, "usage", message + _see_help(problem))
        case OSError(errno=errno.ENOSPC | errno.EIO):
            what = f"output could not be written: {problem.strerror}"
            return Mistake(ExitCode.OUTPUT_LOST, "output_lost", what)
        case KeyboardInterrupt() | Abort() | EOFError():
            return Mistake(ExitCode.INTERRUPTED, "interrupted", "interrupted")
        case _:
            return _from_below(problem)


def _from_below(problem: BaseException) -> Mistake:
    """What the engines and the record store raise. Imported here only: whoever raised it has them loaded."""
    from documents.errors import CannotPrint, PressFault
    from records.faults import RecordFault
    from runtime.codec import KeyUnknown, PayloadRefused
    from runtime.connection import Unreachable
    from runtime.engines import EngineFailed, EngineMissing, SearchAttributeConflict
    from runtime.http import CannotListen
    from runtime.keyring import KeysFaulty
    from starter.codec_access import AccessFaulty

    if isinstance(problem, CannotListen | AccessFaulty):
        return Mistake(ExitCode.NOT_REACHED, "not_reached", str(problem))
    if isinstance(problem, KeysFaulty | KeyUnknown | PayloadRefused):
        return Mistake(ExitCode.NOT_REACHED, "keys", str(problem))
    if isinstance(
        problem, Unreachable | RecordFault | EngineMissing | EngineFailed | SearchAttributeConflict
    ):
        return Mistake(ExitCode.NOT_REACHED, "not_reached", str(problem))
    if isinstance(problem, CannotPrint) and not isinstance(problem, PressFault):
        return Mistake(ExitCode.FAULTY, "cannot_print", str(problem))
    what = f"{type(problem).__name__}: {_one_line(str(problem))}".rstrip(": ")
    return Mistake(ExitCode.BROKEN, "broken", f"a fault of aftercare's own, please report it: {what}")


def _see_help(problem: TyperException) -> str:
    context = getattr(problem, "ctx", None)
    return "" if context is None else f" (see `{context.command_path} --help`)"


def _one_line(text: str) -> str:
    return " ".join(text.split())

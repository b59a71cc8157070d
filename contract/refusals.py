"""Why a command is refused: stable kinds that callers switch on, and what would be allowed.

Messages name rules, states and instants, never what a person wrote (C5.3).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from contract.values import Model


class RefusalKind(StrEnum):
    """The ``type`` of every error the workflows answer with. Stable: callers switch on it."""

    NOT_ALLOWED_NOW = "not_allowed_now"
    """The state does not allow the command; ``allowed`` names what it does allow."""
    WRONG_PARTY = "wrong_party"
    """The other party, or neither, may do this."""
    OUT_OF_ORDER = "out_of_order"
    """Stamped before the previous command of the same workflow."""
    IN_THE_FUTURE = "in_the_future"
    """Stamped after contract time: the channel's clock is ahead."""
    TOO_OLD = "too_old"
    """Stamped longer ago than ``command_delay_hours``."""
    WRONG_DIGEST = "wrong_digest"
    """The signature is for other terms."""
    ALREADY_DONE = "already_done"
    """It was done before and can be done only once."""
    NOT_IN_FORCE = "not_in_force"
    """The agreement owes no service now."""
    NOT_COVERED = "not_covered"
    """The agreement does not include the service asked for."""
    NOT_ON_RECORD = "not_on_record"
    """It names a bill or a payment that is not on record."""
    SUSPENDED = "suspended"
    """Service is suspended until what is owed is paid; ``details`` say how much."""
    OTHER_CONTENT = "other_content"
    """The same identifier was used before with other content."""
    TOO_SOON = "too_soon"
    """The date is sooner than the contract allows; ``allowed`` names the earliest."""
    INVALID = "invalid"
    """The input is malformed; ``faults`` lists everything that is wrong with it."""


class Refusal(Model):
    """One refusal: what was wrong, what is allowed, and the clause it rests on."""

    kind: RefusalKind
    message: str
    clause: str
    allowed: list[str] = []
    details: dict[str, Any] = {}


class Refused(Exception):
    """A rule of the contract refuses a command."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def refuse(
    kind: RefusalKind, message: str, clause: str, allowed: list[str] | None = None, **details: Any
) -> Refused:
    """The exception to raise for a refusal."""
    return Refused(Refusal(kind=kind, message=message, clause=clause, allowed=allowed or [], details=details))

"""What can go wrong for a caller: few exceptions, each saying what to do."""

from __future__ import annotations

from contract.refusals import Refusal, RefusalKind


class AftercareError(Exception):
    """Base of everything the client raises on purpose."""


class CommandRefused(AftercareError):
    """The contract refuses the command; ``refusal`` has the kind, the clause and what is allowed."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"{refusal.message} ({refusal.clause})")
        self.refusal = refusal

    @property
    def kind(self) -> RefusalKind:
        return self.refusal.kind


class Unknown(AftercareError):
    """There is no such agreement or request."""


class NotReached(AftercareError):
    """The service did not answer in time. The command may or may not have been taken: tell it again
    with the same ``command_id``; telling it twice is telling it once."""


class NotPromised(AftercareError):
    """The terms promise no such target, so there is nothing that could fall due."""

    def __init__(self, message: str, clause: str) -> None:
        super().__init__(message)
        self.clause = clause

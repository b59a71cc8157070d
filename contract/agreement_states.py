"""The states of an agreement (C4): a module of its own, because records and rules both name them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum


class AgreementState(StrEnum):
    OFFERED = "offered"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    """Shown, never kept: in force, and service is suspended (C8.2)."""
    EXPIRED = "expired"
    """The term has ended; open requests are being finished."""
    TERMINATED = "terminated"
    """It ended early, as both agreed (C4.2); open requests are being finished."""
    CLOSED = "closed"
    """Service is over. Where money is run, both still pay what the final statement says (contract §3)."""
    SETTLED = "settled"
    """Neither owes the other anything any more."""

    @property
    def has_ended(self) -> bool:
        """The term is over, and what is open is being finished."""
        return self in {AgreementState.EXPIRED, AgreementState.TERMINATED}

    @property
    def is_final(self) -> bool:
        return self in {
            AgreementState.REFUSED,
            AgreementState.WITHDRAWN,
            AgreementState.LAPSED,
            AgreementState.CLOSED,
            AgreementState.SETTLED,
        }


def shown_state(state: AgreementState, suspended_since: datetime | None) -> AgreementState:
    """The state as people are shown it: one in force whose service is suspended is ``suspended`` (C8.2)."""
    if state is AgreementState.ACTIVE and suspended_since is not None:
        return AgreementState.SUSPENDED
    return state

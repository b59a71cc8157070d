"""The states of an agreement (C4): a module of its own, because records and rules both name them."""

from __future__ import annotations

from enum import StrEnum


class AgreementState(StrEnum):
    OFFERED = "offered"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    ACTIVE = "active"
    EXPIRED = "expired"
    """The term has ended; open requests are being finished."""
    CLOSED = "closed"

    @property
    def is_final(self) -> bool:
        return self in {
            AgreementState.REFUSED,
            AgreementState.WITHDRAWN,
            AgreementState.LAPSED,
            AgreementState.CLOSED,
        }

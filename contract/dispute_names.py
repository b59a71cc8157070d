"""Names of the commands on disputes, as they stand in records, updates and errors (C9)."""

from __future__ import annotations

from enum import StrEnum


class DisputeCommandName(StrEnum):
    OPEN_DISPUTE = "open_dispute"
    OFFER_SETTLEMENT = "offer_settlement"
    CONFIRM_SETTLEMENT = "confirm_settlement"
    DECLARE_FAILED = "declare_negotiation_failed"
    REFER_DISPUTE = "refer_dispute"
    RECORD_AWARD = "record_award"
    WITHDRAW_DISPUTE = "withdraw_dispute"

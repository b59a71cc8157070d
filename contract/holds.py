"""What is on hold while a dispute over it is open (contract §7): of bills, and of penalties.

A day on whose end the dispute is open is a held day: the day of its opening is one, the day of its ending is
not. So a hold counts at once when it begins, and is lifted at once when it ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from contract.days import Days
from contract.disputes import Dispute, Matter, open_disputes
from contract.late_fees import Hold
from contract.penalties import PenaltyKind
from contract.values import Identifier, Model

_ONE_DAY = timedelta(days=1)


class PenaltyHold(Model):
    """Penalties of a request on hold: ``amount`` in minor units, None for all of those named."""

    dispute: Identifier
    request_id: Identifier
    penalties: list[PenaltyKind]
    amount: int | None = None


def is_held(dispute: Dispute, on: date, days: Days) -> bool:
    """Whether the dispute is open at the end of a day."""
    ended = dispute.ended_at is not None and days.date_of(dispute.ended_at) <= on
    return days.date_of(dispute.opened_at) <= on and not ended


def bill_hold(dispute: Dispute, days: Days) -> Hold | None:
    """What of a bill a dispute holds or held; None for other items, and where the held days are charged.

    A disputed payment holds nothing: what is owed is a bill's, and a bill can be disputed.
    """
    charged = dispute.ending is not None and dispute.ending.charge_held_days
    if dispute.item.matter is not Matter.BILL or charged:
        return None
    assert dispute.item.bill is not None
    return Hold(
        bill=dispute.item.bill,
        first=days.date_of(dispute.opened_at),
        last=None if dispute.ended_at is None else days.date_of(dispute.ended_at) - _ONE_DAY,
        amount=None if dispute.amount is None else dispute.amount.minor,
        dispute=dispute.number,
    )


def rehold(holds: Sequence[Hold], dispute: Dispute, days: Days) -> list[Hold]:
    """The holds once a dispute is as it is now: one it had before gives way."""
    kept = [hold for hold in holds if hold.dispute != dispute.number]
    new = bill_hold(dispute, days)
    return kept if new is None else [*kept, new]


def penalty_hold(dispute: Dispute) -> PenaltyHold | None:
    """What of penalties a dispute holds while it is open; None for other items."""
    if dispute.item.request_id is None:
        return None
    return PenaltyHold(
        dispute=dispute.number,
        request_id=dispute.item.request_id,
        penalties=list(dispute.item.penalties),
        amount=None if dispute.amount is None else dispute.amount.minor,
    )


def penalty_holds(disputes: Iterable[Dispute]) -> list[PenaltyHold]:
    """What of penalties the open disputes hold."""
    holds = [penalty_hold(dispute) for dispute in open_disputes(disputes)]
    return [hold for hold in holds if hold is not None]

"""Which events are told to whom by mail: a table, so that the workflow knows without rendering anything."""

from __future__ import annotations

from contract.facts import EventKind
from contract.parties import Role
from contract.values import Identifier, Model

_BOTH = (Role.PROVIDER, Role.CUSTOMER)
_PROVIDER = (Role.PROVIDER,)
_CUSTOMER = (Role.CUSTOMER,)

CHANGE_NOTICES: dict[EventKind, tuple[Role, ...]] = {
    EventKind.FEE_CHANGE_PROPOSED: _BOTH,
    EventKind.FEE_CHANGE_REMINDED: _BOTH,
    EventKind.FEE_CHANGE_ACCEPTED: _BOTH,
    EventKind.FEE_CHANGE_OBJECTED: _BOTH,
    EventKind.FEE_CHANGE_COUNTERED: _BOTH,
    EventKind.FEE_CHANGE_WITHDRAWN: _BOTH,
    EventKind.FEE_CHANGE_TAKEN: _BOTH,
    EventKind.FEE_CHANGE_LAPSED: _BOTH,
    EventKind.AMENDMENT_PROPOSED: _BOTH,
    EventKind.AMENDMENT_CONSENTED: _BOTH,
    EventKind.AMENDMENT_DECLINED: _BOTH,
    EventKind.AMENDMENT_WITHDRAWN: _BOTH,
    EventKind.AMENDMENT_LAPSED: _BOTH,
    EventKind.TERMS_IN_FORCE: _BOTH,
    EventKind.TERMINATION_PROPOSED: _BOTH,
    EventKind.TERMINATION_AGREED: _BOTH,
    EventKind.TERMINATION_DECLINED: _BOTH,
    EventKind.TERMINATION_WITHDRAWN: _BOTH,
    EventKind.TERMINATION_LAPSED: _BOTH,
    EventKind.TERMINATED: _BOTH,
}
"""Those of changes of the agreement."""

MONEY_NOTICES: dict[EventKind, tuple[Role, ...]] = {
    EventKind.BILL_ISSUED: _CUSTOMER,
    EventKind.PAYMENT_REMINDED: _CUSTOMER,
    EventKind.PAYMENT_OVERDUE: _BOTH,
    EventKind.PAYMENT_RECORDED: _CUSTOMER,
    EventKind.PAYMENT_CLEARED: _CUSTOMER,
    EventKind.PAYMENT_BOUNCED: _CUSTOMER,
    EventKind.PAYMENT_REVERSED: _CUSTOMER,
    EventKind.INVOICE_ISSUED: _CUSTOMER,
    EventKind.CREDIT_NOTE_ISSUED: _CUSTOMER,
    EventKind.INVOICE_DELAYED: _PROVIDER,
    EventKind.LATE_FEE_WAIVED: _CUSTOMER,
    EventKind.CREDIT_GIVEN: _CUSTOMER,
    EventKind.PAYOUT_RECORDED: _CUSTOMER,
    EventKind.PAYOUT_REVERSED: _CUSTOMER,
    EventKind.PENALTY_WAIVED: _PROVIDER,
    EventKind.FINAL_STATEMENT: _BOTH,
    EventKind.SETTLED: _BOTH,
    EventKind.SUSPENSION_ANNOUNCED: _BOTH,
    EventKind.SUSPENSION_NOTICE_REFUSED: _PROVIDER,
    EventKind.SUSPENDED: _BOTH,
    EventKind.RESUMED: _BOTH,
}
"""Those of an agreement's money."""

DISPUTE_NOTICES: dict[EventKind, tuple[Role, ...]] = dict.fromkeys(
    (
        EventKind.DISPUTE_OPENED,
        EventKind.SETTLEMENT_OFFERED,
        EventKind.NEGOTIATION_FAILED,
        EventKind.NEGOTIATION_OVER,
        EventKind.DISPUTE_REFERRED,
        EventKind.DISPUTE_SETTLED,
        EventKind.DISPUTE_AWARDED,
        EventKind.DISPUTE_WITHDRAWN,
        EventKind.DISPUTE_LAPSED,
        EventKind.DISPUTE_LAPSE_REVERSED,
    ),
    _BOTH,
)
"""Those of disputes: each tells the whole dispute."""

NOTICES: dict[EventKind, tuple[Role, ...]] = (
    {
        EventKind.OFFERED: _BOTH,
        EventKind.SIGNED: _BOTH,
        EventKind.ACTIVATED: _BOTH,
        EventKind.OFFER_REFUSED: _BOTH,
        EventKind.OFFER_WITHDRAWN: _BOTH,
        EventKind.OFFER_LAPSED: _BOTH,
        EventKind.END_REMINDED: _BOTH,
        EventKind.EXPIRED: _BOTH,
        EventKind.AGREEMENT_CLOSED: _BOTH,
        EventKind.SUBMITTED: _BOTH,
        EventKind.ASSIGNED: _CUSTOMER,
        EventKind.RESPONDED: _CUSTOMER,
        EventKind.MATERIALS_ASKED: _CUSTOMER,
        EventKind.MATERIALS_PROVIDED: _PROVIDER,
        EventKind.RESOLVED: _CUSTOMER,
        EventKind.ACCEPTED: _PROVIDER,
        EventKind.CLOSED_BY_ITSELF: _BOTH,
        EventKind.REOPENED: _PROVIDER,
        EventKind.WITHDRAWN: _PROVIDER,
        EventKind.PRIORITY_RAISED: _CUSTOMER,
        EventKind.PRIORITY_LOWERED: _PROVIDER,
        EventKind.RATED: _PROVIDER,
        EventKind.RATING_ANSWERED: _CUSTOMER,
        EventKind.FOLLOW_UP_OVERDUE: _BOTH,
        EventKind.TARGET_WARNED: _PROVIDER,
        EventKind.TARGET_BREACHED: _BOTH,
        EventKind.BREACH_REVERSED: _BOTH,
        EventKind.PENALTIES_WARNED: _BOTH,
    }
    | MONEY_NOTICES
    | CHANGE_NOTICES
    | DISPUTE_NOTICES
)
"""Events not named here are recorded and not mailed; penalties are told with the breach."""


class Notice(Model):
    """Events of one workflow to be told, several in one call: what the ``notify`` activity is given."""

    workflow_id: str
    agreement_id: Identifier
    request_id: Identifier | None = None
    """None for events of the agreement itself."""
    seqs: list[int]
    """Sequence numbers of events on record; kinds that :data:`NOTICES` does not name are passed over."""

"""What is recorded: events, ledger entries and the current state they add up to (C6.2.3).

Shapes only. The workflows make them, the record store keeps them, neither knows the other.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from contract.agreement_states import AgreementState, shown_state
from contract.money import Money
from contract.parties import Role
from contract.penalties import PenaltyKind
from contract.request import RequestState
from contract.terms import Priority, Service, Target
from contract.values import Digest, Exact, Identifier, Instant, Model


class EventKind(StrEnum):
    """Everything that can happen, in the words of the contract."""

    OFFERED = "offered"
    SIGNED = "signed"
    ACTIVATED = "activated"
    OFFER_REFUSED = "offer_refused"
    OFFER_WITHDRAWN = "offer_withdrawn"
    OFFER_LAPSED = "offer_lapsed"
    END_REMINDED = "end_reminded"
    EXPIRED = "expired"
    AGREEMENT_CLOSED = "agreement_closed"
    FINAL_STATEMENT = "final_statement"
    """Everything netted either way, with the requests still open; made again when that changes (§3)."""
    SETTLED = "settled"

    SUBMITTED = "submitted"
    REQUEST_TAKEN_OVER = "request_taken_over"
    """It was open when its agreement was taken over; told once, in the terms that both signed."""
    CONFIRMED = "confirmed"
    ASSIGNED = "assigned"
    REASSIGNED = "reassigned"
    RESPONDED = "responded"
    DIAGNOSIS_NOTED = "diagnosis_noted"
    MATERIALS_ASKED = "materials_asked"
    MATERIALS_PROVIDED = "materials_provided"
    RESOLVED = "resolved"
    ACCEPTED = "accepted"
    CLOSED_BY_ITSELF = "closed_by_itself"
    CLOSURE_REVERSED = "closure_reversed"
    REOPENED = "reopened"
    WITHDRAWN = "withdrawn"
    PRIORITY_RAISED = "priority_raised"
    PRIORITY_LOWERED = "priority_lowered"
    RATED = "rated"
    RATING_ANSWERED = "rating_answered"
    FOLLOW_UP_OVERDUE = "follow_up_overdue"
    NOTED = "noted"
    TARGET_WARNED = "target_warned"
    TARGET_BREACHED = "target_breached"
    BREACH_REVERSED = "breach_reversed"
    PENALTY_ACCRUED = "penalty_accrued"
    PENALTY_REVERSED = "penalty_reversed"
    CALENDAR_APPLIED = "calendar_applied"

    BILL_ISSUED = "bill_issued"
    PAYMENT_REMINDED = "payment_reminded"
    PAYMENT_OVERDUE = "payment_overdue"
    PAYMENT_RECORDED = "payment_recorded"
    PAYMENT_CLEARED = "payment_cleared"
    PAYMENT_BOUNCED = "payment_bounced"
    PAYMENT_REVERSED = "payment_reversed"
    INVOICE_ISSUED = "invoice_issued"
    CREDIT_NOTE_ISSUED = "credit_note_issued"
    INVOICE_DELAYED = "invoice_delayed"
    """An invoice or credit note could not be issued for long; it is tried on (C7.1.3)."""
    LATE_FEE_WAIVED = "late_fee_waived"
    CREDIT_GIVEN = "credit_given"
    SUSPENSION_ORDERED = "suspension_ordered"
    SUSPENSION_ANNOUNCED = "suspension_announced"
    SUSPENSION_NOTICE_REFUSED = "suspension_notice_refused"
    """The customer's mail server will not take the announcement: nothing is suspended untold (C8.2)."""
    PAYOUT_RECORDED = "payout_recorded"
    PAYOUT_REVERSED = "payout_reversed"
    PENALTY_WAIVED = "penalty_waived"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    CLOCKS_STOPPED = "clocks_stopped"
    """Of a request, while service is suspended (C8.2)."""
    CLOCKS_RAN_ON = "clocks_ran_on"

    FEE_CHANGE_PROPOSED = "fee_change_proposed"
    FEE_CHANGE_REMINDED = "fee_change_reminded"
    FEE_CHANGE_ACCEPTED = "fee_change_accepted"
    FEE_CHANGE_OBJECTED = "fee_change_objected"
    FEE_CHANGE_COUNTERED = "fee_change_countered"
    FEE_CHANGE_WITHDRAWN = "fee_change_withdrawn"
    FEE_CHANGE_TAKEN = "fee_change_taken"
    """Nobody answered, and the terms let it take effect."""
    FEE_CHANGE_LAPSED = "fee_change_lapsed"
    AMENDMENT_PROPOSED = "amendment_proposed"
    AMENDMENT_CONSENTED = "amendment_consented"
    AMENDMENT_DECLINED = "amendment_declined"
    AMENDMENT_WITHDRAWN = "amendment_withdrawn"
    AMENDMENT_LAPSED = "amendment_lapsed"
    TERMINATION_PROPOSED = "termination_proposed"
    TERMINATION_AGREED = "termination_agreed"
    TERMINATION_DECLINED = "termination_declined"
    TERMINATION_WITHDRAWN = "termination_withdrawn"
    TERMINATION_LAPSED = "termination_lapsed"
    TERMINATED = "terminated"
    TERMS_AGREED = "terms_agreed"
    """A new version of the terms, in force from an instant on."""
    TERMS_IN_FORCE = "terms_in_force"

    DISPUTE_OPENED = "dispute_opened"
    SETTLEMENT_OFFERED = "settlement_offered"
    NEGOTIATION_FAILED = "negotiation_failed"
    """One party has declared so."""
    NEGOTIATION_OVER = "negotiation_over"
    """The window has closed: either party may refer."""
    DISPUTE_REFERRED = "dispute_referred"
    DISPUTE_SETTLED = "dispute_settled"
    DISPUTE_AWARDED = "dispute_awarded"
    DISPUTE_WITHDRAWN = "dispute_withdrawn"
    DISPUTE_LAPSED = "dispute_lapsed"
    DISPUTE_LAPSE_REVERSED = "dispute_lapse_reversed"
    PENALTIES_WARNED = "penalties_warned"
    """Penalties of a contract year have passed ``warning_percent`` of its fees (C8.1)."""


class Event(Model):
    """One thing that happened. ``party`` is None for what the contract did by itself."""

    seq: int
    at: Instant
    kind: EventKind
    clause: str
    party: Role | None = None
    person: str | None = None
    command_id: str | None = None
    payload: dict[str, Any] = {}


class Account(StrEnum):
    """Accounts of one agreement, in the provider's books."""

    PENALTY_EXPENSE = "penalty_expense"
    PENALTY_PAYABLE = "penalty_payable"
    RECEIVABLE = "receivable"
    """Principal of bills, unpaid."""
    LATE_FEE_RECEIVABLE = "late_fee_receivable"
    FEE_INCOME = "fee_income"
    """Tax included."""
    LATE_FEE_INCOME = "late_fee_income"
    CASH = "cash"
    CUSTOMER_CREDIT = "customer_credit"
    """What the customer paid or was credited, not yet used for a bill. Every payment passes through it."""
    GOODWILL_EXPENSE = "goodwill_expense"
    OPENING = "opening"
    """The other side of what was taken over from before."""


class EntryKind(StrEnum):
    PENALTY = "penalty"
    PENALTY_REVERSAL = "penalty_reversal"
    PENALTY_CAP = "penalty_cap"
    PENALTY_WAIVER = "penalty_waiver"
    PENALTY_DECISION = "penalty_decision"
    """What a settlement or an award changed of penalties, and what keeps it so (C9.1, C9.3)."""
    BILL = "bill"
    SET_OFF = "set_off"
    LATE_FEE = "late_fee"
    LATE_FEE_WAIVER = "late_fee_waiver"
    PAYMENT = "payment"
    PAYMENT_REVERSAL = "payment_reversal"
    CREDIT = "credit"
    PAYOUT = "payout"
    """What the provider paid the customer: penalties, or credit that is left at the end."""
    PAYOUT_REVERSAL = "payout_reversal"
    ALLOCATION = "allocation"
    """What of a payment or credit went to which bill."""


class LedgerEntry(Model):
    """One movement of money: ``amount`` (> 0) from ``credit`` to ``debit``. Balanced by its shape.

    ``key`` is made of business facts and unique: posting it again posts nothing. ``effective_at``
    is the instant the amount is owed as of. ``explanation`` lets a person redo it by hand.
    """

    key: str
    kind: EntryKind
    clause: str
    effective_at: Instant
    debit: Account
    credit: Account
    amount: Money
    terms_version: int
    request_id: str | None = None
    event_seq: int | None = None
    reverses: str | None = None
    party: Role | None = None
    person: str | None = None
    reason: str | None = None
    explanation: dict[str, Any] = {}


class PenaltyDecision(Model):
    """Penalties of a request that a dispute finally decided (C9.1, C9.3).

    ``amount`` is what they come to, all that accrued up to ``at``; None leaves them as they stand. The store
    posts the difference when it records this, and later ones when a fact recorded late would change it.
    """

    dispute: Identifier
    request_id: Identifier
    penalties: list[PenaltyKind]
    amount: Money | None = None
    at: Instant
    clause: str
    event_seq: int
    terms_version: int
    party: Role | None = None
    persons: dict[Role, str] = {}
    """Who confirmed the settlement, or recorded the award."""


class AgreementSnapshot(Model):
    """The current state of an agreement, for lists and reports."""

    agreement_id: Identifier
    state: AgreementState
    provider_id: Identifier
    customer_id: Identifier
    terms_version: int
    digest: Digest
    offered_at: Instant
    effective_at: Instant | None = None
    ends_at: Instant | None = None
    closed_at: Instant | None = None
    year_starts: list[Instant] = []
    """The instants at which the contract years of the term begin, in order; empty until it is in force."""
    suspended_since: Instant | None = None
    """Since when service is suspended (C8.2); None while it is not."""
    settled_at: Instant | None = None

    @property
    def shown(self) -> AgreementState:
        """The state as people are shown it: one in force whose service is suspended is ``suspended``."""
        return shown_state(self.state, self.suspended_since)


class RequestSnapshot(Model):
    """The current state of a request, for lists and reports. Lateness as of ``as_of``."""

    agreement_id: Identifier
    request_id: Identifier
    service: Service
    priority: Priority
    state: RequestState
    title: str
    terms_version: int
    as_of: Instant
    submitted_at: Instant
    confirmed_at: Instant | None = None
    responded_at: Instant | None = None
    resolved_at: Instant | None = None
    closed_at: Instant | None = None
    confirm_due: Instant | None = None
    respond_due: Instant | None = None
    resolve_due: Instant | None = None
    confirm_late: bool = False
    response_late: bool = False
    resolution_late: bool = False
    delay_seconds: int = 0
    delay_days: int = 0
    provisional: bool = False
    assignee: str | None = None
    rating: int | None = None
    follow_up_due: Instant | None = None
    follow_up_answered_at: Instant | None = None
    next_target: Target | None = None
    next_due: Instant | None = None


class TermsDocument(Model):
    """A version of the terms as signed: the bytes, kept for good and never generated again."""

    agreement_id: Identifier
    version: int
    digest: Digest
    canonical: str
    effective_at: Instant | None = None


class RecordBatch(Model):
    """What one step of a workflow adds to the record, all of it or nothing."""

    workflow_id: str
    agreement_id: Identifier
    request_id: Identifier | None = None
    events: list[Event]
    entries: list[LedgerEntry] = []
    decisions: list[PenaltyDecision] = []
    request: RequestSnapshot | None = None
    agreement: AgreementSnapshot | None = None
    terms: TermsDocument | None = None
    tells_overtaken: bool = False
    """Whether it asks to be told what is on record in its place, rather than to be refused."""


class PenaltiesPassed(Model):
    """Penalties of a contract year above ``warning_percent`` of its fees (contract §7)."""

    contract_year: int
    penalties: Money
    """What stands, less what is above the cap."""
    fees: Money
    """Of a full year, by the fee at its start."""
    warning_percent: Exact


class Recorded(Model):
    """What the store answers. ``agreement_state`` is read in the same transaction."""

    agreement_state: AgreementState | None = None
    awaits_requests: bool = False
    """The term is over: the agreement waits to be told of its last requests (contract §3)."""
    overtaken_by: list[Event] = []
    """What is on record instead, and nothing of the batch: a task that was lost recorded it before this one
    knew of a command that was stamped earlier."""
    passed: list[PenaltiesPassed] = []
    """Contract years that this batch's penalties are above the warning in, not warned of on record yet."""

"""What the record store is asked and what it answers. Frozen; shapes only."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from pydantic import Field

from contract.agreement_states import AgreementState
from contract.facts import Account, Event, LedgerEntry, RequestSnapshot
from contract.invoices import AnyInvoice
from contract.money import Money
from contract.parties import Role
from contract.request import RequestState
from contract.terms import Priority, Service, Target
from contract.values import Digest, Identifier, Instant, Model


class Admission(Model):
    """Whether a request is new to the record (C6.1.1).

    ``started``: this call put it on record. Otherwise it was there before, and ``existing_digest`` is the
    digest of the content it was submitted with (None when it was recorded without one).
    """

    existing_digest: Digest | None
    started: bool
    agreement_state: AgreementState | None = None


class RecordedEvent(Model):
    """An event as it stands on record, with its place in the chain of its workflow."""

    workflow_id: str
    event: Event
    recorded_at: Instant
    previous: Digest
    hash: Digest


class PostedEntry(Model):
    """A ledger entry as it stands on record, with the contract year it counts in."""

    agreement_id: Identifier
    entry: LedgerEntry
    contract_year: int
    recorded_at: Instant


class RequestRecord(Model):
    """A request with everything recorded of it: its events in order and what was posted for it (C6.2.3)."""

    request: RequestSnapshot
    workflow_id: str
    content_digest: Digest | None
    events: list[RecordedEvent]
    entries: list[PostedEntry]


class AgreementFilter(Model):
    """Which agreements; None asks for all."""

    states: list[AgreementState] | None = None
    """``active`` finds those whose service is suspended too, ``suspended`` only those."""
    party_id: Identifier | None = None
    """Provider or customer."""


class RequestFilter(Model):
    """Which requests of an agreement; None asks for all."""

    states: list[RequestState] | None = None
    open: bool | None = None
    late: bool | None = None
    """Late in ``target``, or in any target when that is None."""
    target: Target | None = None
    services: list[Service] | None = None
    priorities: list[Priority] | None = None
    provisional: bool | None = None
    submitted_from: Instant | None = None
    submitted_before: Instant | None = None


class ComplianceLine(Model):
    """How one target was kept, for the requests of one month and priority (C5.1, C5.2).

    ``month`` is the month of submission in the agreement's time zone, ``YYYY-MM``; None over all months,
    as ``priority`` is None over all priorities. ``running``: not done and not late. ``withdrawn``: the
    customer withdrew the request before its due, so nothing was kept or missed. ``none_promised``: the
    terms set no such target.
    """

    target: Target
    month: str | None
    priority: Priority | None
    met: int = 0
    late: int = 0
    running: int = 0
    withdrawn: int = 0
    none_promised: int = 0

    @property
    def requests(self) -> int:
        return self.met + self.late + self.running + self.withdrawn + self.none_promised

    @property
    def percent(self) -> Decimal | None:
        """Met of those judged, in percent with one decimal, half up; None while none is judged."""
        judged = self.met + self.late
        if not judged:
            return None
        return (Decimal(100 * self.met) / judged).quantize(Decimal("0.1"), ROUND_HALF_UP)


class ComplianceReport(Model):
    """Lines by target, month and priority, in that order, and the total of each target."""

    lines: list[ComplianceLine]
    totals: list[ComplianceLine]


class LowRating(Model):
    """A rating that asks for an answer (C5.5)."""

    request_id: Identifier
    rating: int
    rated_at: Instant
    comment: str | None
    follow_up_due: Instant | None
    answered_at: Instant | None
    overdue: bool
    """Not answered, and the follow-up was due before the instant the report is of."""


class RatingReport(Model):
    """How the customer rated the service (C5.5)."""

    count: int
    average: Decimal | None
    """With two decimals, half up; None without ratings."""
    distribution: dict[int, int]
    """How many of each rating, 1 to 5."""
    low: list[LowRating]
    overdue: int


class PenaltyYear(Model):
    """What lateness costs the provider in one contract year (C8.1).

    ``net`` = ``accrued`` − ``reversed`` − ``waived`` + ``decided`` − ``above_cap``. ``cap``: None when the
    terms set none.
    """

    contract_year: int
    accrued: Money
    reversed: Money
    waived: Money
    decided: Money
    """What settlements and awards added; below zero where they lowered it (C9)."""
    above_cap: Money
    net: Money
    cap: Money | None
    entries: list[PostedEntry]


class ChainFault(Model):
    """The first row of a workflow's events that cannot be what was recorded."""

    seq: int
    reason: str


class ChainReport(Model):
    """Whether a workflow's events are those that were recorded, all of them and in order."""

    workflow_id: str
    events: int
    fault: ChainFault | None

    @property
    def sound(self) -> bool:
        return self.fault is None


class Notification(Model):
    """One message that was sent about one event."""

    message_id: str
    agreement_id: Identifier
    workflow_id: str
    event_seq: int
    recipient: Role
    address: str
    template: str
    sent_at: Instant
    response: str
    """What the receiving server answered."""


class RunHistory(Model):
    """One run of a workflow that is over, of which the engine's history is kept."""

    workflow_id: str
    run_id: str
    agreement_id: Identifier
    request_id: Identifier | None = None
    previous_run: str | None = None
    """The run that this one continued."""
    outcome: str
    """How it ended, in the engine's words: ``completed``, ``continued_as_new``, ``failed``, …"""
    started_at: Instant
    closed_at: Instant
    """Both on the engine's clock, which in a rehearsal is not the contract's."""
    events: int
    digest: Digest
    """SHA-256 of the history as JSON."""


class AttentionKind(StrEnum):
    """What asks for a person: nothing in the contract goes on by itself from here."""

    FOLLOW_UP_OVERDUE = "follow_up_overdue"
    """A low rating whose answer is overdue (C5.5)."""
    BREACHED_UNASSIGNED = "breached_unassigned"
    """An open request that is late and that nobody has (C6.1.2)."""
    WAITING_LONG = "waiting_long"
    """The customer has owed materials for long; the resolution clock stands still (C5.4)."""
    OPEN_AFTER_CLOSE = "open_after_close"
    """A request still open though its agreement is closed (C4.1)."""
    OFFER_LAPSING = "offer_lapsing"
    """An offer that soon lapses for want of a signature (C4.1)."""
    AGREEMENT_ENDING = "agreement_ending"
    """An agreement that soon ends, with no later one between the same parties (C4.1)."""
    NOTICE_UNSENT = "notice_unsent"
    """A notice that should have been mailed and was not (C6.2.3)."""
    INVOICE_DELAYED = "invoice_delayed"
    """An invoice or credit note that could not be issued for long, and is still tried (C7.1.3)."""


class Attention(Model):
    """One thing that asks for a person. ``since``: when it began to; for what is to come, when it will be."""

    kind: AttentionKind
    clause: str
    agreement_id: Identifier
    request_id: Identifier | None = None
    since: Instant
    assignee: str | None = None
    what: str
    """In words, with ids and instants, never with what a person wrote (C5.3)."""


class Workflow(Model):
    """A workflow as the record has it: what its current state rests on, and the chain of its events."""

    workflow_id: str
    agreement_id: Identifier
    request_id: Identifier | None
    stands_at: int | None
    """The event its current state rests on; None for events without one."""
    events: int
    newest: int
    """The sequence number of the last event; 0 without any."""
    head: Digest | None
    """The hash of the last event."""
    penalties: int = 0
    """What the ledger has for the request, accruals less reversals, in minor units (C8.1)."""


class Minute(Model):
    """What was recorded in one minute."""

    begin: Instant
    events: int
    breaches: int


class KeptFile(Model):
    """A file of an issued document, as kept."""

    name: str
    media_type: str
    digest: Digest
    content: bytes = Field(repr=False)


class Books(Model):
    """What the ledger holds of an agreement's money, added up as it stands, in minor units."""

    balances: dict[Account, int]
    """Of each account, debits less credits."""
    bills: dict[str, int]
    """The entries of bills' issue, by their keys."""
    posted_at: Instant | None
    """The contract time of the last entry on the customer's accounts."""


class InvoiceRecord(Model):
    """An invoice or credit note on record, and what issuing it came to (C7.1.3)."""

    document: AnyInvoice
    digest: Digest
    at: Instant
    """When it was begun, in contract time."""
    recorded_at: Instant
    issuer: str | None = None
    """None while it is not issued; so is everything below."""
    issuer_number: str | None = None
    """Under which the issuer has it: our own number, or that of a fapiao."""
    reference: str | None = None
    issued_recorded_at: Instant | None = None

    @property
    def is_issued(self) -> bool:
        return self.issuer is not None

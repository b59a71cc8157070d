"""What goes in and out of workflows and activities: one model each way.

New fields get defaults; none is removed or retyped, because histories of older releases replay against them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeVar

from pydantic import BaseModel, Field, ValidationError
from temporalio.exceptions import ApplicationError

from contract.agreement_changes import ChangesStanding
from contract.agreement_disputes import DisputeStanding
from contract.agreement_file import AgreementFile
from contract.billing import Bill
from contract.clock import ServiceWindow
from contract.commands import CommandName, Submission
from contract.facts import AgreementSnapshot, Event, RequestSnapshot
from contract.holds import PenaltyHold
from contract.invoices import IssuedInvoice
from contract.invoicing import InvoiceWanted
from contract.money import Money
from contract.money_file import Suspension
from contract.refusals import Refusal, RefusalKind
from contract.request_file import RequestFile
from contract.settling import Ask
from contract.values import Digest, Instant, Model, Record

Started = TypeVar("Started", bound=BaseModel)

# Workflow inputs


class Ways(Record):
    """How a workflow meets the world, fixed at the start of the agreement and handed on."""

    offset_seconds: int = 0
    """Contract time = engine time + this (0, except in rehearsals and demonstrations; contract §3)."""
    mail: bool = True
    """Whether notices are mailed; everything is recorded either way."""
    billing: bool = False
    """Whether the agreement's money is run: bills, payments, late fees, suspension (C7.1, C8.2)."""
    invoices: bool = False
    """Whether payments are invoiced, where the agreement's money is run (C7.1.3)."""
    long_history: int | None = None
    """After how many events of the engine an agreement's run is continued as new; None: as usual."""

    @property
    def offset(self) -> timedelta:
        return timedelta(seconds=self.offset_seconds)


class AgreementStart(Record):
    """The input of an agreement's workflow: an offer, or the state carried over from the run before."""

    canonical: str = ""
    """The canonical bytes of the terms as text; digest and sheet are taken from them."""
    at: Instant | None = None
    ways: Ways = Field(default_factory=Ways)
    carried: AgreementCarried | None = None


class AgreementCarried(Record):
    file: AgreementFile
    unsent: list[int] = []
    untold: list[Suspension] = []
    """Suspensions that open requests have not been told of."""
    uninvoiced: list[InvoiceWanted] = []
    """Invoices and credit notes that are wanted and not issued (C7.1.3)."""
    delayed: list[str] = []
    """Of these, the keys of those of which it was told that they take long."""


class RequestStart(Record):
    """The input of a request's workflow: its file, as admitted or as carried over."""

    file: RequestFile
    ways: Ways = Field(default_factory=Ways)
    unsent: list[int] = []


AgreementStart.model_rebuild()


def read_start(model: type[Started], given: Any, *, carried_over: bool) -> Started:
    """A workflow's input from whatever it was started with.

    A malformed one fails the first run at once, without repeating what was given (C5.3): left to the
    SDK it would fail its workflow task for ever. In a run that carries on it stays a failure of the
    task, which a release can repair.
    """
    try:
        return model.model_validate(given)
    except ValidationError as problem:
        if carried_over:
            raise
        paths = ", ".join(".".join(map(str, error["loc"])) or "input" for error in problem.errors())
        raise ApplicationError(
            f"the input is malformed at: {paths}", type=RefusalKind.INVALID, non_retryable=True
        ) from None


# Activities


class Admission(Model):
    """A request to be admitted: recorded and started, exactly once."""

    agreement_id: str
    terms_version: int
    submission: Submission
    ways: Ways = Field(default_factory=Ways)
    only_known: bool = False
    """It comes too late to be admitted: only looked up, in case it was told before."""


class Admitted(Model):
    """What admitting came to. ``other_content``: the id was used before for something else.

    Without a receipt and without other content: it was only to be looked up, and is not known.
    """

    receipt: Receipt | None = None
    other_content: bool = False


class TakeOver(Model):
    """The requests still open of an agreement that is taken over: recorded and started, each exactly once."""

    agreement_id: str
    terms_version: int
    run_from: Instant
    heard_from: Instant
    ways: Ways = Field(default_factory=Ways)


class WindowWanted(Model):
    """Service time wanted for a request: from its start, reaching at least to an instant."""

    agreement_id: str
    terms_version: int
    begin: Instant
    until: Instant


class OpenRequestsWanted(Model):
    agreement_id: str


class RequestsNamed(Model):
    """Requests that a command names: which of them are on record?"""

    agreement_id: str
    request_ids: list[str]


class OpenRequests(Model):
    """The requests of an agreement that are still open, or those named that are on record."""

    request_ids: list[str]
    ended_by: Instant | None = None
    """When the last of the others ended, at the earliest the end of the term; None from a worker that does
    not tell."""


class BillWanted(Model):
    """A bill to be issued: recorded, with the penalties set off against it, exactly once."""

    workflow_id: str
    agreement_id: str
    seq: int
    """The number of the event that tells of it."""
    draft: Bill
    set_off: bool
    """Whether penalties are set off against bills; else they are paid out (C8.1)."""
    holds: list[PenaltyHold] = []
    """What of penalties is in dispute: not set off (contract §7)."""
    agreement: AgreementSnapshot | None = None
    """As it stands now; None from a worker that does not tell."""


class PenaltiesAsked(Model):
    """What depends on the penalties that stand: decided and recorded exactly once (C8.1)."""

    workflow_id: str
    agreement: AgreementSnapshot
    """As it stands now; where it is settled, it is recorded as such."""
    seq: int
    """The number of the event that tells of it."""
    ask: Ask


class PenaltiesAnswered(Model):
    """The event that was recorded, or why there is none."""

    event: Event | None = None
    refusal: Refusal | None = None


class InvoiceToIssue(Model):
    """A document to be issued: numbered, issued and kept, exactly once (C7.1.3)."""

    agreement_id: str
    wanted: InvoiceWanted
    offset_seconds: int = 0
    """Contract time = engine time + this."""


class Invoiced(Model):
    """What came of it. ``issued`` is None when its payment was taken back before it was begun."""

    issued: IssuedInvoice | None = None
    at: Instant | None = None
    """When it was issued, in contract time; None from a worker that does not tell."""


class SuspensionTold(Model):
    """A suspension that began or ended, for the requests whose clocks it holds (C8.2)."""

    agreement_id: str
    suspension: Suspension


class NewCalendar(Model):
    """Service time as newly announced calendars have it (contract §3)."""

    window: ServiceWindow


class DatesWanted(Model):
    canonical: str
    activated_at: Instant
    with_days: bool = False
    """With every local day, for the agreement's money."""


# Commands told together


class Told(Model):
    """One command among several: its name, and what its model holds."""

    name: CommandName
    content: dict[str, Any]


class Several(Model):
    """Commands of one request that a channel tells together, in the order they happened."""

    commands: list[Told]


class Answers(Model):
    """What came of commands told together: each was taken (None) or refused by itself."""

    receipt: Receipt
    refusals: list[Refusal | None]


# Answers


class Receipt(Model):
    """The answer to a command that was taken: where the request stands now."""

    request_id: str
    state: str
    seq: int
    """The request's last event: commands are recorded when the answer comes."""
    confirm_due: Instant | None = None
    respond_due: Instant | None = None
    resolve_due: Instant | None = None
    provisional: bool = False

    @classmethod
    def of(cls, view: RequestSnapshot, seq: int) -> Receipt:
        return cls(
            request_id=view.request_id,
            state=view.state,
            seq=seq,
            confirm_due=view.confirm_due,
            respond_due=view.respond_due,
            resolve_due=view.resolve_due,
            provisional=view.provisional,
        )


class RequestStatus(Model):
    """The answer to the ``status`` query of a request."""

    snapshot: RequestSnapshot
    allowed: dict[str, list[str]]
    """Per party, what it may do now."""
    next_wake: Instant | None = None
    next_what: str | None = None
    unsent_notices: int = 0
    calendars: list[str] = []
    """Digests of the calendar snapshots that its service time, and with it every due, rests on."""
    service_time_until: Instant | None = None
    """How far its service time is worked out; None when service is around the clock."""
    seq: int | None = None
    """The last event; None from a worker that does not tell."""
    penalties: Money | None = None
    """What stands accrued by the request's own count, before waivers and the cap (C8.1)."""


class AgreementReceipt(Model):
    """The answer to a command on an agreement."""

    agreement_id: str
    state: str
    digest: str
    signed_by: list[str]
    effective_at: Instant | None = None
    ends_at: Instant | None = None


class AgreementStatus(Model):
    """The answer to the ``status`` query of an agreement."""

    receipt: AgreementReceipt
    offered_at: Instant
    offer_ends: Instant
    recorded: bool
    """False only while the record store is away and the offer waits to be written."""
    contract_time: Instant
    open_requests: list[str] | None = None
    next_wake: Instant | None = None
    next_what: str | None = None
    seq: int | None = None
    """The last event; None from a worker that does not tell."""
    mail: bool | None = None
    """Whether its notices, and those of its requests, are mailed."""
    invoices: bool | None = None
    """Whether its payments are invoiced here (C7.1.3)."""
    unsent_notices: int = 0
    open_disputes: list[DisputeStanding] = []
    changes: ChangesStanding | None = None
    """The versions of its terms, and what is open to change them; None from a worker that does not tell."""
    offered_digest: Digest | None = None
    """Of the terms as offered; the receipt has that of the version in force."""


class NewestTerms(Model):
    """The version of the terms agreed last: what an amendment changes."""

    version: int
    canonical: str


Admitted.model_rebuild()
Answers.model_rebuild()

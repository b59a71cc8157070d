"""What depends on the penalties that stand: the final statement, a payout, a waiver (C8.1, contract §3, §4).

Requests post penalties to the ledger at any moment, so the agreement's workflow does not know them. What
depends on them it asks for; the answer is decided where it is recorded, in one transaction, from what the
ledger holds then, and is an event. Asked again, the event on record is the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from contract import books
from contract.billing import Bill, LateTerms
from contract.days import Days
from contract.facts import Account, EntryKind, Event, EventKind, LedgerEntry
from contract.holds import PenaltyHold
from contract.money import Money
from contract.money_commands import RecordPayout, WaivePenalty
from contract.money_file import Credit, CreditKind, Payout, told
from contract.parties import Role
from contract.penalties import PenaltyKind
from contract.refusals import Refusal, RefusalKind
from contract.set_off import owed, penalty_kind
from contract.values import Identifier, Instant, Model


class FinalAsk(Model):
    """Net everything either way; or, where nothing is left, settle (contract §3)."""

    agreement_id: Identifier
    number: int
    """Of the final statement, if one is made."""
    at: Instant
    days: Days
    owed: Money
    """What the customer owes before penalties are netted; below zero when credit is left."""
    late_fees: Money
    """Part of it."""
    still_open: list[str]
    settles: bool
    """Nothing is owed but what the ledger may hold of penalties: without any, the agreement is settled."""
    terms_version: int
    payment_days: int
    late: LateTerms
    """For a bill of penalties that were set off or paid out and have been given back since."""
    holds: list[PenaltyHold] = []
    """Penalties in dispute are not netted (contract §7)."""


class PayoutAsk(Model):
    """Pay out penalties that stand (C8.1, ``pay_out``)."""

    command: RecordPayout
    payout: Payout
    terms_version: int


class WaiverAsk(Model):
    """Waive penalties of a request (C8.1)."""

    agreement_id: Identifier
    command: WaivePenalty
    terms_version: int
    currency: str


Ask = FinalAsk | PayoutAsk | WaiverAsk


@dataclass(frozen=True, slots=True)
class Accrual:
    """What stands of one penalty, in minor units, less what was reversed and waived of it."""

    key: str
    clause: str
    at: datetime
    minor: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What the ledger holds of an agreement's penalties, in minor units; below zero when the customer was
    given more than it turned out to be owed."""

    ever: int
    by_then: int
    """Of it, what is owed as of the asked instant."""
    latest: datetime | None = None
    """The instant of the last entry."""
    accruals: Sequence[Accrual] = ()
    """Of the request and kind that a waiver asks about, in order of their instants."""
    parts: Sequence[dict[str, Any]] | None = None
    """Which penalties are netted, where others are on hold."""


def standing_of(entries: Sequence[LedgerEntry], of: PenaltyKind) -> list[Accrual]:
    """What stands of a request's penalties of one kind, from its entries in order (C8.1).

    What a dispute has taken off is off the oldest of them; what it has added is one more.
    """
    found: dict[str, Accrual] = {}
    decided = 0
    for entry in entries:
        if penalty_kind(entry) is not of:
            continue
        if entry.kind is EntryKind.PENALTY_DECISION and entry.reverses is None:
            decided += owed(entry)
        key = entry.reverses or entry.key
        first = found.get(key, Accrual(key, of.clause, entry.effective_at, 0))
        found[key] = replace(first, minor=first.minor + owed(entry))
    standing = []
    for accrual in found.values():
        if accrual.minor < 0:
            continue  # what a decision took off, or a waiver of what was reversed since
        taken = min(accrual.minor, -decided) if decided < 0 else 0
        decided += taken
        standing.append(replace(accrual, minor=accrual.minor - taken))
    return standing


@dataclass(slots=True)
class Decision:
    """The event and its entries, or why there is none."""

    event: Event | None = None
    entries: list[LedgerEntry] = field(default_factory=list)
    refusal: Refusal | None = None


def decide(ask: Ask, standing: Standing, seq: int) -> Decision:
    """What comes of an ask; ``seq`` is the number of the event it makes."""
    match ask:
        case FinalAsk():
            return _finally(ask, standing, seq)
        case PayoutAsk():
            return _pay_out(ask, standing, seq)
        case WaiverAsk():
            return _waive(ask, standing, seq)


# The end


def _finally(ask: FinalAsk, standing: Standing, seq: int) -> Decision:
    currency = ask.owed.currency
    at, stands = ask.at, standing.by_then
    if ask.settles:
        at, stands = max(ask.at, standing.latest or ask.at), standing.ever
        if not stands:
            told_of = {"as_of": ask.days.date_of(ask.at).isoformat(), "currency": currency}
            settled = Event(seq=seq, at=ask.at, kind=EventKind.SETTLED, clause="C4.1", payload=told_of)
            return Decision(settled)
    penalties = Money(minor=stands, currency=currency)
    payload: dict[str, Any] = {
        "number": ask.number,
        "as_of": ask.days.date_of(at).isoformat(),
        "currency": currency,
        "owed": str(ask.owed),
        "late_fees": str(ask.late_fees),
        "penalties": str(penalties),
        "net": str(ask.owed - penalties),
        "still_open": sorted(ask.still_open),
    }
    entries: list[LedgerEntry] = []
    if stands > 0:
        credit = _netted(ask, penalties, at)
        payload["credit"] = told(credit)
        entry = books.first_entry(credit, ask.terms_version, seq)
        if standing.parts is not None:
            told_of = entry.explanation | {"penalties": list(standing.parts)}
            entry = entry.model_copy(update={"explanation": told_of})
        entries = [entry]
    elif stands < 0:
        bill = _given_back(ask, penalties, at)
        payload["bill"] = books.bill_told(bill)
        entries = books.bill_entries(ask.agreement_id, bill)
    event = Event(seq=seq, at=at, kind=EventKind.FINAL_STATEMENT, clause="C8.1", payload=payload)
    return Decision(event, entries)


def _netted(ask: FinalAsk, penalties: Money, at: datetime) -> Credit:
    """Penalties the provider owes lower what the customer owes; what is left of them is paid out."""
    return Credit(
        key=f"final:{ask.agreement_id}:{ask.number}",
        kind=CreditKind.PENALTIES,
        amount=penalties,
        on=ask.days.date_of(at),
        at=at,
        reason="penalties netted by the final statement",
    )


def _given_back(ask: FinalAsk, penalties: Money, at: datetime) -> Bill:
    """A bill of what was set off or paid out too much: penalties waived or reversed since."""
    on, nothing = ask.days.date_of(at), Money(minor=0, currency=penalties.currency)
    return Bill(
        number=f"F{ask.number:03d}",
        first=on,
        last=on,
        issued_on=on,
        issued_at=at,
        due_on=on + timedelta(days=ask.payment_days),
        fee=nothing,
        amount=nothing,
        set_off=penalties,
        terms_version=ask.terms_version,
        late=ask.late,
        formula=f"penalties set off or paid out and given back since: {-penalties} {penalties.currency}",
    )


# Commands


def _pay_out(ask: PayoutAsk, standing: Standing, seq: int) -> Decision:
    payout, command = ask.payout, ask.command
    if payout.amount.minor > standing.ever:
        stands = Money(minor=max(0, standing.ever), currency=payout.amount.currency)
        return Decision(refusal=more_than_owed(stands))
    event = Event(
        seq=seq,
        at=command.at,
        kind=EventKind.PAYOUT_RECORDED,
        clause="C8.1",
        party=Role.PROVIDER,
        person=command.actor.person,
        command_id=command.command_id,
        payload=told(payout),
    )
    entry = books.first_entry(payout, ask.terms_version, seq)
    by = {"party": Role.PROVIDER, "person": command.actor.person}
    return Decision(event, [entry.model_copy(update=by)])


def more_than_owed(owed: Money) -> Refusal:
    """Why a payout is refused."""
    return Refusal(
        kind=RefusalKind.NOT_ALLOWED_NOW,
        message=f"the provider owes {owed} {owed.currency}",
        clause="C8.1",
        allowed=[f"at most {owed}"] if owed.minor else [],
        details={"owed": str(owed), "currency": owed.currency},
    )


def _waive(ask: WaiverAsk, standing: Standing, seq: int) -> Decision:
    command, currency = ask.command, ask.currency
    stands = Money(minor=sum(one.minor for one in standing.accruals), currency=currency)
    wanted = stands if command.amount is None else Money.of(command.amount, currency)
    if not stands.minor or wanted.minor > stands.minor:
        what = command.of.value.replace("_", " ")
        refusal = Refusal(
            kind=RefusalKind.NOT_ALLOWED_NOW,
            message=f"penalties of {stands} {currency} stand for the {what} of {command.request_id}",
            clause="C8.1",
            allowed=[f"at most {stands}"] if stands.minor else [],
            details={"stands": str(stands), "currency": currency},
        )
        return Decision(refusal=refusal)
    entries: list[LedgerEntry] = []
    left = wanted.minor
    for accrual in standing.accruals:
        part = Money(minor=min(left, accrual.minor), currency=currency)
        if part.minor > 0:
            left -= part.minor
            entries.append(_waiver(ask, accrual, part, len(entries) + 1, seq))
    payload = command.says | {"amount": str(wanted), "currency": currency}
    payload["parts"] = [{"key": entry.reverses, "amount": str(entry.amount)} for entry in entries]
    event = Event(
        seq=seq,
        at=command.at,
        kind=EventKind.PENALTY_WAIVED,
        clause="C8.1",
        party=Role.CUSTOMER,
        person=command.actor.person,
        command_id=command.command_id,
        payload=payload,
    )
    return Decision(event, entries)


def _waiver(ask: WaiverAsk, accrual: Accrual, amount: Money, number: int, seq: int) -> LedgerEntry:
    """What of one penalty is waived: it counts in that penalty's contract year."""
    command = ask.command
    stood = Money(minor=accrual.minor, currency=amount.currency)
    return LedgerEntry(
        key=f"penalty-waiver:{ask.agreement_id}:{command.command_id}:{number}",
        kind=EntryKind.PENALTY_WAIVER,
        clause=accrual.clause,
        effective_at=command.at,
        debit=Account.PENALTY_PAYABLE,
        credit=Account.PENALTY_EXPENSE,
        amount=amount,
        terms_version=ask.terms_version,
        request_id=command.request_id,
        event_seq=seq,
        reverses=accrual.key,
        party=Role.CUSTOMER,
        person=command.actor.person,
        reason=command.reason,
        explanation={"of": accrual.key, "before": str(stood), "after": str(stood - amount)},
    )


def void(accrual: LedgerEntry, waived: Money, reversal: LedgerEntry) -> LedgerEntry:
    """A penalty that was waived is reversed: there was nothing to waive, and the waiver is taken back."""
    return LedgerEntry(
        key=f"waiver-void:{accrual.key}",
        kind=EntryKind.PENALTY_WAIVER,
        clause=accrual.clause,
        effective_at=reversal.effective_at,
        debit=Account.PENALTY_EXPENSE,
        credit=Account.PENALTY_PAYABLE,
        amount=waived,
        terms_version=accrual.terms_version,
        request_id=accrual.request_id,
        reverses=accrual.key,
        reason="the penalty that was waived has been reversed",
        event_seq=reversal.event_seq,
        explanation={"of": accrual.key, "reversal": reversal.key},
    )

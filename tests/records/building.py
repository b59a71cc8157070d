"""Agreements, requests and entries to record: one agreement from 2026-01-01 for three years, in Shanghai."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from contract.agreement_states import AgreementState
from contract.facts import (
    Account,
    AgreementSnapshot,
    EntryKind,
    Event,
    EventKind,
    LedgerEntry,
    RecordBatch,
    RequestSnapshot,
    TermsDocument,
)
from contract.money import Money
from contract.parties import Role
from contract.request import RequestState
from contract.terms import Priority, Service, TermSheet, canonical_bytes, digest_of
from records import RunHistory

A = "agreement-1"
"""The agreement of most tests."""


def utc(text: str) -> datetime:
    """``2026-03-02 01:00`` as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def shanghai(text: str) -> datetime:
    """A local time in Shanghai, eight hours ahead, as an instant."""
    return utc(text) - timedelta(hours=8)


EFFECTIVE = shanghai("2026-01-01 00:00")
YEAR_STARTS = [shanghai(f"{year}-01-01 00:00") for year in (2026, 2027, 2028)]
ENDS = shanghai("2029-01-01 00:00")


def term_sheet(agreement_id: str = A, **changes: Any) -> TermSheet:
    """A sound term sheet; penalties capped at 10 % of a year's fees of 12 × 1,000.00 unless changed."""
    party = {"address": "1 Nanjing Road", "contact": {"name": "Li", "email": "li@example.com", "phone": "1"}}
    sheet: dict[str, Any] = {
        "agreement_id": agreement_id,
        "provider": party | {"party_id": "provider-1", "name": "Provider"},
        "customer": party | {"party_id": "customer-1", "name": "Customer"},
        "services": list(Service),
        "term": {"years": 3},
        "time_zone": "Asia/Shanghai",
        "service_hours": "always",
        "targets": {
            "confirm_hours": "1",
            "respond_hours": "4",
            "resolve_hours": "48",
            "by_service": {"online_consulting": {"resolve_hours": None}},
        },
        "fees": {
            "amount": "1000.00",
            "currency": "CNY",
            "period": "month",
            "payment_days": 10,
            "means": ["transfer"],
        },
        "fee_change": {"notice_days": 30, "negotiation_days": 15, "if_unanswered": "lapses"},
        "penalties": {
            "late_response": "200.00",
            "late_resolution_per_day": "500.00",
            "cap_percent": "10",
            "settlement": "set_off",
        },
        "late_payment": {"percent_per_day": "0.05"},
        "disputes": {"negotiation_days": 30, "arbitration_commission": "CIETAC"},
    }
    for name, value in changes.items():
        sheet[name] = {**sheet[name], **value} if isinstance(value, dict) else value
    return TermSheet.model_validate(sheet)


def document(sheet: TermSheet, version: int = 1, effective_at: datetime | None = None) -> TermsDocument:
    canonical = canonical_bytes(sheet)
    return TermsDocument(
        agreement_id=sheet.agreement_id,
        version=version,
        digest=digest_of(canonical),
        canonical=canonical.decode(),
        effective_at=effective_at,
    )


def agreement(
    agreement_id: str = A,
    seq: int = 1,
    state: AgreementState = AgreementState.ACTIVE,
    terms: TermsDocument | None = None,
    **changes: Any,
) -> RecordBatch:
    """A step of an agreement; its first brings the terms."""
    if terms is None and seq == 1:
        terms = document(term_sheet(agreement_id))
    at = EFFECTIVE + timedelta(minutes=seq)
    fields: dict[str, Any] = {
        "agreement_id": agreement_id,
        "state": state,
        "provider_id": "provider-1",
        "customer_id": "customer-1",
        "terms_version": terms.version if terms else 1,
        "digest": terms.digest if terms else "0" * 64,
        "offered_at": EFFECTIVE,
        "effective_at": EFFECTIVE,
        "ends_at": ENDS,
        "year_starts": YEAR_STARTS,
    }
    return RecordBatch(
        workflow_id=f"agreement/{agreement_id}",
        agreement_id=agreement_id,
        events=[Event(seq=seq, at=at, kind=EventKind.OFFERED, clause="C4.1", payload={"state": state})],
        agreement=AgreementSnapshot(**(fields | changes)),
        terms=terms,
    )


def event(seq: int, kind: EventKind = EventKind.NOTED, **changes: Any) -> Event:
    fields: dict[str, Any] = {
        "seq": seq,
        "at": EFFECTIVE + timedelta(days=1, seconds=seq),
        "kind": kind,
        "clause": "C6.2.3",
        "party": Role.CUSTOMER,
        "person": "王芳",
        "command_id": f"command-{seq}",
        "payload": {"note": f"note {seq} 备注"},
    }
    return Event(**(fields | changes))


def request(
    request_id: str = "r1", *events: Event, agreement_id: str = A, entries: Any = (), **changes: Any
) -> RecordBatch:
    """A step of a request; without events its first."""
    steps = list(events) or [event(1, EventKind.SUBMITTED)]
    fields: dict[str, Any] = {
        "agreement_id": agreement_id,
        "request_id": request_id,
        "service": Service.TECHNICAL_SUPPORT,
        "priority": Priority.NORMAL,
        "state": RequestState.SUBMITTED,
        "title": "The export stops at half",
        "terms_version": 1,
        "as_of": steps[-1].at,
        "submitted_at": EFFECTIVE + timedelta(days=1),
    }
    return RecordBatch(
        workflow_id=f"request/{agreement_id}/{request_id}",
        agreement_id=agreement_id,
        request_id=request_id,
        events=steps,
        entries=list(entries),
        request=RequestSnapshot(**(fields | changes)),
    )


def cny(amount: str) -> Money:
    return Money.of(amount, "CNY")


def penalty(key: str, amount: str, at: datetime = EFFECTIVE, **changes: Any) -> LedgerEntry:
    fields: dict[str, Any] = {
        "key": key,
        "kind": EntryKind.PENALTY,
        "clause": "C8.1.1",
        "effective_at": at,
        "debit": Account.PENALTY_EXPENSE,
        "credit": Account.PENALTY_PAYABLE,
        "amount": cny(amount),
        "terms_version": 1,
        "request_id": "r1",
        "explanation": {"formula": f"once per request: {amount} CNY"},
    }
    return LedgerEntry(**(fields | changes))


def back(key: str, amount: str, reverses: str, kind: EntryKind, **changes: Any) -> LedgerEntry:
    """A reversal or waiver of a penalty: the same accounts, the other way."""
    accounts = {"debit": Account.PENALTY_PAYABLE, "credit": Account.PENALTY_EXPENSE}
    return penalty(key, amount, **(accounts | {"kind": kind, "reverses": reverses} | changes))


def run_history(
    run_id: str = "run-1", content: bytes = b'{"events":[]}', **changes: Any
) -> tuple[RunHistory, bytes]:
    """What the engine remembers of a run of r1's workflow, with its content."""
    fields: dict[str, Any] = {
        "workflow_id": f"request/{A}/r1",
        "run_id": run_id,
        "agreement_id": A,
        "request_id": "r1",
        "outcome": "completed",
        "started_at": EFFECTIVE,
        "closed_at": EFFECTIVE + timedelta(days=1),
        "events": 0,
        "digest": hashlib.sha256(content).hexdigest(),
    }
    return RunHistory(**(fields | changes)), content


def entries_only(*entries: LedgerEntry, agreement_id: str = A) -> RecordBatch:
    """Entries that come without an event of their own."""
    return RecordBatch(
        workflow_id=f"request/{agreement_id}/r1",
        agreement_id=agreement_id,
        events=[],
        entries=list(entries),
    )

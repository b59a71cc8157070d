"""Agreements for people: one with its parties, dates and timeline; several as a list."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from rich.console import RenderableType
from rich.table import Table

from contract.agreement_states import AgreementState
from contract.facts import AgreementSnapshot, Event, EventKind
from contract.terms import TermSheet
from starter.showing.paper import BAD, DIM, GOOD, NOTED, NOTHING, exactly, facts, marked, table
from starter.showing.sheets import taken_over
from starter.showing.timeline import timeline
from workflows.payloads import AgreementReceipt

_STYLES = {
    AgreementState.OFFERED: NOTED,
    AgreementState.ACTIVE: GOOD,
    AgreementState.SUSPENDED: BAD,
    AgreementState.EXPIRED: NOTED,
    AgreementState.TERMINATED: NOTED,
    AgreementState.REFUSED: BAD,
    AgreementState.WITHDRAWN: BAD,
    AgreementState.LAPSED: BAD,
    AgreementState.CLOSED: DIM,
    AgreementState.SETTLED: DIM,
}


def receipt_line(receipt: AgreementReceipt, zone: ZoneInfo) -> str:
    """The answer to a command, in a line."""
    signed = ", ".join(receipt.signed_by) or "nobody"
    line = f"agreement {receipt.agreement_id}: {receipt.state}, signed by {signed}"
    if receipt.effective_at is not None and receipt.ends_at is not None:
        line += f"; in force until {exactly(receipt.ends_at, zone)}"
    return f"{line}\ndigest {receipt.digest}"


def agreement(
    view: AgreementSnapshot, terms: TermSheet, events: Sequence[Event], open_requests: int
) -> list[RenderableType]:
    """One agreement with its timeline."""
    zone = ZoneInfo(terms.time_zone)
    rows: list[tuple[str, RenderableType]] = [
        ("agreement", view.agreement_id),
        ("state", marked(view.shown.value, _STYLES[view.shown])),
        ("provider", f"{terms.provider.name} ({terms.provider.party_id})"),
        ("customer", f"{terms.customer.name} ({terms.customer.party_id})"),
        ("offered", exactly(view.offered_at, zone)),
    ]
    if view.effective_at is not None and view.ends_at is not None:
        rows += [
            ("in force from", exactly(view.effective_at, zone)),
            ("term ends", exactly(view.ends_at, zone)),
        ]
    if terms.taken_over is not None:
        rows.append(("taken over", taken_over(terms.taken_over, terms)))
    if view.suspended_since is not None:
        rows.append(("service suspended since", exactly(view.suspended_since, zone)))
    if view.closed_at is not None:
        rows.append(("closed", exactly(view.closed_at, zone)))
    if view.settled_at is not None:
        rows.append(("settled", exactly(view.settled_at, zone)))
    signed = [event for event in events if event.kind is EventKind.SIGNED]
    rows += [
        ("signed by", ", ".join(f"{e.person}, {e.payload['title']} ({e.party})" for e in signed) or "nobody"),
        ("terms", f"version {view.terms_version}, digest {view.digest}"),
        ("open requests", str(open_requests)),
    ]
    return [facts(rows), "", timeline(events, zone)]


def agreements(views: Sequence[AgreementSnapshot]) -> Table:
    """Agreements in order of their offer; dates in UTC, for each has a zone of its own."""
    made = table("Agreements", "agreement", "state", "provider", "customer", "offered", "ends", note="UTC")
    for view in views:
        made.add_row(
            view.agreement_id,
            marked(view.shown.value, _STYLES[view.shown]),
            view.provider_id,
            view.customer_id,
            f"{view.offered_at:%Y-%m-%d %H:%M}",
            f"{view.ends_at:%Y-%m-%d %H:%M}" if view.ends_at else NOTHING,
        )
    return made

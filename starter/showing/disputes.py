"""Disputes for people: what each is over, until when, how it ended, and what it held (C9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from rich.console import RenderableType
from rich.table import Table

from contract.agreement_disputes import DisputeStanding
from contract.disputes import Dispute, DisputeState
from contract.facts import Event
from starter.showing.disputed import amounts, item
from starter.showing.paper import (
    BAD,
    DIM,
    GOOD,
    NOTED,
    NOTHING,
    briefly,
    exactly,
    facts,
    marked,
    money,
    table,
)
from starter.showing.timeline import timeline

_STYLES = {
    DisputeState.NEGOTIATING: NOTED,
    DisputeState.REFERRED: BAD,
    DisputeState.SETTLED: GOOD,
    DisputeState.AWARDED: GOOD,
    DisputeState.WITHDRAWN: DIM,
    DisputeState.LAPSED: DIM,
}


def standing_lines(standing: DisputeStanding, zone: ZoneInfo) -> list[RenderableType]:
    """The answer to a command: where the dispute stands, until when, and what comes next."""
    one = standing.dispute
    held = "all of it" if one.amount is None else money(one.amount)
    lines = [f"dispute {one.number} over {item(one.item)} ({held}): {one.state}"]
    if one.state is DisputeState.NEGOTIATING:
        lines.append(f"negotiation until {exactly(one.window_ends, zone)}; then either may refer it to")
        lines.append(f"{one.commission}, until {exactly(one.stale_ends, zone)}")
    if one.offer is not None and one.state.is_open:
        lines.append(f"offer {one.offer.number} of the {one.offer.by}: {amounts(one.offer.amounts)}")
    if one.ending is not None:
        lines.append(f"decided: {amounts(one.ending.amounts)}")
    return list(lines)


def disputes(found: Sequence[Dispute], zone: ZoneInfo) -> Table:
    """Disputes in the order of their opening."""
    made = table("", "dispute", "over", "amount", "by", "opened", "state", "next", note=zone.key)
    for one in found:
        made.add_row(
            one.number,
            item(one.item),
            "all of it" if one.amount is None else money(one.amount),
            one.by.value,
            briefly(one.opened_at, zone),
            marked(one.state.value, _STYLES[one.state]),
            briefly(one.next_date, zone) if one.next_date else NOTHING,
        )
    return made


def dispute(one: Dispute, events: Sequence[Event], zone: ZoneInfo) -> list[RenderableType]:
    """One dispute with its timeline."""
    return [facts(_facts(one, zone)), "", timeline(events, zone)]


def _facts(one: Dispute, zone: ZoneInfo) -> Iterator[tuple[str, RenderableType]]:
    yield "dispute", one.number
    yield "state", marked(one.state.value, _STYLES[one.state])
    yield "over", item(one.item)
    yield "amount", "all of it" if one.amount is None else money(one.amount)
    yield "opened", f"{exactly(one.opened_at, zone)} by {one.person} ({one.by})"
    yield "about", " ".join(one.about.split())
    yield "negotiation until", exactly(one.window_ends, zone)
    yield "to be referred until", exactly(one.stale_ends, zone)
    yield "commission", one.commission
    if one.failed_by:
        yield "declared failed by", " and ".join(f"the {role}" for role in one.failed_by)
    if one.offer is not None:
        offered = f"{one.offer.number} by {one.offer.person} ({one.offer.by}): {amounts(one.offer.amounts)}"
        yield "offer", offered
    if one.referred_at is not None:
        yield "referred", f"{exactly(one.referred_at, zone)} by the {one.referred_by}"
    if one.ended_at is not None:
        yield "hold lifted", exactly(one.ended_at, zone)
    if one.ending is not None:
        yield "decided", f"{amounts(one.ending.amounts)} ({one.ending.clause})"
        yield "by", ", ".join(f"{person} ({role})" for role, person in one.ending.persons.items())
        if one.ending.charge_held_days:
            yield "late fees", "charged for the days on hold as well"
        if one.ending.digest is not None:
            yield "award", one.ending.digest

"""What lateness costs, line by line: amount, clause and formula, so that a person can redo it (C8.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.table import Table

from contract.facts import Account, EntryKind, LedgerEntry
from contract.money import Money
from records.results import PenaltyYear, PostedEntry
from starter.showing.paper import BAD, GOOD, NOTHING, briefly, marked, money, table, words

_NAMES = {
    EntryKind.PENALTY: "penalty",
    EntryKind.PENALTY_REVERSAL: "reversal",
    EntryKind.PENALTY_WAIVER: "waiver",
    EntryKind.PENALTY_CAP: "cap",
    EntryKind.PENALTY_DECISION: "decision",
}


def owed(entry: LedgerEntry) -> Money:
    """What an entry adds to what the provider owes; negative when it takes away."""
    return entry.amount if entry.credit is Account.PENALTY_PAYABLE else -entry.amount


def net(entries: Sequence[LedgerEntry]) -> Money:
    """What entries (at least one) come to together."""
    return sum((owed(entry) for entry in entries), Money(minor=0, currency=entries[0].amount.currency))


def lines(
    title: str, posted: Sequence[PostedEntry], zone: ZoneInfo, *, of_one_request: bool = False
) -> Table:
    """Entries in the order in which they are owed, and what they come to."""
    first = [] if of_one_request else ["request"]
    made = table(
        title, "owed as of", *first, "clause", "entry", "amount", "formula", right=["amount"], note=zone.key
    )
    for entry in (row.entry for row in posted):
        amount = owed(entry)
        made.add_row(
            briefly(entry.effective_at, zone),
            *([] if of_one_request else [entry.request_id or NOTHING]),
            entry.clause,
            _NAMES.get(entry.kind, words(entry.kind)),
            marked(money(amount), BAD if amount.minor > 0 else GOOD),
            formula(entry, zone),
        )
    if posted:
        made.add_section()
        sum_of_all = money(net([row.entry for row in posted]))
        made.add_row(*["" for _ in first], "", "", "net", marked(sum_of_all, "bold"), "")
    return made


def formula(entry: LedgerEntry, zone: ZoneInfo) -> str:
    """How an entry comes about, in words."""
    found = entry.explanation
    said = [str(found["formula"])] if found.get("formula") else []
    if entry.reverses:
        said.append(f"reverses {entry.reverses}")
    if entry.reason:
        said.append(entry.reason)
    if found.get("due"):
        said.append(_clock(found, zone))
    return "\n".join(said)


def _clock(found: dict[str, Any], zone: ZoneInfo) -> str:
    """Where the due comes from: start, budget, pauses."""
    text = (
        f"due {_at(found['due'], zone)} = {found['budget_hours']} h of service time "
        f"from {_at(found['submitted_at'], zone)}"
    )
    if found.get("not_before"):
        text += f", not before {_at(found['not_before'], zone)}"
    for pause in found.get("pauses", []):
        until = _at(pause["to"], zone) if pause["to"] else "now"
        text += f"; {pause['kind']} pause {_at(pause['from'], zone)} – {until}"
    return text


def _at(text: str, zone: ZoneInfo) -> str:
    return briefly(datetime.fromisoformat(text), zone)


def year(found: PenaltyYear, begins: datetime | None, zone: ZoneInfo) -> list[Table]:
    """One contract year: its entries, and what they add up to."""
    since = "" if begins is None else f", from {begins.astimezone(zone):%Y-%m-%d}"
    title = f"Contract year {found.contract_year}{since}"
    sums = table("", *_SUMS, right=_SUMS)
    sums.add_row(
        money(found.accrued),
        money(-found.reversed),
        money(-found.waived),
        money(found.decided),
        money(-found.above_cap),
        marked(money(found.net), BAD if found.net.minor else GOOD),
        NOTHING if found.cap is None else money(found.cap),
    )
    return [lines(title, found.entries, zone), sums]


_SUMS = ["accrued", "reversed", "waived", "decided", "above the cap", "net", "cap"]

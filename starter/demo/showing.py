"""How the demonstration looks: a line for each thing that happens, and what it all came to at the end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.cells import set_cell_size
from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from contract.deadlines import CLAUSES
from contract.facts import EventKind
from contract.parties import Role
from contract.terms import Target, TermSheet
from contract.values import normalised
from records.results import PenaltyYear, PostedEntry
from starter.demo.papers import Papers
from starter.demo.playing import Happened
from starter.rehearsal.report import as_json as report
from starter.rehearsal.running import Lived
from starter.rehearsal.tables import compliance_table
from starter.showing import penalties
from starter.showing.money import statement
from starter.showing.paper import BAD, DIM, GOOD, NOTED, NOTHING, PROVISIONAL, briefly, facts, money, words
from starter.showing.plain import plain
from starter.showing.timeline import detail, who
from workflows.payloads import Receipt

E = EventKind

STYLES = {
    E.ACTIVATED: GOOD,
    E.TARGET_WARNED: NOTED,
    E.TARGET_BREACHED: BAD,
    E.PENALTY_ACCRUED: BAD,
    E.FOLLOW_UP_OVERDUE: BAD,
    E.PAYMENT_OVERDUE: BAD,
    E.SUSPENSION_ANNOUNCED: NOTED,
    E.SUSPENDED: BAD,
    E.RESUMED: GOOD,
    E.PAYMENT_RECORDED: GOOD,
    E.PAYMENT_CLEARED: GOOD,
    E.SETTLED: GOOD,
    E.END_REMINDED: NOTED,
    E.EXPIRED: NOTED,
    E.AGREEMENT_CLOSED: GOOD,
}
ITSELF = "the contract"
WHEN, WHICH, WHO, CLAUSE = 21, 14, 22, 8
"""Widths of the columns of a line, in cells of a terminal."""


def opening(terms: TermSheet) -> Iterator[RenderableType]:
    """Between whom, and for how long."""
    parties = " and ".join(f"{terms.party(role).name} ({role})" for role in Role)
    yield Text(f"Agreement {terms.agreement_id} between {parties}", "bold")
    yield Text(
        f"Times in {terms.time_zone}; lived on this machine, through the same client as anyone's.", DIM
    )
    yield ""


def line(happened: Happened, zone: ZoneInfo) -> Text:
    """When, on which request, who, under which clause, what."""
    by, clause, said, style = _said(happened, zone)
    text = Text()
    text.append(set_cell_size(f"{happened.at.astimezone(zone):%a %Y-%m-%d %H:%M}", WHEN), DIM)
    text.append(set_cell_size(happened.request_id or "agreement", WHICH) + " ")
    text.append(set_cell_size(by, WHO) + " ", DIM if by == ITSELF else "")
    text.append(set_cell_size(clause, CLAUSE), "cyan")
    text.append(said, style)
    return text


def _said(happened: Happened, zone: ZoneInfo) -> tuple[str, str, str, str]:
    """Who, clause, what, and its style."""
    if happened.refused is not None:
        deed, refused = happened.refused.deed, happened.refused
        said = f"{words(deed.name)} refused: {refused.message}"
        return f"{deed.person} ({deed.by})", refused.clause, said, NOTED
    if happened.promised is not None:
        return ITSELF, CLAUSES[Target.RESPOND], _promised(happened.promised, zone), DIM
    assert happened.event is not None
    event = happened.event
    more = " · ".join(detail(event, zone).splitlines())
    said = f"{words(event.kind)}{': ' if more else ''}{more}"
    return who(event), event.clause, said, STYLES.get(event.kind, "")


def _promised(receipt: Receipt, zone: ZoneInfo) -> str:
    due = f"promised: response by {_day(receipt.respond_due, zone)}"
    if receipt.resolve_due is not None:
        due += f", resolution by {_day(receipt.resolve_due, zone)}"
    return f"{due}, {PROVISIONAL}" if receipt.provisional else due


def _day(at: datetime | None, zone: ZoneInfo) -> str:
    return NOTHING if at is None else f"{at.astimezone(zone):%a %Y-%m-%d %H:%M}"


def as_data(happened: Happened, zone: ZoneInfo) -> dict[str, Any]:
    """The same for programs."""
    by, clause, said, _ = _said(happened, zone)
    return {
        "at": plain(happened.at),
        "request_id": happened.request_id,
        "kind": _kind(happened),
        "by": by,
        "clause": clause,
        "said": said,
    }


def _kind(happened: Happened) -> str:
    if happened.event is not None:
        return happened.event.kind.value
    return "promised" if happened.promised is not None else "refused"


def ending(lived: Lived, papers: Papers, folder: Path, outbox: Path) -> Iterator[RenderableType]:
    """Compliance, the penalties with clause, formula and cap, the money, and where to look further."""
    zone = ZoneInfo(lived.terms.time_zone)
    yield ""
    yield compliance_table(lived)
    for year in lived.years:
        yield ""
        yield from _penalties(lived, year, zone)
    yield ""
    yield from statement(papers.statement, zone)
    yield ""
    yield facts(
        [
            (
                "lived",
                f"{len(lived.log)} commands and {_span(lived)} of contract time in {lived.seconds:.0f} s",
            ),
            ("papers", f"{_printed(papers)} and the statement in {papers.stated.parent}: open them"),
            ("mails", f"{len(list(outbox.glob('*.eml')))} in {outbox}: open them with any mail program"),
            ("records", f"AFTERCARE_HOME={folder} aftercare request show {_worst(lived)}"),
        ]
    )


def _printed(papers: Papers) -> str:
    count = sum(path.suffix == ".pdf" for path in papers.invoices)
    return f"the agreement and what changed it ({len(papers.agreed)} files), {count} invoices"


def _penalties(lived: Lived, year: PenaltyYear, zone: ZoneInfo) -> Iterator[RenderableType]:
    """A contract year's entries, each with clause and formula, what they add up to, and the cap."""
    begins = lived.agreement.year_starts[year.contract_year - 1].astimezone(zone)
    yield Text(f"Penalties (C8.1), contract year {year.contract_year}, from {begins:%Y-%m-%d}", "bold")
    for entry in (row.entry for row in year.entries):
        amount = penalties.owed(entry)
        text = Text(set_cell_size(briefly(entry.effective_at, zone), WHEN))
        text.append(set_cell_size(entry.request_id or NOTHING, WHICH) + " ")
        text.append(set_cell_size(entry.clause, CLAUSE), "cyan")
        text.append(f"{money(amount):>16}", BAD if amount.minor > 0 else GOOD)
        yield text
        for said in penalties.formula(entry, zone).splitlines():
            yield Padding(Text(said, DIM), (0, 0, 0, 4))
    yield ""
    fees, percent = lived.terms.fees, lived.terms.penalties.cap_percent
    sums: list[tuple[str, RenderableType]] = [("accrued", money(year.accrued - year.reversed))]
    if year.cap is not None and percent is not None:
        fee = money(lived.terms.money(fees.amount))
        how = f"{normalised(percent)} % of {fees.period.per_year} × {fee}"
        sums += [("cap", f"{money(year.cap)} = {how}"), ("above it", money(year.above_cap))]
    yield facts([*sums, ("owed", Text(money(year.net), BAD if year.net.minor else GOOD))])


def _span(lived: Lived) -> str:
    return f"{(lived.until - lived.agreement.offered_at).days} days"


def _worst(lived: Lived) -> str:
    """The request that cost most, to look into."""
    costly = max(lived.requests, key=lambda request: len(request.accruals)).on_record
    return f"{costly.agreement_id} {costly.request_id}"


def as_json(lived: Lived, papers: Papers, timeline: list[dict[str, Any]], outbox: Path) -> dict[str, Any]:
    """Everything, for programs."""
    zone = ZoneInfo(lived.terms.time_zone)
    return {
        "timeline": timeline,
        **report(lived),
        "penalties": [_entry(row, zone) for year in lived.years for row in year.entries],
        "statement": plain(papers.statement),
        "papers": [str(path) for path in (*papers.agreed, *papers.invoices, papers.stated)],
        "outbox": str(outbox),
        "mails": len(list(outbox.glob("*.eml"))),
        "records": lived.records,
    }


def _entry(row: PostedEntry, zone: ZoneInfo) -> dict[str, Any]:
    entry = row.entry
    return {
        "request_id": entry.request_id,
        "at": plain(entry.effective_at),
        "clause": entry.clause,
        "kind": entry.kind.value,
        "amount": str(penalties.owed(entry)),
        "currency": entry.amount.currency,
        "formula": penalties.formula(entry, zone),
    }

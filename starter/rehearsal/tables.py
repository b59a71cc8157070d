"""What a rehearsal came to, for people: totals, compliance, the worst requests, what was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rich.console import RenderableType
from rich.table import Table

from contract.deadlines import CLAUSES
from contract.money import Money
from contract.penalties import annual_cap
from contract.refusals import RefusalKind
from starter.rehearsal.checking import Checked
from starter.rehearsal.log import SUBMIT
from starter.rehearsal.report import RESOLUTION, RESPONSE, above_cap, compliance, penalty_total, total_of
from starter.rehearsal.running import Lived, LivedRequest
from starter.showing.paper import BAD, GOOD, NOTED, NOTHING, briefly, facts, marked, money, span, table, words

WORST = 10
LISTED = 20
"""Refused deeds and differences named one by one; the others are counted."""


def pages(lived: Lived, checked: Checked | None) -> Iterator[RenderableType]:
    """The report, one piece below the other."""
    yield _headline(lived)
    yield ""
    yield compliance_table(lived)
    yield ""
    yield _penalties(lived)
    worst = _worst(lived)
    if worst.row_count:
        yield from ("", worst)
    if lived.refused:
        yield from ("", _refused(lived))
        yield from _warnings(lived)
    if checked is not None:
        yield ""
        yield from _checked(checked)


def _headline(lived: Lived) -> Table:
    zone = ZoneInfo(lived.terms.time_zone)
    deeds, seconds = len(lived.log), lived.seconds
    still_open = sum(request.on_record.state.is_open for request in lived.requests)
    rows: list[tuple[str, RenderableType]] = [
        ("agreement", f"{lived.terms.agreement_id}, times in {lived.terms.time_zone}"),
        ("log", f"{briefly(lived.log.first, zone)} to {briefly(lived.log.last, zone)}"),
        ("requests", f"{len(lived.requests)} lived, {still_open} of them open at the end"),
        ("commands", f"{deeds} in {seconds:.1f} s: {deeds / seconds:.0f} a second"),
        ("refused", f"{len(lived.refused)}"),
    ]
    if lived.records is not None:
        rows.append(("records", lived.records))
    return facts(rows)


def compliance_table(lived: Lived) -> Table:
    made = table(
        "Compliance (C5.1)",
        "target",
        "clause",
        "priority",
        "requests",
        "met",
        "late",
        "running",
        "withdrawn",
        "met, %",
        right=["requests", "met", "late", "running", "withdrawn", "met, %"],
    )
    for line in compliance(lived):
        if line.none_promised == line.requests:
            continue
        made.add_row(
            line.target.value,
            CLAUSES[line.target],
            "all" if line.priority is None else line.priority.value,
            str(line.requests - line.none_promised),
            str(line.met),
            marked(str(line.late), BAD if line.late else ""),
            str(line.running),
            str(line.withdrawn),
            NOTHING if line.percent is None else str(line.percent),
            style="bold" if line.priority is None else "",
            end_section=line.priority is None,
        )
    return made


def _penalties(lived: Lived) -> Table:
    made = table("Penalties (C8.1)", "clause", "", "count", "amount", right=["count", "amount"])
    owed = [request.owed(lived.currency) for request in lived.requests]

    def sum_of(clause: str) -> Money:
        return sum((one[clause] for one in owed if clause in one), lived.nothing)

    late_responses = sum(request.on_record.response_late for request in lived.requests)
    days = sum(request.on_record.delay_days for request in lived.requests)
    made.add_row(RESPONSE, "late responses", str(late_responses), money(sum_of(RESPONSE)))
    made.add_row(RESOLUTION, "days of late resolution", str(days), money(sum_of(RESOLUTION)))
    total, above, cap = penalty_total(lived), above_cap(lived), annual_cap(lived.terms)
    made.add_row("C8.1", "accrued", "", money(total), style="bold")
    if cap is not None:
        made.add_row("C8.1", f"above the cap of {money(cap)} a contract year", "", money(-above))
        made.add_row("C8.1", "owed", "", marked(money(total - above), BAD if total.minor else GOOD))
    return made


def _worst(lived: Lived) -> Table:
    made = table(
        "Worst requests",
        "request",
        "priority",
        "submitted",
        "response late by",
        "resolution late by",
        "days",
        "penalty",
        right=["days", "penalty"],
    )
    zone = ZoneInfo(lived.terms.time_zone)

    def badness(request: LivedRequest) -> tuple[int, int, str]:
        return -total_of(lived, request).minor, -request.delay_seconds, request.on_record.request_id

    for request in sorted(lived.requests, key=badness)[:WORST]:
        found = request.on_record
        if not (found.response_late or found.resolution_late):
            break
        delay = timedelta(seconds=request.delay_seconds)
        made.add_row(
            found.request_id,
            found.priority.value,
            briefly(found.submitted_at, zone),
            _late_by(found.respond_due, found.responded_at or found.closed_at or lived.until),
            span(delay) if delay else NOTHING,
            str(found.delay_days),
            money(total_of(lived, request)),
        )
    return made


def _late_by(due: datetime | None, until: datetime) -> str:
    return NOTHING if due is None or until <= due else span(until - due)


def _refused(lived: Lived) -> Table:
    more = len(lived.refused) - LISTED
    counts = Counter((refused.deed.name, refused.kind) for refused in lived.refused)
    note = None
    if more > 0:
        sums = ", ".join(f"{count} × {name} ({words(kind)})" for (name, kind), count in counts.most_common())
        note = f"… and {more} more; --json has them all. In all: {sums}"
    made = table(
        "Refused by the contract",
        "line",
        "request",
        "at",
        "command",
        "clause",
        "why",
        right=["line"],
        note=note,
    )
    zone = ZoneInfo(lived.terms.time_zone)
    for refused in lived.refused[:LISTED]:
        deed = refused.deed
        made.add_row(
            str(deed.line),
            deed.request_id,
            briefly(deed.at, zone),
            words(deed.name),
            refused.clause,
            refused.message,
        )
    return made


def _warnings(lived: Lived) -> Iterator[RenderableType]:
    """What a log and a sheet that do not fit come to, in one line each."""
    submissions = Counter(refused.kind for refused in lived.refused if refused.deed.name == SUBMIT)
    outside, uncovered = submissions[RefusalKind.NOT_IN_FORCE], submissions[RefusalKind.NOT_COVERED]
    if outside:
        ends = lived.agreement.ends_at
        when = NOTHING if ends is None else briefly(ends, ZoneInfo(lived.terms.time_zone))
        yield marked(
            f"Not lived: {outside} submitted after the end of the term, {when}; "
            "the sheet's term is shorter than the log (C4.1).",
            NOTED,
        )
    if uncovered:
        covered = ", ".join(words(service) for service in lived.terms.services)
        yield marked(
            f"Not lived: {uncovered} for services not in the sheet, which has {covered} (C3.1).",
            NOTED,
        )


def _checked(checked: Checked) -> Iterator[RenderableType]:
    found = checked.differences
    if not found:
        yield marked(f"Check: {checked.values} values computed by arithmetic alone; no difference.", GOOD)
        return
    more = len(found) - LISTED
    note = f"… and {more} more; --json has them all." if more > 0 else None
    made = table(
        f"Check: {len(found)} of {checked.values} values differ",
        "of",
        "what",
        "recorded",
        "computed",
        note=note,
    )
    made.title_style = BAD
    for one in found[:LISTED]:
        made.add_row(one.subject, one.what, one.recorded, one.computed)
    yield made

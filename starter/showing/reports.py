"""Reports for people: how the targets were kept, how the service was rated (C5.1, C5.5)."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from rich.console import RenderableType
from rich.table import Table

from contract.deadlines import CLAUSES
from records.results import ComplianceLine, ComplianceReport, LowRating, RatingReport
from starter.showing.paper import BAD, GOOD, NOTED, NOTHING, briefly, facts, marked, table

_COUNTS = ("requests", "met", "late", "running", "withdrawn", "not promised", "kept")


def compliance(report: ComplianceReport, zone: ZoneInfo) -> list[RenderableType]:
    """Per target, month of submission and priority; then per target."""
    return [
        _counts(f"Compliance by month and priority (C5.1), {zone.key}", report.lines, of_all=False),
        "",
        _counts("Compliance in all", report.totals, of_all=True),
    ]


def _counts(title: str, lines: Sequence[ComplianceLine], *, of_all: bool) -> Table:
    first = [] if of_all else ["month", "priority"]
    made = table(title, "target", "clause", *first, *_COUNTS, right=_COUNTS)
    for line in lines:
        made.add_row(
            line.target.value,
            CLAUSES[line.target],
            *([] if of_all else [line.month or "", line.priority.value if line.priority else ""]),
            str(line.requests),
            _count(line.met, GOOD),
            _count(line.late, BAD),
            _count(line.running, ""),
            _count(line.withdrawn, ""),
            _count(line.none_promised, ""),
            NOTHING if line.percent is None else marked(f"{line.percent} %", BAD if line.late else GOOD),
        )
    return made


def _count(count: int, style: str) -> RenderableType:
    return marked(str(count), style) if count else NOTHING


def ratings(report: RatingReport, zone: ZoneInfo) -> list[RenderableType]:
    """How many of each rating, and the low ones with their answers."""
    most = max(report.distribution.values(), default=0)
    rows: list[tuple[str, RenderableType]] = [
        ("ratings", str(report.count)),
        ("average", NOTHING if report.average is None else f"{report.average} of 5"),
        ("follow-ups overdue", marked(str(report.overdue), BAD if report.overdue else GOOD)),
    ]
    for score in sorted(report.distribution, reverse=True):
        count = report.distribution[score]
        bar = "█" * (-(-count * 30 // most) if most else 0)
        rows.append((f"{score} of 5", f"{count:>5}  {bar}"))
    shown: list[RenderableType] = [facts(rows)]
    if report.low:
        made = table(
            f"Low ratings (C5.5), {zone.key}",
            "request",
            "rating",
            "rated",
            "comment",
            "answer due",
            "answered",
        )
        for low in report.low:
            made.add_row(
                low.request_id,
                str(low.rating),
                briefly(low.rated_at, zone),
                low.comment or "",
                briefly(low.follow_up_due, zone),
                _answered(low, zone),
            )
        shown += ["", made]
    return shown


def _answered(low: LowRating, zone: ZoneInfo) -> RenderableType:
    if low.answered_at is not None:
        return marked(briefly(low.answered_at, zone), GOOD)
    return marked("overdue", BAD) if low.overdue else marked("awaited", NOTED)

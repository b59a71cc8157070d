"""How the targets were kept, per month and priority (C5.1, C5.2, C6.1.2, C8.1.2).

Counted by the database, ten years of requests at once; months are the agreement's own, in its time zone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, Column, ColumnElement, Connection, String, and_, case, func, select, values

from contract.penalties import add_months
from contract.service_hours import Calendar
from contract.terms import Priority, Service, Target, TermSheet
from records.archive import Shelf
from records.queries import IS_OPEN, LATE, find_agreement, matching
from records.results import ComplianceLine, ComplianceReport, RequestFilter
from records.schema import requests
from records.types import UtcMicroseconds

_DONE = {
    Target.CONFIRM: requests.c.confirmed_at,
    Target.RESPOND: requests.c.responded_at,
    Target.RESOLVE: requests.c.resolved_at,
}


def _outcomes(target: Target) -> dict[str, ColumnElement[bool]]:
    in_time, done = ~LATE[target], _DONE[target].is_not(None)
    return {
        "late": LATE[target],
        "met": and_(in_time, done),
        "running": and_(in_time, ~done, IS_OPEN),
        "withdrawn": and_(in_time, ~done, ~IS_OPEN),
    }


_COUNTS = {
    (target, outcome): func.sum(case((holds, 1), else_=0)).label(f"{target}_{outcome}")
    for target in Target
    for outcome, holds in _outcomes(target).items()
}


def compliance(
    connection: Connection, agreement_id: str, wanted: RequestFilter, shelf: Shelf
) -> ComplianceReport:
    """Met, late, running, withdrawn and not promised, of the requests a filter asks for."""
    agreement = find_agreement(connection, agreement_id)
    submitted = select(func.min(requests.c.submitted_at), func.max(requests.c.submitted_at))
    first, last = connection.execute(matching(submitted, agreement_id, wanted)).one()
    if agreement is None or first is None:
        return ComplianceReport(lines=[], totals=[])
    terms = shelf.versions(connection, agreement_id)
    months = _months(terms[agreement.terms_version].time_zone, first, last)
    kind = (months.c.month, requests.c.priority, requests.c.service, requests.c.terms_version)
    rows = matching(select(*kind, *_COUNTS.values()), agreement_id, wanted).join(
        months, and_(requests.c.submitted_at >= months.c.begins, requests.c.submitted_at < months.c.ends)
    )
    return _folded(connection.execute(rows.group_by(*kind)).mappings().all(), terms)


def _months(zone: str, first: datetime, last: datetime) -> CTE:
    """Local calendar months from the first instant's to the last's, as a table of instants."""
    calendar = Calendar("always", zone)
    month = first.astimezone(calendar.zone).date().replace(day=1)
    rows = []
    while (begins := calendar.instant(month, 0)) <= last:
        following = add_months(month, 1)
        rows.append((f"{month:%Y-%m}", begins, calendar.instant(following, 0)))
        month = following
    columns = (Column("month", String), Column("begins", UtcMicroseconds), Column("ends", UtcMicroseconds))
    return values(*columns, name="months").data(rows).cte("months")


def _folded(rows: Any, terms: Mapping[int, TermSheet]) -> ComplianceReport:
    lines: dict[tuple[Target, str, Priority], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    totals: dict[Target, dict[str, int]] = {target: defaultdict(int) for target in Target}
    for row in rows:
        priority, service = Priority(row["priority"]), Service(row["service"])
        targets = terms[row["terms_version"]].targets
        for target, outcome in _COUNTS:
            promised = targets.hours(target, service, priority) is not None
            # A request that was late before its priority or terms stopped promising anything was late.
            counted = outcome if promised or outcome == "late" else "none_promised"
            for counts in (lines[target, row["month"], priority], totals[target]):
                counts[counted] += int(row[f"{target}_{outcome}"])
    order = {target: place for place, target in enumerate(Target)}
    keys = sorted(lines, key=lambda key: (order[key[0]], key[1], key[2].rank))
    return ComplianceReport(
        lines=[
            ComplianceLine(target=target, month=month, priority=priority, **lines[target, month, priority])
            for target, month, priority in keys
        ],
        totals=[
            ComplianceLine(target=target, month=None, priority=None, **counts)
            for target, counts in totals.items()
        ],
    )

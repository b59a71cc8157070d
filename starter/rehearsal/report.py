"""What a rehearsal came to, as data: the figures of each request, their totals, and what was refused.

``--json`` prints :func:`as_json`, ``--csv`` writes :func:`rows`. Instants are ISO 8601 in UTC, amounts are
decimal strings; a delay is that of late resolution, 0 when there is none.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from contract.deadlines import CLAUSES
from contract.money import Money
from contract.penalties import annual_cap
from contract.terms import Priority, Target
from records.results import ComplianceLine
from starter.rehearsal.checking import Checked
from starter.rehearsal.living import RefusedDeed
from starter.rehearsal.running import Lived, LivedRequest

RESPONSE, RESOLUTION = "C8.1.1", "C8.1.2"
"""The clauses that penalties rest on."""


def total_of(lived: Lived, request: LivedRequest) -> Money:
    """What the provider owes for a request, before any cap."""
    return sum(request.owed(lived.currency).values(), lived.nothing)


def penalty_total(lived: Lived) -> Money:
    """The sum over all requests, before any cap."""
    return sum((total_of(lived, request) for request in lived.requests), lived.nothing)


def above_cap(lived: Lived) -> Money:
    """What of the contract years' penalties is above their caps."""
    return sum((year.above_cap for year in lived.years), lived.nothing)


def as_json(lived: Lived, checked: Checked | None = None) -> dict[str, Any]:
    """The whole report as plain data."""
    requests = lived.requests
    cap = annual_cap(lived.terms)
    report: dict[str, Any] = {
        "requests": [_request(lived, request) for request in requests],
        "totals": {
            "requests": len(requests),
            "response_late": sum(request.on_record.response_late for request in requests),
            "resolution_late": sum(request.on_record.resolution_late for request in requests),
            "delay_days": sum(request.on_record.delay_days for request in requests),
            "penalty_total": str(penalty_total(lived)),
            "above_cap": str(above_cap(lived)),
            "penalty_net": str(penalty_total(lived) - above_cap(lived)),
            "cap_per_contract_year": None if cap is None else str(cap),
            "currency": lived.terms.fees.currency,
            "open": sum(request.on_record.state.is_open for request in requests),
            "lived_until": _iso(lived.until),
            "compliance": [_compliance(line) for line in compliance(lived)],
        },
        "refused": [_refused(refused) for refused in lived.refused],
    }
    if checked is not None:
        report["check"] = {
            "values": checked.values,
            "differences": [
                {
                    "subject": found.subject,
                    "what": found.what,
                    "recorded": found.recorded,
                    "computed": found.computed,
                }
                for found in checked.differences
            ],
        }
    return report


def _request(lived: Lived, request: LivedRequest) -> dict[str, Any]:
    found = request.on_record
    owed = request.owed(lived.currency)
    return {
        "request_id": found.request_id,
        "priority": found.priority.value,
        "service": found.service.value,
        "submitted_at": _iso(found.submitted_at),
        "respond_due": _iso(found.respond_due),
        "responded_at": _iso(found.responded_at),
        "response_late": found.response_late,
        "resolve_due": _iso(found.resolve_due),
        "resolved_at": _iso(found.resolved_at),
        "delay_seconds": request.delay_seconds,
        "delay_days": found.delay_days,
        "penalties": [{"clause": clause, "amount": str(amount)} for clause, amount in owed.items()],
        "penalty_total": str(total_of(lived, request)),
    }


def _compliance(line: ComplianceLine) -> dict[str, Any]:
    return {
        "target": line.target.value,
        "clause": CLAUSES[line.target],
        "priority": None if line.priority is None else line.priority.value,
        "requests": line.requests,
        "met": line.met,
        "late": line.late,
        "running": line.running,
        "withdrawn": line.withdrawn,
        "none_promised": line.none_promised,
        "percent": None if line.percent is None else str(line.percent),
    }


def compliance(lived: Lived) -> Iterator[ComplianceLine]:
    """How the targets were kept, over all months: of each priority, then of all (``priority`` None)."""
    for target in Target:
        of_target = [line for line in lived.compliance.lines if line.target is target]
        for priority in (*Priority, None):
            lines = [line for line in of_target if priority in (line.priority, None)]
            if lines:
                yield ComplianceLine(
                    target=target,
                    month=None,
                    priority=priority,
                    met=sum(line.met for line in lines),
                    late=sum(line.late for line in lines),
                    running=sum(line.running for line in lines),
                    withdrawn=sum(line.withdrawn for line in lines),
                    none_promised=sum(line.none_promised for line in lines),
                )


def _refused(refused: RefusedDeed) -> dict[str, Any]:
    deed = refused.deed
    return {
        "line": deed.line,
        "request_id": deed.request_id,
        "at": _iso(deed.at),
        "command": deed.name,
        "by": deed.by.value,
        "kind": refused.kind,
        "message": refused.message,
        "clause": refused.clause,
    }


def rows(lived: Lived) -> Iterator[dict[str, Any]]:
    """One row per request: the figures of the JSON report, penalties in a column for each clause."""
    for request in lived.requests:
        row = _request(lived, request)
        del row["penalties"]
        total = row.pop("penalty_total")
        owed = request.owed(lived.currency)
        for clause in (RESPONSE, RESOLUTION):
            row[f"penalty_{clause}"] = str(owed.get(clause, lived.nothing))
        yield row | {"penalty_total": total, "currency": lived.currency}


def write_csv(lived: Lived, path: Path) -> None:
    """The rows, with a header; UTF-8."""
    columns = [*_COLUMNS, f"penalty_{RESPONSE}", f"penalty_{RESOLUTION}", "penalty_total", "currency"]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows(lived))


_COLUMNS = (
    "request_id",
    "priority",
    "service",
    "submitted_at",
    "respond_due",
    "responded_at",
    "response_late",
    "resolve_due",
    "resolved_at",
    "delay_seconds",
    "delay_days",
)


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")

"""Logs and sheets to rehearse with."""

from __future__ import annotations

import asyncio
import os
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from contract.reading import check_terms, parse
from contract.terms import TermSheet
from starter.rehearsal import own_format, servicenow
from starter.rehearsal.log import Deed, TicketLog
from starter.rehearsal.running import Lived, rehearse

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
AROUND_THE_CLOCK = EXAMPLES / "around-the-clock.yaml"
BUSINESS_HOURS = EXAMPLES / "service-agreement.yaml"
TICKETS = EXAMPLES / "tickets.csv"

INCIDENTS = (
    Path(os.environ.get("AFTERCARE_DATA", ROOT.parent / "shared" / "data"))
    / "incidents"
    / "incident_event_log.csv"
)
NO_INCIDENTS = f"{INCIDENTS} is not on this machine; AFTERCARE_DATA names the folder that has incidents/"

UTC = ZoneInfo("UTC")


def sheet(path: Path = AROUND_THE_CLOCK, **changes: Any) -> TermSheet:
    """An example's term sheet; `changes` replace fields, or fields of a part."""
    document = parse(path.read_text(encoding="utf-8"))
    for name, value in changes.items():
        whole = not isinstance(value, dict) or name == "term"
        document[name] = value if whole else {**document[name], **value}
    return check_terms(document)


def own(text: str, zone: ZoneInfo = UTC) -> TicketLog:
    """A log in the project's own format."""
    return own_format.read(StringIO(text), zone)


def tickets(terms: TermSheet) -> TicketLog:
    """The example log, read in the zone of a sheet."""
    return own(TICKETS.read_text(encoding="utf-8"), ZoneInfo(terms.time_zone))


def incident(*rows: tuple[str, str], opened: str = "01-03-2016 08:00", priority: str = "3 - Moderate") -> str:
    """A ServiceNow log of one incident: each row a time of the first of March 2016 and a state.

    A state may name a priority after a slash.
    """
    lines = ["number,incident_state,opened_at,sys_updated_at,priority"]
    for at, state in rows:
        state, _, changed = state.partition("/")
        lines.append(f"INC1,{state},{opened},01-03-2016 {at},{changed or priority}")
    return "\n".join(lines) + "\n"


def from_servicenow(text: str, zone: ZoneInfo = UTC) -> TicketLog:
    return servicenow.read(StringIO(text), zone)


def told(log: TicketLog) -> list[str]:
    """The deeds of a log's one ticket, as `09:30 confirm`."""
    (ticket,) = log.tickets
    return [f"{deed.at:%H:%M} {deed.name}{_priority(deed)}" for deed in ticket.deeds]


def _priority(deed: Deed) -> str:
    return f" {deed.content['priority']}" if "priority" in deed.content else ""


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def live(terms: TermSheet, log: TicketLog, records: str | None = None) -> Lived:
    """A whole rehearsal, on an engine of its own."""
    return asyncio.run(rehearse(terms, log, records=records, progress=lambda done, at: None))

"""What is shown of a late solution: a length that has ended, never one that goes on."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from contract.request import RequestState
from records.results import RequestRecord
from starter.showing.requests import clocks
from tests.records.building import request, term_sheet, utc

LATE: dict[str, Any] = {
    "resolve_due": utc("2026-06-01 00:00"),
    "resolution_late": True,
    "delay_seconds": 25 * 3600,
    "delay_days": 2,
}


@pytest.mark.parametrize(
    ("state", "changes", "said"),
    [
        (RequestState.ASSIGNED, {}, "late, running, 2 started days so far"),
        (RequestState.WAITING, {}, "late, paused, 2 started days so far"),
        (
            RequestState.RESOLVED,
            {"resolved_at": utc("2026-06-02 01:00")},
            "late by 1 d 1 h, 2 started days",
        ),
    ],
)
def test_how_late_a_solution_is_is_told_once_it_is_known(
    state: RequestState, changes: dict[str, Any], said: str
):
    batch = request(state=state, **LATE, **changes)
    assert batch.request is not None
    record = RequestRecord(
        request=batch.request, workflow_id=batch.workflow_id, content_digest=None, events=[], entries=[]
    )
    console = Console(width=200, file=StringIO())
    with console.capture() as shown:
        console.print(clocks(record, term_sheet(), None))
    (line,) = (line for line in shown.get().splitlines() if line.startswith("resolve"))
    assert line.strip().endswith(said)

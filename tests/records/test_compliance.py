"""Compliance, counted by hand: per target, month in the agreement's zone, and priority (C5.1)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from contract.request import RequestState
from contract.terms import Priority, Service, Target
from records import ComplianceLine, RecordStore, RequestFilter
from tests.records.building import A, agreement, document, request, shanghai, term_sheet, utc

S, P, T = RequestState, Priority, Target
DONE = {"confirmed_at": utc("2026-06-01 00:00"), "responded_at": utc("2026-06-01 00:00")}
RESOLVED = DONE | {"resolved_at": utc("2026-06-01 00:00"), "state": S.CLOSED}

REQUESTS: dict[str, dict[str, Any]] = {
    # 31 January 17:00 in London is 1 February in Shanghai.
    "jan-last": {"submitted_at": shanghai("2026-01-31 23:59:59")} | RESOLVED,
    "feb-first": {"submitted_at": shanghai("2026-02-01 00:00")} | RESOLVED | {"response_late": True},
    "feb-waiting": {"submitted_at": shanghai("2026-02-10 09:00")} | DONE | {"state": S.WAITING},
    "feb-late-open": {
        "submitted_at": shanghai("2026-02-11 09:00"),
        "confirm_late": True,
        "response_late": True,
    },
    "feb-withdrawn": {"submitted_at": shanghai("2026-02-12 09:00"), "state": S.WITHDRAWN},
    "feb-consulting": {"submitted_at": shanghai("2026-02-13 09:00"), "service": Service.ONLINE_CONSULTING}
    | DONE,
    "feb-critical": {"submitted_at": shanghai("2026-02-14 09:00"), "priority": P.CRITICAL}
    | RESOLVED
    | {"resolution_late": True},
}


@pytest.fixture
async def filled(store: RecordStore) -> RecordStore:
    await store.append_many([request(name, **changes) for name, changes in REQUESTS.items()])
    await store.append(agreement("agreement-2"))
    await store.append(request("other", agreement_id="agreement-2"))
    return store


def line(target: Target, month: str | None, priority: Priority | None, **counts: int) -> ComplianceLine:
    return ComplianceLine(target=target, month=month, priority=priority, **counts)


async def test_every_target_month_and_priority_is_counted(filled: RecordStore) -> None:
    report = await filled.compliance(A)
    assert report.lines == [
        line(T.CONFIRM, "2026-01", P.NORMAL, met=1),
        line(T.CONFIRM, "2026-02", P.CRITICAL, met=1),
        line(T.CONFIRM, "2026-02", P.NORMAL, met=3, late=1, withdrawn=1),
        line(T.RESPOND, "2026-01", P.NORMAL, met=1),
        line(T.RESPOND, "2026-02", P.CRITICAL, met=1),
        line(T.RESPOND, "2026-02", P.NORMAL, met=2, late=2, withdrawn=1),
        line(T.RESOLVE, "2026-01", P.NORMAL, met=1),
        line(T.RESOLVE, "2026-02", P.CRITICAL, late=1),
        line(T.RESOLVE, "2026-02", P.NORMAL, met=1, running=2, withdrawn=1, none_promised=1),
    ]


async def test_the_totals_are_those_of_the_lines(filled: RecordStore) -> None:
    report = await filled.compliance(A)
    assert report.totals == [
        line(T.CONFIRM, None, None, met=5, late=1, withdrawn=1),
        line(T.RESPOND, None, None, met=4, late=2, withdrawn=1),
        line(T.RESOLVE, None, None, met=2, late=1, running=2, withdrawn=1, none_promised=1),
    ]
    assert [total.requests for total in report.totals] == [7, 7, 7]
    # 5 of 6, 4 of 6, 2 of 3.
    assert [total.percent for total in report.totals] == [Decimal("83.3"), Decimal("66.7"), Decimal("66.7")]


async def test_a_percentage_needs_something_judged() -> None:
    assert line(T.CONFIRM, None, None, running=3, none_promised=1).percent is None
    assert line(T.CONFIRM, None, None, met=1, late=7).percent == Decimal("12.5")
    assert line(T.CONFIRM, None, None, met=1, late=15).percent == Decimal("6.3")


async def test_a_report_may_be_of_some_requests_only(filled: RecordStore) -> None:
    report = await filled.compliance(A, RequestFilter(priorities=[P.CRITICAL]))
    assert [total.requests for total in report.totals] == [1, 1, 1]
    report = await filled.compliance(A, RequestFilter(submitted_before=shanghai("2026-02-01 00:00")))
    assert {found.month for found in report.lines} == {"2026-01"}


async def test_what_is_promised_is_what_the_terms_of_the_request_say(filled: RecordStore) -> None:
    """Version 2 promises no resolution at all: its requests have none, those of version 1 keep theirs."""
    terms = document(term_sheet(targets={"resolve_hours": None}), 2, shanghai("2026-03-01 00:00"))
    await filled.append(agreement(seq=2, terms=terms))
    march: dict[str, Any] = {"submitted_at": shanghai("2026-03-02 09:00"), "terms_version": 2}
    await filled.append(request("mar-none", **march))
    # Its priority was changed after it was late: late it was.
    await filled.append(request("mar-late", **march, resolution_late=True))
    found = await filled.compliance(A, RequestFilter(submitted_from=shanghai("2026-03-01 00:00")))
    assert found.lines[-1] == line(T.RESOLVE, "2026-03", P.NORMAL, late=1, none_promised=1)
    assert (await filled.compliance(A)).totals[-1].running == 2


async def test_without_requests_the_report_is_empty(store: RecordStore) -> None:
    for agreement_id in (A, "agreement-3"):
        report = await store.compliance(agreement_id)
        assert (report.lines, report.totals) == ([], [])

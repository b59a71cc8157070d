"""The incidents of a real service desk, all of them lived, and none that arithmetic disagrees about."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from contract.terms import TermSheet
from starter.rehearsal import servicenow
from starter.rehearsal.checking import check
from starter.rehearsal.log import TicketLog
from starter.rehearsal.report import as_json
from tests.rehearsal.logs import AROUND_THE_CLOCK, BUSINESS_HOURS, INCIDENTS, NO_INCIDENTS, live, sheet

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(not INCIDENTS.exists(), reason=NO_INCIDENTS),
]


def incidents(terms: TermSheet) -> TicketLog:
    with INCIDENTS.open(encoding="utf-8-sig", newline="") as file:
        return servicenow.read(file, ZoneInfo(terms.time_zone))


def test_every_row_of_the_log_is_read():
    log = incidents(sheet(AROUND_THE_CLOCK))
    assert len(log.tickets) == 890
    assert {deed.line for ticket in log.tickets for deed in ticket.deeds} <= set(range(2, 6000))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_all_incidents_go_through_round_the_clock_without_a_difference():
    terms = sheet(AROUND_THE_CLOCK)
    lived = live(terms, incidents(terms))
    checked = check(lived)
    assert checked.differences == ()
    assert checked.values > 16_000
    assert as_json(lived)["totals"]["requests"] == 890


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_part_of_them_goes_through_in_business_hours_without_a_difference():
    terms = sheet(BUSINESS_HOURS)
    log = incidents(terms)
    lived = live(terms, replace(log, tickets=log.tickets[:150]))
    assert check(lived).differences == ()
    assert as_json(lived)["totals"]["requests"] == 150

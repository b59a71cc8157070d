"""How an incident event log is read: each sentence of the mapping, on a log written by hand."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from contract.faults import Faulty
from contract.parties import Role
from contract.terms import Priority, Service
from tests.rehearsal.logs import from_servicenow, incident, told, utc

TAKEN_UP = ["09:00 confirm", "09:00 assign", "09:00 respond"]


def test_rows_go_in_order_of_their_update_and_then_of_the_file():
    log = from_servicenow(incident(("10:00", "Resolved"), ("09:00", "Active"), ("10:00", "Closed")))
    assert told(log) == [*TAKEN_UP, "10:00 resolve", "10:00 accept"]


def test_times_are_in_the_zone_of_the_term_sheet():
    log = from_servicenow(incident(("09:00", "New")), ZoneInfo("Asia/Shanghai"))
    assert log.tickets[0].submitted_at == utc("2016-03-01 00:00")


def test_an_incident_is_submitted_when_it_was_opened():
    log = from_servicenow(incident(("09:00", "New"), opened="28-02-2016 23:59"))
    assert log.tickets[0].submitted_at == utc("2016-02-28 23:59")


def test_an_incident_is_submitted_at_its_first_row_if_that_is_earlier():
    log = from_servicenow(incident(("09:00", "New"), opened="01-03-2016 09:30"))
    assert log.tickets[0].submitted_at == utc("2016-03-01 09:00")


def test_it_is_submitted_for_problem_resolution_with_the_first_rows_priority():
    log = from_servicenow(incident(("09:00", "New/2 - High"), ("10:00", "New/1 - Critical")))
    assert log.tickets[0].service is Service.PROBLEM_RESOLUTION
    assert log.tickets[0].priority is Priority.HIGH


@pytest.mark.parametrize(
    ("written", "priority"),
    [
        ("1 - Critical", Priority.CRITICAL),
        ("2 - High", Priority.HIGH),
        ("3 - Moderate", Priority.NORMAL),
        ("4 - Low", Priority.LOW),
    ],
)
def test_priorities_are_told_by_their_number(written: str, priority: Priority):
    assert from_servicenow(incident(("09:00", "New"), priority=written)).tickets[0].priority is priority


def test_the_first_row_in_a_state_other_than_new_confirms_assigns_and_responds():
    log = from_servicenow(incident(("08:30", "New"), ("09:00", "Active"), ("09:30", "Active")))
    assert told(log) == ["08:30 add_note", *TAKEN_UP, "09:30 add_note"]


def test_a_run_of_awaiting_user_info_asks_at_its_first_row_and_ends_at_the_next_other_state():
    log = from_servicenow(
        incident(
            ("09:00", "Active"),
            ("10:00", "Awaiting User Info"),
            ("10:30", "Awaiting User Info"),
            ("11:00", "Awaiting Vendor"),
            ("12:00", "Awaiting User Info"),
            ("13:00", "Resolved"),
        )
    )
    assert told(log)[3:] == [
        "10:00 ask_for_materials",
        "10:30 add_note",
        "11:00 provide_materials",
        "12:00 ask_for_materials",
        "13:00 provide_materials",
        "13:00 resolve",
    ]


def test_resolved_resolves_and_closed_accepts():
    log = from_servicenow(incident(("09:00", "Active"), ("10:00", "Resolved"), ("11:00", "Closed")))
    assert told(log)[3:] == ["10:00 resolve", "11:00 accept"]


def test_closed_without_resolved_resolves_too():
    log = from_servicenow(incident(("09:00", "Closed")))
    assert told(log) == [*TAKEN_UP, "09:00 resolve", "09:00 accept"]


def test_a_row_in_another_state_after_resolved_reopens():
    log = from_servicenow(
        incident(
            ("09:00", "Resolved"),
            ("10:00", "Resolved"),
            ("11:00", "Awaiting User Info"),
            ("12:00", "Closed"),
        )
    )
    assert told(log)[3:] == [
        "09:00 resolve",
        "10:00 add_note",
        "11:00 reopen",
        "11:00 ask_for_materials",
        "12:00 provide_materials",
        "12:00 resolve",
        "12:00 accept",
    ]


def test_rows_after_closed_are_ignored():
    log = from_servicenow(incident(("09:00", "Closed"), ("10:00", "Active"), ("11:00", "Closed")))
    assert told(log)[-1] == "09:00 accept"


def test_a_changed_priority_is_raised_by_the_provider_or_lowered_by_the_customer_at_its_row():
    log = from_servicenow(
        incident(("09:00", "Active"), ("10:00", "Active/1 - Critical"), ("11:00", "Active/4 - Low"))
    )
    changes = log.tickets[0].deeds[3:]
    assert told(log)[3:] == ["10:00 raise_priority critical", "11:00 lower_priority low"]
    assert [deed.by for deed in changes] == [Role.PROVIDER, Role.CUSTOMER]


def test_everything_else_is_a_note():
    log = from_servicenow(incident(("08:10", "New"), ("09:00", "Active"), ("10:00", "Awaiting Evidence")))
    assert told(log) == ["08:10 add_note", *TAKEN_UP, "10:00 add_note"]


def test_every_row_that_cannot_be_read_is_told_at_once():
    text = incident(("09:00", "New"), ("25:00", "Active"), ("10:00", "Active/9 - Whatever")) + "INC 2,,,?,\n"
    with pytest.raises(Faulty) as problem:
        from_servicenow(text)
    assert [fault.path for fault in problem.value.faults] == [
        "line 3, sys_updated_at",
        "line 4, priority",
        "line 5, opened_at",
        "line 5, sys_updated_at",
        "line 5, priority",
        "line 5, number",
        "line 5, incident_state",
    ]


def test_a_log_without_the_columns_is_told_which_are_missing():
    with pytest.raises(Faulty) as problem:
        from_servicenow("number,state\nINC1,New\n")
    assert [fault.path.split(", ")[1] for fault in problem.value.faults] == [
        "incident_state",
        "opened_at",
        "sys_updated_at",
        "priority",
    ]

"""The project's own ticket logs: what they can say, and every fault of one at once."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from contract.commands import CommandName
from contract.faults import Faulty
from contract.parties import Role
from contract.terms import Priority, Service
from tests.rehearsal.logs import own, sheet, tickets, told, utc

HEADER = "request_id,at,command,by,service,priority,assignee,score,text,person\n"
SUBMIT = "A,2026-03-02 09:00,submit,,technical_support,high,,,It is broken,Wang Fang\n"


def faults(text: str) -> list[str]:
    with pytest.raises(Faulty) as problem:
        own(text)
    return [str(fault) for fault in problem.value.faults]


def test_the_example_has_every_command():
    log = tickets(sheet())
    assert {deed.name for ticket in log.tickets for deed in ticket.deeds} == set(CommandName)


def test_a_submission_has_service_priority_title_and_person():
    (ticket,) = own(HEADER + SUBMIT).tickets
    assert (ticket.service, ticket.priority) == (Service.TECHNICAL_SUPPORT, Priority.HIGH)
    assert (ticket.title, ticket.person) == ("It is broken", "Wang Fang")


def test_a_submission_without_priority_is_normal_and_without_title_named_by_its_id():
    (ticket,) = own("command,at,request_id,service\nsubmit,2026-03-02,A,online_consulting\n").tickets
    assert (ticket.priority, ticket.title) == (Priority.NORMAL, "A")


def test_rows_may_stand_in_any_order_and_those_of_one_instant_keep_theirs():
    log = own(
        HEADER
        + "A,2026-03-02 10:00,assign,,,,Zhao Lei,,,\n"
        + "A,2026-03-02 10:00,respond,,,,,,On it,\n"
        + "A,2026-03-02 09:30,confirm,,,,,,,\n"
        + SUBMIT
    )
    assert told(log) == ["09:30 confirm", "10:00 assign", "10:00 respond"]


def test_times_are_in_the_sheets_zone_unless_they_say_their_offset():
    log = own(
        HEADER
        + SUBMIT
        + "A,2026-03-02T09:00:01+00:00,confirm,,,,,,,\n"
        + "A,2026-03-02 18:00,confirm,,,,,,,\n",
        ZoneInfo("Asia/Shanghai"),
    )
    (ticket,) = log.tickets
    assert ticket.submitted_at == utc("2026-03-02 01:00")
    assert [deed.at for deed in ticket.deeds] == [utc("2026-03-02 09:00:01"), utc("2026-03-02 10:00")]


def test_a_time_that_does_not_exist_moves_forward_and_of_two_it_is_the_first():
    row = "A,{},submit,,technical_support,,,,,\n"
    berlin = ZoneInfo("Europe/Berlin")
    spring = own(HEADER + row.format("2026-03-29 02:30"), berlin)
    autumn = own(HEADER + row.format("2026-10-25 02:30"), berlin)
    assert spring.tickets[0].submitted_at == utc("2026-03-29 01:30")
    assert autumn.tickets[0].submitted_at == utc("2026-10-25 00:30")


def test_a_command_is_its_partys_unless_the_row_says_otherwise():
    log = own(
        HEADER
        + SUBMIT
        + "A,2026-03-02 09:10,confirm,,,,,,,\n"
        + "A,2026-03-02 09:20,withdraw,Provider,,,,,,\n"
        + "A,2026-03-02 09:30,withdraw,,,,,,,\n"
    )
    assert [deed.by for deed in log.tickets[0].deeds] == [Role.PROVIDER, Role.PROVIDER, Role.CUSTOMER]


def test_materials_asked_for_are_parted_by_semicolons():
    log = own(HEADER + SUBMIT + "A,2026-03-02 10:00,ask-for-materials,,,,,,log ; version;,\n")
    assert log.tickets[0].deeds[0].content == {"missing": ["log", "version"]}


def test_a_text_the_log_does_not_have_is_filled_in():
    log = own(HEADER + SUBMIT + "A,2026-03-02 10:00,resolve,,,,,,,\nA,2026-03-02 11:00,accept,,,,,,,\n")
    assert [deed.content for deed in log.tickets[0].deeds] == [{"solution": "not in the ticket log"}, {}]


def test_every_fault_is_told_with_its_line_and_column():
    told = faults(
        HEADER
        + "A,2026-13-01,submit,,support,urgent,,,,\n"
        + "A b,2026-03-01 09:00,fly,,,,,,,\n"
        + "B,2026-03-01 09:00,add_note,,,,,,x,\n"
        + "C,2026-03-01 09:00,rate,,,,,9,,\n"
        + "D,2026-03-01 09:00,confirm,nobody,,high,,,,\n"
        + 'E,2026-03-01 09:00,assign,,,,,,"two\nlines",\n'
        + "F,2026-03-01 09:00:00.5,submit,,,,,,,\n"
    )
    assert [fault.partition(" (")[0] for fault in told] == [
        "line 2, at",
        "line 2, service",
        "line 2, priority",
        "line 3, request_id",
        "line 3, command",
        "line 4, by",
        "line 5, score",
        "line 6, by",
        "line 6, priority",
        "line 8, text",
        "line 8, assignee",
        "line 9, at",
        "line 9, service",
    ]
    assert told[0] == (
        "line 2, at (ticket log): given 2026-13-01; allowed: a time in whole seconds such as 2026-03-02 09:00"
    )
    assert "given 9; allowed: 5 or less" in told[6]
    assert "given high; allowed: nothing: confirm does not say this" in told[8]


def test_a_request_is_submitted_once_and_first():
    assert [
        fault.partition(";")[0]
        for fault in faults(
            HEADER
            + SUBMIT
            + "A,2026-03-02 08:59,confirm,,,,,,,\n"
            + SUBMIT
            + "B,2026-03-02 09:00,confirm,,,,,,,\n"
        )
    ] == [
        "line 3, at (ticket log): given 2026-03-02T08:59:00+00:00",
        "line 4, command (ticket log): given submit again",
        "line 5, command (ticket log): given no submit of B",
    ]


def test_a_request_with_a_faulty_row_is_not_blamed_for_what_that_row_may_have_said():
    told = faults(HEADER + SUBMIT.replace("high", "urgent") + "A,2026-03-02 10:00,confirm,,,,,,,\n")
    assert [fault.partition(" (")[0] for fault in told] == ["line 2, priority"]


@pytest.mark.parametrize(
    ("header", "where"),
    [
        ("request_id,at\n", "line 1, command"),
        ("request_id,at,command,priorty\n", "line 1, header"),
        ("request_id,at,command,at\n", "line 1, at"),
        ("request_id,at,command,\n", "line 1, header"),
    ],
)
def test_a_column_that_is_missing_unknown_or_there_twice_is_a_fault(header: str, where: str):
    assert [fault.partition(" (")[0] for fault in faults(header)] == [where]


def test_a_row_with_more_cells_than_columns_is_a_fault():
    (told,) = faults(HEADER + SUBMIT.replace("\n", ",more\n"))
    assert "line 2, row" in told
    assert "given 11 cells; allowed: 10 cells, as in the header" in told


def test_a_log_without_rows_is_a_fault():
    assert faults(HEADER) == ["line 1, row (ticket log): given nothing; allowed: at least one row"]


def test_empty_lines_are_passed_over():
    assert len(own(f"{HEADER}\n,,,,,,,,,\n{SUBMIT}")) == 1

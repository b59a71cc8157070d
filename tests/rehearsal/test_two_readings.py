"""Two readings of the contract agree on any ticket: the one that performs it, and the one that checks it.

No engine here: the rules are asked at each deed and at each wake, as the workflow asks them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from hypothesis import given, note, settings
from hypothesis import strategies as st

from activities.holiday_data import build_year
from contract.commands import MODELS, AnyRequestCommand, CommandName, Submission
from contract.judging import advance, is_over, next_wake
from contract.parties import Actor, Role
from contract.request import TRANSITIONS
from contract.request_file import RequestFile, RequestTerms
from contract.request_life import open_file, step
from contract.service_hours import Calendar
from contract.snapshots import snapshot
from contract.terms import Priority, Service, TermSheet
from starter.rehearsal.arithmetic import ServiceTime, moment
from starter.rehearsal.checking import Comparison, compare_request
from starter.rehearsal.expected import Expected
from starter.rehearsal.log import Deed, Ticket
from starter.rehearsal.running import LivedRequest, delay_at
from tests.rehearsal.logs import AROUND_THE_CLOCK, BUSINESS_HOURS, sheet, utc

C = CommandName
FIRST = utc("2026-02-10 00:00")
YEARS = {year: build_year("CN", year) for year in (2025, 2026, 2027)}
SHEETS = [sheet(path) for path in (AROUND_THE_CLOCK, BUSINESS_HOURS)]
CONTENT: dict[CommandName, dict[str, Any]] = {
    C.ASSIGN: {"assignee": "A"},
    C.REASSIGN: {"assignee": "B"},
    C.RESPOND: {"message": "x"},
    C.NOTE_DIAGNOSIS: {"diagnosis": "x"},
    C.ASK_FOR_MATERIALS: {"missing": ["x"]},
    C.PROVIDE_MATERIALS: {"materials": "x"},
    C.RESOLVE: {"solution": "x"},
    C.REOPEN: {"reason": "x"},
    C.ANSWER_RATING: {"answer": "x"},
    C.ADD_NOTE: {"note": "x"},
}
LIKELY = [
    *(C.CONFIRM, C.ASSIGN, C.RESPOND),
    *(C.ASK_FOR_MATERIALS, C.PROVIDE_MATERIALS) * 2,
    *(C.RESOLVE, C.REOPEN) * 2,
    *(C.RAISE_PRIORITY, C.LOWER_PRIORITY) * 2,
    *(C.ACCEPT, C.WITHDRAW, C.RATE, C.ANSWER_RATING, C.ADD_NOTE),
]
WAITS = st.one_of(
    st.sampled_from([0, 1, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 259200, 604800, 604801]),
    st.integers(0, 4 * 3600),
    st.integers(0, 12 * 86400),
)


@st.composite
def tickets(draw: st.DrawFn) -> Ticket:
    """A ticket that begins as most do and goes on as it likes."""
    at = FIRST + timedelta(seconds=draw(st.integers(0, 40 * 86400)))
    submitted = at
    names = list(draw(st.sampled_from([(), (C.CONFIRM, C.ASSIGN, C.RESPOND)])))
    names += draw(st.lists(st.sampled_from(LIKELY), max_size=12))
    deeds: list[Deed] = []
    for line, name in enumerate(names, start=3):
        at += timedelta(seconds=draw(WAITS))
        content = dict(CONTENT.get(name, {}))
        if name in (C.RAISE_PRIORITY, C.LOWER_PRIORITY):
            content["priority"] = draw(st.sampled_from(Priority))
        if name is C.RATE:
            content["score"] = draw(st.integers(1, 5))
        by = draw(st.sampled_from(sorted(TRANSITIONS[name].by)))
        deeds.append(Deed(at, "R", name.value, by, content, line))
    service = draw(st.sampled_from([Service.PROBLEM_RESOLUTION, Service.ONLINE_CONSULTING]))
    return Ticket("R", service, draw(st.sampled_from(Priority)), submitted, tuple(deeds), 2)


class Performed:
    """A ticket by the rules the workflow lives by; deeds and wakes in order of time."""

    def __init__(self, terms: TermSheet, ticket: Ticket) -> None:
        begin = ticket.submitted_at
        window = Calendar(terms.service_hours, terms.time_zone, YEARS).window(begin, utc("2027-06-01 00:00"))
        submission = Submission(
            command_id="submit",
            at=begin,
            actor=Actor(party="customer", person="x"),
            request_id="R",
            service=ticket.service,
            priority=ticket.priority,
            title="x",
        )
        request_terms = RequestTerms.from_sheet(terms, 1, ticket.service)
        self.file: RequestFile
        self.file, self.outcome = open_file("A", submission, request_terms, window)
        self.refused: set[str] = set()
        for number, deed in enumerate(ticket.deeds):
            self.pass_until(deed)
            if is_over(self.file, deed.at):
                self.refused.add(f"{deed.name} {deed.line}")
                continue
            command = MODELS[C(deed.name)](
                command_id=str(number),
                at=deed.at,
                actor=Actor(party=deed.by.value, person="x"),
                **deed.content,
            )
            done = step(self.file, [cast(AnyRequestCommand, command)], deed.at)
            self.outcome.add(done.outcome)
            self.refused |= {f"{deed.name} {deed.line}"} if done.refused else set()

    def pass_until(self, deed: Deed) -> None:
        while (wake := next_wake(self.file)) is not None and wake.at <= deed.at:
            if is_over(self.file, wake.at):
                return
            self.outcome.add(advance(self.file, wake.at))


@settings(max_examples=600)
@given(terms=st.sampled_from(SHEETS), ticket=tickets(), after=st.integers(20, 30 * 86400))
def test_what_is_performed_is_what_arithmetic_says(terms: TermSheet, ticket: Ticket, after: int):
    last = ticket.deeds[-1].at if ticket.deeds else ticket.submitted_at
    until = last + timedelta(seconds=after)
    performed = Performed(terms, ticket)
    end = Deed(until, "R", "add_note", Role.CUSTOMER)
    performed.pass_until(end)
    computed = Expected.submitted(ticket, terms, ServiceTime(terms, YEARS))
    refused = {f"{deed.name} {deed.line}" for deed in ticket.deeds if not computed.take(deed)}
    computed.live_until(moment(until))
    for deed in ticket.deeds:
        note(f"{deed.at} {deed.name} {deed.content.get('priority', '')}")
    found = snapshot(performed.file, until)
    recorded = LivedRequest(found, delay_at(found, until), tuple(performed.outcome.entries))
    compare = Comparison()
    compare("R", "refused", performed.refused, refused)
    compare_request(compare, recorded, computed, moment(until))
    assert compare.differences == []

"""Requests taken over while they are open: their clocks go on, nothing is claimed twice (C5.2, C8.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.facts import EntryKind, EventKind
from contract.judging import next_wake
from contract.open_requests import open_request
from contract.refusals import RefusalKind, Refused
from contract.request import RequestState
from contract.request_life import apply
from contract.snapshots import snapshot
from contract.taken_over import OpenRequest
from contract.values import TICK
from tests.contract.lives import START, Agreed, D, H, Life, Told, at, office_hours

RUN_FROM = 6 * D
HEARD_FROM = timedelta(days=2)
"""Both signed two days after."""


def taken_over(agreed: Agreed | None = None, run_from: int = RUN_FROM, **stated: Any) -> Life:
    """A request submitted at the start, as stated, lived from when it was taken over."""
    agreed = agreed or Agreed()
    given = {
        "request_id": "R-1",
        "service": "technical_support",
        "title": "打印机不工作",
        "submitted_at": START,
        **stated,
    }
    life = Life(agreed)
    life.file, opened = open_request(
        "A-1",
        OpenRequest.model_validate(given),
        agreed.terms(),
        agreed.window(),
        at(run_from),
        at(run_from) + HEARD_FROM,
    )
    life.events, life.entries = list(opened.events), list(opened.entries)
    return life


RESPONDED: dict[str, Any] = {"confirmed_at": at(600), "assignee": "王工", "responded_at": at(H)}


def accrued(life: Life) -> list[tuple[str, datetime]]:
    """The penalties that stand, by their keys, with the instants they are owed as of."""
    reversed_ = {entry.reverses for entry in life.entries}
    kept = [e for e in life.entries if e.kind is EntryKind.PENALTY and e.key not in reversed_]
    return sorted((entry.key, entry.effective_at) for entry in kept)


@pytest.mark.parametrize(
    ("stated", "state"),
    [
        ({}, RequestState.SUBMITTED),
        ({"confirmed_at": at(60)}, RequestState.CONFIRMED),
        ({"confirmed_at": at(60), "assignee": "王工"}, RequestState.ASSIGNED),
        (RESPONDED, RequestState.RESPONDED),
        (RESPONDED | {"pauses": [{"begin": at(2 * H), "what": ["日志"]}]}, RequestState.WAITING),
        (RESPONDED | {"resolved_at": at(2 * H)}, RequestState.RESOLVED),
    ],
)
def test_a_request_stands_where_its_facts_say(stated: dict[str, Any], state: RequestState):
    life = taken_over(**stated)
    assert life.file.state is state
    (first, *_) = life.events
    assert (first.kind, first.at, first.seq) == (EventKind.REQUEST_TAKEN_OVER, at(RUN_FROM), 1)
    assert first.payload["title"] == "打印机不工作"


def test_its_due_is_what_it_would_have_been_with_the_pauses_it_had():
    # 24 hours from the start, a day of waiting left out.
    life = taken_over(run_from=D, **RESPONDED, pauses=[{"begin": at(2 * H), "end": at(2 * H + D)}])
    assert snapshot(life.file, at(D)).resolve_due == at(2 * D)


def test_a_late_response_is_not_told_or_claimed_again():
    life = taken_over()
    life.wake(RUN_FROM)
    told = {event.kind for event in life.events}
    assert EventKind.TARGET_BREACHED not in told
    assert EventKind.TARGET_WARNED not in told
    assert snapshot(life.file, at(RUN_FROM)).response_late
    assert not [key for key, _ in accrued(life) if "late-response" in key]


def test_a_response_that_falls_due_here_is_judged_here():
    life = taken_over(run_from=3 * H)
    life.wake(5 * H)
    assert accrued(life) == [("penalty:A-1/R-1:late-response", at(4 * H + 1))]
    assert [e.at for e in life.events if e.kind is EventKind.TARGET_BREACHED] == [at(H), at(4 * H)][1:]


def test_days_of_a_late_solution_go_on_from_the_taking_over():
    # Due after a day, so day n begins n days after the start and a second; six are before.
    life = taken_over(**RESPONDED)
    life.wake(RUN_FROM)
    assert accrued(life) == []
    wake = next_wake(life.file)
    assert wake is not None
    assert (wake.at, wake.what) == (at(6 * D) + TICK, "Day 6 of late solution")
    life.wake(8 * D)
    assert accrued(life) == [
        ("penalty:A-1/R-1:late-resolution:6", at(6 * D + 1)),
        ("penalty:A-1/R-1:late-resolution:7", at(7 * D + 1)),
    ]
    assert snapshot(life.file, at(8 * D)).delay_days == 7


def test_days_that_stand_in_the_balances_already_do_not_accrue_again():
    life = taken_over(**RESPONDED, accrued={"late_resolution_days": 7})
    life.wake(9 * D)
    assert accrued(life) == [("penalty:A-1/R-1:late-resolution:8", at(8 * D + 1))]


def test_a_response_penalty_that_stands_in_the_balances_does_not_accrue_again():
    life = taken_over(run_from=3 * H, accrued={"late_response": True})
    life.wake(5 * H)
    assert accrued(life) == []


def test_what_happened_before_both_had_signed_can_be_told_after_it():
    life = taken_over(**RESPONDED)
    signed = RUN_FROM + 2 * D
    life.wake(signed)
    assert len(accrued(life)) == 2
    resolved = Told("resolve", RUN_FROM + 60)
    with pytest.raises(Refused) as refused:
        apply(life.file.clone(), resolved.command(), at(signed + D + 1))
    assert refused.value.refusal.kind is RefusalKind.TOO_OLD
    life.step([resolved], signed + D)
    assert not life.refused
    assert [key for key, _ in accrued(life)] == ["penalty:A-1/R-1:late-resolution:6"]


def test_nothing_can_be_told_of_the_time_before():
    life = taken_over(**RESPONDED)
    with pytest.raises(Refused) as refused:
        apply(life.file, Told("resolve", RUN_FROM - 1).command(), at(RUN_FROM + 2 * D))
    assert refused.value.refusal.kind is RefusalKind.OUT_OF_ORDER


def test_a_solution_of_before_waits_for_its_acceptance():
    life = taken_over(**RESPONDED, resolved_at=at(2 * H))
    life.wake(7 * D + 2 * H + 1)
    assert life.file.state is RequestState.CLOSED
    assert life.file.closed_at == at(7 * D + 2 * H)


# As if it had been here all along


def stated_of(life: Life, agreed_days: int) -> dict[str, Any]:
    """What the parties would state of a request that has lived."""
    file = life.file
    return {
        "priority": file.priority.value,
        "confirmed_at": file.confirmed_at,
        "assignee": file.assignee,
        "responded_at": file.responded_at,
        "resolved_at": file.resolved_at,
        "pauses": [
            {"kind": p.kind.value, "begin": p.begin, "end": p.end, "what": p.what} for p in file.pauses
        ],
        "accrued": {"late_response": file.said.response_penalty, "late_resolution_days": agreed_days},
    }


STEPS = ("confirm", "assign", "respond", "ask_for_materials", "provide_materials", "resolve", "reopen")
AFTER: dict[str, Sequence[str]] = {
    "respond": ("ask_for_materials", "resolve"),
    "ask_for_materials": ("provide_materials", "resolve"),
    "provide_materials": ("ask_for_materials", "resolve"),
    "resolve": ("reopen",),
    "reopen": ("ask_for_materials", "resolve"),
    "confirm": ("assign",),
    "assign": ("respond",),
}


@st.composite
def ways(draw: st.DrawFn) -> list[Told]:
    """Commands of a life, in order, at whole seconds."""
    told: list[Told] = []
    second, names = 0, ["confirm"]
    for _ in range(draw(st.integers(0, 8))):
        second += draw(st.sampled_from([1, 900, H, 3 * H, 5 * H, 20 * H, D, 2 * D]))
        name = draw(st.sampled_from(names))
        told.append(Told(name, second))
        names = list(AFTER[name])
    return told


@settings(max_examples=300)
@given(
    told=ways(),
    run_from=st.sampled_from([1, H, 4 * H, 4 * H + 1, D, D + 1, 2 * D + 7, 5 * D]),
    office=st.booleans(),
)
def test_taken_over_at_any_instant_it_lives_as_if_it_had_been_here_all_along(
    told: list[Told], run_from: int, office: bool
):
    open_hours = office_hours(60) if office else None
    agreed = Agreed(open_hours=open_hours, window_end=60 * D, acceptance_days=60)
    all_along = Life(agreed, delay_hours=24 * 90)
    for command in [one for one in told if one.at < run_from]:
        all_along.step([command], command.at)
    all_along.wake(run_from - 1)
    days = all_along.file.said.days
    taken = taken_over(agreed, run_from, **stated_of(all_along, days))
    before = set(accrued(all_along))
    for command in [one for one in told if one.at >= run_from]:
        for life in (all_along, taken):
            life.step([command], command.at)
    end = max([run_from, *(one.at for one in told)]) + 3 * D
    for life in (all_along, taken):
        life.wake(end)
        assert not life.refused
    assert accrued(taken) == sorted(set(accrued(all_along)) - before)
    view = snapshot(taken.file, at(end))
    assert view == snapshot(all_along.file, at(end))
    assert next_wake(taken.file) == next_wake(all_along.file)

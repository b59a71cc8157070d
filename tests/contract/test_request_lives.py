"""Whole lives: how often and when deadlines are judged costs nobody a yuan (contract §§3-4).

A life of commands is told in several ways: promptly and judged only at the end, woken at every wake the
file names, woken at any other times, all in one batch, and with commands that arrive late. Each must come
to what :mod:`tests.contract.lives` works out from the commands alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache
from itertools import accumulate
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.judging import is_over, next_wake
from tests.contract.lives import (
    LEADS,
    PRIORITIES,
    Agreed,
    D,
    H,
    Life,
    Told,
    assert_agrees,
    assert_can_be_redone,
    at,
    next_in,
    office_hours,
    replayed,
    seconds,
    standing,
    worked_out,
)

NAMES = sorted({name for name, _ in LEADS})
OFFICE = office_hours(120)

AGREEMENTS = st.builds(
    Agreed,
    acceptance_days=st.sampled_from([1, 2, 7]),
    rating_days=st.sampled_from([1, 7]),
    follow_up_days=st.sampled_from([1, 5]),
    delay_hours=st.sampled_from([24, 1, 72]),
)


@st.composite
def agreements(draw: st.DrawFn) -> Agreed:
    agreed = draw(AGREEMENTS)
    if draw(st.booleans()):
        agreed = replace(agreed, open_hours=OFFICE, window_end=120 * D)
    if draw(st.booleans()):
        hours = st.sampled_from([H // 2, H, 3 * H, 24 * H])
        longer = st.sampled_from([None, H, 4 * H, 9 * H, 24 * H, 72 * H])
        agreed = replace(agreed, budgets={p: (draw(hours), draw(hours), draw(longer)) for p in PRIORITIES})
    return agreed


STEPS = [0, 1, 60, 1800, H, 2 * H, 4 * H, 8 * H, D - 1, D, D + 1, 2 * D, 3 * D]


def moments(agreed: Agreed, priority: str, told: Sequence[Told], now: int) -> list[int]:
    """Instants from now on that matter: dues, days after them, closings, each give or take a second."""
    life = replayed(agreed, priority, told, now)
    owed = worked_out(agreed, life, now)
    marks = [mark for mark in (owed.confirm_due, owed.respond_due, owed.resolve_due) if mark is not None]
    marks += [mark + days * D for mark in marks for days in (1, 2, 5)]
    if life.resolved is not None:
        marks.append(life.resolved + agreed.acceptance_days * D)
    if life.closed is not None:
        marks.append(life.closed + agreed.rating_days * D)
    if life.follow_up_due is not None:
        marks.append(life.follow_up_due)
    return sorted({m for mark in marks for m in (mark - 1, mark, mark + 1) if now <= m <= now + 10 * D})


def chosen(choice: int, among: Sequence[Any]) -> Any:
    return among[choice % len(among)]


def lived_on(
    agreed: Agreed, priority: str, told: Sequence[Told], now: int, choices: tuple[int, int, int, int]
) -> Told:
    """The next command of a life: mostly one that is likely in its state, at an instant that matters."""
    when, gap, what, value = choices
    marks = moments(agreed, priority, told, now) if when % 2 else []
    now = chosen(gap, marks) if marks else now + chosen(gap, STEPS)
    state = replayed(agreed, priority, told, now).state
    name = chosen(what, next_in(state) if when % 11 else NAMES)
    values = PRIORITIES if name.endswith("_priority") else (1, 2, 3, 5) if name == "rate" else (None,)
    return Told(name, now, chosen(value, values), id=f"c{len(told)}")


def a_life(agreed: Agreed, priority: str, choices: Iterable[tuple[int, int, int, int]]) -> list[Told]:
    told: list[Told] = []
    for four in choices:
        one = lived_on(agreed, priority, told, told[-1].at if told else 0, four)
        if one.at > 40 * D:
            break
        told.append(one)
    return told


CHOICE = st.integers(0, 2**16)
CHOICES = st.lists(st.tuples(CHOICE, CHOICE, CHOICE, CHOICE), min_size=8, max_size=16)


@st.composite
def lives(draw: st.DrawFn) -> tuple[Agreed, str, list[Told]]:
    """Terms, a priority, and commands most of which the contract allows when they come."""
    agreed, priority = draw(agreements()), draw(st.sampled_from(PRIORITIES))
    return agreed, priority, a_life(agreed, priority, draw(CHOICES))


ENDS = st.sampled_from([0, 1, H, D, 3 * D, 20 * D])


def lived(agreed: Agreed, priority: str, told: Sequence[Told], wakes: Sequence[int] = ()) -> Life:
    """Every command told at its own instant, the file woken at others in between."""
    life = Life(agreed, priority)
    times = sorted({one.at for one in told} | set(wakes))
    for now in times:
        life.step([one for one in told if one.at == now], now)
    return life


@settings(max_examples=250)
@given(lives(), ENDS)
def test_a_life_judged_only_when_it_must_be_comes_to_what_the_contract_gives(life_told, after):
    agreed, priority, told = life_told
    now = (told[-1].at if told else 0) + after
    life = lived(agreed, priority, told)
    life.wake(now)
    assert_agrees(life, told, now, priority)
    for entry in life.entries:
        if entry.reverses is None:
            assert_can_be_redone(agreed, entry)


@settings(max_examples=150)
@given(lives(), ENDS, st.lists(st.integers(0, 40 * D), max_size=12))
def test_more_wakes_at_any_times_change_nothing(life_told, after, wakes):
    agreed, priority, told = life_told
    now = (told[-1].at if told else 0) + after
    life = lived(agreed, priority, told, [wake for wake in wakes if wake <= now])
    life.wake(now)
    assert_agrees(life, told, now, priority)


@settings(max_examples=150)
@given(lives(), ENDS)
def test_waking_whenever_the_file_says_changes_nothing_and_always_finds_something(life_told, after):
    agreed, priority, told = life_told
    now = (told[-1].at if told else 0) + after
    life = Life(agreed, priority)
    for until in sorted({*(one.at for one in told), now}):
        while (wake := next_wake(life.file)) is not None and wake.at <= at(until):
            if is_over(life.file, life.file.judged_until):
                break
            assert wake.at > life.file.judged_until
            before = len(life.events)
            life.wake((wake.at - at(0)).total_seconds())
            assert len(life.events) > before or is_over(life.file, wake.at), wake
        life.step([one for one in told if one.at == until], until)
    assert_agrees(life, told, now, priority)


@settings(max_examples=150)
@given(lives(), ENDS, st.randoms(use_true_random=False))
def test_a_life_told_in_one_batch_in_any_order_is_the_same_life(life_told, after, random):
    agreed, priority, told = life_told
    told = [replace(one, at=one.at + place) for place, one in enumerate(told)]
    now = (told[-1].at if told else 0) + after
    shuffled = list(told)
    random.shuffle(shuffled)
    life = Life(agreed, priority, delay_hours=10**6)
    life.step(shuffled, now)
    assert_agrees(life, told, now, priority)


Late = tuple[Sequence[Told], Sequence[int], Sequence[int], bool]
"""Commands, when each arrived, when the file was woken besides, and whether also whenever it asked."""


def arriving_late(agreed: Agreed, priority: str, late: Late, now: int) -> Life:
    """Each command arriving up to as late as the terms allow, in the order of their stamps."""
    told, arrivals, wakes, eager = late
    life = Life(agreed, priority)
    for time in sorted({*arrivals, *(wake for wake in wakes if wake < now), now}):
        if eager:
            life.wake_when_due(time)
        life.step([one for one, arrived in zip(told, arrivals, strict=True) if arrived == time], time)
    return life


def in_order(told: Sequence[Told], delays: Sequence[int]) -> list[int]:
    """When commands arrive, none before one stamped earlier."""
    return list(accumulate((one.at + delay for one, delay in zip(told, delays, strict=True)), max))


@settings(max_examples=150)
@given(lives(), ENDS, st.data())
def test_commands_that_arrive_late_come_to_the_same_as_commands_that_arrive_at_once(life_told, after, data):
    agreed, priority, told = life_told
    delays = st.sampled_from([0, 1, 1800, agreed.delay_hours * H]) | st.integers(0, agreed.delay_hours * H)
    arrivals = in_order(told, [data.draw(delays) for _ in told])
    now = (arrivals[-1] if arrivals else 0) + after
    wakes = data.draw(st.lists(st.integers(0, 60 * D), max_size=6))
    life = arriving_late(agreed, priority, (told, arrivals, wakes, data.draw(st.booleans())), now)
    assert_agrees(life, told, now, priority, instants=False)


@cache
def a_random_life(seed: int) -> tuple[Agreed, str, Late, int]:
    """Deeper into rare corners than Hypothesis finds time for; the same for a seed on every machine."""
    pick = Random(seed)
    agreed = Agreed(
        acceptance_days=pick.choice([1, 2, 7]),
        rating_days=pick.choice([1, 7]),
        follow_up_days=pick.choice([1, 5]),
        delay_hours=pick.choice([1, 24, 72]),
    )
    if pick.random() < 0.5:
        agreed = replace(agreed, open_hours=OFFICE, window_end=120 * D)
    if pick.random() < 0.5:
        short, long = [H // 2, H, 3 * H, 24 * H], [None, H, 4 * H, 9 * H, 24 * H, 72 * H]
        budgets = {p: (pick.choice(short), pick.choice(short), pick.choice(long)) for p in PRIORITIES}
        agreed = replace(agreed, budgets=budgets)
    priority, fours = pick.choice(PRIORITIES), range(pick.randint(4, 16))
    told = a_life(agreed, priority, [tuple(pick.randrange(2**16) for _ in range(4)) for _ in fours])  # type: ignore[misc]
    most = agreed.delay_hours * H
    arrivals = in_order(told, [pick.choice([0, 0, 1, 1800, most, pick.randint(0, most)]) for _ in told])
    now = (arrivals[-1] if arrivals else 0) + pick.choice([0, 1, H, D, 3 * D, 20 * D])
    wakes = [pick.randint(0, now) for _ in range(pick.randint(0, 6))]
    return agreed, priority, (told, arrivals, wakes, pick.random() < 0.5), now


def owes_the_right_sum(life: Life, told: Sequence[Told], now: int, priority: str) -> None:
    assert_agrees(life, told, now, priority, instants=False)


def owes_it_as_of_the_right_instants(life: Life, told: Sequence[Told], now: int, priority: str) -> None:
    due = worked_out(life.agreed, replayed(life.agreed, priority, told, now), now).late_instants
    assert sorted(seconds(entry.effective_at) or 0 for entry in standing(life.entries)) == sorted(due)


def can_be_redone_by_hand(life: Life, told: Sequence[Told], now: int, priority: str) -> None:
    for entry in life.entries:
        if entry.reverses is None:
            assert_can_be_redone(life.agreed, entry)


Check = Callable[[Life, Sequence[Told], int, str], None]


@cache
def a_life_lived_late(seed: int) -> Life:
    agreed, priority, late, now = a_random_life(seed)
    return arriving_late(agreed, priority, late, now)


def disagreement(seed: int, check: Check) -> str | None:
    """What is wrong with a random life, shown with as few of its commands as are still wrong."""
    agreed, priority, (told, arrivals, wakes, eager), now = a_random_life(seed)

    def wrong(life: Life, told: Sequence[Told], arrivals: Sequence[int]) -> str | None:
        try:
            check(life, told, now, priority)
        except AssertionError as problem:
            shown = [f"{one.name}@{one.at}→{arrived}" for one, arrived in zip(told, arrivals, strict=True)]
            terms = replace(agreed, open_hours=None)
            office = agreed.open_hours is not None
            what = f"{terms} {office=} {priority} {shown} {wakes=} {eager=} {now=}"
            return f"seed {seed}: {what}\n{problem}"
        return None

    found = wrong(a_life_lived_late(seed), told, arrivals)
    for place in range(len(told) - 1 if found else -1, -1, -1):
        fewer = [*told[:place], *told[place + 1 :]], [*arrivals[:place], *arrivals[place + 1 :]]
        if again := wrong(arriving_late(agreed, priority, (*fewer, wakes, eager), now), *fewer):
            (told, arrivals), found = fewer, again
    return found


SEEDS = range(500)


def test_hundreds_of_random_lives_with_late_arrivals_owe_what_the_facts_give():
    for seed in SEEDS:
        if found := disagreement(seed, owes_the_right_sum):
            pytest.fail(found)


def test_hundreds_of_random_lives_with_late_arrivals_owe_it_as_of_the_instants_the_facts_give():
    """Caps and set-off go by the instants of accruals (contract §4)."""
    for seed in SEEDS:
        if found := disagreement(seed, owes_it_as_of_the_right_instants):
            pytest.fail(found)


def test_in_hundreds_of_random_lives_with_late_arrivals_every_accrual_can_be_redone_by_hand_C8_1():
    for seed in SEEDS:
        if found := disagreement(seed, can_be_redone_by_hand):
            pytest.fail(found)


@pytest.mark.parametrize("priority", PRIORITIES)
def test_a_request_nobody_touches_is_late_for_ever(priority):
    life = Life(priority=priority)
    for day in range(0, 40, 3):
        life.wake(day * D + 12345)
        assert_agrees(life, [], day * D + 12345, priority)


@settings(max_examples=100)
@given(lives(), st.data())
def test_every_command_told_twice_is_a_life_in_which_it_was_told_once(life_told, data):
    agreed, priority, told = life_told
    life = Life(agreed, priority)
    for one in told:
        again = one.at + data.draw(st.sampled_from([0, 1, 600]))
        life.step([one], one.at)
        if one.command_id not in life.refused and not any(
            other.at in range(one.at, again + 1) and other is not one for other in told
        ):
            before = (life.file.seq, life.file.last_at, life.owed)
            assert life.step([one], one.at).refused == {}
            assert (life.file.seq, life.file.last_at, life.owed) == before
    now = (told[-1].at if told else 0) + D
    life.wake(now)
    assert_agrees(life, told, now, priority)


@settings(max_examples=80)
@given(lives())
def test_a_life_goes_on_the_same_from_its_json_at_any_point(life_told):
    agreed, priority, told = life_told
    life = Life(agreed, priority)
    for one in told:
        life.step([one], one.at)
        life.file = type(life.file).model_validate_json(life.file.model_dump_json())
    now = (told[-1].at if told else 0) + 2 * D
    life.wake(now)
    assert_agrees(life, told, now, priority)
    assert seconds(life.file.judged_until) == now

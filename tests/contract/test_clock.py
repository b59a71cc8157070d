"""The budget-and-pauses clock against stepping through time, a second or a minute at once (§3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from contract.clock import (
    OpenSpan,
    Projection,
    ServiceWindow,
    days_started,
    delay,
    instant_of_delay,
    project,
    union,
    without,
)
from contract.service_hours import Calendar, Weekday
from tests.contract.stepping import (
    OpenPause,
    instant_of,
    is_paused,
    minute_of,
    open_minutes,
    step_delay,
    step_to_delay,
    step_to_due,
)
from tests.contract.test_service_hours import CHANGES, SHANGHAI, WEEKS, hours, local, office, weekly_hours

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)
ZERO = datetime(2026, 3, 2, tzinfo=UTC)
ALWAYS = ServiceWindow.always()


def at(second: int) -> datetime:
    return ZERO + timedelta(seconds=second)


def spans(pauses: Sequence[OpenPause]) -> list[OpenSpan]:
    return [(at(begin), None if end is None else at(end)) for begin, end in pauses]


# Worked cases

NINE_TO_FIVE = Calendar(hours(weekly={d.value: [["09:00", "17:00"]] for d in list(Weekday)[:5]}), SHANGHAI)


def window_of(calendar: Calendar, start: datetime) -> ServiceWindow:
    return calendar.window(start, start + 40 * DAY)


@pytest.mark.parametrize(
    ("calendar", "start", "budget", "pauses", "due"),
    [
        (office(), "2026-02-13T17:00:00", 8, [], "2026-02-14T17:30:00"),
        (office(), "2026-09-18T17:00:00", 8, [], "2026-09-20T17:30:00"),
        (
            NINE_TO_FIVE,
            "2026-03-02T09:00:00",
            7,
            [("2026-03-02T10:00:00", "2026-03-02T20:00:00")],
            "2026-03-03T15:00:00",
        ),
        (Calendar("always", SHANGHAI), "2026-03-02T09:00:00", 4, [], "2026-03-02T13:00:00"),
    ],
)
def test_the_worked_cases_of_the_contract(calendar, start, budget, pauses, due):
    held = [(local(begin), local(end)) for begin, end in pauses]
    found = project(local(start), budget * HOUR, held, window_of(calendar, local(start)))
    assert found.due == local(due)
    assert not found.exhausted


def test_the_segments_are_the_service_time_that_was_counted():
    found = project(
        local("2026-03-02T11:00:00"),
        4 * HOUR,
        [(local("2026-03-02T14:00:00"), local("2026-03-02T17:00:00"))],
        window_of(office(), local("2026-03-02T11:00:00")),
    )
    assert [
        (str(b.astimezone(ZoneInfo(SHANGHAI)))[11:16], str(e.astimezone(ZoneInfo(SHANGHAI)))[11:16])
        for b, e in found.segments
    ] == [("11:00", "12:00"), ("13:30", "14:00"), ("17:00", "18:00"), ("09:00", "10:30")]


def test_a_budget_that_ends_exactly_at_closing_is_due_at_closing_not_at_the_next_opening():
    friday = local("2026-03-06T09:00:00")
    assert project(friday, 3 * HOUR, [], window_of(office(), friday)).due == local("2026-03-06T12:00:00")
    assert project(friday, 7.5 * HOUR, [], window_of(office(), friday)).due == local("2026-03-06T18:00:00")
    just_more = project(friday, 7.5 * HOUR + SECOND, [], window_of(office(), friday))
    assert just_more.due == local("2026-03-09T09:00:01")


def test_a_budget_that_ends_exactly_as_a_pause_begins_is_due_then():
    assert project(ZERO, HOUR, [(ZERO + HOUR, None)], ALWAYS).due == ZERO + HOUR
    assert project(ZERO, HOUR + MICROSECOND, [(ZERO + HOUR, None)], ALWAYS).due is None


def test_a_clock_started_out_of_hours_starts_at_the_opening():
    sunday = local("2026-03-01T15:00:00")
    found = project(sunday, HOUR, [], window_of(office(), sunday))
    assert found.due == local("2026-03-02T10:00:00")
    assert found.segments[0][0] == local("2026-03-02T09:00:00")


def test_a_clock_started_at_closing_time_has_used_nothing_of_that_day():
    closing = local("2026-03-02T18:00:00")
    assert project(closing, HOUR, [], window_of(office(), closing)).due == local("2026-03-03T10:00:00")


def test_an_open_pause_holds_the_clock_and_is_no_sign_of_a_short_window():
    found = project(ZERO, 2 * HOUR, [(ZERO + HOUR, None)], ALWAYS)
    assert (found.due, found.exhausted) == (None, False)
    assert found.segments == ((ZERO, ZERO + HOUR),)


def test_a_window_that_ends_before_the_budget_is_spent_says_so():
    short = ServiceWindow.of(ZERO, ZERO + HOUR, [(ZERO, ZERO + HOUR)])
    assert project(ZERO, HOUR, [], short).due == ZERO + HOUR
    found = project(ZERO, HOUR + SECOND, [], short)
    assert (found.due, found.exhausted) == (None, True)


def test_a_fraction_of_a_second_is_counted_exactly():
    third = timedelta(hours=1) / 3
    assert project(ZERO, third, [], ALWAYS).due == ZERO + third
    short = ServiceWindow.of(ZERO, ZERO + DAY, [(ZERO, ZERO + SECOND), (ZERO + HOUR, ZERO + DAY)])
    assert project(ZERO, SECOND + MICROSECOND, [], short).due == ZERO + HOUR + MICROSECOND


# Second by second

LONG = 48
"""Short enough that edges, budgets and pauses often fall on one another."""
EDGES = st.integers(0, LONG)


def intervals_of(edges: Sequence[int]) -> list[tuple[int, int]]:
    ordered = sorted(edges)
    return list(zip(ordered[::2], ordered[1::2], strict=False))


INTERVALS = st.lists(EDGES, max_size=10, unique=True).map(intervals_of)
PAUSES = st.lists(
    st.tuples(EDGES, EDGES | st.none()).map(
        lambda p: p if p[1] is None else (min(p[0], p[1]), max(p[0], p[1]))
    ),
    max_size=4,
)


def window(intervals: Sequence[tuple[int, int]], end: int = LONG) -> ServiceWindow:
    inside = [(begin, min(close, end)) for begin, close in intervals if begin < end]
    return ServiceWindow.of(ZERO, at(end), [(at(begin), at(close)) for begin, close in inside])


def seconds_of(intervals: Sequence[tuple[int, int]]) -> set[int]:
    return {second for begin, end in intervals for second in range(begin, end)}


def stretch(projection: Projection) -> list[int]:
    return [
        second
        for begin, end in projection.segments
        for second in range(int((begin - ZERO) / SECOND), int((end - ZERO) / SECOND))
    ]


@settings(max_examples=400)
@given(INTERVALS, EDGES, st.integers(1, LONG), PAUSES)
def test_a_due_and_its_segments_are_those_of_stepping_second_by_second(intervals, start, budget, pauses):
    found = project(at(start), timedelta(seconds=budget), spans(pauses), window(intervals))
    due, counted = step_to_due(start, budget, pauses, seconds_of(intervals), LONG)
    assert found.due == (None if due is None else at(due))
    assert stretch(found) == counted
    assert all(begin < end for begin, end in found.segments)
    if due is None and not any(end is None for _, end in pauses):
        assert found.exhausted


@settings(max_examples=200)
@given(EDGES, st.integers(1, LONG), PAUSES)
def test_around_the_clock_a_due_is_that_of_stepping(start, budget, pauses):
    found = project(at(start), timedelta(seconds=budget), spans(pauses), ALWAYS)
    due, counted = step_to_due(start, budget, pauses, None, 6 * LONG)
    assert found.due == (None if due is None else at(due))
    assert not found.exhausted
    if due is not None:
        assert stretch(found) == counted


@settings(max_examples=200)
@given(PAUSES)
def test_the_union_of_pauses_holds_what_any_of_them_holds_and_is_in_order(pauses):
    joined = union(spans(pauses))
    for second in range(LONG + 5):
        held = any(begin <= at(second) and (end is None or at(second) < end) for begin, end in joined)
        assert held == is_paused(second, pauses)
    for (_, end), (begin, _) in pairwise(joined):
        assert end is not None
        assert end < begin
    assert union(reversed(spans(pauses))) == joined == union(joined)


@settings(max_examples=200)
@given(PAUSES, EDGES, EDGES)
def test_what_is_left_of_a_span_is_what_no_pause_holds(pauses, one, other):
    begin, end = sorted((one, other))
    left = [
        second
        for b, e in without((at(begin), at(end)), union(spans(pauses)))
        for second in range(int((b - ZERO) / SECOND), int((e - ZERO) / SECOND))
    ]
    assert left == [second for second in range(begin, end) if not is_paused(second, pauses)]


@settings(max_examples=300)
@given(INTERVALS, EDGES, st.integers(1, LONG), PAUSES, st.tuples(EDGES, EDGES | st.none()))
def test_one_more_pause_never_makes_a_due_earlier(intervals, start, budget, pauses, more):
    assume(more[1] is None or more[0] <= more[1])
    far = [*intervals, (LONG, 10 * LONG)]
    wide = ServiceWindow.of(ZERO, at(10 * LONG), [(at(b), at(e)) for b, e in far])
    before = project(at(start), timedelta(seconds=budget), spans(pauses), wide)
    after = project(at(start), timedelta(seconds=budget), spans([*pauses, more]), wide)
    if before.due is None:
        assert after.due is None
    else:
        assert after.due is None or after.due >= before.due
        if more[0] >= (before.due - ZERO) / SECOND:
            assert after.due == before.due, "a pause from the due on comes too late to move it"


@settings(max_examples=200)
@given(INTERVALS, EDGES, st.integers(1, LONG), PAUSES, EDGES)
def test_a_longer_window_never_changes_a_due(intervals, start, budget, pauses, shorter):
    short = project(at(start), timedelta(seconds=budget), spans(pauses), window(intervals, shorter))
    long = project(at(start), timedelta(seconds=budget), spans(pauses), window(intervals))
    if short.due is not None:
        assert (long.due, long.segments) == (short.due, short.segments)
    elif not any(end is None for _, end in pauses):
        assert short.exhausted


@settings(max_examples=200)
@given(INTERVALS, EDGES, st.integers(1, LONG - 1), PAUSES)
def test_a_larger_budget_is_never_due_earlier(intervals, start, budget, pauses):
    one, more = (
        project(at(start), timedelta(seconds=b), spans(pauses), window(intervals)).due
        for b in (budget, budget + 1)
    )
    assert more is None or (one is not None and one < more)


# Delay: elapsed time past the due, pauses left out


@settings(max_examples=300)
@given(EDGES, st.integers(0, 2 * LONG), PAUSES)
def test_a_delay_is_the_seconds_past_the_due_that_no_pause_holds(due, until, pauses):
    assert delay(at(due), at(until), spans(pauses)) == step_delay(due, until, pauses) * SECOND


@settings(max_examples=300)
@given(EDGES, st.integers(1, LONG), PAUSES)
def test_the_instant_of_a_delay_is_where_stepping_comes_to_it(due, late, pauses):
    found = instant_of_delay(at(due), late * SECOND, spans(pauses))
    stepped = step_to_delay(due, late, pauses, 4 * LONG)
    assert found == (None if stepped is None else at(stepped))
    if found is not None:
        assert delay(at(due), found, spans(pauses)) == late * SECOND
        assert delay(at(due), found - SECOND, spans(pauses)) < late * SECOND


@pytest.mark.parametrize(
    ("late", "days"),
    [
        (timedelta(0), 0),
        (MICROSECOND, 1),
        (SECOND, 1),
        (DAY - SECOND, 1),
        (DAY, 1),
        (DAY + MICROSECOND, 2),
        (DAY + SECOND, 2),
        (2 * DAY, 2),
        (5 * DAY + 18 * HOUR, 6),
        (3 * DAY + 18 * HOUR, 4),
        (400 * DAY, 400),
    ],
)
def test_a_started_day_counts_and_24_h_0_min_0_s_is_one_day_C8_1_2(late, days):
    assert days_started(late) == days


@given(st.integers(0, 40 * 86_400))
def test_the_days_started_are_the_days_one_steps_into(seconds):
    assert days_started(seconds * SECOND) == len(
        {second // 86_400 for second in range(0, seconds, 1800)}
        | ({(seconds - 1) // 86_400} if seconds else set())
    )


# Minute by minute through real calendars


@settings(max_examples=120)
@given(st.sampled_from(sorted(CHANGES)), WEEKS, st.data())
def test_a_due_in_any_zone_with_any_hours_and_pauses_is_that_of_stepping_minute_by_minute(zone, week, data):
    around = data.draw(st.sampled_from(CHANGES[zone]))
    first = minute_of(datetime(around.year, around.month, around.day, tzinfo=UTC)) - 3 * 1440
    last = first + 7 * 1440
    moments = st.integers(first, last)
    start = data.draw(moments)
    budget = data.draw(st.integers(1, 2000))
    pauses = [
        (begin, None if length is None else begin + length)
        for begin, length in data.draw(
            st.lists(st.tuples(moments, st.none() | st.integers(0, 3000)), max_size=4)
        )
    ]
    monday = around - timedelta(days=6)
    days = {
        monday + timedelta(days=n): week.get(list(Weekday)[(monday.weekday() + n) % 7], []) for n in range(14)
    }
    due, counted = step_to_due(start, budget, pauses, open_minutes(zone, days, first, last), last)
    found = project(
        instant_of(start),
        timedelta(minutes=budget),
        [(instant_of(b), None if e is None else instant_of(e)) for b, e in pauses],
        Calendar(weekly_hours(week), zone).window(instant_of(first), instant_of(last)),
    )
    assert found.due == (None if due is None else instant_of(due))
    assert [m for b, e in found.segments for m in range(minute_of(b), minute_of(e))] == counted


def test_the_office_year_of_2026_is_that_of_stepping():
    """A month around the Spring Festival, with its holidays and make-up workdays."""
    calendar = office()
    first = local("2026-02-01T00:00:00")
    days = {d: calendar.hours_on(d) for d in (date(2026, 2, 1) + timedelta(days=n) for n in range(45))}
    begin, end = minute_of(first), minute_of(first) + 44 * 1440
    is_open = open_minutes(SHANGHAI, days, begin, end)
    whole = calendar.window(first, first + 44 * DAY)
    for start in range(begin, begin + 30 * 1440, 797):
        due, _ = step_to_due(start, 480, [], is_open, end)
        assert due is not None
        assert project(instant_of(start), 8 * HOUR, [], whole).due == instant_of(due)

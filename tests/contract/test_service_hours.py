"""When service is owed: weekly hours, holidays, make-up workdays, and time zones (contract §3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.clock import ServiceWindow, project
from contract.service_hours import Calendar, CalendarYear, DayKind, ServiceHours, Weekday
from tests.contract.sheets import OFFICE_HOURS, WORKDAYS
from tests.contract.stepping import instant_of, minute_of, open_minutes

SHANGHAI, BERLIN, NEW_YORK, LORD_HOWE = (
    "Asia/Shanghai",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
)
HOUR = timedelta(hours=1)


def _days(kind: DayKind, *spans: str) -> dict[date, DayKind]:
    found = {}
    for span in spans:
        first, _, last = span.partition("/")
        day = date.fromisoformat(first)
        while day <= date.fromisoformat(last or first):
            found[day] = kind
            day += timedelta(days=1)
    return found


CN_2026 = CalendarYear(
    country="CN",
    year=2026,
    announced=True,
    days=_days(
        DayKind.HOLIDAY,
        "2026-01-01/2026-01-03",
        "2026-02-15/2026-02-23",
        "2026-04-04/2026-04-06",
        "2026-05-01/2026-05-05",
        "2026-06-19/2026-06-21",
        "2026-09-25/2026-09-27",
        "2026-10-01/2026-10-07",
    )
    | _days(
        DayKind.MAKE_UP,
        *("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"),
    ),
)
"""As announced by the State Council in November 2025."""

CN_2027 = CalendarYear(country="CN", year=2027, announced=False, days=_days(DayKind.HOLIDAY, "2027-01-01"))


def hours(**fields: object) -> ServiceHours:
    return ServiceHours.model_validate({"weekly": dict.fromkeys(WORKDAYS, OFFICE_HOURS), **fields})


def office(*years: CalendarYear, **fields: object) -> Calendar:
    return Calendar(
        hours(holidays="CN", **fields), SHANGHAI, {year.year: year for year in years or (CN_2026,)}
    )


def local(text: str, zone: str = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def due(calendar: Calendar, start: datetime, budget: timedelta, days: int = 60) -> datetime | None:
    return project(start, budget, [], calendar.window(start, start + timedelta(days=days))).due


def times(window: ServiceWindow, since: datetime, zone: str) -> list[tuple[str, str]]:
    """The intervals of a window as the wall clock shows them, with their offsets."""
    return [
        (begin.astimezone(ZoneInfo(zone)).isoformat(), end.astimezone(ZoneInfo(zone)).isoformat())
        for begin, end in window.intervals(since)
    ]


def on(calendar: Calendar, day: str, zone: str) -> list[tuple[str, str]]:
    begin = local(f"{day}T00:00:00", zone)
    end = local(f"{date.fromisoformat(day) + timedelta(days=1)}T00:00:00", zone)
    return times(calendar.window(begin, end), begin, zone)


def weekly(zone: str, *intervals: tuple[str, str], day: str = "sunday") -> Calendar:
    return Calendar(ServiceHours.model_validate({"weekly": {day: [list(i) for i in intervals]}}), zone)


# Holidays and make-up workdays


@pytest.mark.parametrize(
    ("start", "then"),
    [
        ("2026-02-13T17:00:00", "2026-02-14T17:30:00"),
        ("2026-09-18T17:00:00", "2026-09-20T17:30:00"),
    ],
)
def test_the_worked_cases_of_the_make_up_workdays(start, then):
    assert due(office(), local(start), 8 * HOUR) == local(then)


def test_before_the_spring_festival_the_next_but_one_workday_is_ten_days_later():
    assert due(office(), local("2026-02-14T17:00:00"), 2 * HOUR) == local("2026-02-24T10:00:00")


def test_a_holiday_has_no_hours_and_an_ordinary_weekend_none_either():
    assert office().hours_on(date(2026, 10, 1)) == []
    assert office().hours_on(date(2026, 10, 5)) == []
    assert office().hours_on(date(2026, 3, 7)) == []
    assert office().hours_on(date(2026, 3, 6)) == [(540, 720), (810, 1080)]


def test_a_make_up_workday_has_mondays_hours_unless_others_are_given():
    monday_differs = {"monday": [["08:00", "10:00"]], "saturday": [["20:00", "21:00"]]}
    assert office(weekly=monday_differs).hours_on(date(2026, 2, 14)) == [(480, 600)]
    given = office(make_up_hours=[["10:00", "16:00"]])
    assert given.hours_on(date(2026, 2, 14)) == [(600, 960)]
    assert given.hours_on(date(2026, 3, 2)) == [(540, 720), (810, 1080)]


def test_make_up_hours_replace_that_days_own_hours():
    both = office(weekly={"monday": OFFICE_HOURS, "saturday": [["20:00", "21:00"]]})
    assert both.hours_on(date(2026, 2, 14)) == [(540, 720), (810, 1080)]
    assert both.hours_on(date(2026, 2, 7)) == [(1200, 1260)]


def test_a_make_up_workday_may_have_no_hours_when_the_parties_say_so():
    assert office(make_up_hours=[]).hours_on(date(2026, 2, 14)) == []


def test_without_holidays_in_the_terms_no_calendar_is_needed_and_none_is_applied():
    plain = Calendar(hours(), SHANGHAI)
    assert plain.hours_on(date(2026, 10, 1)) == [(540, 720), (810, 1080)]
    assert list(plain.years_needed(local("2026-01-01T00:00:00"), local("2028-01-01T00:00:00"))) == []
    assert plain.window(local("2026-10-01T00:00:00"), local("2026-10-02T00:00:00")).calendars == []


def test_the_years_needed_are_those_of_the_local_calendar():
    calendar = office()
    assert list(calendar.years_needed(local("2026-12-31T23:59:59"), local("2026-12-31T23:59:59"))) == [2026]
    assert list(calendar.years_needed(local("2027-01-01T00:00:00"), local("2028-01-01T00:00:00"))) == [
        2027,
        2028,
    ]
    utc_new_year = datetime(2026, 12, 31, 16, tzinfo=UTC)
    assert list(calendar.years_needed(utc_new_year, utc_new_year)) == [2027]


@pytest.mark.parametrize("years", [(), (CN_2026,), (CN_2027,)])
def test_a_year_that_is_needed_and_not_loaded_is_an_error_never_a_guess(years):
    calendar = Calendar(hours(holidays="CN"), SHANGHAI, {year.year: year for year in years})
    with pytest.raises(LookupError):
        calendar.window(local("2026-12-01T00:00:00"), local("2027-02-01T00:00:00"))


def test_a_window_names_the_snapshots_it_rests_on():
    window = office(CN_2026, CN_2027).window(local("2026-12-01T00:00:00"), local("2027-02-01T00:00:00"))
    assert window.calendars == sorted([CN_2026.digest, CN_2027.digest])


def test_the_digest_of_a_snapshot_changes_with_any_day():
    other = CN_2026.model_copy(update={"days": {**CN_2026.days, date(2026, 2, 14): DayKind.HOLIDAY}})
    fewer = CN_2026.model_copy(update={"days": dict(list(CN_2026.days.items())[1:])})
    unannounced = CN_2026.model_copy(update={"announced": False})
    turned = CN_2026.model_copy(update={"days": dict(reversed(CN_2026.days.items()))})
    assert len({year.digest for year in (CN_2026, other, fewer, unannounced, CN_2027)}) == 5
    assert turned.digest == CN_2026.digest


def test_what_rests_on_a_year_not_announced_yet_is_provisional_from_its_first_local_instant():
    begin = local("2026-12-30T09:00:00")
    window = office(CN_2026, CN_2027).window(begin, begin + timedelta(days=30))
    new_year = local("2027-01-01T00:00:00")
    assert window.provisional_from == new_year.timestamp()
    assert not window.is_provisional(new_year - timedelta(microseconds=1))
    assert window.is_provisional(new_year)
    within, beyond = (project(begin, hours_ * HOUR, [], window) for hours_ in (8, 30))
    assert within.due == local("2026-12-31T09:30:00")
    assert not within.provisional
    assert beyond.due is not None
    assert beyond.due > new_year
    assert beyond.provisional


def test_a_span_within_announced_years_is_never_provisional():
    assert office().provisional_from(local("2026-01-01T00:00:00"), local("2026-12-31T23:59:59")) is None
    announced = CN_2027.model_copy(update={"announced": True})
    calendar = office(CN_2026, announced)
    assert calendar.provisional_from(local("2026-01-01T00:00:00"), local("2027-12-31T23:59:59")) is None


def test_a_span_that_begins_in_a_year_not_announced_is_provisional_from_its_beginning():
    begin = local("2027-03-01T00:00:00")
    window = office(CN_2026, CN_2027).window(begin, begin + timedelta(days=30))
    assert window.is_provisional(begin)


# Intervals and time zones


def test_an_interval_up_to_24_00_and_one_from_00_00_are_one_stretch():
    calendar = Calendar(
        ServiceHours.model_validate(
            {"weekly": {"friday": [["18:00", "24:00"]], "saturday": [["00:00", "06:00"]]}}
        ),
        BERLIN,
    )
    begin = local("2026-03-06T00:00:00", BERLIN)
    assert times(calendar.window(begin, begin + timedelta(days=3)), begin, BERLIN) == [
        ("2026-03-06T18:00:00+01:00", "2026-03-07T06:00:00+01:00")
    ]


def test_adjoining_intervals_of_a_day_are_joined_in_whatever_order_they_are_written():
    calendar = weekly(BERLIN, ("12:00", "13:00"), ("09:00", "12:00"), ("14:00", "15:00"))
    assert on(calendar, "2026-03-08", BERLIN) == [
        ("2026-03-08T09:00:00+01:00", "2026-03-08T13:00:00+01:00"),
        ("2026-03-08T14:00:00+01:00", "2026-03-08T15:00:00+01:00"),
    ]


def test_a_week_of_whole_days_is_one_stretch_across_a_change_of_the_clocks():
    whole = {day.value: [["00:00", "24:00"]] for day in Weekday}
    calendar = Calendar(ServiceHours.model_validate({"weekly": whole}), BERLIN)
    begin = local("2026-10-20T00:00:00", BERLIN)
    end = begin + timedelta(days=14)
    assert list(calendar.window(begin, end).intervals(begin)) == [(begin, end)]


def test_a_window_holds_nothing_before_its_beginning_or_after_its_end():
    begin, end = local("2026-03-02T10:00:00"), local("2026-03-03T10:00:00")
    assert times(office().window(begin, end), begin, SHANGHAI) == [
        ("2026-03-02T10:00:00+08:00", "2026-03-02T12:00:00+08:00"),
        ("2026-03-02T13:30:00+08:00", "2026-03-02T18:00:00+08:00"),
        ("2026-03-03T09:00:00+08:00", "2026-03-03T10:00:00+08:00"),
    ]


def test_around_the_clock_is_one_stretch_without_end():
    window = Calendar("always", BERLIN).window(
        local("2026-10-24T22:00:00", BERLIN), datetime.max.replace(tzinfo=UTC)
    )
    begin = local("2026-10-24T22:00:00", BERLIN)
    assert window.around_the_clock
    [(opens, closes)] = window.intervals(begin)
    assert opens == begin
    assert closes.year == 9999


GAPS = [
    (BERLIN, "2026-03-29", ("02:00", "03:00"), []),
    (BERLIN, "2026-03-29", ("01:00", "04:00"), [("01:00:00+01:00", "04:00:00+02:00")]),
    (BERLIN, "2026-03-29", ("02:30", "04:00"), [("03:30:00+02:00", "04:00:00+02:00")]),
    (BERLIN, "2026-03-29", ("01:00", "02:30"), [("01:00:00+01:00", "03:30:00+02:00")]),
    (NEW_YORK, "2026-03-08", ("02:15", "05:00"), [("03:15:00-04:00", "05:00:00-04:00")]),
    (LORD_HOWE, "2026-10-04", ("02:15", "03:00"), [("02:45:00+11:00", "03:00:00+11:00")]),
    (LORD_HOWE, "2026-10-04", ("01:00", "03:00"), [("01:00:00+10:30", "03:00:00+11:00")]),
]
REPEATS = [
    (BERLIN, "2026-10-25", ("02:30", "04:00"), [("02:30:00+02:00", "04:00:00+01:00")]),
    (BERLIN, "2026-10-25", ("01:00", "02:30"), [("01:00:00+02:00", "02:30:00+02:00")]),
    (BERLIN, "2026-10-25", ("02:00", "03:00"), [("02:00:00+02:00", "03:00:00+01:00")]),
    (NEW_YORK, "2026-11-01", ("01:30", "03:00"), [("01:30:00-04:00", "03:00:00-05:00")]),
    (LORD_HOWE, "2026-04-05", ("01:45", "03:00"), [("01:45:00+11:00", "03:00:00+10:30")]),
]


@pytest.mark.parametrize(("zone", "day", "interval", "expected"), GAPS)
def test_a_local_time_that_does_not_exist_moves_forward(zone, day, interval, expected):
    found = on(weekly(zone, interval), day, zone)
    assert found == [(f"{day}T{opens}", f"{day}T{closes}") for opens, closes in expected]


@pytest.mark.parametrize(("zone", "day", "interval", "expected"), REPEATS)
def test_of_a_local_time_that_comes_twice_the_first_counts(zone, day, interval, expected):
    found = on(weekly(zone, interval), day, zone)
    assert found == [(f"{day}T{opens}", f"{day}T{closes}") for opens, closes in expected]


@pytest.mark.parametrize(
    ("zone", "day", "elapsed"),
    [
        (BERLIN, "2026-03-29", 3),
        (BERLIN, "2026-10-25", 5),
        (BERLIN, "2026-06-07", 4),
        (LORD_HOWE, "2026-10-04", 3.5),
        (LORD_HOWE, "2026-04-05", 4.5),
    ],
)
def test_elapsed_time_counts_not_what_the_wall_clock_shows(zone, day, elapsed):
    calendar = weekly(zone, ("01:00", "05:00"))
    begin = local(f"{day}T00:00:00", zone)
    window = calendar.window(begin, begin + timedelta(days=1))
    assert sum(((end - opens) for opens, end in window.intervals(begin)), timedelta()) == elapsed * HOUR


def test_the_worked_case_of_the_hour_that_repeats():
    start = local("2026-10-24T22:00:00", BERLIN)
    found = due(Calendar("always", BERLIN), start, 8 * HOUR)
    assert found is not None
    assert found.astimezone(ZoneInfo(BERLIN)).isoformat() == "2026-10-25T05:00:00+01:00"


def test_hours_that_begin_in_a_gap_do_not_take_away_from_those_after_it():
    """02:30-02:50 moves to 03:30-03:50 on that day, after 03:00-03:20, which is served all the same."""
    assert on(weekly(BERLIN, ("02:30", "02:50"), ("03:00", "03:20")), "2026-03-29", BERLIN) == [
        ("2026-03-29T03:00:00+02:00", "2026-03-29T03:20:00+02:00"),
        ("2026-03-29T03:30:00+02:00", "2026-03-29T03:50:00+02:00"),
    ]


def test_hours_that_end_in_a_gap_keep_what_they_reach_into():
    """01:00-02:45 ends at 03:45 on that day, after 03:00-03:30, which lies within it."""
    assert on(weekly(BERLIN, ("01:00", "02:45"), ("03:00", "03:30")), "2026-03-29", BERLIN) == [
        ("2026-03-29T01:00:00+01:00", "2026-03-29T03:45:00+02:00")
    ]


# Any week, any zone: against the clock on the wall

CHANGES = {
    SHANGHAI: [date(2026, 3, 2)],
    BERLIN: [date(2026, 3, 29), date(2026, 10, 25)],
    NEW_YORK: [date(2026, 3, 8), date(2026, 11, 1)],
    LORD_HOWE: [date(2026, 4, 5), date(2026, 10, 4)],
    "Africa/Casablanca": [date(2026, 2, 15), date(2026, 3, 22)],
    "Africa/Cairo": [date(2026, 4, 24), date(2026, 10, 30)],
    "America/St_Johns": [date(2026, 3, 8)],
}
TIMES_OF_DAY = st.integers(0, 288).map(lambda n: 5 * n) | st.integers(0, 12).map(lambda n: 30 * n)


def written(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def day_hours(edges: Sequence[int]) -> list[tuple[int, int]]:
    ordered = sorted(edges)
    return list(zip(ordered[::2], ordered[1::2], strict=False))


DAY_HOURS = st.lists(TIMES_OF_DAY, min_size=2, max_size=6, unique=True).map(day_hours)
WEEKS = st.dictionaries(st.sampled_from(list(Weekday)), DAY_HOURS, min_size=1).filter(
    lambda week: any(week.values())
)


def weekly_hours(week: dict[Weekday, list[tuple[int, int]]]) -> ServiceHours:
    return ServiceHours.model_validate(
        {"weekly": {day: [[written(a), written(b)] for a, b in intervals] for day, intervals in week.items()}}
    )


@settings(max_examples=60)
@given(st.sampled_from(sorted(CHANGES)), WEEKS, st.data())
def test_any_weekly_hours_in_any_zone_are_the_minutes_the_wall_clock_gives(zone, week, data):
    around = data.draw(st.sampled_from(CHANGES[zone]))
    begin = minute_of(datetime(around.year, around.month, around.day, tzinfo=UTC)) - data.draw(
        st.integers(0, 4000)
    )
    end = begin + data.draw(st.integers(1, 8000))
    first = around - timedelta(days=5)
    days = {
        first + timedelta(days=n): week.get(list(Weekday)[(first.weekday() + n) % 7], []) for n in range(14)
    }
    window = Calendar(weekly_hours(week), zone).window(instant_of(begin), instant_of(end))
    intervals = list(window.intervals(instant_of(begin)))
    found = [minute for opens, closes in intervals for minute in range(minute_of(opens), minute_of(closes))]
    assert found == sorted(open_minutes(zone, days, begin, end))
    assert all(closes < opens for (_, closes), (opens, _) in pairwise(intervals))


# Horizon


@settings(max_examples=80)
@given(
    WEEKS.filter(lambda week: sum(b - a for day in week.values() for a, b in day) >= 60),
    st.sampled_from(sorted(CHANGES)),
    st.integers(1, 400 * 60),
    st.integers(0, 365 * 24 * 60),
)
def test_without_pauses_a_window_up_to_the_horizon_is_always_long_enough(week, zone, budget, begin):
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=begin)
    calendar = Calendar(weekly_hours(week), zone)
    end = calendar.horizon(start, timedelta(minutes=budget))
    found = project(start, timedelta(minutes=budget), [], calendar.window(start, end))
    assert found.due is not None
    assert not found.exhausted


@pytest.mark.parametrize("start", ["2026-01-31T09:00:00", "2026-02-13T17:59:00", "2026-09-24T18:00:00"])
@pytest.mark.parametrize("budget", [1, 40, 200, 400])
@pytest.mark.parametrize("day", [*WORKDAYS[:1], "friday"])
def test_holidays_do_not_outrun_the_horizon(start, budget, day):
    """Six years of the festivals of 2026, with service on one day of the week only."""
    years = {
        year: CalendarYear(
            country="CN",
            year=year,
            announced=True,
            days={
                on_.replace(year=year): kind for on_, kind in CN_2026.days.items() if kind is DayKind.HOLIDAY
            },
        )
        for year in range(2026, 2040)
    }
    one_day = ServiceHours.model_validate(
        {"weekly": {day: [["09:00", "18:00"]]}, "holidays": "CN", "make_up_hours": []}
    )
    calendar = Calendar(one_day, SHANGHAI, years)
    begin = local(start)
    found = project(begin, budget * HOUR, [], calendar.window(begin, calendar.horizon(begin, budget * HOUR)))
    assert found.due is not None

"""China's days off and make-up workdays: two packages and the announcement itself (contract §3)."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar
import pytest
from chinese_calendar import constants

from activities.holiday_data import build_year
from contract.service_hours import CalendarYear, DayKind
from tests.contract.test_service_hours import CN_2026

ONLY_ONE_PACKAGE_KNOWS = {date(2005, 12, 31)}
"""Announced with the days off of New Year 2006: chinesecalendar keeps no workday for it."""


def is_workday(snapshot: CalendarYear, day: date) -> bool:
    kind = snapshot.days.get(day)
    return kind is DayKind.MAKE_UP or (kind is None and day.weekday() < 5)


def days_of(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]


def test_the_days_of_2026_written_here_by_hand_are_those_chinesecalendar_has():
    announced = {day: DayKind.HOLIDAY for day in constants.holidays if day.year == 2026}
    announced |= {day: DayKind.MAKE_UP for day in constants.workdays if day.year == 2026}
    assert announced == CN_2026.days


@pytest.mark.parametrize("year", range(2004, 2027))
def test_holidays_and_chinesecalendar_agree_on_every_workday(year):
    built = build_year("CN", year)
    assert built.announced
    differing = {day for day in days_of(year) if is_workday(built, day) != chinese_calendar.is_workday(day)}
    assert differing == {day for day in ONLY_ONE_PACKAGE_KNOWS if day.year == year}


def test_a_year_whose_make_up_workdays_are_not_published_is_not_announced_and_has_none():
    for year in (2027, 2030):
        built = build_year("CN", year)
        assert not built.announced
        assert DayKind.MAKE_UP not in built.days.values()
        assert built.days[date(year, 10, 1)] is DayKind.HOLIDAY

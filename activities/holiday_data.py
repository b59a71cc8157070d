"""Holidays and make-up workdays as announced, from the installed data (contract §3).

A module of its own, without a database or an engine, so that the command line can ask it quickly.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import holidays

from contract.service_hours import CalendarYear, DayKind


def known_countries() -> set[str]:
    """ISO codes of the countries there is calendar data for."""
    return set(holidays.list_supported_countries(include_aliases=False))


def announced_years(country: str) -> range | None:
    """The years whose make-up workdays are published; None where a country has no such days.

    The library answers for years not announced yet too, from the law's rules and without make-up
    days, and does not say so: here it is told apart by the years it has announcements for.
    """
    substituted = [
        year
        for year, days in getattr(_entity(country), "special_public_holidays", {}).items()
        if any(len(day) >= 4 and isinstance(day[2], int) for day in _days(days))
    ]
    return range(min(substituted), max(substituted) + 1) if substituted else None


def _days(days: Any) -> Any:
    return [days] if isinstance(days[0], int) else days


def _entity(country: str) -> holidays.HolidayBase:
    if country not in known_countries():
        raise ValueError(f"no calendar data for country {country}")
    return holidays.country_holidays(country)


def build_year(country: str, year: int) -> CalendarYear:
    """One year from the library: announced days off and make-up workdays, or the law's holidays alone."""
    announced = announced_years(country)
    is_announced = announced is None or year in announced
    # A year's announcement may name workdays of the December before.
    following = [year + 1] if announced is not None and year + 1 in announced else []
    calendar = holidays.country_holidays(country, years=[year, *following])
    workdays: set[date] = set(getattr(calendar, "weekend_workdays", set())) if is_announced else set()
    days = {day: DayKind.HOLIDAY for day in calendar if day not in workdays}
    days |= dict.fromkeys(workdays, DayKind.MAKE_UP)
    if announced is not None and is_announced:
        days |= dict.fromkeys(_weekends_within(days), DayKind.HOLIDAY)
    of_year = {day: kind for day, kind in sorted(days.items()) if day.year == year}
    return CalendarYear(country=country, year=year, announced=is_announced, days=of_year)


def _weekends_within(days: dict[date, DayKind]) -> set[date]:
    """Weekend days that an announced holiday takes in; the library names only the weekdays.

    Announcements count the weekend before and after a holiday as part of it ("…至…放假，共3天"), unless
    a day of it is worked instead. It matters only to those who serve on weekends.
    """
    found: set[date] = set()
    for holiday in (day for day, kind in days.items() if kind is DayKind.HOLIDAY):
        for step in (timedelta(days=1), timedelta(days=-1)):
            day = holiday + step
            while day.weekday() >= 5 and day not in days:
                found.add(day)
                day += step
    return found

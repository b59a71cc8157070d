"""A year's holidays and make-up workdays as announced, from a file: for years that the installed holiday
data does not have yet (contract §3). docs/cli.md has the format."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from contract.faults import Fault, Faulty
from contract.service_hours import CalendarYear, DayKind

CLAUSE = "C5.2"
FIELDS = ("country", "year", "holidays", "workdays")


def read_announcement(what: str, document: Any) -> CalendarYear:
    """The announced year; raises Faulty with every fault."""
    return _Reader(what).read(document)


class _Reader:
    def __init__(self, what: str) -> None:
        self._what = what
        self._faults: list[Fault] = []

    def read(self, document: Any) -> CalendarYear:
        if not isinstance(document, dict):
            self._fault("", "no mapping", f"the fields {', '.join(FIELDS)}")
            raise Faulty(self._what, self._faults)
        for name in document:
            if name not in FIELDS:
                self._fault(str(name), "an unknown field", f"one of {', '.join(FIELDS)}")
        country, year = self._country(document.get("country")), self._year(document.get("year"))
        days: dict[date, DayKind] = {}
        for name, kind in (("holidays", DayKind.HOLIDAY), ("workdays", DayKind.MAKE_UP)):
            for path, day in self._days(name, document.get(name)):
                if year is not None and day.year != year:
                    self._fault(path, str(day), f"a day of {year}")
                elif day in days:
                    self._fault(path, str(day), "each day once")
                days[day] = kind
        if "holidays" not in document:
            self._fault("holidays", "nothing", "a list of days")
        if self._faults:
            raise Faulty(self._what, self._faults)
        return CalendarYear(
            country=country or "", year=year or 0, announced=True, days=dict(sorted(days.items()))
        )

    def _country(self, given: Any) -> str | None:
        from activities.holiday_data import known_countries

        if isinstance(given, str) and given in known_countries():
            return given
        self._fault("country", given, "a country with calendar data, such as CN")
        return None

    def _year(self, given: Any) -> int | None:
        if isinstance(given, int) and not isinstance(given, bool) and 1900 <= given <= 2200:
            return given
        self._fault("year", given, "a year, such as 2027")
        return None

    def _days(self, name: str, given: Any) -> Iterator[tuple[str, date]]:
        """Every day of a list of days and ranges, with the path it stands at."""
        if given is None:
            return
        if not isinstance(given, list):
            self._fault(name, given, "a list of days and of ranges from … to …")
            return
        for place, entry in enumerate(given):
            path = f"{name}[{place}]"
            if isinstance(entry, dict):
                yield from self._range(path, entry)
            elif (day := self._day(path, entry)) is not None:
                yield path, day

    def _range(self, path: str, entry: dict[Any, Any]) -> Iterator[tuple[str, date]]:
        for name in entry:
            if name not in ("from", "to"):
                self._fault(f"{path}.{name}", "an unknown field", "from and to")
        first, last = self._day(f"{path}.from", entry.get("from")), self._day(f"{path}.to", entry.get("to"))
        if first is None or last is None:
            return
        if last < first or last - first > timedelta(days=60):
            self._fault(f"{path}.to", str(last), f"{first} or up to 60 days later")
            return
        while first <= last:
            yield path, first
            first += timedelta(days=1)

    def _day(self, path: str, given: Any) -> date | None:
        try:
            return date.fromisoformat(given)
        except (TypeError, ValueError):
            self._fault(path, given, "a day as YYYY-MM-DD")
            return None

    def _fault(self, path: str, given: Any, allowed: str) -> None:
        shown = "nothing" if given is None else str(given)[:60]
        self._faults.append(Fault(path=path, clause=CLAUSE, given=shown, allowed=allowed))

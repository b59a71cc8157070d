"""Calendar years for people, and what a refresh changed (contract §3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from rich.console import RenderableType
from rich.table import Table

from contract.service_hours import CalendarYear, DayKind
from starter.refreshing import Refreshed, Told, standing
from starter.showing.paper import BAD, GOOD, NOTED, NOTHING, PROVISIONAL, briefly, marked, money, table
from starter.showing.penalties import net


def years(found: Sequence[CalendarYear]) -> Table:
    """Years as kept: announced or not, and their exceptional days."""
    made = table("Calendars kept", "country", "year", "", "holidays", "make-up workdays", "digest")
    for year in found:
        made.add_row(
            year.country,
            str(year.year),
            marked("announced", GOOD) if year.announced else marked("not announced", NOTED),
            "\n".join(_runs(year, DayKind.HOLIDAY)) or NOTHING,
            "\n".join(_runs(year, DayKind.MAKE_UP)) or NOTHING,
            f"{year.digest[:12]}…",
        )
    return made


def _runs(year: CalendarYear, kind: DayKind) -> Iterator[str]:
    """Days of a kind, those that follow one another together."""
    days = [day for day, found in sorted(year.days.items()) if found is kind]
    while days:
        first = last = days.pop(0)
        while days and days[0] == last + timedelta(days=1):
            last = days.pop(0)
        yield _day(first) if first == last else f"{_day(first)} – {_day(last)}"


def _day(day: date) -> str:
    return f"{day:%a %m-%d}"


def refreshed(result: Refreshed, zones: Mapping[str, ZoneInfo]) -> list[RenderableType]:
    """Which years said something new, and what that changed; ``zones`` by agreement."""
    shown: list[RenderableType] = []
    for year in result.kept:
        state = "announced" if year.announced else "not announced yet"
        shown.append(f"{year.country} {year.year}: new snapshot, {state}, digest {year.digest[:12]}…")
    for year in result.same:
        shown.append(f"{year.country} {year.year}: nothing new")
    changed = [told for told in result.told if told.changed]
    shown.append(
        f"{len(result.told)} open request{'' if len(result.told) == 1 else 's'} told, {len(changed)} changed"
    )
    for view in result.missing:
        shown.append(marked(f"{view.agreement_id}/{view.request_id}: not known to the engine", BAD))
    for record in result.closed:
        view, owed = record.request, money(net([posted.entry for posted in standing(record.entries)]))
        text = f"{view.agreement_id}/{view.request_id}: closed with {owed} of penalties by the older calendar"
        shown.append(marked(f"{text}; what is wrong of it the customer waives", NOTED))
    if changed:
        made = table("Requests changed", "agreement", "request", "target", "due", "new due", "penalties")
        for told in changed:
            for row in _changes(told, zones[told.before.agreement_id]):
                made.add_row(*row)
        shown += ["", made]
    return shown


def _changes(told: Told, zone: ZoneInfo) -> Iterator[tuple[RenderableType, ...]]:
    corrected = money(net([posted.entry for posted in told.entries])) if told.entries else NOTHING
    names: tuple[RenderableType, ...] = (told.before.agreement_id, told.before.request_id)
    dues = [
        (target.value, due, told.dues_after[target])
        for target, due in told.dues_before.items()
        if due != told.dues_after[target]
    ]
    for place, (target, due, new) in enumerate(dues or [(NOTHING, None, None)]):
        yield (
            *(names if place == 0 else ("", "")),
            target,
            _due(due, told.provisional_before, zone),
            _due(new, told.provisional_after, zone),
            corrected if place == 0 else "",
        )


def _due(due: datetime | None, provisional_from: datetime | None, zone: ZoneInfo) -> RenderableType:
    text = briefly(due, zone)
    provisional = due is not None and provisional_from is not None and due >= provisional_from
    return marked(f"{text} {PROVISIONAL}", NOTED) if provisional else text

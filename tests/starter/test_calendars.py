"""`aftercare calendars …`: a newly announced year corrects dues and penalties of requests under way (§3).

These agreements live in 2030 and 2031, for which no country has announced anything; in March the law fixes
no holidays, so the dues before an announcement are those of ordinary weeks.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from rich.table import Table

from activities.holiday_data import build_year
from contract.facts import RequestSnapshot
from contract.reading import read_terms
from contract.service_hours import CalendarYear, DayKind
from starter.client import Aftercare
from starter.refreshing import Refreshed, Told
from starter.showing.calendars import refreshed
from tests.starter.conftest import CommandLine
from tests.starter.live import Service
from tests.starter.sheets import write_sheet
from workflows.payloads import Receipt, Ways

pytestmark = pytest.mark.engine

PROVIDER = ("--by", "provider:Li Ming")
CUSTOMER = ("--by", "customer:Wang Fang")
TARGETS = {"confirm_hours": 1, "respond_hours": 4, "resolve_hours": 16}

ANNOUNCEMENT = """\
country: CN
year: 2030
holidays: [2030-03-08, {from: 2030-03-11, to: 2030-03-13}]
workdays: [2030-03-10, 2030-03-16]
"""


def in_force(online: CommandLine, service: Service, folder: Path, name: str, now: str, since: str) -> None:
    """An agreement whose contract time is ``now``, in force since an earlier instant."""
    sheet = write_sheet(folder, name, targets=TARGETS, command_delay_hours=720)
    offset = datetime.fromisoformat(now) - datetime.now(UTC)
    client = Aftercare(service.temporal, clock=lambda: datetime.now(UTC) + offset)
    ways = Ways(offset_seconds=round(offset.total_seconds()), mail=False)
    terms = read_terms(sheet.read_text())
    service.do(client.offer(terms, at=datetime.fromisoformat(since), ways=ways))
    for by in (PROVIDER, CUSTOMER):
        online.well("agreement", "sign", name, *by, "--title", "CEO", "--terms", sheet, "--at", since)


def submit(online: CommandLine, agreement: str, request: str, at: str) -> dict[str, Any]:
    receipt: dict[str, Any] = online(
        *("request", "submit", agreement, request, *CUSTOMER, "--at", at, "--title", "T"),
        *("--service", "technical_support", "--json"),
    ).json
    return receipt


def test_an_announcement_corrects_dues_and_posted_penalties_by_entries(
    online: CommandLine, service: Service, tmp_path: Path
):
    agreement = "Y-2030"
    in_force(online, service, tmp_path, agreement, "2030-03-16T08:00:00+08:00", "2030-03-04T09:00:00+08:00")
    # Thursday 15:00: 3 h, Friday 7.5 h, and the remaining 5.5 h on Monday by 16:00.
    late = submit(online, agreement, "R-late", "2030-03-07T15:00:00+08:00")
    assert (late["resolve_due"], late["provisional"]) == ("2030-03-11T08:00:00Z", True)
    for command, *words in (["confirm"], ["assign", "Chen Jie"], ["respond", "At once."]):
        online.well(
            "request", command, agreement, "R-late", *words, *PROVIDER, "--at", "2030-03-07T15:10:00+08:00"
        )
    # The same, given up on Tuesday: two days late by the ordinary week.
    submit(online, agreement, "R-closed", "2030-03-07T15:00:00+08:00")
    given_up = ("--at", "2030-03-13T09:00:00+08:00")
    online.well("request", "withdraw", agreement, "R-closed", *CUSTOMER, *given_up)
    # Friday 17:00: 1 h, Monday and Tuesday 7.5 h each.
    new = submit(online, agreement, "R-new", "2030-03-15T17:00:00+08:00")
    assert new["resolve_due"] == "2030-03-19T10:00:00Z"
    before = online("request", "show", agreement, "R-late", "--json").json
    assert before["request"]["delay_days"] == 5
    for request in ("R-late", "R-new"):
        (clock,) = clocks(online, agreement, request)
        assert clock.endswith("provisional")

    announced = tmp_path / "announced.yaml"
    announced.write_text(ANNOUNCEMENT)
    done = online("calendars", "refresh", "--file", announced, "--json").json
    # Now Friday and Monday to Wednesday are free, Sunday 10 and Saturday 16 March are worked:
    # R-late has 3 h on Thursday, 7.5 h on Sunday, 5.5 h on Thursday 14; R-new is done by Monday 18:00.
    assert [year["year"] for year in done["kept"]] == [2030]
    assert done["closed"] == [f"{agreement}/R-closed"], "it cannot be told any more: a person has to look"
    changed = {change["request_id"]: change for change in done["changed"]}
    assert changed["R-late"]["due"]["resolve"] == "2030-03-11T08:00:00Z"
    assert changed["R-late"]["new_due"]["resolve"] == "2030-03-14T08:00:00Z"
    assert changed["R-new"]["new_due"] == {
        "confirm": "2030-03-15T10:00:00Z",
        "respond": "2030-03-16T04:00:00Z",
        "resolve": "2030-03-18T10:00:00Z",
    }
    assert [change["provisional"] for change in changed.values()] == [False, False]
    # 5 days by the ordinary week, 2 by the announced one: 3 × 500.00 less.
    assert sum(Decimal(entry["amount"]["amount"]) for entry in changed["R-late"]["entries"]) == -1500
    after = online("request", "show", agreement, "R-late", "--json").json
    assert after["request"]["delay_days"] == 2
    for request in ("R-late", "R-new"):
        (clock,) = clocks(online, agreement, request)
        assert not clock.endswith("provisional")
    (year,) = online("report", "penalties", agreement, "--json").json["years"]
    # With what the closed one cost: a late response and two days.
    assert year["net"]["amount"] == "2200.00"

    # Who submits right afterwards has the new calendar, though the worker had read the old one just before.
    next_one = submit(online, agreement, "R-next", "2030-03-15T17:00:00+08:00")
    assert (next_one["resolve_due"], next_one["provisional"]) == ("2030-03-18T10:00:00Z", False)
    again = online("calendars", "refresh", "--file", announced, "--json").json
    assert (again["kept"], again["told"], again["changed"], again["closed"]) == ([], 0, [], [])
    assert "CN 2030: nothing new" in online.well("calendars", "refresh", "--file", announced)
    online.well("calendars", "refresh", "--country", "CN")
    (kept,) = online("calendars", "show", "--country", "CN", "--year", "2030", "--json").json["calendars"]
    assert kept["announced"], "what was announced is not taken back for want of newer data"
    assert "Mon 03-11 – Wed 03-13" in online.well("calendars", "show", "--year", "2030")
    assert online("request", "show", agreement, "R-late", "--json").json == after


def clocks(online: CommandLine, agreement: str, request: str) -> list[str]:
    """The resolution clock as people read it."""
    lines = online.well("request", "show", agreement, request).splitlines()
    return [line for line in lines if line.startswith("resolve  ")]


def test_a_refresh_that_was_cut_short_is_finished_by_the_next(
    online: CommandLine, service: Service, tmp_path: Path
):
    agreement = "Y-2031"
    in_force(online, service, tmp_path, agreement, "2031-03-08T08:00:00+08:00", "2031-03-04T09:00:00+08:00")
    submitted = submit(online, agreement, "R-1", "2031-03-07T17:00:00+08:00")
    assert submitted["resolve_due"] == "2031-03-11T10:00:00Z"
    known = build_year("CN", 2031)
    year = CalendarYear(
        country="CN", year=2031, announced=True, days=known.days | {date(2031, 3, 10): DayKind.HOLIDAY}
    )
    assert service.do(service.store.keep_calendar(year))
    announced = tmp_path / "announced.json"
    days = {kind: [str(day) for day, found in year.days.items() if found is kind] for kind in DayKind}
    announced.write_text(
        json.dumps(
            {
                "country": "CN",
                "year": 2031,
                "holidays": days[DayKind.HOLIDAY],
                "workdays": days[DayKind.MAKE_UP],
            }
        )
    )
    shown = online.well("calendars", "refresh", "--file", announced)
    assert "CN 2031: nothing new" in shown
    assert "1 open request told, 1 changed" in shown
    (row,) = (line.split() for line in shown.splitlines() if "resolve" in line)
    assert row == ["resolve", "2031-03-11", "18:00:00", "provisional", "2031-03-12", "18:00:00"]


def test_a_year_is_built_from_the_installed_data(online: CommandLine):
    done = online("calendars", "refresh", "--country", "CN", "--year", "2025", "--json").json
    assert [(year["country"], year["year"]) for year in done["kept"] + done["same"]] == [("CN", 2025)]
    (kept,) = online("calendars", "show", "--country", "CN", "--year", "2025", "--json").json["calendars"]
    assert kept["days"]["2025-10-08"] == "holiday"
    assert kept["days"]["2025-10-11"] == "make_up"
    assert online.well("calendars", "show", "--country", "DE") == "no such calendars are kept\n"


def test_a_mistaken_file_gives_way_to_the_installed_data(online: CommandLine, tmp_path: Path):
    mistaken = tmp_path / "mistaken.yaml"
    mistaken.write_text("country: CN\nyear: 2024\nholidays: [2024-10-01]\nworkdays: [2024-11-24]\n")
    online.well("calendars", "refresh", "--file", mistaken)
    online.well("calendars", "refresh", "--country", "CN", "--year", "2024")
    (kept,) = online("calendars", "show", "--country", "CN", "--year", "2024", "--json").json["calendars"]
    assert kept["days"]["2024-10-02"] == "holiday"
    assert "2024-11-24" not in kept["days"]


FAULTY = """\
country: XX
year: soon
holidays: [2027-13-01, {from: 2027-05-05, to: 2027-05-01}, {since: 2027-01-01}]
workdays: 2027-01-02
weekends: []
"""


def test_a_faulty_announcement_has_every_fault_listed_and_nothing_is_kept(
    online: CommandLine, service: Service, tmp_path: Path
):
    announced = tmp_path / "announced.yaml"
    announced.write_text(FAULTY)
    said = online("calendars", "refresh", "--file", announced, "--json")
    assert said.code == 3
    assert {fault["path"] for fault in said.error["faults"]} == {
        "weekends",
        "country",
        "year",
        "holidays[0]",
        "holidays[1].to",
        "holidays[2].since",
        "holidays[2].from",
        "holidays[2].to",
        "workdays",
    }
    assert service.do(service.store.calendars("XX", [2027])) == {}


def test_an_announcement_names_each_day_once_and_of_its_year(online: CommandLine, tmp_path: Path):
    announced = tmp_path / "announced.yaml"
    announced.write_text(
        "country: CN\nyear: 2027\nholidays: [2027-01-01, 2026-12-31]\nworkdays: [2027-01-01]\n"
    )
    said = online("calendars", "refresh", "--file", announced)
    assert said.code == 3
    assert said.err.splitlines()[1:] == [
        "  holidays[1] (C5.2): given 2026-12-31; allowed: a day of 2027",
        "  workdays[0] (C5.2): given 2027-01-01; allowed: each day once",
    ]
    assert online("calendars", "refresh", "--file", announced, "--year", "2027").code == 2


def test_only_dues_of_a_year_not_announced_are_shown_as_provisional():
    def due(day: int) -> datetime:
        return datetime(2030, 12, day, 4, tzinfo=UTC)

    before = RequestSnapshot.model_validate(
        {
            "agreement_id": "A",
            "request_id": "R",
            "service": "technical_support",
            "priority": "normal",
            "state": "submitted",
            "title": "T",
            "terms_version": 1,
            "as_of": due(1),
            "submitted_at": due(1),
            "respond_due": due(30),
            "resolve_due": due(31) + timedelta(days=3),
            "provisional": True,
        }
    )
    after = Receipt(
        request_id="R",
        state="submitted",
        seq=2,
        respond_due=due(31),
        resolve_due=due(31) + timedelta(days=4),
        provisional=True,
    )
    begins = datetime(2030, 12, 31, 16, tzinfo=UTC)
    told = Told(before, after, [], provisional_before=begins, provisional_after=begins)
    zones = {"A": ZoneInfo("Asia/Shanghai")}
    table = refreshed(Refreshed(told=[told]), zones)[-1]
    assert isinstance(table, Table)
    cells = [[str(cell) for cell in table.columns[place].cells] for place in (3, 4)]
    assert [["provisional" in cell for cell in column] for column in cells] == [[False, True], [False, True]]

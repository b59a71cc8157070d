"""The live view, in a terminal of 80 × 24 on a real record store that changes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Sparkline, Static

from records import RecordStore, upgrade
from starter.exits import ExitCode
from starter.reaching import record_store
from starter.watching.app import Details, Due, Watch
from tests.durability.test_outages import away
from tests.engine import eventually
from tests.operating.picture import RUNNING, breach, draw, furnish, opening
from tests.records.building import request
from tests.starter.conftest import CommandLine

MINUTE = timedelta(minutes=1)


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
async def store(sqlite_url: str) -> AsyncIterator[RecordStore]:
    await upgrade(sqlite_url)
    async with await RecordStore.open(sqlite_url) as store:
        await furnish(store, now())
        yield store


@asynccontextmanager
async def watching(url: str) -> AsyncIterator[tuple[Watch, Pilot[None]]]:
    view = Watch(opening(url), every=0.05)
    async with view.run_test(size=(80, 24)) as pilot:
        await view.looked.wait()
        await pilot.pause()
        yield view, pilot


def told(view: Watch, where: str) -> str:
    return str(view.query_one(where, Static).render())


def rows(view: Watch) -> list[list[str]]:
    due = view.query_one(Due)
    return [[str(cell) for cell in due.get_row_at(place)] for place in range(due.row_count)]


def ids(view: Watch) -> list[str]:
    return [row[3] for row in rows(view)]


def counts(view: Watch) -> dict[str, int]:
    lines = (line.split() for line in told(view, "#states").splitlines())
    return {state: int(count) for state, _bar, count in lines}


async def comes(look: Callable[[], bool], what: str) -> None:
    async def seen() -> bool:
        return look()

    await eventually(seen, what)


async def test_what_is_due_next_counts_down_with_clause_and_who_has_it(store: RecordStore, sqlite_url: str):
    async with watching(sqlite_url) as (view, _):
        assert ids(view) == [row[1] for row in RUNNING]
        first, second, *_, last = rows(view)
        assert first[0].startswith("-0:00:")
        assert second[1:] == ["confirm C6.1.2", "NOC-2026", "INC-88041", "critical", "nobody"]
        assert last[0].startswith("~49 d"), "a provisional due is marked"
        before = second[0]
        await comes(lambda: rows(view)[1][0] != before, "the countdown")
        # Nothing is cut off at 80 columns.
        assert view.query_one(Due).virtual_size.width <= 80


async def test_breaches_appear_as_they_happen_and_throughput_with_them(store: RecordStore, sqlite_url: str):
    async with watching(sqlite_url) as (view, _):
        assert "NOC-2026/INC-88012" in told(view, "#breached")
        assert "R-new" not in told(view, "#breached")
        events = sum(view.query_one(Sparkline).data or [])
        await breach(store, "HUAXIN-7", "R-new", "respond")
        await comes(lambda: "HUAXIN-7/R-new" in told(view, "#breached"), "the breach")
        assert told(view, "#breached").splitlines()[0].endswith("HUAXIN-7/R-new")
        assert sum(view.query_one(Sparkline).data or []) == events + 2
        assert "3 breaches" in told(view, "#rate")


async def test_open_requests_are_counted_by_state(store: RecordStore, sqlite_url: str):
    async with watching(sqlite_url) as (view, _):
        assert counts(view) == {
            "submitted": 1,
            "confirmed": 2,
            "assigned": 2,
            "responded": 4,
            "waiting": 3,
            "resolved": 3,
        }
        await store.append(request("W-9", agreement_id="HUAXIN-7", state="waiting"))
        await comes(lambda: counts(view)["waiting"] == 4, "one more waiting")


async def test_a_filter_chooses_and_escape_shows_everything_again(store: RecordStore, sqlite_url: str):
    async with watching(sqlite_url) as (view, pilot):
        await pilot.press("f", *"critical", "space", *"nobody", "enter")
        assert ids(view) == ["INC-88041"]
        assert "1 of 9" in told(view, "#head")
        await pilot.press("escape")
        assert len(ids(view)) == len(RUNNING)


async def test_sorting_goes_through_its_orders_and_the_cursor_stays_with_its_request(
    store: RecordStore, sqlite_url: str
):
    async with watching(sqlite_url) as (view, pilot):
        await pilot.press("down", "down")
        await pilot.press("s")
        assert "by priority" in told(view, "#head")
        assert [row[4] for row in rows(view)][:3] == ["critical", "critical", "high"]
        assert ids(view)[view.query_one(Due).cursor_row] == "R-2231"
        await pilot.press("s", "s")
        assert [row[5] for row in rows(view)][:3] == ["nobody"] * 3
        await pilot.press("s")
        assert "by due" in told(view, "#head")


async def test_while_paused_nothing_moves(store: RecordStore, sqlite_url: str):
    async with watching(sqlite_url) as (view, pilot):
        await pilot.press("p")
        assert "PAUSED" in told(view, "#head")
        await breach(store, "HUAXIN-7", "R-new", "respond")
        await pilot.pause(0.5)
        assert "R-new" not in told(view, "#breached")
        await pilot.press("p")
        await comes(lambda: "R-new" in told(view, "#breached"), "the breach, no longer paused")


async def test_enter_shows_a_request_and_not_what_anybody_wrote(store: RecordStore, sqlite_url: str):
    async with watching(sqlite_url) as (view, pilot):
        await pilot.press("down", "enter")
        await comes(lambda: isinstance(view.screen, Details), "the details")
        await pilot.pause()
        seen = view.export_screenshot()
        for word in ("INC-88041", "critical", "nobody", "C6.1.2"):
            assert word in seen
        assert "export" not in seen, "the title of the request"
        await pilot.press("escape")
        assert not isinstance(view.screen, Details)


async def test_a_record_store_that_is_not_there_yet_is_awaited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AFTERCARE_HOME", str(tmp_path))
    monkeypatch.delenv("AFTERCARE_RECORDS_URL", raising=False)
    view = Watch(record_store, every=0.05)
    async with view.run_test(size=(80, 24)):
        await comes(lambda: "There is no record store" in told(view, "#away"), "word of its absence")
        url = f"sqlite:///{tmp_path / 'records.db'}"
        await upgrade(url)
        async with await RecordStore.open(url) as store:
            await furnish(store, now())
        await comes(lambda: len(ids(view)) == len(RUNNING), "the requests")
        assert not view.query_one("#away").has_class("shown")


@pytest.mark.postgres
async def test_while_the_record_store_is_away_the_view_says_so_keeps_what_it_saw_and_goes_on(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AFTERCARE_RECORDS_URL", postgres_url)
    await upgrade(postgres_url)
    async with await RecordStore.open(postgres_url) as store:
        await furnish(store, now())
    view = Watch(record_store, every=0.05)
    async with view.run_test(size=(80, 24)):
        await view.looked.wait()
        async with away(postgres_url):
            await comes(lambda: "does not answer" in told(view, "#away"), "word of the outage")
            assert view.query_one("#away").has_class("shown")
            assert len(ids(view)) == len(RUNNING)
        await comes(lambda: not view.query_one("#away").has_class("shown"), "its return")


async def test_the_picture_in_the_documents_can_be_drawn(tmp_path: Path):
    file = tmp_path / "watch.svg"
    await draw(file)
    picture = file.read_text()
    assert "INC-88041" in picture
    assert "http" not in picture.replace("http://www.w3.org", ""), "it fetches nothing"


def test_without_a_terminal_it_is_a_mistake_of_usage(aftercare: CommandLine):
    said = aftercare("ops", "watch")
    assert (said.code, said.out, said.err.count("\n")) == (ExitCode.USAGE, "", 1)

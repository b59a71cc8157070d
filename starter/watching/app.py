"""The live view: what is due next with countdowns, breaches as they happen, throughput, open requests.

The record store is asked every few seconds; between two looks only the countdowns move. While the store is
away the view says so, keeps what it last saw, and goes on by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import ClassVar

from rich.console import Group
from rich.text import Text
from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.coordinate import Coordinate
from textual.screen import ModalScreen
from textual.widgets import DataTable, Footer, Input, Sparkline, Static

from contract.facts import RequestSnapshot
from records.store import RecordStore
from starter.errors import NotReached
from starter.watching import drawing
from starter.watching.choosing import Order, chosen
from starter.watching.looking import Look, look

Opening = Callable[[], AbstractAsyncContextManager[RecordStore]]
"""Opens the record store; raises NotReached, then and as long as it is open."""


def wall_clock() -> datetime:
    return datetime.now(UTC)


COLUMNS = {"left": 10, "target": 14, "agreement": 14, "request": 11, "priority": 8, "assignee": 10}
"""With their widths, which with a blank on either side of each make 79."""


class Due(DataTable[Text]):
    """What is due next."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select_cursor", "Details")]


class Watch(App[None]):
    """The view. Quits with 0; the store's being away is shown, not an error."""

    TITLE = "aftercare"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #head { height: 1; background: $primary; color: $text; padding: 0 1; }
    #away { height: 1; background: $error; color: $text; padding: 0 1; display: none; }
    #away.shown { display: block; }
    #due { height: 1fr; min-height: 6; }
    #lower { height: 8; }
    #breaches, #states { border: round $primary; padding: 0 1; width: 1fr; }
    #states { width: 34; }
    #throughput { height: 4; border: round $primary; padding: 0 1; }
    Sparkline { height: 1; }
    #filter { height: 1; border: none; display: none; }
    #filter.shown { display: block; }
    .old { opacity: 60%; }
    Details { align: center middle; }
    Details > VerticalScroll {
        width: 76; height: 20; border: round $primary; background: $surface; padding: 0 1;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f,slash", "filter", "Filter", key_display="f"),
        Binding("s", "sort", "Sort"),
        Binding("p", "pause", "Pause"),
        Binding("escape", "clear", "Clear filter", show=False),
        Binding("q", "quit", "Quit"),
    ]

    def __init__(
        self, opening: Opening, every: float = 2.0, clock: Callable[[], datetime] = wall_clock
    ) -> None:
        """``every``: seconds between two looks."""
        super().__init__()
        self._opening = opening
        self._every = every
        self._clock = clock
        self.looked = asyncio.Event()
        """Set at each look; for whoever waits for one."""
        # Held, and not asked for by name: names are looked up in the screen on top, which may be another.
        self._head = Static(id="head")
        self._away = Static(id="away")
        self._due = Due(id="due", cursor_type="row", zebra_stripes=True)
        self._lower = Horizontal(id="lower")
        self._breached = Static(id="breached")
        self._states = Static(id="states")
        self._throughput = Vertical(id="throughput")
        self._spark = Sparkline([0] * 60)
        self._rate = Static(id="rate")
        self._filter = Input(placeholder="words to filter by, such as: critical nobody", id="filter")
        self._seen: Look | None = None
        self._views: list[RequestSnapshot] = []
        self._order = Order.DUE
        self._paused_at: datetime | None = None
        self._away_since: datetime | None = None

    def compose(self) -> ComposeResult:
        yield self._head
        yield self._away
        yield self._due
        with self._lower:
            with VerticalScroll(id="breaches", can_focus=False) as breaches:
                breaches.border_title = "Breaches, UTC"
                yield self._breached
            yield self._states
        with self._throughput:
            yield self._spark
            yield self._rate
        yield self._filter
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        for name, width in COLUMNS.items():
            self._due.add_column(name, key=name, width=width)
        self._states.border_title = "Open requests"
        self._throughput.border_title = "Events per minute, last hour"
        self._due.focus()
        self._tell()
        self.set_interval(1, self._tick)
        self._keep_looking()

    # Looking

    @work(exclusive=True)
    async def _keep_looking(self) -> None:
        while True:
            try:
                async with self._opening() as store:
                    while True:
                        if self._paused_at is None:
                            self._show(await look(store, self._clock()))
                        await asyncio.sleep(self._every)
            except NotReached as problem:
                self._is_away(str(problem))
                await asyncio.sleep(self._every)

    def _is_away(self, why: str) -> None:
        self._away_since = self._away_since or self._clock()
        told = f"{why} · since {self._away_since:%H:%M:%S}, trying again"
        self._away.update(Text(told, no_wrap=True, overflow="ellipsis"))
        self._mark_old(True)

    def _show(self, seen: Look) -> None:
        self._seen, self._away_since = seen, None
        self._mark_old(False)
        per_minute = seen.events_per_minute()
        self._breached.update(drawing.breaches(seen.breaches, seen.at))
        self._states.update(drawing.states(seen.open_by_state))
        self._rate.update(drawing.throughput(per_minute, seen.breaches_in_last_hour()))
        self._spark.data = per_minute
        self._list()
        self.looked.set()

    def _mark_old(self, old: bool) -> None:
        """Say that the store is away, and dim what was seen before."""
        self._away.set_class(old, "shown")
        for part in (self._due, self._lower, self._throughput):
            part.set_class(old, "old")

    # Drawing

    def _now(self) -> datetime:
        return self._paused_at or self._clock()

    def _list(self) -> None:
        """The table anew; the cursor stays with its request."""
        due = self._due
        kept = self._chosen()
        words = self._filter.value
        self._views = chosen(self._seen.upcoming if self._seen else [], words, self._order)
        due.clear()
        for view in self._views:
            due.add_row(*drawing.row(view, self._now()), key=_key(view))
        places = [_key(view) for view in self._views]
        if kept is not None and _key(kept) in places:
            due.cursor_coordinate = Coordinate(places.index(_key(kept)), 0)
        self._tell()

    def _tick(self) -> None:
        if self._paused_at is not None:
            return
        due = self._due
        for view in self._views:
            due.update_cell(_key(view), "left", drawing.left(view, self._now()))
        self._tell()

    def _tell(self) -> None:
        words = self._filter.value
        parts = [f"aftercare · {self._now():%a %Y-%m-%d %H:%M:%S} UTC"]
        if self._seen is None:
            parts.append("looking …")
        else:
            total = len(self._seen.upcoming)
            shown = f"{len(self._views)} of {total}" if words else str(total)
            parts.append(f"{shown} running, by {self._order}")
        if words:
            parts.append(f"filter: {words}")
        if self._paused_at is not None:
            parts.append("PAUSED")
        self._head.update(Text(" · ".join(parts), no_wrap=True))

    def _chosen(self) -> RequestSnapshot | None:
        place = self._due.cursor_row
        return self._views[place] if 0 <= place < len(self._views) else None

    # Keys

    def action_filter(self) -> None:
        self._filter.add_class("shown")
        self._filter.focus()

    def action_clear(self) -> None:
        self._filter.value = ""
        self._filter.remove_class("shown")
        self._due.focus()
        self._list()

    def on_input_changed(self) -> None:
        self._list()

    def on_input_submitted(self) -> None:
        if not self._filter.value:
            self._filter.remove_class("shown")
        self._due.focus()

    def action_sort(self) -> None:
        self._order = self._order.next
        self._list()

    def action_pause(self) -> None:
        self._paused_at = None if self._paused_at else self._clock()
        self._tell()

    @work(exclusive=True, group="details")
    async def on_data_table_row_selected(self) -> None:
        view = self._chosen()
        if view is None:
            return
        try:
            async with self._opening() as store:
                record = await store.request(view.agreement_id, view.request_id)
        except NotReached as problem:
            self._is_away(str(problem))
            return
        if record is not None:
            shown = Group(*drawing.details(record, self._clock()))
            await self.push_screen(Details(f"{view.agreement_id} / {view.request_id}", shown))


class Details(ModalScreen[None]):
    """One request, over the view; any of its keys leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", "Back", key_display="esc"),
    ]

    def __init__(self, title: str, shown: Group) -> None:
        super().__init__()
        self._title = title
        self._shown = shown

    def compose(self) -> ComposeResult:
        with VerticalScroll() as box:
            box.border_title = self._title
            box.border_subtitle = "esc: back"
            yield Static(self._shown)


def _key(view: RequestSnapshot) -> str:
    return f"{view.agreement_id}/{view.request_id}"

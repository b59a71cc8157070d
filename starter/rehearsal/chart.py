"""Lateness and penalties over time, as SVG or PNG (``--chart``).

Above, the penalties accrued, clause upon clause, with the cap where the scale allows; below, the requests by
when they were submitted and how late their resolution was. Each has the stretch of time in which it has
something to show: the last ticket of a log is often closed months after the others. Terms of the contract
stand in English and, where the machine has a font for it, beside it in Chinese.
"""

from __future__ import annotations

import logging
from bisect import bisect_right
from contextlib import suppress
from datetime import datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.font_manager import findSystemFonts, fontManager

from contract.penalties import annual_cap
from starter.rehearsal.report import RESOLUTION, RESPONSE
from starter.rehearsal.running import Lived, LivedRequest

# On its first run it looks for fonts for some seconds, and says so where the command's own words go.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)

FORMATS = {".svg": FigureCanvasSVG, ".png": FigureCanvasAgg}
CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "PingFang SC",
    "Microsoft YaHei",
    "Hiragino Sans GB",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "SimHei",
)
CHINESE = {
    "penalties accrued": "违约金累计",
    "late response": "响应逾期",
    "late resolution": "解决逾期",
    "cap of the contract year": "合同年度上限",
    "requests submitted": "服务请求",
    "on time": "按时",
    "1 day late": "逾期 1 天",
    "2–3 days late": "逾期 2–3 天",
    "4–7 days late": "逾期 4–7 天",
    "more than 7 days late": "逾期 7 天以上",
}
BANDS: tuple[tuple[str, int, str], ...] = (
    ("on time", 0, "#9ecae1"),
    ("1 day late", 1, "#fee391"),
    ("2–3 days late", 3, "#fe9929"),
    ("4–7 days late", 7, "#d95f0e"),
    ("more than 7 days late", 10**9, "#7f2704"),
)
"""Name, most days, colour."""
COLOURS = {RESPONSE: "#fdae6b", RESOLUTION: "#c0392b"}
BESIDE: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "frameon": False}
"""Where a legend hides nothing."""
HOUR = timedelta(hours=1)
STEPS = (HOUR, 3 * HOUR, 6 * HOUR, 24 * HOUR, 7 * 24 * HOUR, 28 * 24 * HOUR)
MOST_BARS = 60
NAMES = {RESPONSE: "late response", RESOLUTION: "late resolution"}


def _chinese_font() -> str | None:
    known = {font.name for font in fontManager.ttflist}
    return next((name for name in CHINESE_FONTS if name in known), None)


def _look_for_new_fonts() -> bool:
    """Whether fonts came since matplotlib made its list, which it keeps for good once it is made."""
    known = {font.fname for font in fontManager.ttflist}
    new = [path for path in findSystemFonts() if path not in known]
    for path in new:
        with suppress(OSError, RuntimeError):  # a file that is no font after all
            fontManager.addfont(path)
    return bool(new)


class Terms:
    """The contract's terms in the languages that this machine can draw."""

    def __init__(self) -> None:
        self._font = _chinese_font()
        if self._font is None and _look_for_new_fonts():
            self._font = _chinese_font()

    @property
    def fonts(self) -> list[str]:
        return ["DejaVu Sans", *([self._font] if self._font else [])]

    def __call__(self, term: str) -> str:
        chinese = CHINESE.get(term)
        return f"{term} {chinese}" if self._font and chinese else term


def draw(lived: Lived, path: Path) -> None:
    """Write the chart; the name's suffix, .svg or .png, says as what."""
    term = Terms()
    with mpl.rc_context({"font.family": term.fonts, "svg.hashsalt": "aftercare"}):
        figure = Figure(figsize=(11, 7.5), layout="constrained")
        figure.suptitle(f"{lived.terms.agreement_id}: rehearsal of {len(lived.requests)} requests")
        above, below = figure.subplots(2, 1)
        _penalties(above, lived, term)
        _lateness(below, lived, term)
        for axes in (above, below):
            axes.spines[["top", "right"]].set_visible(False)
            axes.grid(visible=True, axis="y", alpha=0.3)
            axes.set_axisbelow(True)
            _dates(axes.xaxis, ZoneInfo(lived.terms.time_zone))
        canvas = FORMATS[path.suffix.lower()](figure)
        # Nothing of the day it was drawn: the same rehearsal is the same file.
        canvas.print_figure(path, metadata={"Date": None} if path.suffix.lower() == ".svg" else None)


def _penalties(axes: Any, lived: Lived, term: Terms) -> None:
    """Stacked steps: what had accrued under each clause at every instant."""
    accruals = sorted(
        (entry.effective_at, entry.clause, float(entry.amount.amount))
        for request in lived.requests
        for entry in request.accruals
    )
    first, last = lived.log.first, max((at for at, _, _ in accruals), default=lived.until)
    end = min(lived.until, last + (last - first) / 20)
    instants = [first, *(at for at, _, _ in accruals), end]
    layers = []
    for clause in (RESPONSE, RESOLUTION):
        total, layer = 0.0, [0.0]
        for _, of_clause, amount in accruals:
            total += amount if of_clause == clause else 0.0
            layer.append(total)
        layers.append([*layer, total])
    labels = [f"{clause} {term(NAMES[clause])}" for clause in COLOURS]
    axes.stackplot(instants, *layers, step="post", colors=list(COLOURS.values()), labels=labels)
    cap, total = annual_cap(lived.terms), layers[0][-1] + layers[1][-1]
    if cap is not None and 0 < float(cap.amount) < 3 * total:
        label = f"C8.1 {term('cap of the contract year')}"
        axes.axhline(float(cap.amount), color="black", linestyle="--", linewidth=1, label=label)
    axes.set_ylabel(f"{term('penalties accrued')}, {lived.currency}")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_ylim(bottom=0)
    axes.margins(x=0)
    axes.legend(**BESIDE)


def _lateness(axes: Any, lived: Lived, term: Terms) -> None:
    """Bars of days, weeks or months: how many requests were submitted then, by how late they were solved."""
    edges = _edges(lived)
    counts = [[0] * (len(edges) - 1) for _ in BANDS]
    for request in lived.requests:
        place = bisect_right(edges, request.on_record.submitted_at) - 1
        counts[_band(request)][place] += 1
    widths = [(after - before) * 0.9 for before, after in pairwise(edges)]
    bottom = [0] * (len(edges) - 1)
    for (name, _, colour), heights in zip(BANDS, counts, strict=True):
        axes.bar(edges[:-1], heights, widths, bottom, align="edge", color=colour, label=term(name))
        bottom = [low + height for low, height in zip(bottom, heights, strict=True)]
    axes.set_ylabel(term("requests submitted"))
    axes.set_xlim(edges[0], edges[-1])
    axes.legend(**BESIDE, title=f"{RESOLUTION} {term('late resolution')}", alignment="left")


def _dates(axis: Any, zone: ZoneInfo) -> None:
    locator: Any = AutoDateLocator(tz=zone)  # type: ignore[no-untyped-call]
    axis.set_major_locator(locator)
    axis.set_major_formatter(ConciseDateFormatter(locator, tz=zone))  # type: ignore[no-untyped-call]


def _band(request: LivedRequest) -> int:
    days = request.on_record.delay_days
    return next(place for place, (_, most, _) in enumerate(BANDS) if days <= most)


def _edges(lived: Lived) -> list[datetime]:
    """What parts the submissions into hours, days or weeks of the contract's zone: as fine as can be read."""
    zone = ZoneInfo(lived.terms.time_zone)
    submitted = [request.on_record.submitted_at for request in lived.requests] or [lived.log.first]
    first, last = min(submitted), max(submitted)
    step = next((step for step in STEPS if (last - first) / step < MOST_BARS), 13 * STEPS[4])
    edges = [datetime.combine(first.astimezone(zone).date(), time(), zone)]
    while edges[-1] <= last:
        edges.append(edges[-1] + step)  # by the clock on the wall
        if edges[-1] <= first:
            del edges[0]
    return edges

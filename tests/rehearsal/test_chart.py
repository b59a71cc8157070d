"""The chart: written as SVG and PNG, in the contract's terms, the same each time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.font_manager import fontManager

from starter.rehearsal import chart
from starter.rehearsal.running import Lived
from tests.rehearsal.logs import BUSINESS_HOURS, live, sheet, tickets

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def lived() -> Lived:
    terms = sheet(BUSINESS_HOURS)
    return live(terms, tickets(terms))


def test_it_is_labelled_in_the_contracts_terms(lived: Lived, tmp_path: Path):
    chart.draw(lived, tmp_path / "chart.svg")
    text = (tmp_path / "chart.svg").read_text(encoding="utf-8")
    for label in (
        "ACME-2026-001: rehearsal of 25 requests",
        "penalties accrued",
        "CNY",
        "C8.1.1 late response",
        "C8.1.2 late resolution",
        "requests submitted",
        "4–7 days late",
    ):
        assert label in text, label


def test_it_is_the_same_each_time(lived: Lived, tmp_path: Path):
    chart.draw(lived, tmp_path / "one.svg")
    chart.draw(lived, tmp_path / "two.svg")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_it_can_be_a_png(lived: Lived, tmp_path: Path):
    chart.draw(lived, tmp_path / "chart.PNG")
    assert (tmp_path / "chart.PNG").read_bytes().startswith(b"\x89PNG")


def test_a_log_without_penalties_can_be_drawn(lived: Lived, tmp_path: Path):
    on_time = tuple(request for request in lived.requests if not request.entries)
    chart.draw(replace(lived, requests=on_time, years=()), tmp_path / "chart.svg")
    assert "requests submitted" in (tmp_path / "chart.svg").read_text(encoding="utf-8")


def test_terms_are_drawn_in_english_alone_where_there_is_no_chinese_font(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(chart, "CHINESE_FONTS", ("no such font",))
    term = chart.Terms()
    assert (term("late response"), term.fonts) == ("late response", ["DejaVu Sans"])


def test_terms_stand_in_chinese_too_where_there_is_a_font_for_it(lived: Lived, tmp_path: Path):
    if chart.Terms().fonts == ["DejaVu Sans"]:
        pytest.skip("no font with Chinese characters on this machine (Debian: fonts-noto-cjk)")
    # A glyph that cannot be drawn is a warning, and warnings are errors here.
    chart.draw(lived, tmp_path / "chart.svg")
    assert "违约金累计" in (tmp_path / "chart.svg").read_text(encoding="utf-8")


def test_a_font_that_was_installed_after_the_list_of_fonts_was_made_is_found(monkeypatch: pytest.MonkeyPatch):
    found = chart.Terms().fonts
    if found == ["DejaVu Sans"]:
        pytest.skip("no font with Chinese characters on this machine (Debian: fonts-noto-cjk)")
    before = [font for font in fontManager.ttflist if font.name.startswith("DejaVu")]
    monkeypatch.setattr(fontManager, "ttflist", before)
    assert chart.Terms().fonts == found

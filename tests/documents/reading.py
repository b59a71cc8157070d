"""Reading what was printed: the text of a PDF, and the figures in it."""

from __future__ import annotations

import io
import re

import pypdf

from contract.money import Money


def pages_of(pdf: bytes) -> list[str]:
    """The text of each page, as somebody who copies it gets it."""
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


def text_of(pdf: bytes) -> str:
    """The whole text on one line, each run of blanks one space."""
    return " ".join(" ".join(pages_of(pdf)).split())


def without_blanks(text: str) -> str:
    """Where a line was broken says nothing."""
    return re.sub(r"\s+", "", text)


def figure(amount: Money) -> str:
    """An amount as documents print it, put together here by itself."""
    whole, point, rest = str(abs(amount.amount)).partition(".")
    groups: list[str] = []
    while len(whole) > 3:
        whole, group = whole[:-3], whole[-3:]
        groups.insert(0, group)
    return ("\u2212" if amount.minor < 0 else "") + ",".join([whole, *groups]) + point + rest

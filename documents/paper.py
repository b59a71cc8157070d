"""Business papers: what statements, bills, invoices and credit notes are made of.

A paper has a sender, a title and parts. It says what stands where; how it looks is the layout's
(``layouts/paper.typ``), and what it says is made by the module of each document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from contract.parties import Party
from documents.writing import Writing


@dataclass(frozen=True, slots=True)
class Side:
    """One party, as it stands on a paper."""

    role: str
    name: str
    lines: Sequence[str]

    @classmethod
    def of(cls, party: Party, role: str, writing: Writing) -> Side:
        """With address, tax number and contact."""
        lines = [party.address]
        if party.tax_id is not None:
            lines.append(f"{writing.tax_number}{writing.colon}{party.tax_id}")
        lines.append(f"{party.contact.name}  {party.contact.phone}  {party.contact.email}")
        return cls(role, party.name, lines)


@dataclass(frozen=True, slots=True)
class Sides:
    sides: Sequence[Side]
    kind: str = "sides"


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values, in pairs."""

    pairs: Sequence[tuple[str, str]]
    columns: int = 2
    kind: str = "facts"


@dataclass(frozen=True, slots=True)
class Words:
    """A heading, a paragraph, something in fine print or a notice: ``kind`` says which."""

    text: str
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Sum:
    label: str
    figure: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Sums:
    """What it comes to, and that in words."""

    rows: Sequence[Sum]
    words: str | None = None
    kind: str = "sums"


@dataclass(frozen=True, slots=True)
class Column:
    """``width``: a share of what is left over, or ``auto`` for what the content needs."""

    head: str
    right: bool = False
    width: float | str = "auto"


@dataclass(frozen=True, slots=True)
class Noted:
    """A cell with something in fine print below."""

    main: str
    notes: Sequence[str] = ()


Cell = str | Noted


@dataclass(frozen=True, slots=True)
class Total:
    """The last figures of a table, under its last columns."""

    label: str
    figures: Sequence[str]
    strong: bool = True


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table. Its head stands on every page, and its totals never stand alone."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    totals: Sequence[Total] = ()
    kind: str = "sheet"


Part = Sides | Facts | Words | Sums | Sheet


@dataclass(frozen=True, slots=True)
class Paper:
    """A whole paper, ready for the press."""

    title: str
    sender: Side
    marks: Sequence[str]
    """What stands below the title: its number, its day."""
    footer: str
    subject: str
    parts: Sequence[Part] = field(default_factory=list)

    def content(self, writing: Writing) -> dict[str, Any]:
        """For the press."""
        return asdict(self) | {"author": self.sender.name, "page-of": writing.page_of}


def heading(text: str) -> Words:
    return Words(text, "heading")


def fine(text: str) -> Words:
    return Words(text, "fine")


def notice(text: str) -> Words:
    return Words(text, "notice")

"""Templates made into subject, text and HTML: one template says it once, three layouts set it out.

What a person wrote is data here: escaped in HTML, kept to its one line where one line is meant, and never
part of a template. A name a template does not find is an error, not a gap.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from activities.chinese import Chinese
from activities.english import English
from activities.wording import Wording
from contract.facts import EventKind
from contract.parties import Language

TEMPLATES: Final = Path(__file__).parent / "templates"
WORDINGS: Final[dict[Language, Wording]] = {Language.CHINESE: Chinese(), Language.ENGLISH: English()}
LONGEST_TITLE: Final = 60
"""Of a request's title, in a subject; the whole stands in the mail."""

_JOINERS: Final = "\u200c\u200d"
"""Invisible, but they make words and emoji; other invisible characters are dropped."""
_GAP: Final = re.compile(r"\n[ \t]*\n")


def one_line(written: str) -> str:
    """What a person wrote, on one line: no control or direction characters, no line breaks."""
    return " ".join("".join(map(_shown, written)).split())


def several_lines(written: str) -> str:
    """What a person wrote at length: its lines kept, control and direction characters not."""
    lines = re.sub(r"\r\n?|[\u2028\u2029\x85\x0b\x0c]", "\n", written).split("\n")
    return "\n".join("".join(c if c == "\t" else _shown(c) for c in line).rstrip() for line in lines).strip()


def _shown(character: str) -> str:
    match unicodedata.category(character):
        case "Cc" | "Zl" | "Zp":
            return " "
        case "Cf" | "Cs" if character not in _JOINERS:
            return ""
        case _:
            return character


def template_of(kind: EventKind, language: Language) -> str:
    """The name of the template that tells an event in a language."""
    return f"{language}/{kind}.j2"


def written(template: str, language: Language, facts: dict[str, Any]) -> tuple[str, str, str]:
    """Subject, text and HTML of one mail; raises jinja2's UndefinedError for a fact that is not there."""
    plain, rich = _environment(language, False), _environment(language, True)
    subject = plain.get_template(template).render(facts, layout="layout/subject.txt")
    text = plain.get_template(template).render(facts, layout="layout/letter.txt")
    html = rich.get_template(template).render(facts, layout="layout/letter.html")
    return subject.strip(), text.strip() + "\n", html.strip() + "\n"


@cache
def _environment(language: Language, rich: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=rich, auto_reload=False
    )
    marks = _RichMarks(WORDINGS[language]) if rich else _PlainMarks(WORDINGS[language])
    environment.filters |= {
        "joined": marks.joined,
        "line": one_line,
        "capital": _capital,
        "paragraphs": marks.paragraphs,
        "rows": marks.rows,
        "item": marks.item,
    }
    environment.globals |= {
        "language": language.value,
        "fact": marks.fact,
        "quote": marks.quote,
        "listing": marks.listing,
        "section": marks.section,
        "stacked": _stacked,
        "short": _short,
    }
    return environment


def _capital(value: str) -> str:
    return value[:1].upper() + value[1:]


def _short(title: str) -> str:
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1].rstrip()}…"


def _stacked(*sections: str) -> str:
    """Sections with an empty line between, those that say nothing left out."""
    return "\n\n".join(section for section in sections if section.strip())


class _PlainMarks:
    """How paragraphs, facts and quotations look in plain text."""

    def __init__(self, wording: Wording) -> None:
        self._wording = wording

    def joined(self, value: str) -> str:
        """One paragraph on one line, whatever lines its template has."""
        return self._wording.joint.join(line.strip() for line in value.splitlines() if line.strip())

    def paragraphs(self, value: str) -> str:
        return _stacked(*(self.joined(part) for part in _GAP.split(value)))

    def rows(self, value: str) -> str:
        return "\n".join(line.rstrip() for line in value.splitlines() if line.strip())

    def item(self, value: str) -> str:
        return f"- {self.joined(value)}"

    def fact(self, label: str, value: str) -> str:
        return f"{label}{self._wording.colon}{one_line(value)}"

    def quote(self, label: str, written: str) -> str:
        return f"{label}{self._wording.colon.rstrip()}\n" + "\n".join(
            f"    {line}".rstrip() for line in written.split("\n")
        )

    def listing(self, label: str, items: Iterable[str]) -> str:
        return "\n".join([f"{label}{self._wording.colon.rstrip()}", *(f"    - {item}" for item in items)])

    def section(self, heading: str, body: str) -> str:
        return f"{heading}{self._wording.colon.rstrip()}\n{body}" if body.strip() else ""


class _RichMarks:
    """The same in HTML. Values are escaped here or have been by the template."""

    NAME: Final = "padding:4px 12px 4px 0;color:#52606d;vertical-align:top;white-space:nowrap"
    VALUE: Final = "padding:4px 0;vertical-align:top;overflow-wrap:anywhere"
    LABEL: Final = "margin:16px 0 4px;color:#52606d;font-size:13px"
    BOX: Final = "margin:0 0 16px;padding:12px 16px;background:#f4f5f7;border-left:3px solid #cbd2d9"
    AS_WRITTEN: Final = f"{BOX};white-space:pre-wrap;overflow-wrap:anywhere"
    HEADING: Final = "margin:16px 0 4px;font-size:15px"

    def __init__(self, wording: Wording) -> None:
        self._wording = wording

    def joined(self, value: str) -> Markup:
        lines = (line.strip() for line in escape(value).splitlines())
        return Markup(self._wording.joint).join(line for line in lines if line)

    def paragraphs(self, value: str) -> Markup:
        parts = (self.joined(Markup(part)) for part in _GAP.split(escape(value)))
        return Markup("\n").join(Markup('<p style="margin:0 0 12px">{}</p>').format(p) for p in parts if p)

    def rows(self, value: str) -> Markup:
        return Markup("\n").join(line for line in escape(value).splitlines() if line.strip())

    def item(self, value: str) -> Markup:
        return Markup('<li style="margin:0 0 4px">{}</li>').format(self.joined(value))

    def fact(self, label: str, value: str) -> Markup:
        row = Markup('<tr><td style="{}">{}</td><td style="{}">{}</td></tr>')
        return row.format(self.NAME, label, self.VALUE, one_line(value))

    def quote(self, label: str, written: str) -> Markup:
        return self._label(label) + Markup('<blockquote style="{}">{}</blockquote>').format(
            self.AS_WRITTEN, written
        )

    def listing(self, label: str, items: Iterable[str]) -> Markup:
        points = Markup("").join(Markup("<li>{}</li>").format(item) for item in items)
        return self._label(label) + Markup('<ul style="{};padding-left:32px">{}</ul>').format(
            self.BOX, points
        )

    def section(self, heading: str, body: str) -> Markup:
        if not body.strip():
            return Markup("")
        title = Markup('<h2 style="{}">{}</h2>').format(self.HEADING, heading)
        return title + Markup('<ul style="margin:0;padding-left:20px">{}</ul>').format(body)

    def _label(self, label: str) -> Markup:
        return Markup('<p style="{}">{}</p>').format(self.LABEL, label)

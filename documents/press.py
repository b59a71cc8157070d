"""The press: a layout and its content become a PDF.

Content goes in as data, never as source: what a person wrote cannot become markup. The typesetter draws
nothing, and says nothing, for a glyph it has not: so every character is looked for in the fonts before
anything is set, and a warning of its is an error.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final

from contract.parties import Language
from documents import fonts
from documents.errors import NoGlyph, PressFault

STANDARD: Final = "a-3a"
"""Of the PDFs: to be kept for decades and read aloud, and able to carry data (ISO 19005-3)."""

_BREAKS: Final = re.compile(r"\r\n?|[\u2028\u2029\x85\x0b\x0c]")


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file that goes into a document byte for byte: what the document was made from."""

    name: str
    content: bytes
    kind: str
    """Its media type."""
    about: str
    """What it is, for who opens it."""


def pdf(
    layout: str,
    content: Mapping[str, Any],
    *,
    language: Language,
    at: datetime,
    enclosed: Sequence[Enclosed] = (),
) -> bytes:
    """A document as PDF/A-3. ``layout`` names a file of ``layouts/``.

    ``at`` is the instant of its facts, its date. Raises :class:`NoGlyph` for a character that cannot be
    printed, :class:`NoFont` for a font that is not there. The same content, instant and files give the same
    bytes.
    """
    files = [{"name": one.name, "kind": one.kind, "about": one.about} for one in enclosed]
    told = dict(content) | {"dated": True, "enclosed": files}
    options = {"pdf_standards": [STANDARD], "timestamp": at.astimezone(UTC)}
    return _pressed(layout, told, language, "pdf", enclosed, options)[0]


def pages(layout: str, content: Mapping[str, Any], *, language: Language, ppi: float = 96) -> list[bytes]:
    """The same document page by page, as pictures (PNG)."""
    told = dict(content) | {"dated": False, "enclosed": []}
    return _pressed(layout, told, language, "png", (), {"ppi": ppi})


def readable(value: Any) -> Any:
    """Content as it can be set: what a reader cannot see is left out of texts, their lines are kept."""
    match value:
        case str():
            return "".join(_shown(c) for c in unicodedata.normalize("NFC", _BREAKS.sub("\n", value)))
        case Mapping():
            return {key: readable(inner) for key, inner in value.items()}
        case list() | tuple():
            return [readable(inner) for inner in value]
        case _:
            return value


def _shown(character: str) -> str:
    if character == "\n":
        return character
    match unicodedata.category(character):
        case "Cc" | "Zs":
            return "\u00a0" if character in "\u00a0\u202f" else " "
        case "Cf" | "Cs":
            return ""
        case _:
            return character


def _pressed(
    layout: str,
    content: Mapping[str, Any],
    language: Language,
    form: Any,
    enclosed: Sequence[Enclosed],
    options: Mapping[str, Any],
) -> list[bytes]:
    import typst

    data = readable(content)
    unprintable = [
        f"{fonts.called(character)} in {path}"
        for path, text in _texts(data)
        for character in fonts.missing(text)
    ]
    if unprintable:
        raise NoGlyph(f"no font here has {'; '.join(unprintable)}")
    tongue, region = ("zh", "cn") if language is Language.CHINESE else ("en", "gb")
    whole = {"language": tongue, "region": region, "fonts": [fonts.LATIN, fonts.HAN]} | data
    source: dict[str, bytes] = {
        **_layouts(),
        "main.typ": f'#import "{layout}.typ": document\n#document(json("data.json"))\n'.encode(),
        **{one.name: one.content for one in enclosed},
        "data.json": json.dumps(whole, ensure_ascii=False, sort_keys=True).encode(),
    }
    try:
        made, warnings = typst.compile_with_warnings(
            source, format=form, font_paths=fonts.listing(), ignore_system_fonts=True, **options
        )
    except typst.TypstError as error:
        raise PressFault(f"{layout}: {error.diagnostic or error}") from error
    if warnings:
        raise PressFault(f"{layout}: {'; '.join(warning.diagnostic for warning in warnings)}")
    return made if isinstance(made, list) else [made]


@cache
def _layouts() -> dict[str, bytes]:
    """The layouts of this package, by file name."""
    folder = files("documents") / "layouts"
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name.endswith(".typ")}


def _texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text of the content, with where it stands."""
    match value:
        case str():
            yield path, value
        case Mapping():
            for key, inner in value.items():
                yield from _texts(inner, f"{path}.{key}" if path else key)
        case list():
            for number, inner in enumerate(value):
                yield from _texts(inner, f"{path}[{number}]")

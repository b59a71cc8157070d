"""The fonts documents are set in, and the characters they have.

They come as packages, pinned by hash like everything else, and no other font is ever looked for: a document
made again years later, or on another machine, has the same letters and the same bytes.

The bold Chinese font is the Japanese one of its family. It has every glyph of the Chinese one, which the
language of the text chooses.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from documents.errors import NoFont

if TYPE_CHECKING:
    import typst


class FontFile(NamedTuple):
    """One file of a family: the package that brings it, and what is where in it."""

    family: str
    package: str
    module: str
    path: str
    number: int
    """Which font of a collection; -1 where the file is one font."""
    weight: int


LATIN: Final = "Noto Sans"
HAN: Final = "Noto Sans CJK JP"

FILES: Final = (
    FontFile(LATIN, "fontpkg-noto-sans", "fontpkg_noto_sans", "files/NotoSans[wdth,wght].ttf", -1, 400),
    FontFile(HAN, "noto-cjk-sans-otc", "noto_cjk_sans_otc", "NotoSansCJK-Regular.ttc", 0, 400),
    FontFile(HAN, "noto-cjk-sans-jp-bold", "noto_cjk_sans_jp_bold", "NotoSansCJKjp-Bold.otf", -1, 700),
)


def place(file: FontFile) -> Path:
    """Where a font lies; raises :class:`NoFont` when it is not installed."""
    try:
        found = Path(str(files(file.module))) / file.path
    except ModuleNotFoundError:
        found = None
    if found is None or not found.is_file():
        raise NoFont(f"the font {file.family} is not installed; its package is {file.package}")
    return found


@cache
def listing() -> typst.Fonts:
    """All our fonts, and no others, for the press; raises :class:`NoFont` for one that is missing."""
    import typst

    folders = sorted({place(file).parent for file in FILES})
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(f) for f in folders]
    )
    there = {(font.family, font.weight) for font in fonts.fonts()}
    for file in FILES:
        if (file.family, file.weight) not in there:
            raise NoFont(f"{file.package} has no {file.family} of weight {file.weight}")
    return fonts


@cache
def _covered() -> frozenset[int]:
    """Code points that can be set, in either weight: what one family has in all its files, or the other."""
    from fontTools.ttLib import TTFont

    families: dict[str, set[int]] = {}
    for file in FILES:
        with TTFont(place(file), lazy=True, fontNumber=file.number) as font:
            points = set(font.getBestCmap())
        families[file.family] = families.get(file.family, points) & points
    return frozenset().union(*families.values())


def missing(text: str) -> list[str]:
    """The characters of a text that no font here has, each once, in order."""
    covered = _covered()
    return [c for c in dict.fromkeys(text) if ord(c) not in covered and c != "\n"]


def called(character: str) -> str:
    """A character as an error names it: itself, its code point and its name."""
    name = unicodedata.name(character, "no name")
    return (
        f"{character!a} (U+{ord(character):04X}, {name})"
        if not character.isprintable()
        else (f"“{character}” (U+{ord(character):04X}, {name})")
    )

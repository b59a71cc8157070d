"""The languages documents are written in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from contract.parties import Language
from documents.chinese import Chinese
from documents.english import English
from documents.writing import Writing

_WRITINGS: Final[Mapping[Language, Writing]] = {Language.CHINESE: Chinese(), Language.ENGLISH: English()}


def writing_of(language: Language) -> Writing:
    return _WRITINGS[language]

"""What a language has to bring to write the agreement (C1–C10)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from contract.agreement_file import TermDates
from contract.terms import Target, TermSheet
from documents.deed import Article
from documents.writing import Unit, Writing


class AgreementWording(ABC):
    """The agreement's text in one language."""

    writing: Writing
    title: ClassVar[str]
    agreement: ClassVar[str]
    version: ClassVar[str]
    digest: ClassVar[str]
    opening: ClassVar[str]
    schedule: ClassVar[str]
    schedule_text: ClassVar[str]
    service: ClassVar[str]
    priority: ClassVar[str]
    targets: ClassVar[Mapping[Target, str]]
    closing: ClassVar[str]
    consolidated: ClassVar[str]
    """The label of a text that nobody signed as it stands."""
    in_force: ClassVar[str]
    not_signed: ClassVar[str]

    @abstractmethod
    def articles(self, terms: TermSheet, digest: str, dates: TermDates | None) -> list[Article]:
        """Every clause in the contract's order; ``dates`` once the agreement is in force."""


def length_of(terms: TermSheet, writing: Writing) -> str:
    """The term as the sheet gives it: in years or in months."""
    if terms.term.years is not None:
        return writing.counted(terms.term.years, Unit.YEAR)
    return writing.counted(terms.term.total_months, Unit.MONTH)

"""What of an agreement there is on paper, as PDF: what its record calls for, and its statements (C10.2).

The originals as they were signed and what changed them since, in the language of each party; each statement
in the customer's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from contract.facts import TermsDocument
from contract.reading import read_terms
from contract.statements import Statement
from contract.terms import TermSheet
from documents import on_record, statements
from documents.errors import CannotPrint
from records.results import RecordedEvent

PRINTABLE: Final = 1000
"""More lines than these make hundreds of pages, and the typesetter wants memory for all of them at once."""

Printed = Iterator[tuple[str, bytes]]
"""Names and contents."""


def papers(
    terms: Sequence[TermsDocument], own: Sequence[RecordedEvent], stated: Sequence[Statement]
) -> Iterator[Callable[[], Printed]]:
    """What there is to print, each by itself; printing raises CannotPrint."""
    if terms and own:
        yield from on_record.each([row.event for row in own], terms, on_record.languages_of(terms[0]))
    for one in stated:
        yield partial(_statement, one, _in_force(terms, one))


def _statement(stated: Statement, sheet: TermSheet) -> Printed:
    lines = len(stated.lines) + len(stated.penalties)
    if lines > PRINTABLE:
        raise CannotPrint(f"the statement of {stated.as_of} has {lines} lines, which are in statements/")
    language = sheet.customer.language
    yield f"statement-{stated.as_of}-{language}.pdf", statements.pdf(stated, sheet, language=language)


def _in_force(terms: Sequence[TermsDocument], stated: Statement) -> TermSheet:
    """The terms at the end of a statement's day."""
    sheet = read_terms(terms[0].canonical)
    for document in terms[1:]:
        later, at = read_terms(document.canonical), document.effective_at
        if at is not None and at.astimezone(ZoneInfo(later.time_zone)).date() <= stated.as_of:
            sheet = later
    return sheet

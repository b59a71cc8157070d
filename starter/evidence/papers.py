"""What of an agreement the parties have on paper: its originals, and its statements, as PDF (C10.2, C7.1).

The first version of the terms is printed as it was signed, in the language of each party. What changed it
later stands in the events, with the digest of what was agreed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from contract.agreement_file import Signature, TermDates
from contract.facts import EventKind, TermsDocument
from contract.parties import Role
from contract.reading import read_terms
from contract.statements import Statement
from contract.terms import TermSheet
from documents import agreements, statements
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
        yield partial(_agreement, terms[0].canonical, own)
    for one in stated:
        yield partial(_statement, one, _in_force(terms, one))


def _agreement(canonical: str, own: Sequence[RecordedEvent]) -> Printed:
    sheet, signatures = read_terms(canonical), _signatures(own)
    last = max([own[0].event.at, *(signature.at for signature in signatures.values())])
    dates = TermDates.of(sheet, last) if len(signatures) == len(Role) else None
    for language in sorted({sheet.party(role).language for role in Role}):
        made = agreements.originals(
            canonical.encode(), language=language, at=last, signatures=signatures, dates=dates
        )
        for role, data in made.items():
            yield f"agreement.{role}.{language}.pdf", data


def _statement(stated: Statement, sheet: TermSheet) -> Printed:
    lines = len(stated.lines) + len(stated.penalties)
    if lines > PRINTABLE:
        raise CannotPrint(f"the statement of {stated.as_of} has {lines} lines, which are in statements/")
    language = sheet.customer.language
    yield f"statement-{stated.as_of}.{language}.pdf", statements.pdf(stated, sheet, language=language)


def _signatures(own: Sequence[RecordedEvent]) -> dict[Role, Signature]:
    found = {}
    for row in own:
        event = row.event
        if event.kind is EventKind.SIGNED and event.party is not None and event.person is not None:
            told = {name: event.payload.get(name) for name in ("title", "seal_digest")}
            found[event.party] = Signature.model_validate(told | {"person": event.person, "at": event.at})
    return found


def _in_force(terms: Sequence[TermsDocument], stated: Statement) -> TermSheet:
    """The terms at the end of a statement's day."""
    sheet = read_terms(terms[0].canonical)
    for document in terms[1:]:
        later, at = read_terms(document.canonical), document.effective_at
        if at is not None and at.astimezone(ZoneInfo(later.time_zone)).date() <= stated.as_of:
            sheet = later
    return sheet

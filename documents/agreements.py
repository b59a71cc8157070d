"""The agreement as the parties sign it: two originals, identical but for the label (C10.2).

The text is made from the term sheet alone, so it and the running contract cannot differ; the bytes whose
digest is signed are inside the PDF.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from contract.agreement_file import TermDates
from contract.parties import Language, Role
from contract.reading import read_terms
from contract.terms import Priority, Target, TermSheet, digest_of
from documents import taken_over
from documents.agreement_chinese import ChineseAgreement
from documents.agreement_english import EnglishAgreement
from documents.agreement_wording import AgreementWording
from documents.deed import Deed, Schedule, Signatures, blocks, originals_of
from documents.paper import Cell, Column, Sheet
from documents.press import Enclosed
from documents.writing import Unit, Writing

WORDINGS: Final[Mapping[Language, AgreementWording]] = {
    Language.CHINESE: ChineseAgreement(),
    Language.ENGLISH: EnglishAgreement(),
}


def originals(
    canonical: bytes,
    *,
    language: Language,
    at: datetime,
    version: int = 1,
    signatures: Signatures | None = None,
    dates: TermDates | None = None,
) -> dict[Role, bytes]:
    """Both originals as PDF, by who keeps them, from the bytes whose digest is signed.

    ``at``: when they were last changed, by a signature or by being drawn up. Raises
    :class:`documents.errors.CannotPrint`.
    """
    made = deed(canonical, language=language, version=version, signatures=signatures, dates=dates)
    say = WORDINGS[language]
    return originals_of(made, say.writing, at, [_terms_of(canonical, say)])


def consolidated(canonical: bytes, *, language: Language, version: int, effective_at: datetime) -> bytes:
    """The agreement as a later version of its terms has it, for reading: nobody signed it as it stands."""
    say = WORDINGS[language]
    made = deed(canonical, language=language, version=version)
    zone = read_terms(canonical.decode()).time_zone
    made = replace(
        made,
        label=say.consolidated,
        marks=[*made.marks, f"{say.in_force} {say.writing.instant(effective_at, zone)}"],
        closing=[say.not_signed.format(version=version)],
        signatures=[],
    )
    return made.pdf(say.writing, effective_at, [_terms_of(canonical, say)])


def _terms_of(canonical: bytes, say: AgreementWording) -> Enclosed:
    return Enclosed("terms.json", canonical, "application/json", f"{say.digest} {digest_of(canonical)}")


def deed(
    canonical: bytes,
    *,
    language: Language,
    version: int = 1,
    signatures: Signatures | None = None,
    dates: TermDates | None = None,
) -> Deed:
    """The agreement without a label."""
    terms = read_terms(canonical.decode())
    digest = digest_of(canonical)
    say = WORDINGS[language]
    write = say.writing
    return Deed(
        title=say.title,
        label="",
        marks=[
            f"{say.agreement} {terms.agreement_id}",
            f"{say.version} {version}",
            f"{say.digest} {digest}",
        ],
        opening=[say.opening],
        articles=say.articles(terms, digest, dates),
        schedules=[
            Schedule(say.schedule, say.schedule_text, targets_of(terms, say)),
            *taken_over.schedules(terms, write),
        ],
        closing=[say.closing],
        signatures=blocks(
            {role: terms.party(role) for role in Role}, signatures or {}, terms.time_zone, write
        ),
        footer=f"{say.title} {terms.agreement_id}  {digest[:16]}",
        subject=f"{say.title} {terms.agreement_id}",
        author=terms.provider.name,
    )


def targets_of(terms: TermSheet, say: AgreementWording) -> Sheet:
    """The hours that the rules use, for every service and priority."""
    write = say.writing
    rows: list[list[Cell]] = []
    for service in terms.services:
        for priority in Priority:
            hours = [_hours(terms.targets.hours(target, service, priority), write) for target in Target]
            rows.append([write.services[service], write.priorities[priority], *hours])
    columns = [Column(say.service, width=1), Column(say.priority)]
    return Sheet([*columns, *(Column(say.targets[target], width=1) for target in Target)], rows)


def _hours(hours: Decimal | None, write: Writing) -> str:
    return write.nothing if hours is None else write.counted(hours, Unit.HOUR)

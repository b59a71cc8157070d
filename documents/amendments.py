"""A supplement (补充协议) on paper: every clause it changes as it reads from then on (C10.1, C10.4).

The clauses are those in which the texts of the two term sheets differ: nothing is said that they do not say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from contract.parties import Language, Role
from contract.reading import read_terms
from contract.terms import digest_of
from documents.agreements import WORDINGS, targets_of
from documents.deed import Article, Clause, Deed, Schedule, Signatures, blocks, originals_of
from documents.press import Enclosed


@dataclass(frozen=True, slots=True)
class Amended:
    """An amendment that both have signed, from the facts of its proposal and of the consent."""

    number: int
    base: int
    """The version that it changes."""
    version: int
    before: bytes
    """The canonical terms of that version."""
    after: bytes
    """Those that both signed."""
    effective_at: datetime
    text: str
    """What the proposer wrote of it."""
    signatures: Signatures


def originals(amended: Amended, *, language: Language) -> dict[Role, bytes]:
    """Both originals as PDF, by who keeps them; raises :class:`documents.errors.CannotPrint`."""
    at = max(one.at for one in amended.signatures.values())
    say = WORDINGS[language]
    terms = Enclosed(
        "terms.json", amended.after, "application/json", f"{say.digest} {digest_of(amended.after)}"
    )
    return originals_of(deed(amended, language=language), say.writing, at, [terms])


def deed(amended: Amended, *, language: Language) -> Deed:
    """The supplement without a label."""
    whole, say = WORDINGS[language], LABELS[language]
    write = whole.writing
    before, after = read_terms(amended.before.decode()), read_terms(amended.after.decode())
    old, new = digest_of(amended.before), digest_of(amended.after)
    changed = list(_changed(whole.articles(before, old, None), whole.articles(after, new, None)))
    filled = {
        "number": amended.number,
        "agreement": after.agreement_id,
        "base": amended.base,
        "version": amended.version,
        "old": old,
        "new": new,
        "at": write.instant(amended.effective_at, after.time_zone),
    }
    title = say.title.format(**filled)
    schedules = []
    if before.targets != after.targets or before.services != after.services:
        schedules = [Schedule(whole.schedule, whole.schedule_text, targets_of(after, whole))]
    return Deed(
        title=title,
        label="",
        marks=[
            f"{whole.agreement} {after.agreement_id}",
            f"{whole.version} {amended.base} → {amended.version}",
            f"{whole.digest} {new}",
        ],
        opening=[say.opening.format(**filled)],
        articles=[
            Article(say.agreed, [Clause("1", say.effect.format(**filled)), Clause("2", amended.text)]),
            Article(say.changes, changed),
        ],
        schedules=schedules,
        closing=[say.closing],
        signatures=blocks(
            {role: after.party(role) for role in Role}, amended.signatures, after.time_zone, write
        ),
        footer=f"{title} {after.agreement_id}  {new[:16]}",
        subject=f"{title} {after.agreement_id}",
        author=after.provider.name,
    )


def _changed(before: list[Article], after: list[Article]) -> Iterator[Clause]:
    """The clauses that read differently, as they read from now on."""
    read = {clause.number: clause.text for article in before for clause in article.clauses}
    for article in after:
        for clause in article.clauses:
            if read[clause.number] != clause.text:
                yield clause


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    title: str
    opening: str
    agreed: str
    effect: str
    changes: str
    closing: str


LABELS: Final[Mapping[Language, Labels]] = {
    Language.ENGLISH: Labels(
        title="Supplement no. {number}",
        opening="The parties to agreement {agreement} change it by mutual written consent (clauses 10.1 and "
        "10.4). This supplement is part of that agreement.",
        agreed="What is agreed",
        effect="This supplement takes effect on {at}. From then on version {version} of the terms is in "
        "force, in the place of version {base} (SHA-256 {old}).",
        changes="The clauses below read from then on as follows; the others stay as they are",
        closing="The parties sign this supplement; a signature binds the digest of the terms that result.",
    ),
    Language.CHINESE: Labels(
        title="补充协议（第 {number} 号）",
        opening="协议 {agreement} 的双方依第 10.1 款、第 10.4 款，经书面一致同意，变更该协议。本补充协议为"
        "该协议的组成部分。",
        agreed="约定事项",
        effect="本补充协议自 {at} 起生效。自该时起，第 {version} 版条款取代第 {base} 版条款"
        "（SHA-256 {old}）。",
        changes="下列条款自该时起变更如下，其余条款不变",
        closing="双方签署本补充协议；签字即对变更后条款表摘要的确认。",
    ),
}

"""The agreement to end early (提前终止协议) on paper (C4.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from contract.parties import Language, Role
from contract.reading import read_terms
from documents.agreements import WORDINGS
from documents.deed import Article, Clause, Deed, Signatures, blocks, originals_of
from documents.writing import Unit


@dataclass(frozen=True, slots=True)
class Terminated:
    """An early end that both have agreed to."""

    last_day: date
    terms: bytes
    """The canonical terms in force."""
    version: int
    reason: str | None
    """What the proposer wrote."""
    signatures: Signatures


def originals(terminated: Terminated, *, language: Language) -> dict[Role, bytes]:
    """Both originals as PDF, by who keeps them; raises :class:`documents.errors.CannotPrint`."""
    at = max(one.at for one in terminated.signatures.values())
    return originals_of(deed(terminated, language=language), WORDINGS[language].writing, at, [])


def deed(terminated: Terminated, *, language: Language) -> Deed:
    """The agreement to end early, without a label."""
    whole, say = WORDINGS[language], LABELS[language]
    write, terms = whole.writing, read_terms(terminated.terms.decode())
    filled = {
        "agreement": terms.agreement_id,
        "day": write.day(terminated.last_day),
        "zone": terms.time_zone,
        "closing": write.counted(terms.closing_days, Unit.DAY),
    }
    clauses = [Clause(str(place), text.format(**filled)) for place, text in enumerate(say.clauses, 1)]
    if terminated.reason:
        clauses.append(Clause(str(len(clauses) + 1), f"{say.reason}{write.colon}{terminated.reason}"))
    return Deed(
        title=say.title,
        label="",
        marks=[f"{whole.agreement} {terms.agreement_id}", f"{whole.version} {terminated.version}"],
        opening=[say.opening.format(**filled)],
        articles=[Article(say.agreed, clauses)],
        schedules=[],
        closing=[say.signing],
        signatures=blocks(
            {role: terms.party(role) for role in Role}, terminated.signatures, terms.time_zone, write
        ),
        footer=f"{say.title} {terms.agreement_id}",
        subject=f"{say.title} {terms.agreement_id}",
        author=terms.provider.name,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    title: str
    opening: str
    agreed: str
    clauses: tuple[str, ...]
    reason: str
    signing: str


LABELS: Final[Mapping[Language, Labels]] = {
    Language.ENGLISH: Labels(
        title="Agreement on early termination",
        opening="The parties to agreement {agreement} end it early by mutual written consent (clause 4.2).",
        agreed="What is agreed",
        clauses=(
            "The agreement ends at 24:00 on {day} (time zone {zone}), as it would at the end of its term.",
            "After that no new request is taken, and those submitted before are finished.",
            "The fee that was billed for days after {day} is credited; that day counts as served. What "
            "either party owes the other by then stays owed, late fees included.",
            "The final statement is made when no request is open, at the latest {closing} after that day.",
        ),
        reason="The proposer's reason",
        signing="The parties sign this agreement on early termination.",
    ),
    Language.CHINESE: Labels(
        title="提前终止协议",
        opening="协议 {agreement} 的双方依第 4.2 款，经书面一致同意，提前终止该协议。",
        agreed="约定事项",
        clauses=(
            "该协议于 {day} 24:00（{zone} 时区）终止，效力与期满相同。",
            "此后不再受理新的请求；此前提交的请求继续处理完毕。",
            "已出账单中 {day}之后各日的费用予以退减，当日视为已提供服务。届时双方互负的款项（含滞纳金）仍应"
            "清偿。",
            "全部请求关闭时出具结算单，至迟不晚于该日后 {closing}。",
        ),
        reason="提议方说明的原因",
        signing="双方签署本提前终止协议。",
    ),
}

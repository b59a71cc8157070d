"""The referral of a dispute (争议提交仲裁) to the arbitration commission that the terms name (C9.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from contract.disputes import Dispute, Item, Matter
from contract.parties import Language
from contract.penalties import PenaltyKind
from contract.terms import TermSheet
from documents import press
from documents.paper import Facts, Paper, Part, Side, Sides, Words, fine, heading
from documents.writing import Writing
from documents.writings import writing_of

LAYOUT: Final = "paper"

Clock = Callable[[datetime], str]
"""How an instant is written."""


def pdf(dispute: Dispute, terms: TermSheet, *, reason: str | None, person: str, language: Language) -> bytes:
    """As PDF, dated when it was referred. ``dispute`` as it was then, ``terms`` in force then.

    ``person`` referred it, with a ``reason`` or none. Raises :class:`documents.errors.CannotPrint`.
    """
    assert dispute.referred_at is not None
    made = content(dispute, terms, reason=reason, person=person, language=language)
    return press.pdf(LAYOUT, made, language=language, at=dispute.referred_at)


def content(
    dispute: Dispute, terms: TermSheet, *, reason: str | None, person: str, language: Language
) -> dict[str, Any]:
    """What the press is given."""
    write, say = writing_of(language), LABELS[language]
    assert dispute.referred_by is not None
    claimant = terms.party(dispute.referred_by)
    made = Paper(
        title=say.title,
        sender=Side("", claimant.name, [claimant.address]),
        marks=[f"{say.agreement} {terms.agreement_id}", f"{say.dispute} {dispute.number}"],
        footer=f"{say.title} {terms.agreement_id} {dispute.number}",
        subject=f"{say.title} {terms.agreement_id} {dispute.number}",
        parts=list(_parts(dispute, terms, reason, person, write, say)),
    )
    return made.content(write)


def _parts(
    dispute: Dispute, terms: TermSheet, reason: str | None, person: str, write: Writing, say: Labels
) -> Iterator[Part]:
    assert dispute.referred_at is not None
    assert dispute.referred_by is not None

    def at(instant: datetime) -> str:
        return write.instant(instant, terms.time_zone)

    referring = dispute.referred_by
    sides = ((referring, say.claimant), (referring.other, say.respondent))
    yield Sides(
        [Side.of(terms.party(role), f"{name}{write.colon}{write.roles[role]}", write) for role, name in sides]
    )
    yield Words(
        say.news.format(
            commission=dispute.commission, at=at(dispute.referred_at), person=person, number=dispute.number
        )
    )
    yield heading(say.over)
    amount = say.whole if dispute.amount is None else write.amount(dispute.amount)
    pairs = [(say.item, item_of(dispute.item, write, say))]
    if dispute.item.matter is not Matter.OTHER:
        pairs.append((say.amount, amount))
    yield Facts(pairs, columns=1)
    yield Words(dispute.about)
    yield heading(say.so_far)
    yield Facts(list(_history(dispute, at, write, say)), columns=1)
    if reason:
        yield heading(say.reason)
        yield Words(reason)
    yield heading(say.clause)
    yield Words(say.quoted.format(commission=dispute.commission))
    yield fine(say.evidence)


def _history(dispute: Dispute, at: Clock, write: Writing, say: Labels) -> Iterator[tuple[str, str]]:
    """What was offered to settle it is left out: it was offered to the other party, not to a tribunal."""
    yield say.opened, write.comma.join([at(dispute.opened_at), write.roles[dispute.by], dispute.person])
    yield say.window, at(dispute.window_ends)
    if dispute.failed_by:
        yield say.failed, write.listed([write.roles[role] for role in dispute.failed_by])
    if dispute.referred_at is not None:
        yield say.referred, at(dispute.referred_at)


def item_of(item: Item, write: Writing, say: Labels) -> str:
    """What a dispute is over, in words."""
    match item.matter:
        case Matter.BILL:
            return say.matters[item.matter].format(bill=item.bill)
        case Matter.PAYMENT:
            assert item.means is not None
            return say.matters[item.matter].format(means=write.means[item.means], reference=item.reference)
        case Matter.PENALTY:
            assert item.penalty is not None
            return say.matters[item.matter].format(
                penalty=say.penalties[item.penalty], request=item.request_id
            )
        case _:
            return say.matters[item.matter].format(request=item.request_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Every word of a referral; what stands in braces is filled in."""

    title: str
    agreement: str
    dispute: str
    claimant: str
    respondent: str
    news: str
    over: str
    item: str
    amount: str
    whole: str
    matters: Mapping[Matter, str]
    penalties: Mapping[PenaltyKind, str]
    so_far: str
    opened: str
    window: str
    failed: str
    referred: str
    reason: str
    clause: str
    quoted: str
    evidence: str


LABELS: Final[Mapping[Language, Labels]] = {
    Language.ENGLISH: Labels(
        title="Referral to arbitration",
        agreement="Agreement",
        dispute="Dispute",
        claimant="Claimant",
        respondent="Respondent",
        news="To the {commission}: on {at} the claimant, by {person}, referred dispute {number} under this "
        "agreement to the commission for arbitration.",
        over="What it is over",
        item="Item",
        amount="Amount in dispute",
        whole="the whole item",
        matters={
            Matter.REQUEST: "all penalties of request {request}",
            Matter.PENALTY: "the {penalty} of request {request}",
            Matter.BILL: "bill {bill}",
            Matter.PAYMENT: "the payment by {means}, reference {reference}",
            Matter.OTHER: "something else, as described below",
        },
        penalties={
            PenaltyKind.LATE_RESPONSE: "penalty for the late response (C8.1.1)",
            PenaltyKind.LATE_RESOLUTION: "penalties for the late solution (C8.1.2)",
        },
        so_far="What has happened so far",
        opened="Opened",
        window="Negotiation until",
        failed="Declared that it failed",
        referred="Referred",
        reason="The claimant's reason",
        clause="The arbitration agreement",
        quoted="Clause 9.2: when negotiation fails, either party may submit the dispute to the {commission} "
        "for arbitration under its rules in force. Clause 9.3: the award is final and binds both parties.",
        evidence="All that is on record of the agreement can be enclosed as an evidence pack that proves "
        "itself: signed terms and versions, every event in its chain, notices, the ledger and statements.",
    ),
    Language.CHINESE: Labels(
        title="争议提交仲裁书",
        agreement="协议编号",
        dispute="争议编号",
        claimant="提交方",
        respondent="被提交方",
        news="致{commission}：提交方（经办人：{person}）于 {at} 将本协议项下的争议 {number} 提交贵会仲裁。",
        over="争议事项",
        item="标的",
        amount="争议金额",
        whole="该标的全部",
        matters={
            Matter.REQUEST: "请求 {request} 的全部违约金",
            Matter.PENALTY: "请求 {request} 的{penalty}",
            Matter.BILL: "账单 {bill}",
            Matter.PAYMENT: "付款（{means}，凭证号 {reference}）",
            Matter.OTHER: "其他事项，详见下文",
        },
        penalties={
            PenaltyKind.LATE_RESPONSE: "迟延响应违约金（C8.1.1）",
            PenaltyKind.LATE_RESOLUTION: "迟延解决违约金（C8.1.2）",
        },
        so_far="经过",
        opened="提出",
        window="协商期至",
        failed="声明协商不成",
        referred="提交仲裁",
        reason="提交方说明的理由",
        clause="仲裁条款",
        quoted="第 9.2 款：协商不成的，任何一方可以将争议提交{commission}，按照其现行仲裁规则仲裁。"
        "第 9.3 款：仲裁裁决是终局的，对双方均有约束力。",
        evidence="本协议的全部记录可作为自我验证的证据包一并提交：经签署的条款及其各版本、各项事件及其哈希"
        "链、通知、账目与对账单。",
    ),
}

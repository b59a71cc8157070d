"""The notice of a fee change (费用调整通知) on paper (C7.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from contract.money import Money
from contract.parties import Language, Role
from contract.terms import IfUnanswered, TermSheet
from documents import press
from documents.paper import Facts, Paper, Part, Side, Sides, Sum, Sums, Words, heading
from documents.writing import Writing
from documents.writings import writing_of

LAYOUT: Final = "paper"


@dataclass(frozen=True, slots=True)
class FeeNotice:
    """The provider's notice, from the facts of its event."""

    number: int
    noticed_at: datetime
    current: Money
    amount: Money
    effective_on: date
    first_period: date | None
    """The first day of the first period billed at it; None when none begins in the term."""
    closes_at: datetime
    if_unanswered: IfUnanswered
    reason: str | None
    person: str


def pdf(notice: FeeNotice, terms: TermSheet, *, language: Language) -> bytes:
    """As PDF, dated when notice was given; raises :class:`documents.errors.CannotPrint`."""
    return press.pdf(
        LAYOUT, content(notice, terms, language=language), language=language, at=notice.noticed_at
    )


def content(notice: FeeNotice, terms: TermSheet, *, language: Language) -> dict[str, Any]:
    """What the press is given."""
    write, say = writing_of(language), LABELS[language]
    title = say.title
    day = write.instant(notice.noticed_at, terms.time_zone)
    made = Paper(
        title=title,
        sender=Side("", terms.provider.name, [terms.provider.address]),
        marks=[f"{say.agreement} {terms.agreement_id}", f"{say.number} {notice.number}"],
        footer=f"{title} {terms.agreement_id} {say.number} {notice.number}",
        subject=f"{title} {terms.agreement_id}, {day}",
        parts=list(_parts(notice, terms, write, say)),
    )
    return made.content(write)


def _parts(notice: FeeNotice, terms: TermSheet, write: Writing, say: Labels) -> Iterator[Part]:
    yield Sides([Side.of(terms.party(role), write.roles[role], write) for role in Role])
    yield Words(
        say.news.format(
            at=write.instant(notice.noticed_at, terms.time_zone),
            person=notice.person,
            current=write.amount(notice.current),
            amount=write.amount(notice.amount),
            day=write.day(notice.effective_on),
        )
    )
    yield Sums(
        [
            Sum(say.current, write.money(notice.current)),
            Sum(say.amount, write.money(notice.amount), strong=True),
        ],
        words=f"{say.in_words}{write.colon}{write.amount_in_words(notice.amount)}",
    )
    first = say.no_period if notice.first_period is None else notice.first_period.isoformat()
    yield Facts([(say.effective_on, notice.effective_on.isoformat()), (say.first_period, first)])
    if notice.reason:
        yield heading(say.reason)
        yield Words(notice.reason)
    yield heading(say.answer)
    yield Words(say.until.format(at=write.instant(notice.closes_at, terms.time_zone)))
    yield Words(say.silence[notice.if_unanswered])


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    title: str
    agreement: str
    number: str
    news: str
    current: str
    amount: str
    in_words: str
    effective_on: str
    first_period: str
    no_period: str
    reason: str
    answer: str
    until: str
    silence: Mapping[IfUnanswered, str]


LABELS: Final[Mapping[Language, Labels]] = {
    Language.ENGLISH: Labels(
        title="Notice of a fee change",
        agreement="Agreement",
        number="No.",
        news="On {at} the provider, by {person}, gave notice under clause 7.2.1 that the fee of a full "
        "period changes from {current} to {amount} with effect from {day}.",
        current="Fee so far",
        amount="New fee",
        in_words="New fee in words",
        effective_on="Takes effect on",
        first_period="First billed for the period from",
        no_period="none within the term",
        reason="The provider's reason",
        answer="What the customer may do (clause 7.2.2)",
        until="Until {at} the customer may accept this change, or object to it, with or without a "
        "counter-offer.",
        silence={
            IfUnanswered.TAKES_EFFECT: "If the customer does not answer at all until then, the change takes "
            "effect on its date.",
            IfUnanswered.LAPSES: "If the customer does not answer at all until then, the change lapses.",
        },
    ),
    Language.CHINESE: Labels(
        title="费用调整通知",
        agreement="协议编号",
        number="编号",
        news="甲方（经办人：{person}）于 {at} 依第 7.2.1 款通知：完整账期的服务费由{current}调整为{amount}，"
        "自 {day}起生效。",
        current="现行服务费",
        amount="调整后服务费",
        in_words="调整后服务费大写",
        effective_on="生效日",
        first_period="首个适用账期起始日",
        no_period="期限内无适用账期",
        reason="甲方说明的原因",
        answer="乙方的权利（第 7.2.2 款）",
        until="在 {at} 之前，乙方可以接受本次调整，或者提出异议，并可提出反要约。",
        silence={
            IfUnanswered.TAKES_EFFECT: "乙方届时未作任何答复的，本次调整于其生效日生效。",
            IfUnanswered.LAPSES: "乙方届时未作任何答复的，本次调整失效。",
        },
    ),
}

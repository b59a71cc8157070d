"""The settlement of a dispute (和解协议) that both parties have confirmed, on paper (C9.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from contract.disputes import Amount, AmountKind, Dispute
from contract.parties import Language, Role
from contract.reading import read_terms
from contract.terms import TermSheet
from documents import referrals
from documents.agreements import WORDINGS
from documents.deed import SIGNING, Article, Block, Clause, Deed, originals_of
from documents.writing import Writing


@dataclass(frozen=True, slots=True)
class Settled:
    """A dispute as it was when its settlement was confirmed."""

    dispute: Dispute
    confirmed_at: datetime
    terms: bytes
    """The canonical terms in force."""
    version: int


def originals(settled: Settled, *, language: Language) -> dict[Role, bytes]:
    """Both originals as PDF, by who keeps them; raises :class:`documents.errors.CannotPrint`."""
    made = deed(settled, language=language)
    return originals_of(made, WORDINGS[language].writing, settled.confirmed_at, [])


def deed(settled: Settled, *, language: Language) -> Deed:
    """The settlement without a label."""
    whole, say, dispute = WORDINGS[language], LABELS[language], settled.dispute
    write, terms, ending = whole.writing, read_terms(settled.terms.decode()), dispute.ending
    assert ending is not None
    said = [amount_of(amount, terms, write, say) for amount in ending.amounts]
    said += [] if ending.amounts else [say.no_amount]
    said.append(say.charged if ending.charge_held_days else say.not_charged)
    said += [ending.text] if ending.text else []
    over = referrals.item_of(dispute.item, write, referrals.LABELS[language])
    held = say.whole if dispute.amount is None else write.amount(dispute.amount)
    return Deed(
        title=say.title,
        label="",
        marks=[
            f"{whole.agreement} {terms.agreement_id}",
            f"{whole.version} {settled.version}",
            f"{say.dispute} {dispute.number}",
        ],
        opening=[say.opening.format(agreement=terms.agreement_id, number=dispute.number)],
        articles=[
            Article(say.over, [Clause("1", f"{over}{write.colon}{held}"), Clause("2", dispute.about)]),
            Article(say.agreed, [Clause(str(place), text) for place, text in enumerate(said, 3)]),
        ],
        schedules=[],
        closing=[say.final],
        signatures=[_block(role, settled, terms, write) for role in Role],
        footer=f"{say.title} {terms.agreement_id} {dispute.number}",
        subject=f"{say.title} {terms.agreement_id} {dispute.number}",
        author=terms.provider.name,
    )


def amount_of(amount: Amount, terms: TermSheet, write: Writing, say: Labels) -> str:
    """What one amount of a settlement does, in words."""
    sum_ = write.amount(terms.money(amount.amount))
    if amount.kind is not AmountKind.PENALTY:
        return say.amounts[amount.kind].format(bill=amount.bill, amount=sum_)
    words = referrals.LABELS[write.language]
    of = say.all_penalties if amount.penalty is None else words.penalties[amount.penalty]
    return say.amounts[amount.kind].format(penalty=of, request=amount.request_id, amount=sum_)


def _block(role: Role, settled: Settled, terms: TermSheet, write: Writing) -> Block:
    """Who confirmed, and when: whoever offered, by the offer."""
    dispute, words = settled.dispute, SIGNING[write.language]
    assert dispute.ending is not None
    offered = dispute.offer is not None and dispute.offer.by is role
    at = dispute.offer.at if offered and dispute.offer is not None else settled.confirmed_at
    rows = [(words.person, dispute.ending.persons[role]), (words.at, write.instant(at, terms.time_zone))]
    return Block(write.roles[role], terms.party(role).name, rows, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Every word of a settlement; what stands in braces is filled in."""

    title: str
    dispute: str
    opening: str
    over: str
    whole: str
    agreed: str
    amounts: Mapping[AmountKind, str]
    all_penalties: str
    no_amount: str
    charged: str
    not_charged: str
    final: str


LABELS: Final[Mapping[Language, Labels]] = {
    Language.ENGLISH: Labels(
        title="Settlement of a dispute",
        dispute="Dispute",
        opening="The parties to agreement {agreement} have negotiated dispute {number} in good faith "
        "(clause 9.1) and settle it as follows.",
        over="What was in dispute",
        whole="the whole item",
        agreed="What is agreed",
        amounts={
            AmountKind.PENALTY: "The {penalty} of request {request}: set to {amount}.",
            AmountKind.BILL: "Bill {bill} is credited {amount}.",
            AmountKind.LATE_FEE: "Of the late fee of bill {bill}, {amount} falls away.",
            AmountKind.CREDIT: "The customer is credited {amount}.",
        },
        all_penalties="penalties",
        no_amount="No amount changes.",
        charged="Late fees are charged for the days on which the amount was in dispute as well.",
        not_charged="No late fee is charged for the days on which the amount was in dispute.",
        final="Both parties have confirmed this settlement. The dispute is decided for good.",
    ),
    Language.CHINESE: Labels(
        title="争议和解协议",
        dispute="争议编号",
        opening="协议 {agreement} 的双方依第 9.1 款就争议 {number} 友好协商，达成和解如下。",
        over="争议事项",
        whole="该标的全部",
        agreed="和解内容",
        amounts={
            AmountKind.PENALTY: "请求 {request} 的{penalty}确定为{amount}。",
            AmountKind.BILL: "账单 {bill} 减免{amount}。",
            AmountKind.LATE_FEE: "账单 {bill} 的滞纳金减免{amount}。",
            AmountKind.CREDIT: "给予乙方减免{amount}。",
        },
        all_penalties="全部违约金",
        no_amount="各项金额不变。",
        charged="争议期间各日的滞纳金照常计收。",
        not_charged="争议期间各日不计滞纳金。",
        final="双方均已确认本和解，该争议就此终局了结。",
    ),
}

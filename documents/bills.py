"""The bill (账单) on paper: what is asked for, by when, and what follows when it is late (C7.1.1, C8.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from contract.billing import Bill
from contract.parties import Language, Role
from contract.terms import TermSheet
from documents import press
from documents.paper import (
    Cell,
    Column,
    Facts,
    Noted,
    Paper,
    Part,
    Sheet,
    Side,
    Sides,
    Sum,
    Sums,
    Total,
    fine,
)
from documents.writing import Unit, Writing
from documents.writings import writing_of

LAYOUT: Final = "paper"


def pdf(bill: Bill, terms: TermSheet, *, language: Language) -> bytes:
    """As PDF, dated when it was issued; ``terms`` of the bill's version.

    Raises :class:`documents.errors.CannotPrint`.
    """
    return press.pdf(LAYOUT, content(bill, terms, language=language), language=language, at=bill.issued_at)


def content(bill: Bill, terms: TermSheet, *, language: Language) -> dict[str, Any]:
    """What the press is given."""
    write, say = writing_of(language), LABELS[language]
    made = Paper(
        title=say.title,
        sender=Side("", terms.provider.name, [terms.provider.address]),
        marks=[f"{say.number} {bill.number}", f"{say.issued_on} {write.day(bill.issued_on)}"],
        footer=f"{say.title} {terms.agreement_id} {bill.number}",
        subject=f"{say.title} {terms.agreement_id} {bill.number}",
        parts=list(_parts(bill, terms, write, say)),
    )
    return made.content(write)


def _parts(bill: Bill, terms: TermSheet, write: Writing, say: Labels) -> Iterator[Part]:
    yield Sides([Side.of(terms.party(role), write.roles[role], write) for role in Role])
    yield Facts(
        [
            (say.agreement, terms.agreement_id),
            (say.version, str(bill.terms_version)),
            (say.due, bill.due_on.isoformat()),
            (say.reference, f"{terms.agreement_id} {bill.number}"),
        ]
    )
    period = say.period.format(first=bill.first.isoformat(), last=bill.last.isoformat())
    rows: list[list[Cell]] = [
        [Noted(say.fee, [period, write.formula(bill.formula)]), write.figure(bill.amount)]
    ]
    if bill.set_off.minor:
        note = say.set_off_note if bill.set_off.minor > 0 else say.given_back
        rows.append([Noted(say.set_off, [note]), write.figure(-bill.set_off)])
    yield Sheet(
        [Column(say.what, width=1), Column(say.amount.format(currency=bill.amount.currency), right=True)],
        rows,
        [Total(say.asked_for, [write.figure(bill.principal)])],
    )
    yield Sums(
        [Sum(say.to_pay.format(day=write.day(bill.due_on)), write.money(bill.principal), strong=True)],
        words=f"{say.in_words}{write.colon}{write.amount_in_words(bill.principal)}",
    )
    means = write.listed([write.means[one] for one in terms.fees.means])
    late = bill.late
    said = [
        say.how.format(means=means),
        say.credit,
        say.late.format(
            percent=write.percent(late.percent_per_day), grace=write.counted(late.grace_days, Unit.DAY)
        ),
    ]
    if late.suspend_after_days is not None:
        said.append(say.suspended.format(days=write.counted(late.suspend_after_days, Unit.DAY)))
    yield fine("\n".join(said))


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Every word of a bill; what stands in braces is filled in."""

    title: str
    number: str
    issued_on: str
    agreement: str
    version: str
    due: str
    reference: str
    what: str
    amount: str
    fee: str
    period: str
    set_off: str
    set_off_note: str
    given_back: str
    asked_for: str
    to_pay: str
    in_words: str
    how: str
    credit: str
    late: str
    suspended: str


LABELS: Final[Mapping[Language, Labels]] = {
    Language.ENGLISH: Labels(
        title="Bill",
        number="No.",
        issued_on="issued on",
        agreement="Agreement",
        version="Terms version",
        due="Due on",
        reference="Please quote",
        what="For",
        amount="Amount with tax, {currency}",
        fee="Service fee (C7.1.1)",
        period="For service from {first} to {last}",
        set_off="Penalties set off (C8.1)",
        set_off_note="owed by the provider when the bill was issued",
        given_back="set off or paid out before and reversed since",
        asked_for="Asked for",
        to_pay="To be paid by the end of {day}",
        in_words="In words",
        how="Means of payment: {means} (C7.1.2). A cheque is a payment on the day it clears.",
        credit="Credit that was left is used for this bill first; the statement says what remains to be "
        "paid.",
        late="What is paid late bears a late fee of {percent} per day; what is paid within {grace} of the "
        "due date bears none (C8.2.1).",
        suspended="When a bill has been overdue for {days}, service may be suspended (C8.2).",
    ),
    Language.CHINESE: Labels(
        title="账单",
        number="编号",
        issued_on="出具日期",
        agreement="协议编号",
        version="条款版本",
        due="付款期限",
        reference="付款时请注明",
        what="项目",
        amount="金额（含税，{currency}）",
        fee="服务费（C7.1.1）",
        period="服务期间 {first} 至 {last}",
        set_off="违约金抵扣（C8.1）",
        set_off_note="出具账单时甲方应付的违约金",
        given_back="此前已抵扣或支付、其后冲回的违约金",
        asked_for="应付",
        to_pay="请于 {day}终了前付清",
        in_words="大写",
        how="付款方式：{means}（C7.1.2）。支票于兑付之日视为付款。",
        credit="原有贷方余额先用于本账单；尚应付清的金额以对账单为准。",
        late="逾期金额每日按 {percent}计收滞纳金；付款期限届满后 {grace}内付清的金额不计滞纳金（C8.2.1）。",
        suspended="账单逾期满 {days}的，服务可能暂停（C8.2）。",
    ),
}

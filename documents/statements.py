"""The statement (对账单) and the final statement (结算单) on paper: every line explained (C7.1, C8).

The figures are those of :class:`contract.statements.Statement`; nothing is added up here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from contract.balance import Part
from contract.disputes import Item
from contract.facts import EntryKind
from contract.money_file import CreditKind
from contract.parties import Language, Role
from contract.statements import LineKind, PenaltyLine, Statement, StatementLine
from contract.terms import TermSheet
from documents import press
from documents.paper import (
    Cell,
    Column,
    Noted,
    Paper,
    Sheet,
    Side,
    Sides,
    Sum,
    Sums,
    Total,
    Words,
    fine,
    heading,
    notice,
)
from documents.paper import Part as PaperPart
from documents.statement_words import LABELS, Labels
from documents.writing import Writing
from documents.writings import writing_of

LAYOUT = "paper"


def pdf(found: Statement, terms: TermSheet, *, language: Language) -> bytes:
    """The statement of a day as PDF; raises :class:`documents.errors.CannotPrint`."""
    return press.pdf(
        LAYOUT, content(found, terms, language=language), language=language, at=_end(found, terms)
    )


def content(found: Statement, terms: TermSheet, *, language: Language) -> dict[str, Any]:
    """What the press is given."""
    writing = writing_of(language)
    return paper(found, terms, writing, LABELS[language]).content(writing)


def paper(found: Statement, terms: TermSheet, writing: Writing, say: Labels) -> Paper:
    title = say.final if _is_final(found) else say.title
    sender = Side.of(terms.provider, writing.roles[Role.PROVIDER], writing)
    receiver = Side.of(terms.customer, writing.roles[Role.CUSTOMER], writing)
    day = writing.day(found.as_of)
    return Paper(
        title=title,
        sender=Side(sender.role, sender.name, [terms.provider.address]),
        marks=[f"{say.agreement} {found.agreement_id}", f"{say.as_of} {day}"],
        footer=f"{title} {found.agreement_id} {found.as_of.isoformat()}",
        subject=f"{title} {found.agreement_id}, {day}",
        parts=list(_parts(found, terms, writing, say, [sender, receiver])),
    )


def _parts(
    found: Statement, terms: TermSheet, writing: Writing, say: Labels, sides: list[Side]
) -> Iterator[PaperPart]:
    yield Sides(sides)
    if found.suspended:
        yield notice(say.suspended.format(amount=writing.money(found.to_pay_now)))
    yield Sums(
        [
            Sum(say.owed, writing.money(found.owed)),
            Sum(say.penalties_owed, writing.money(found.penalties_owed)),
            Sum(_direction(found, say), writing.money(found.net), strong=True),
            Sum(say.to_pay_now, writing.money(found.to_pay_now)),
        ],
        words=f"{say.net_in_words}{writing.colon}{writing.amount_in_words(found.net)}",
    )
    if found.final is not None:
        yield Words(
            (say.of_final if _is_final(found) else say.since_final).format(
                number=found.final.number,
                day=writing.day(found.final.on),
                requests=writing.comma.join(found.final.still_open) or say.no_requests,
            )
        )
    yield heading(say.account)
    if found.lines:
        yield _account(found, writing, say)
    else:
        yield fine(say.nothing)
    if found.bills:
        yield heading(say.bills)
        yield _bills(found, writing, say)
    if found.penalties:
        yield heading(say.penalties)
        yield _penalties(found, terms, writing, say)
    if found.held:
        yield heading(say.held)
        yield _held(found, writing, say)
        yield fine(say.held_note)
    if found.pending:
        yield heading(say.pending)
        yield Sheet(
            [Column(say.day), Column(say.reference, width=1), Column(say.amount, right=True)],
            [[p.value_date.isoformat(), p.reference, writing.figure(p.amount)] for p in found.pending],
        )
        yield fine(say.pending_note)
    yield fine(f"{say.frame.format(currency=found.currency, zone=terms.time_zone)} {say.closing}")


def _is_final(found: Statement) -> bool:
    """Of the very day of the final statement; one of a later day says how things have gone on since."""
    return found.final is not None and found.final.on == found.as_of


def _account(found: Statement, writing: Writing, say: Labels) -> Sheet:
    columns = [
        Column(say.day),
        Column(say.what, width=1),
        Column(say.clause),
        Column(say.amount, right=True),
        Column(say.balance, right=True),
    ]
    rows: list[list[Cell]] = [
        [
            line.on.isoformat(),
            Noted(_named(line, say), list(_line_notes(line, found, writing, say))),
            _clause(line, say),
            writing.figure(line.amount),
            writing.figure(line.balance),
        ]
        for line in found.lines
    ]
    return Sheet(columns, rows, [Total(say.owed, [writing.figure(found.owed)])])


def _named(line: StatementLine, say: Labels) -> str:
    told = line.explanation
    match line.kind:
        case LineKind.PAYMENT | LineKind.PAYMENT_TAKEN_BACK | LineKind.PAYOUT:
            return f"{say.kinds[line.kind]} {told['reference']}"
        case LineKind.CREDIT:
            return say.credits[CreditKind(told["credit"])]
        case _:
            return f"{say.kinds[line.kind]} {line.about}"


def _line_notes(line: StatementLine, found: Statement, writing: Writing, say: Labels) -> Iterator[str]:
    told = line.explanation
    match line.kind:
        case LineKind.BILL:
            yield say.period.format(first=told["from"], last=told["to"])
            yield f"{writing.formula(told['formula'])}{say.stop}{say.due} {told['due_on']}"
        case LineKind.SET_OFF:
            yield say.set_off_note if line.amount.minor < 0 else say.given_back
        case LineKind.LATE_FEE if "taken_over_through" in told:
            yield say.late_before.format(through=told["taken_over_through"])
        case LineKind.LATE_FEE:
            yield say.rate.format(rate=told["percent_per_day"], due=told["due_on"], through=told["through"])
            for piece in told["segments"]:
                principal = writing.thousands(piece["principal"])
                yield say.segment.format(**piece | {"principal": principal, "rate": told["percent_per_day"]})
            yield writing.formula(told["formula"])
        case LineKind.PAYMENT | LineKind.PAYMENT_TAKEN_BACK | LineKind.PAYOUT:
            yield f"{say.means}{writing.colon}{_means(told, writing)}"
            parts = [
                f"{writing.thousands(p['amount'])} {say.parts[Part(p['part'])]} {p['bill']}"
                for p in told.get("went_to", [])
            ]
            if parts:
                yield f"{say.went_to}{writing.colon}{writing.comma.join(parts)}"
            if line.kind is LineKind.PAYMENT and "taken_back_on" in told:
                yield say.taken_back.format(on=told["taken_back_on"])
        case _:
            if told.get("reason"):
                yield f"{say.reason}{writing.colon}{told['reason']}"


def _clause(line: StatementLine | PenaltyLine, say: Labels) -> Noted:
    """The clause, and the version of the terms it is a clause of."""
    return Noted(line.clause, [say.version.format(version=line.terms_version)])


def _means(told: Mapping[str, Any], writing: Writing) -> str:
    return str(next(word for means, word in writing.means.items() if means == told["means"]))


def _bills(found: Statement, writing: Writing, say: Labels) -> Sheet:
    heads = [say.asked_for, say.unpaid, say.late_fee, say.late_fee_unpaid]
    columns = [
        Column(say.bill),
        Column(say.due),
        *(Column(head, right=True, width=1) for head in heads),
        Column(say.state),
    ]
    rows = [
        [
            bill.number,
            bill.due_on.isoformat(),
            *map(writing.figure, (bill.asked_for, bill.unpaid, bill.late_fee, bill.late_fee_unpaid)),
            say.overdue if bill.overdue else say.open if bill.unpaid.minor else say.paid,
        ]
        for bill in found.bills
    ]
    return Sheet(columns, rows)


def _held(found: Statement, writing: Writing, say: Labels) -> Sheet:
    columns = [
        Column(say.dispute),
        Column(say.since),
        Column(say.what, width=1),
        Column(say.amount, right=True),
    ]
    rows: list[list[Cell]] = [
        [one.dispute, one.since.isoformat(), _disputed(one.item, say), writing.figure(one.amount)]
        for one in found.held
    ]
    return Sheet(columns, rows)


def _disputed(item: Item, say: Labels) -> str:
    if item.bill is not None:
        return say.held_bill.format(about=item.bill)
    kind = say.held_penalties if item.penalty is None else say.held_penalty[item.penalty]
    return kind.format(about=item.request_id)


def _penalties(found: Statement, terms: TermSheet, writing: Writing, say: Labels) -> Sheet:
    columns = [
        Column(say.day),
        Column(say.what, width=1),
        Column(say.clause),
        Column(say.amount, right=True),
    ]
    zone = ZoneInfo(terms.time_zone)
    rows: list[list[Cell]] = [
        [
            line.on.isoformat(),
            Noted(_penalty_named(line, say), list(_penalty_notes(line, zone, writing, say))),
            _clause(line, say),
            writing.figure(line.amount),
        ]
        for line in found.penalties
    ]
    return Sheet(columns, rows, [Total(say.penalties_owed, [writing.figure(found.penalties_owed)])])


def _penalty_named(line: PenaltyLine, say: Labels) -> str:
    name = say.penalty_kinds.get(line.kind) or str(line.kind)
    if line.kind is EntryKind.PENALTY:
        name = say.penalty_clauses.get(line.clause, name)
    about = line.request_id or line.explanation.get("bill")
    return f"{name} {about}" if about else name


def _penalty_notes(line: PenaltyLine, zone: ZoneInfo, writing: Writing, say: Labels) -> Iterator[str]:
    told = line.explanation
    if told.get("formula"):
        yield writing.formula(str(told["formula"]))
    if told.get("due"):
        yield say.clock.format(
            due=_at(told["due"], zone), budget=told["budget_hours"], start=_at(told["submitted_at"], zone)
        )
    spans = [_span(s["from"], s["to"], zone) for s in told.get("segments", []) if s["to"]]
    if spans:
        yield say.ran.format(spans=writing.comma.join(spans))
    for pause in told.get("pauses", []):
        until = _at(pause["to"], zone) if pause["to"] else say.still
        yield say.pause.format(
            kind=say.pauses.get(pause["kind"], pause["kind"]), begin=_at(pause["from"], zone), end=until
        )


def _span(begin: str, end: str, zone: ZoneInfo) -> str:
    """From when to when; the day only once where it is the same."""
    first, last = _at(begin, zone), _at(end, zone)
    return f"{first} – {last[11:] if first[:10] == last[:10] else last}"


def _at(text: str, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(text).astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _direction(found: Statement, say: Labels) -> str:
    if found.net.minor > 0:
        return say.net_to_provider
    return say.net_to_customer if found.net.minor < 0 else say.net


def _end(found: Statement, terms: TermSheet) -> datetime:
    """Midnight at the end of the day the statement is of: the instant its facts are as of."""
    following = date.fromordinal(found.as_of.toordinal() + 1)
    return datetime(following.year, following.month, following.day, tzinfo=ZoneInfo(terms.time_zone))

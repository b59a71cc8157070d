"""The schedules of an agreement that has been running: what it brings with it (C4.1, C10.2).

Both parties sign these balances and requests with the digest of the terms that they are a part of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from contract.parties import Language
from contract.taken_over import OpenRequest, TakenOver
from contract.terms import TermSheet
from documents.deed import Schedule
from documents.paper import Cell, Column, Noted, Sheet
from documents.writing import Unit, Writing


def schedules(terms: TermSheet, write: Writing) -> Iterator[Schedule]:
    """Balances, and the requests still open; none where nothing is taken over."""
    before = terms.taken_over
    if before is None:
        return
    say = LABELS[write.language]
    text = say.text.format(day=write.day(before.run_from), zone=terms.time_zone)
    if before.billed_through is not None:
        text += say.billed_through.format(day=write.day(before.billed_through))
    columns = [Column(say.what, width=1), Column(say.amount, width=1)]
    yield Schedule(say.balances, text, Sheet(columns, list(_balances(before, terms, write, say))))
    if before.requests:
        columns = [Column(say.request, width=1), Column(say.so_far, width=1.6)]
        rows: list[list[Cell]] = [
            [Noted(one.request_id, [one.title]), Noted(kind, list(_so_far(one, terms, write, say)))]
            for one in before.requests
            for kind in [f"{write.services[one.service]}{write.comma}{write.priorities[one.priority]}"]
        ]
        yield Schedule(say.requests, say.requests_text, Sheet(columns, rows))


def _balances(before: TakenOver, terms: TermSheet, write: Writing, say: Labels) -> Iterator[list[Cell]]:
    def amount(value: Decimal) -> Cell:
        money = terms.money(value)
        return Noted(write.money(money), [write.amount_in_words(money)])

    for bill in before.bills:
        about = say.bill_about.format(first=bill.first, last=bill.last, due=bill.due_on)
        yield [Noted(say.bill.format(number=bill.number), [about]), amount(bill.unpaid)]
        yield [say.late_fee.format(number=bill.number), amount(bill.late_fee)]
    yield [say.credit, amount(before.credit)]
    for year in before.penalties:
        number = write.in_words(year.contract_year)
        yield [say.accrued.format(year=year.contract_year, words=number), amount(year.accrued)]
        yield [say.unsettled.format(year=year.contract_year, words=number), amount(year.unsettled)]


def _so_far(one: OpenRequest, terms: TermSheet, write: Writing, say: Labels) -> Iterator[str]:
    def at(instant: datetime) -> str:
        return write.instant(instant, terms.time_zone)

    stamps = (one.submitted_at, one.confirmed_at, one.responded_at, one.resolved_at)
    for name, instant in zip(say.stamps, stamps, strict=True):
        if instant is not None:
            yield f"{name}{write.colon}{at(instant)}"
    if one.assignee is not None:
        yield f"{say.assignee}{write.colon}{one.assignee}"
    for pause in one.pauses:
        end = say.still if pause.end is None else at(pause.end)
        what = f"{write.colon}{write.comma.join(pause.what)}" if pause.what else ""
        yield f"{say.pauses[pause.kind]} {at(pause.begin)} – {end}{what}"
    if one.accrued.late_response:
        yield say.response_accrued
    if one.accrued.late_resolution_days:
        yield say.days_accrued.format(days=write.counted(one.accrued.late_resolution_days, Unit.DAY))


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Every word of the schedules; what stands in braces is filled in."""

    balances: str
    text: str
    billed_through: str
    what: str
    amount: str
    bill: str
    bill_about: str
    late_fee: str
    credit: str
    accrued: str
    unsettled: str
    requests: str
    requests_text: str
    request: str
    so_far: str
    stamps: tuple[str, str, str, str]
    """Submitted, confirmed, responded, resolved."""
    assignee: str
    pauses: Mapping[str, str]
    still: str
    response_accrued: str
    days_accrued: str


LABELS: Final[Mapping[Language, Labels]] = {
    Language.ENGLISH: Labels(
        balances="Schedule: balances taken over",
        text="As they stand at the beginning of {day} (time zone {zone}). Nothing is billed and nothing "
        "accrues anew for the time before.",
        billed_through=" The fee has been billed through {day}.",
        what="What",
        amount="Amount",
        bill="Bill {number}, unpaid",
        bill_about="for service from {first} to {last}, due {due}",
        late_fee="Late fee of bill {number}, unpaid",
        credit="Credit of the customer",
        accrued="Penalties accrued in contract year {year} ({words})",
        unsettled="Of it still owed by the provider, contract year {year} ({words})",
        requests="Schedule: requests still open",
        requests_text="Their clocks run on from where they stood.",
        request="Request",
        so_far="So far",
        stamps=("Submitted", "Confirmed", "Responded", "Resolved"),
        assignee="Assigned to",
        pauses={"materials": "Materials awaited", "solved": "Resolved", "suspension": "Service suspended"},
        still="still",
        response_accrued="The penalty for the late response is in the balances.",
        days_accrued="Penalties for {days} of a late solution are in the balances.",
    ),
    Language.CHINESE: Labels(
        balances="附表　期初余额",
        text="以下为 {day}开始时（{zone} 时区）的余额。此前的期间不再出具账单，亦不再计提任何款项。",
        billed_through="服务费已出账至 {day}。",
        what="项目",
        amount="金额",
        bill="账单 {number}，未付",
        bill_about="服务期间 {first} 至 {last}，付款期限 {due}",
        late_fee="账单 {number} 的滞纳金，未付",
        credit="乙方贷方余额",
        accrued="第 {year}（{words}）合同年度已计提的违约金",
        unsettled="其中甲方尚未结清，第 {year}（{words}）合同年度",
        requests="附表　未结请求",
        requests_text="各项请求的计时自其原有状态继续。",
        request="请求",
        so_far="截至此时",
        stamps=("提交", "确认", "响应", "解决"),
        assignee="指派给",
        pauses={"materials": "等待资料", "solved": "已解决", "suspension": "暂停服务"},
        still="仍在暂停",
        response_accrued="迟延响应的违约金已列入期初余额。",
        days_accrued="迟延解决 {days}的违约金已列入期初余额。",
    ),
}

"""Every event is told in its reader's language with all its facts, and what people write stays text."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from temporalio.exceptions import ApplicationError

from activities.mail import OutboxMailer
from activities.messages import Sender
from activities.notifications import Notifications
from activities.stationery import TEMPLATES, WORDINGS, template_of
from contract.agreement_states import AgreementState
from contract.commands import CommandName, Confirm
from contract.facts import Event, EventKind, TermsDocument
from contract.money import Money
from contract.notices import NOTICES, Notice
from contract.parties import Actor, Language, Role
from contract.request import RequestState
from contract.terms import Priority, Service, Target, canonical_bytes, digest_of
from records import RecordStore, upgrade
from tests.activities.change_lives import life_of_changes, life_of_silence
from tests.activities.lives import (
    LI_MING,
    Life,
    local,
    long_life,
    offers_that_came_to_nothing,
    said,
    sheet,
)
from tests.activities.money_lives import (
    MoneyLife,
    life_of_disputes,
    life_of_money,
    life_of_paying_after_the_end,
    life_of_settling,
)
from tests.activities.post_office import PostOffice
from tests.activities.telling import (
    ADDRESS,
    CUSTOMER,
    EN,
    PROVIDER,
    ZH,
    begun,
    notifications,
    notify,
    part,
)

# What is said


@dataclass(frozen=True)
class Told:
    """A mail of a whole life, and the event it tells."""

    event: Event
    reader: Role
    message: EmailMessage


async def _everything(folder: Path, language: Language) -> list[Told]:
    url = f"sqlite+aiosqlite:///{folder / f'{language}.db'}"
    await upgrade(url)
    async with PostOffice() as office, await RecordStore.open(url) as store:
        await office.open()
        told = notifications(store, office)
        events: list[Event] = []

        async def tell(notice: Notice) -> None:
            recorded = await store.events(notice.workflow_id, notice.seqs[0], notice.seqs[-1])
            before = len(office.received)
            await notify(told, notice)
            events.extend(r.event for r in recorded for _ in NOTICES.get(r.event.kind, ()))
            assert len(office.received) - before == len(events) - before

        await long_life(store, language, tell)
        await offers_that_came_to_nothing(store, language, tell)
        await life_of_money(store, language, tell)
        await life_of_settling(store, language, tell)
        await life_of_changes(store, language, tell)
        await life_of_silence(store, language, tell)
        await life_of_disputes(store, language, tell)
    readers = {address: role for role, address in ADDRESS.items()}
    return [
        Told(event, readers[to], message)
        for event, (to, message) in zip(events, office.received, strict=True)
    ]


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> dict[Language, list[Told]]:
    """All mails of one of each kind of life, in both languages, as a mail server received them."""
    folder = tmp_path_factory.mktemp("lives")
    return {language: asyncio.run(_everything(folder, language)) for language in Language}


SAYS: dict[EventKind, tuple[list[str], list[str]]] = {
    EventKind.OFFERED: (
        ["Sunday, 1 March 2026, 10:00", "Tuesday, 31 March 2026, 10:00", "12 months", "SHA-256", "Sign|sign"],
        ["2026年3月1日（周日）10:00", "2026年3月31日（周二）10:00", "12 个月", "SHA-256", "签署"],
    ),
    EventKind.SIGNED: (
        ["李明", "General Manager", "Sunday, 1 March 2026, 11:00", "is still missing"],
        ["李明", "General Manager", "2026年3月1日（周日）11:00", "尚待ACME"],
    ),
    EventKind.ACTIVATED: (
        ["Monday, 2 March 2026, 08:30", "Monday, 1 March 2027, 24:00", "in force"],
        ["2026年3月2日（周一）08:30", "2027年3月1日（周一）24:00", "生效"],
    ),
    EventKind.OFFER_REFUSED: (
        ["Wang Fang refused", "do not suit us."],
        ["Wang Fang", "拒绝签署", "do not suit us."],
    ),
    EventKind.OFFER_WITHDRAWN: (["李明 withdrew"], ["李明", "撤销"]),
    EventKind.OFFER_LAPSED: (
        ["Tuesday, 31 March 2026, 10:00", "lapsed"],
        ["2026年3月31日（周二）10:00", "失效"],
    ),
    EventKind.END_REMINDED: (
        ["Monday, 1 March 2027, 24:00", "Friday, 1 January 2027", "60 days", "C10.4"],
        ["2027年3月1日（周一）24:00", "2027年1月1日（周五）", "60 天", "C10.4"],
    ),
    EventKind.EXPIRED: (
        ["ended on Monday, 1 March 2027, 24:00", "Wednesday, 31 March 2027, 24:00"],
        ["2027年3月1日（周一）24:00届满", "2027年3月31日（周三）24:00"],
    ),
    EventKind.AGREEMENT_CLOSED: (
        ["Wednesday, 31 March 2027, 24:00", "still open: R-5|still open</td>"],
        ["2027年3月31日（周三）24:00", "尚未了结的服务请求：R-5|尚未了结的服务请求</td>"],
    ),
    EventKind.SUBMITTED: (
        [
            "Monday, 2 March 2026, 09:00",
            "Confirmation due by Monday, 2 March 2026, 10:00",
            "Response due by Monday, 2 March 2026, 11:00",
            "Resolution due by Thursday, 5 March 2026, 10:30",
            "Error E-42.",
            "priority high",
        ],
        [
            "2026年3月2日（周一）09:00",
            "确认截止时间：2026年3月2日（周一）10:00",
            "响应截止时间：2026年3月2日（周一）11:00",
            "解决截止时间：2026年3月5日（周四）10:30",
            "Error E-42.",
            "技术支持 / 高",
        ],
    ),
    EventKind.ASSIGNED: (
        ["Zhao Lei", "Monday, 2 March 2026, 09:20", "Response due by Monday, 2 March 2026, 11:00"],
        ["Zhao Lei", "2026年3月2日（周一）09:20", "响应截止时间：2026年3月2日（周一）11:00"],
    ),
    EventKind.RESPONDED: (
        ["李明", "Monday, 2 March 2026, 09:30", "We have seen this before.", "C6.2.1"],
        ["李明", "2026年3月2日（周一）09:30", "We have seen this before.", "C6.2.1"],
    ),
    EventKind.MATERIALS_ASKED: (
        [
            "the log of today",
            "a photo",
            "Monday, 2 March 2026, 10:00",
            "paused",
            "C5.4",
            "Provide the materials",
        ],
        ["the log of today", "a photo", "2026年3月2日（周一）10:00", "暂停计时", "C5.4", "提供所需资料"],
    ),
    EventKind.MATERIALS_PROVIDED: (
        [
            "Both are attached",
            "Monday, 2 March 2026, 11:00",
            "Resolution due by Thursday, 5 March 2026, 11:30",
        ],
        ["Both are attached", "2026年3月2日（周一）11:00", "解决截止时间：2026年3月5日（周四）11:30"],
    ),
    EventKind.RESOLVED: (
        ["Replace the feed roller.", "Monday, 2 March 2026, 15:00", "Monday, 9 March 2026, 15:00", "reopen"],
        ["Replace the feed roller.", "2026年3月2日（周一）15:00", "2026年3月9日（周一）15:00", "重新打开"],
    ),
    EventKind.ACCEPTED: (
        ["Works now.", "Monday, 2 March 2026, 17:30", "Monday, 9 March 2026, 17:30"],
        ["Works now.", "2026年3月2日（周一）17:30", "2026年3月9日（周一）17:30"],
    ),
    EventKind.CLOSED_BY_ITSELF: (
        ["Tuesday, 14 April 2026, 10:30", "within 7 days", "Tuesday, 21 April 2026, 10:30"],
        ["2026年4月14日（周二）10:30", "7 天内", "2026年4月21日（周二）10:30"],
    ),
    EventKind.REOPENED: (
        ["It jams again.", "Monday, 2 March 2026, 16:00", "Resolution due by Thursday, 5 March 2026, 14:00"],
        ["It jams again.", "2026年3月2日（周一）16:00", "解决截止时间：2026年3月5日（周四）14:00"],
    ),
    EventKind.WITHDRAWN: (
        ["We bought another printer.", "Wednesday, 18 March 2026, 13:00"],
        ["We bought another printer.", "2026年3月18日（周三）13:00"],
    ),
    EventKind.PRIORITY_RAISED: (
        ["to critical", "Tuesday, 7 April 2026, 09:05", "Response due by Tuesday, 7 April 2026, 09:30"],
        ["“紧急”", "2026年4月7日（周二）09:05", "响应截止时间：2026年4月7日（周二）09:30"],
    ),
    EventKind.PRIORITY_LOWERED: (
        ["to high", "Tuesday, 7 April 2026, 09:06", "Response due by Tuesday, 7 April 2026, 11:00"],
        ["“高”", "2026年4月7日（周二）09:06", "响应截止时间：2026年4月7日（周二）11:00"],
    ),
    EventKind.RATED: (
        [
            "2 of 5",
            "Two visits for one jam.",
            "Tuesday, 3 March 2026, 09:00",
            "Sunday, 8 March 2026, 09:00",
            "C5.5",
        ],
        ["2 分", "Two visits for one jam.", "2026年3月3日（周二）09:00", "2026年3月8日（周日）09:00", "C5.5"],
    ),
    EventKind.RATING_ANSWERED: (
        ["We now bring both parts along.", "Wednesday, 4 March 2026, 09:00"],
        ["We now bring both parts along.", "2026年3月4日（周三）09:00"],
    ),
    EventKind.FOLLOW_UP_OVERDUE: (["Monday, 23 March 2026, 14:00"], ["2026年3月23日（周一）14:00", "逾期"]),
    EventKind.TARGET_WARNED: (
        ["confirmation", "Monday, 9 March 2026, 10:00", "Monday, 9 March 2026, 09:45", "75 %", "C6.1.2"],
        ["确认", "2026年3月9日（周一）10:00", "2026年3月9日（周一）09:45", "75%", "C6.1.2"],
    ),
    EventKind.TARGET_BREACHED: (
        ["confirmation", "Monday, 9 March 2026, 10:00", "No penalty", "C6.1.2"],
        ["确认", "2026年3月9日（周一）10:00", "逾期", "未就逾期确认约定违约金", "C6.1.2"],
    ),
    EventKind.BREACH_REVERSED: (
        ["Monday, 11 May 2026, 14:30", "Monday, 11 May 2026, 15:30", "reversed"],
        ["2026年5月11日（周一）14:30", "2026年5月11日（周一）15:30", "冲回"],
    ),
    EventKind.BILL_ISSUED: (
        ["B001", "CNY 12,000.00", "Tuesday, 17 March 2026", "one period", "0.05 %"],
        ["B001", "人民币 12,000.00 元", "2026年3月17日（周二）", "one period", "0.05%"],
    ),
    EventKind.PAYMENT_REMINDED: (
        ["B001", "CNY 12,000.00", "Tuesday, 17 March 2026"],
        ["B001", "人民币 12,000.00 元", "2026年3月17日（周二）"],
    ),
    EventKind.PAYMENT_OVERDUE: (
        ["B001", "was due on Tuesday, 17 March 2026", "CNY 12,000.00", "0.05 %"],
        ["B001", "2026年3月17日（周二）", "人民币 12,000.00 元", "0.05%"],
    ),
    EventKind.SUSPENSION_ANNOUNCED: (
        ["CNY 12,162.00", "3 days after this notice", "since Tuesday, 17 March 2026", "Full payment averts"],
        ["人民币 12,162.00 元", "3 天", "2026年3月17日（周二）", "付清全部欠款"],
    ),
    EventKind.SUSPENDED: (
        ["Friday, 17 April 2026, 00:00", "CNY 12,186.00", "resumes by itself"],
        ["2026年4月17日（周五）00:00", "人民币 12,186.00 元", "自动恢复"],
    ),
    EventKind.CREDIT_GIVEN: (["CNY 100.00", "February."], ["人民币 100.00 元", "February."]),
    EventKind.PAYMENT_RECORDED: (
        ["CNY 24,500.00", "cheque", "C-77", "Monday, 20 April 2026"],
        ["人民币 24,500.00 元", "支票", "C-77", "2026年4月20日（周一）"],
    ),
    EventKind.PAYMENT_CLEARED: (
        ["CNY 24,500.00", "C-77", "Tuesday, 21 April 2026"],
        ["人民币 24,500.00 元", "C-77", "2026年4月21日（周二）"],
    ),
    EventKind.RESUMED: (
        ["Tuesday, 21 April 2026, 10:00", "Friday, 17 April 2026, 00:00"],
        ["2026年4月21日（周二）10:00", "2026年4月17日（周五）00:00"],
    ),
    EventKind.PAYMENT_BOUNCED: (
        ["CNY 24,500.00", "C-77", "No funds."],
        ["人民币 24,500.00 元", "C-77", "No funds."],
    ),
    EventKind.PAYMENT_REVERSED: (
        ["CNY 50.00", "T-78", "bank transfer", "Of another customer."],
        ["人民币 50.00 元", "T-78", "银行转账", "Of another customer."],
    ),
    EventKind.INVOICE_ISSUED: (
        ["INV-2026-000001", "F-INV-2026-000001", "CNY 24,500.00", "Tuesday, 21 April 2026", "attached"],
        ["INV-2026-000001", "F-INV-2026-000001", "人民币 24,500.00 元", "2026年4月21日（周二）", "附件"],
    ),
    EventKind.CREDIT_NOTE_ISSUED: (
        ["CN-2026-000001", "INV-2026-000001", "CNY -24,500.00", "Saturday, 25 April 2026", "attached"],
        ["CN-2026-000001", "INV-2026-000001", "人民币 -24,500.00 元", "2026年4月25日（周六）", "附件"],
    ),
    EventKind.INVOICE_DELAYED: (
        ["CNY 24,500.00", "C-77", "Tuesday, 21 April 2026, 11:00", "could not be issued", "no_answer"],
        ["人民币 24,500.00 元", "C-77", "2026年4月21日（周二）11:00", "未能开具", "no_answer"],
    ),
    EventKind.LATE_FEE_WAIVED: (
        ["CNY 20.00", "B001", "A good year."],
        ["人民币 20.00 元", "B001", "A good year."],
    ),
    EventKind.SUSPENSION_NOTICE_REFUSED: (
        ["refused the notice", "untold", "April 2026"],
        ["拒收", "2026年4月"],
    ),
    EventKind.PAYOUT_RECORDED: (
        ["CNY 150.00", "bank transfer", "P-5", "Wednesday, 11 March 2026", "penalties"],
        ["人民币 150.00 元", "银行转账", "P-5", "2026年3月11日（周三）", "违约金"],
    ),
    EventKind.PAYOUT_REVERSED: (
        ["CNY 150.00", "P-5", "It came back."],
        ["人民币 150.00 元", "P-5", "It came back."],
    ),
    EventKind.PENALTY_WAIVED: (
        ["CNY 50.00", "R-9", "late response", "We had the cause."],
        ["人民币 50.00 元", "R-9", "逾期响应", "We had the cause."],
    ),
    EventKind.FINAL_STATEMENT: (
        ["CNY 150.00", "Thursday, 2 April 2026", "still owe", "Penalties netted"],
        ["人民币 150.00 元", "2026年4月2日（周四）", "尚应支付", "抵销违约金"],
    ),
    EventKind.DISPUTE_OPENED: (
        [
            "D001",
            "bill B001",
            "CNY 800.00",
            "Two days of the month",
            "Sunday, 19 April 2026, 10:00",
            "on hold",
        ],
        ["D001", "账单 B001", "人民币 800.00 元", "Two days of the month", "2026年4月19日（周日）10:00"],
    ),
    EventKind.SETTLEMENT_OFFERED: (
        ["offer 1", "lowered by CNY 400.00", "late response of request R-9", "CNY 50.00", "Half of it."],
        ["第 1 号", "减少人民币 400.00 元", "R-9 的逾期响应违约金", "人民币 50.00 元", "Half of it."],
    ),
    EventKind.DISPUTE_SETTLED: (
        ["settled on Sunday, 22 March 2026, 10:00", "CNY 400.00", "No late fee is charged"],
        ["2026年3月22日（周日）10:00和解", "人民币 400.00 元", "争议期间不计滞纳金"],
    ),
    EventKind.NEGOTIATION_FAILED: (
        ["D002", "the penalties of request R-8", "Tuesday, 24 March 2026, 10:00", "No answer."],
        ["D002", "R-8 的全部违约金", "2026年3月24日（周二）10:00", "协商不成", "No answer."],
    ),
    EventKind.NEGOTIATION_OVER: (
        ["D002", "Wednesday, 22 April 2026, 10:00", "北京仲裁委员会", "C9.2"],
        ["D002", "2026年4月22日（周三）10:00", "北京仲裁委员会", "C9.2"],
    ),
    EventKind.DISPUTE_REFERRED: (
        ["Wang Fang", "Thursday, 23 April 2026, 10:00", "北京仲裁委员会", "referred to arbitration"],
        ["Wang Fang", "2026年4月23日（周四）10:00", "北京仲裁委员会", "已提交仲裁"],
    ),
    EventKind.DISPUTE_AWARDED: (
        ["award", "Wednesday, 20 May 2026, 10:00", "ab" * 32, "cannot be disputed again", "C9.3"],
        ["裁决", "2026年5月20日（周三）10:00", "ab" * 32, "不得再次提出争议", "C9.3"],
    ),
    EventKind.DISPUTE_WITHDRAWN: (
        ["another matter", "Friday, 22 May 2026, 10:00", "All is well."],
        ["其他事项", "2026年5月22日（周五）10:00", "撤回", "All is well."],
    ),
    EventKind.DISPUTE_LAPSED: (
        ["D004", "Wednesday, 22 July 2026, 10:00", "without effect"],
        ["D004", "2026年7月22日（周三）10:00", "不产生效力"],
    ),
    EventKind.DISPUTE_LAPSE_REVERSED: (
        ["D004", "Wednesday, 22 July 2026, 10:00", "reversed"],
        ["D004", "2026年7月22日（周三）10:00", "冲回"],
    ),
    EventKind.PENALTIES_WARNED: (
        ["CNY 43,250.00", "30 %", "CNY 144,000.00", "article 585", "Nothing is cut"],
        ["人民币 43,250.00 元", "30%", "人民币 144,000.00 元", "第五百八十五条"],
    ),
    EventKind.SETTLED: (
        ["settled", "Friday, 3 April 2026", "Neither party owes"],
        ["已结清", "2026年4月3日（周五）"],
    ),
    EventKind.FEE_CHANGE_PROPOSED: (
        [
            "CNY 13,000.00",
            "CNY 12,000.00",
            "Tuesday, 2 June 2026",
            "Thursday, 9 April 2026, 09:00",
            "Wages rose.",
        ],
        [
            "人民币 13,000.00 元",
            "人民币 12,000.00 元",
            "2026年6月2日（周二）",
            "2026年4月9日（周四）09:00",
            "Wages rose.",
        ],
    ),
    EventKind.FEE_CHANGE_REMINDED: (
        ["Thursday, 9 April 2026, 11:00", "CNY 12,600.00", "lapses"],
        ["2026年4月9日（周四）11:00", "人民币 12,600.00 元", "失效"],
    ),
    EventKind.FEE_CHANGE_OBJECTED: (
        ["Wang Fang", "CNY 12,400.00", "Too much.", "Thursday, 9 April 2026, 11:00"],
        ["Wang Fang", "人民币 12,400.00 元", "Too much.", "2026年4月9日（周四）11:00"],
    ),
    EventKind.FEE_CHANGE_COUNTERED: (["CNY 12,600.00", "李明"], ["人民币 12,600.00 元", "李明"]),
    EventKind.FEE_CHANGE_ACCEPTED: (
        ["Wang Fang", "CNY 12,600.00", "Tuesday, 2 June 2026", "Tuesday, 7 April 2026, 09:00"],
        ["Wang Fang", "人民币 12,600.00 元", "2026年6月2日（周二）", "2026年4月7日（周二）09:00"],
    ),
    EventKind.FEE_CHANGE_WITHDRAWN: (["A slip.", "stays as it is"], ["A slip.", "费用维持不变"]),
    EventKind.FEE_CHANGE_TAKEN: (
        ["CNY 13,000.00", "Tuesday, 2 June 2026", "Thursday, 9 April 2026, 09:00", "not answered"],
        ["人民币 13,000.00 元", "2026年6月2日（周二）", "2026年4月9日（周四）09:00", "未获答复"],
    ),
    EventKind.FEE_CHANGE_LAPSED: (
        ["Friday, 3 July 2026, 09:00", "not answered", "stays as it is"],
        ["2026年7月3日（周五）09:00", "未获答复", "费用维持不变"],
    ),
    EventKind.AMENDMENT_PROPOSED: (
        [
            "Wang Fang",
            "targets.respond_hours (C5.2): 4 → 1.5",
            "Two hours are",
            "Wednesday, 17 June 2026, 10:00",
        ],
        ["Wang Fang", "targets.respond_hours (C5.2): 4 → 1.5", "Two hours are", "2026年6月17日（周三）10:00"],
    ),
    EventKind.AMENDMENT_CONSENTED: (
        ["Wang Fang", "Saturday, 11 July 2026, 09:00:01", "SHA-256"],
        ["Wang Fang", "2026年7月11日（周六）09:00:01", "SHA-256"],
    ),
    EventKind.AMENDMENT_DECLINED: (["李明", "Not in summer."], ["李明", "Not in summer."]),
    EventKind.AMENDMENT_WITHDRAWN: (["李明 of", "withdrew amendment 2"], ["李明", "第 2 号补充协议"]),
    EventKind.AMENDMENT_LAPSED: (
        ["not consented to until Thursday, 18 June 2026, 13:00"],
        ["2026年6月18日（周四）13:00未获同意"],
    ),
    EventKind.TERMS_IN_FORCE: (
        ["version 2", "Tuesday, 2 June 2026, 00:00", "SHA-256"],
        ["第 2 版", "2026年6月2日（周二）00:00", "SHA-256"],
    ),
    EventKind.TERMINATION_PROPOSED: (
        ["Wang Fang (General Manager)", "Wednesday, 30 September 2026", "We move away."],
        ["Wang Fang（General Manager）", "2026年9月30日（周三）", "We move away."],
    ),
    EventKind.TERMINATION_AGREED: (
        ["李明 (General Manager)", "Wednesday, 30 September 2026"],
        ["李明（General Manager）", "2026年9月30日（周三）"],
    ),
    EventKind.TERMINATION_DECLINED: (["李明", "Stay.", "goes on"], ["李明", "Stay.", "继续履行"]),
    EventKind.TERMINATION_WITHDRAWN: (["Wang Fang", "goes on"], ["Wang Fang", "继续履行"]),
    EventKind.TERMINATION_LAPSED: (
        ["until Tuesday, 28 July 2026, 09:00"],
        ["2026年7月28日（周二）09:00未获同意"],
    ),
    EventKind.TERMINATED: (
        ["ended on Wednesday, 30 September 2026, 24:00", "no longer taken"],
        ["2026年9月30日（周三）24:00终止", "不再受理"],
    ),
}
"""What the first mail of each kind says, in English and in Chinese; ``a|b``: either."""


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("kind", list(NOTICES))
def test_each_event_is_told_with_its_facts_in_both_parts(
    lives: dict[Language, list[Told]], kind: EventKind, language: Language
):
    found = [told for told in lives[language] if told.event.kind is kind]
    first = [told for told in found if told.event == found[0].event][: len(NOTICES[kind])]
    assert {told.reader for told in first} == set(NOTICES[kind])
    expected = SAYS[kind][language is ZH]
    for told in first:
        for body in ("plain", "html"):
            written = part(told.message, body)
            assert [fact for fact in expected if not any(f in written for f in fact.split("|"))] == []
            assert told.event.clause in written
            assert "Asia/Shanghai, UTC+08:00" in written


@pytest.mark.parametrize("kind", [EventKind.INVOICE_ISSUED, EventKind.CREDIT_NOTE_ISSUED])
def test_an_invoice_and_a_credit_note_are_attached_c7_1_3(lives: dict[Language, list[Told]], kind: EventKind):
    for language in Language:
        sent = [told for told in lives[language] if told.event.kind is kind]
        for told in sent:
            (attached,) = told.message.iter_attachments()
            assert isinstance(attached, EmailMessage)
            assert attached.get_filename() == f"{told.event.payload['number']}.pdf"
            assert attached.get_content_type() == "application/pdf"
            assert attached.get_content() == b"%PDF-1.7 \xe5"
        assert sent


@pytest.mark.parametrize("language", list(Language))
def test_every_subject_names_the_agreement_and_the_request(
    lives: dict[Language, list[Told]], language: Language
):
    for told in lives[language]:
        subject = str(told.message["Subject"])
        assert str(told.message["Aftercare-Agreement"]) in subject
        if told.message["Aftercare-Request"]:
            assert f" {told.message['Aftercare-Request']}" in subject
        assert "\n" not in subject


@pytest.mark.parametrize("language", list(Language))
def test_no_mail_shows_the_seams(lives: dict[Language, list[Told]], language: Language):
    for told in lives[language]:
        for body in ("plain", "html"):
            written = part(told.message, body)
            seams = r"\{\{|\}\}|\{%|None|Undefined|datetime|TargetK|<function|&amp;lt;|\.\.|。。"
            assert not re.search(seams, written), written
        assert told.message["Content-Language"] == language
        assert told.message["Auto-Submitted"] == "auto-generated"


def test_a_subject_in_chinese_travels_as_ascii_and_decodes(lives: dict[Language, list[Told]]):
    told = next(t for t in lives[ZH] if t.event.kind is EventKind.RESOLVED)
    assert told.message["Subject"] == "【ACME-1】服务请求 R-1 已解决，请核实（Printer on floor 3 jams）"
    assert told.message["To"].addresses[0].display_name == "Wang Fang"


@pytest.mark.parametrize(
    ("target", "en", "zh"),
    [
        (
            "respond",
            ["Monday, 9 March 2026, 14:30", "CNY 200.00", "C8.1.1", "CNY 28,800.00", "once for this request"],
            ["2026年3月9日（周一）14:30", "人民币 200.00 元", "C8.1.1", "人民币 28,800.00 元", "以一次为限"],
        ),
        (
            "resolve",
            [
                "Tuesday, 17 March 2026, 12:00",
                "CNY 500.00",
                "each day of delay",
                "C8.1.2",
                "1 day, CNY 500.00",
            ],
            [
                "2026年3月17日（周二）12:00",
                "人民币 500.00 元",
                "按日",
                "C8.1.2",
                "计 1 日，共计人民币 500.00 元",
            ],
        ),
    ],
)
def test_a_breach_says_what_it_costs_and_by_which_clause(
    lives: dict[Language, list[Told]], target: str, en: list[str], zh: list[str]
):
    for language, expected in ((EN, en), (ZH, zh)):
        breaches = [told for told in lives[language] if told.event.kind is EventKind.TARGET_BREACHED]
        told = [t for t in breaches if t.event.payload["target"] == target][:2]
        assert {t.reader for t in told} == set(Role)
        for mail in told:
            assert [fact for fact in expected if fact not in part(mail.message, "plain")] == []


@pytest.mark.parametrize(("language", "word"), [(EN, "(provisional)"), (ZH, "（暂定）")])
def test_a_provisional_due_is_said_to_be_provisional(
    lives: dict[Language, list[Told]], language: Language, word: str
):
    told = next(t for t in lives[language] if t.message["Aftercare-Request"] == "R-5")
    lines = part(told.message, "plain").splitlines()
    assert [word in line for line in lines if line.startswith("- ") and re.search("202[67]", line)] == [
        False,
        False,
        True,
    ]


async def test_a_provisional_due_that_passes_is_said_to_be_provisional(
    store: RecordStore, office: PostOffice
):
    await office.open()
    life = await begun(store, language="en")
    file = await life.submit("R-1", "2026-12-30 17:30")
    await life.step(file, now="2027-01-08 12:00")
    await notify(notifications(store, office), life.told[-1][0])
    resolution = [m for m in office.to(CUSTOMER) if "resolution overdue" in m["Subject"]]
    assert "Friday, 8 January 2027, 11:30 (provisional)" in part(resolution[0], "plain")


TAKEN_OVER = {
    "effective_date": "2025-09-01",
    "run_from": "2026-03-01",
    "bills": [
        {
            "number": "2026-02",
            "first": "2026-02-01",
            "last": "2026-02-28",
            "due_on": "2026-02-10",
            "unpaid": 12000,
            "late_fee": 78,
        }
    ],
    "penalties": [{"contract_year": 1, "accrued": 900, "unsettled": 500}],
}


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "en",
            [
                "in force since Monday, 1 September 2025",
                "Taken over from: Sunday, 1 March 2026",
                "Bills not paid in full: 1, CNY 12,078.00 with late fees",
                "Penalties not settled: CNY 500.00",
                "12 months from Monday, 1 September 2025",
            ],
        ),
        (
            "zh-CN",
            [
                "协议自2025年9月1日（周一）起已生效",
                "接续执行日：2026年3月1日（周日）",
                "未付清账单：1 份，含滞纳金共 ",
                "自2025年9月1日（周一）起 12 个月",
            ],
        ),
    ],
)
async def test_an_agreement_that_is_taken_over_says_since_when_and_with_what(
    store: RecordStore, office: PostOffice, language: str, told: list[str]
):
    await office.open()
    life = await begun(store, language=language, taken_over=TAKEN_OVER)
    for notice, _ in life.told:
        await notify(notifications(store, office), notice)
    said_in_all = "\n".join(part(message, "plain") for message in office.to(CUSTOMER))
    for words in told:
        assert words in said_in_all


@pytest.mark.parametrize("language", list(Language))
def test_mails_about_one_request_hang_together(lives: dict[Language, list[Told]], language: Language):
    of_request = [t for t in lives[language] if t.message["Aftercare-Request"] == "R-1"]
    first = {t.reader: t.message["Message-ID"] for t in of_request if t.event.seq == 1}
    assert {t.message["References"] for t in of_request if t.event.seq > 1} == set(first.values())


def test_there_is_one_template_for_each_event_and_language_and_no_other():
    wanted = {template_of(kind, language) for kind in NOTICES for language in Language}
    names = ("base", "request", "agreement", "money", "before", "change", "dispute")
    shared = {f"{language}/{name}.j2" for language in Language for name in names}
    there = {str(path.relative_to(TEMPLATES)) for path in TEMPLATES.glob("*/*.j2")}
    assert there == wanted | shared


@pytest.mark.parametrize("language", list(Language))
def test_each_language_has_every_word(language: Language):
    words = WORDINGS[language]
    assert set(words.services) == set(Service)
    assert set(words.priorities) == set(Priority)
    assert set(words.targets) == set(Target)
    assert set(words.request_states) == set(RequestState)
    assert set(words.agreement_states) == set(AgreementState)
    assert set(words.actions) == set(CommandName)


def test_the_hour_that_comes_twice_is_told_apart():
    berlin, words = ZoneInfo("Europe/Berlin"), WORDINGS[EN]
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    assert words.when(first, berlin) == "Sunday, 25 October 2026, 02:30 (UTC+02:00)"
    assert words.when(second, berlin) == "Sunday, 25 October 2026, 02:30 (UTC+01:00)"


def test_seconds_are_shown_when_there_are_any():
    assert WORDINGS[ZH].when(local("2026-03-02 09:00:01"), ZoneInfo("Asia/Shanghai")).endswith("09:00:01")


def test_money_is_written_with_all_digits_of_its_currency():
    assert WORDINGS[EN].money(Money.of("12000", "CNY")) == "CNY 12,000.00"
    assert WORDINGS[ZH].money(Money.of("12000.5", "CNY")) == "人民币 12,000.50 元"
    assert WORDINGS[ZH].money(Money.of("12000", "JPY")) == "JPY 12,000"


# What people write


HOSTILE_LINE = "Jam Bcc: eve@evil.example <script>alert(1)</script> {{ 7 * 7 }} \u202egnp.exe"
"""As hostile as one line can be: line ends do not pass the boundary (contract.values.Line)."""
HOSTILE = "Jam\r\nBcc: eve@evil.example\r\n\r\n<script>alert(1)</script> {{ 7 * 7 }} \u202egnp.exe"


@pytest.mark.parametrize("language", list(Language))
async def test_what_people_write_adds_no_header_and_no_markup(
    store: RecordStore, office: PostOffice, language: Language
):
    await office.open()
    life = await begun(store, language=language)
    await life.submit(
        "R-1",
        "2026-03-02 09:00",
        actor=Actor(party="customer", person=HOSTILE_LINE),
        title=HOSTILE_LINE,
        description=HOSTILE,
    )
    await notify(notifications(store, office), life.told[-1][0])
    assert {to for to, _ in office.received} == {PROVIDER, CUSTOMER}
    for _, message in office.received:
        assert message["Bcc"] is None
        assert "Jam Bcc: eve@evil.example <script>" in message["Subject"]
        assert "\u202e" not in message["Subject"]
        html, text = part(message, "html"), part(message, "plain")
        assert "<script" not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ 7 * 7 }}" in html
        assert "    <script>alert(1)</script>" in text


async def test_names_that_people_chose_stay_inside_their_header(store: RecordStore, office: PostOffice):
    await office.open()
    life = Life(
        store, sheet(customer__contact__name="Wang Bcc: eve@evil.example", customer__name='A "B", Inc.')
    )
    await life.begin()
    for notice, _ in life.told:
        await notify(notifications(store, office), notice)
    for message in office.to(CUSTOMER):
        assert message["Bcc"] is None
        (address,) = message["To"].addresses
        assert address.addr_spec == CUSTOMER
        assert address.display_name == "Wang Bcc: eve@evil.example"


async def test_identifiers_of_the_greatest_length_are_carried_whole(
    store: RecordStore, office: PostOffice, tmp_path: Path
):
    await office.open()
    life = await begun(store, agreement_id="A" * 64)
    await life.submit("R" * 64, "2026-03-02 09:00", title="长" * 200)
    await notify(notifications(store, office), life.told[-1][0])
    for message in office.to(CUSTOMER):
        assert message["Aftercare-Request"].strip() == "R" * 64
        assert "R" * 64 in message["Subject"]
        assert "长" * 200 in part(message, "plain")
    other = Notifications(store, OutboxMailer(tmp_path / "outbox"), Sender("a@example.org", "example.org"))
    await notify(other, life.told[-1][0])
    assert len(list((tmp_path / "outbox").glob(f"2026*.{'A' * 64}.{'R' * 64}.*.eml"))) == 2


async def test_mail_goes_to_the_contact_in_force_and_costs_what_the_request_was_submitted_under(
    store: RecordStore, office: PostOffice
):
    await office.open()
    life = await begun(store, language="en")
    file = await life.submit("R-1", "2026-03-09 09:00")
    amended = sheet(language="en", customer__contact__email="new@acme.example", penalties__late_response=999)
    canonical = canonical_bytes(amended)
    document = TermsDocument(
        agreement_id="ACME-1", version=2, digest=digest_of(canonical), canonical=canonical.decode()
    )
    life.agreement.terms_version = 2
    event = Event(
        seq=life.agreement.next_seq(), at=local("2026-03-09 09:30"), kind=EventKind.NOTED, clause="C10"
    )
    await life.record_agreement([event], document)
    await life.step(file, now="2026-03-09 15:00")
    await notify(notifications(store, office), life.told[-1][0])
    overdue = [m for m in office.to("new@acme.example") if "response overdue" in m["Subject"]]
    assert "CNY 200.00" in part(overdue[0], "plain")
    assert "999" not in part(overdue[0], "plain")


@pytest.mark.parametrize(
    ("language", "no_more", "no_longer"),
    [("en", "no new requests are taken", "New requests are taken"), ("zh-CN", "不再受理", "可以提交新的")],
)
async def test_a_suspension_that_ends_after_the_term_promises_no_new_requests_c4_1(
    store: RecordStore, office: PostOffice, language: str, no_more: str, no_longer: str
):
    await office.open()
    life = await life_of_paying_after_the_end(store, language)
    (resumed,) = [told for told, events in life.told if EventKind.RESUMED in {one.kind for one in events}]
    await notify(notifications(store, office), resumed)
    mails = [part(mail, "plain") for mail in office.to(CUSTOMER)]
    assert any(no_more in mail for mail in mails)
    assert not any(no_longer in mail for mail in mails)


@pytest.mark.parametrize(
    ("language", "now", "no_longer"),
    [("en", "suspended already", "after this notice"), ("zh-CN", "服务已经暂停", "自本通知起")],
)
async def test_a_notice_for_a_younger_bill_does_not_announce_a_suspension_that_has_begun_c8_2(
    store: RecordStore, office: PostOffice, language: str, now: str, no_longer: str
):
    await office.open()
    life = MoneyLife(store, sheet("MONEY-4", language))
    await life.in_force()
    for day in ("03-14", "03-18", "04-02", "04-13", "04-17"):
        await life.pass_until(local(f"2026-{day} 00:00"))
    announced = EventKind.SUSPENSION_ANNOUNCED
    (told,) = [told for told, events in life.told if announced in {one.kind for one in events}]
    await notify(notifications(store, office), told)
    (mail,) = office.to(CUSTOMER)
    assert now in part(mail, "plain")
    assert no_longer not in part(mail, "plain")


async def test_a_mail_that_comes_late_says_where_things_stand_now(store: RecordStore, office: PostOffice):
    life = await begun(store, language="en")
    file = await life.submit("R-1", "2026-03-02 09:00")
    first = life.told[-1][0]
    with pytest.raises(ApplicationError):
        await notify(notifications(store, office), first)
    await life.step(file, Confirm(**said("2026-03-02 09:10", LI_MING)), now="2026-03-02 09:10")
    await office.open()
    await notify(notifications(store, office), first)
    (mail,) = office.to(PROVIDER)
    text = part(mail, "plain")
    assert "Status: confirmed (as of Monday, 2 March 2026, 09:10)" in text
    assert "Please confirm" not in text
    assert "Confirmation" not in text

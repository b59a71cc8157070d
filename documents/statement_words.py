"""What statements say, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from contract.balance import Part
from contract.facts import EntryKind
from contract.money_file import CreditKind
from contract.parties import Language
from contract.penalties import PenaltyKind
from contract.statements import LineKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Every word of a statement; what stands in braces is filled in."""

    title: str
    final: str
    of_final: str
    since_final: str
    no_requests: str
    agreement: str
    as_of: str
    frame: str
    """In which currency the amounts are, in which zone the dates."""
    owed: str
    penalties_owed: str
    net: str
    net_to_provider: str
    net_to_customer: str
    net_in_words: str
    to_pay_now: str
    suspended: str
    account: str
    nothing: str
    day: str
    what: str
    clause: str
    amount: str
    balance: str
    kinds: Mapping[LineKind, str]
    credits: Mapping[CreditKind, str]
    parts: Mapping[Part, str]
    period: str
    due: str
    stop: str
    """Between two notes of one line."""
    set_off_note: str
    given_back: str
    """Where a set-off raises what is asked for."""
    rate: str
    late_before: str
    """Of a late fee that was taken over from before."""
    segment: str
    means: str
    went_to: str
    taken_back: str
    reason: str
    version: str
    bills: str
    bill: str
    asked_for: str
    unpaid: str
    late_fee: str
    late_fee_unpaid: str
    state: str
    overdue: str
    open: str
    paid: str
    penalties: str
    penalty_kinds: Mapping[EntryKind, str]
    penalty_clauses: Mapping[str, str]
    clock: str
    ran: str
    pause: str
    pauses: Mapping[str, str]
    still: str
    pending: str
    reference: str
    pending_note: str
    held: str
    held_note: str
    dispute: str
    since: str
    held_bill: str
    held_penalties: str
    """All of a request's; ``held_penalty`` has those of one kind."""
    held_penalty: Mapping[PenaltyKind, str]
    closing: str


LABELS: Final[Mapping[Language, Labels]] = {
    Language.ENGLISH: Labels(
        title="Statement",
        final="Final statement",
        of_final="This is final statement no. {number}: it nets what either party owes the other. Requests "
        "still open: {requests}.",
        since_final="Final statement no. {number} was made as of {day}; this one says how things have gone "
        "on since. Requests it left open: {requests}.",
        no_requests="none",
        agreement="Agreement",
        as_of="as of",
        frame="Amounts in {currency}; dates in {zone}.",
        owed="The customer owes",
        penalties_owed="The provider owes in penalties",
        net="Net",
        net_to_provider="Net, owed by the customer",
        net_to_customer="Net, owed by the provider",
        net_in_words="Net in words",
        to_pay_now="Overdue and undisputed, with late fees",
        suspended="Service is suspended (C8.2). It resumes when {amount} has been paid; what is paid later "
        "than this day bears further late fees.",
        account="The customer's account",
        nothing="Nothing has been billed yet.",
        day="Day",
        what="What",
        clause="Clause",
        amount="Amount",
        balance="Balance",
        kinds={
            LineKind.BILL: "Bill",
            LineKind.SET_OFF: "Penalties set off on bill",
            LineKind.PAYMENT: "Payment",
            LineKind.PAYMENT_TAKEN_BACK: "Payment taken back",
            LineKind.CREDIT: "Credit",
            LineKind.LATE_FEE: "Late fee on bill",
            LineKind.WAIVER: "Late fee waived on bill",
            LineKind.PAYOUT: "Paid out",
        },
        credits={
            CreditKind.GOODWILL: "Goodwill credit",
            CreditKind.EARLY_END: "Credit for the part not served",
            CreditKind.OPENING: "Credit taken over from before",
            CreditKind.PENALTIES: "Penalties netted",
            CreditKind.SETTLEMENT: "Credit by a settlement of a dispute",
            CreditKind.AWARD: "Credit by an award",
        },
        parts={Part.PRINCIPAL: "to the principal of", Part.LATE_FEE: "to the late fee of"},
        period="For service from {first} to {last}",
        due="Due",
        stop=". ",
        set_off_note="Penalties owed by the provider when the bill was issued lower it",
        late_before="Taken over from before, through {through}",
        given_back="Penalties set off or paid out before and reversed since raise it",
        rate="{rate} % per day of what is unpaid after {due}, through {through}",
        segment="{from} to {to}, {days} days: {principal} × {rate} %",
        means="Means",
        went_to="Used",
        taken_back="Bounced or reversed on {on}: it counts for nothing",
        reason="Reason",
        version="terms v{version}",
        bills="Bills",
        bill="Bill",
        asked_for="Asked for",
        unpaid="Unpaid",
        late_fee="Late fee",
        late_fee_unpaid="Of it unpaid",
        state="State",
        overdue="overdue",
        open="open",
        paid="paid",
        penalties="Penalties the provider owes",
        penalty_kinds={
            EntryKind.PENALTY: "Penalty",
            EntryKind.PENALTY_REVERSAL: "Penalty reversed",
            EntryKind.PENALTY_CAP: "Above the cap of the contract year",
            EntryKind.PENALTY_WAIVER: "Penalty waived",
            EntryKind.PENALTY_DECISION: "Penalty set by a settlement or an award",
            EntryKind.SET_OFF: "Set off on bill",
            EntryKind.PAYOUT: "Paid out",
            EntryKind.PAYOUT_REVERSAL: "Payout taken back",
        },
        penalty_clauses={"C8.1.1": "Late response to request", "C8.1.2": "Late resolution of request"},
        clock="Due {due}, {budget} h of service time from {start}",
        ran="The clock ran: {spans}",
        pause="Paused ({kind}): {begin} – {end}",
        pauses={"materials": "materials awaited", "solved": "resolved", "suspension": "service suspended"},
        still="still",
        pending="Cheques not cleared yet",
        reference="Reference",
        pending_note="They count for nothing until they have cleared (C7.1.2).",
        held="In dispute",
        held_note="While a dispute is open its amount is on hold: no late fee for these days, no set-off, no "
        "suspension because of it (C9).",
        dispute="Dispute",
        since="Since",
        held_bill="Bill {about}",
        held_penalties="Penalties of request {about}",
        held_penalty={
            PenaltyKind.LATE_RESPONSE: "Late response to request {about}",
            PenaltyKind.LATE_RESOLUTION: "Late resolution of request {about}",
        },
        closing="Amounts above zero raise what is owed, amounts below zero lower it. Each line names its "
        "clause; a statement of any day can be made at any time, by what is known when it is made.",
    ),
    Language.CHINESE: Labels(
        title="对账单",
        final="结算单",
        of_final="本单为第 {number} 号结算单，结清双方互负的款项。未结请求：{requests}。",
        since_final="第 {number} 号结算单截至 {day}；本单载明其后的变动。该结算单所列未结请求：{requests}。",
        no_requests="无",
        agreement="协议编号",
        as_of="截至",
        frame="金额币种：{currency}；日期按 {zone} 时区。",
        owed="乙方应付余额",
        penalties_owed="甲方应付违约金余额",
        net="净额",
        net_to_provider="净额（乙方应付甲方）",
        net_to_customer="净额（甲方应付乙方）",
        net_in_words="净额大写",
        to_pay_now="已逾期且无争议的金额（含滞纳金）",
        suspended="服务已暂停（C8.2）。付清 {amount} 后即恢复服务；在本单截止日之后付款的，滞纳金继续计算。",
        account="乙方账目",
        nothing="尚未出具任何账单。",
        day="日期",
        what="事项",
        clause="条款",
        amount="金额",
        balance="余额",
        kinds={
            LineKind.BILL: "账单",
            LineKind.SET_OFF: "违约金抵扣账单",
            LineKind.PAYMENT: "付款",
            LineKind.PAYMENT_TAKEN_BACK: "付款撤回或退票",
            LineKind.CREDIT: "贷记",
            LineKind.LATE_FEE: "滞纳金，账单",
            LineKind.WAIVER: "放弃滞纳金，账单",
            LineKind.PAYOUT: "甲方支付",
        },
        credits={
            CreditKind.GOODWILL: "善意减免",
            CreditKind.EARLY_END: "未提供服务部分的退减",
            CreditKind.OPENING: "期初结转的贷方余额",
            CreditKind.PENALTIES: "违约金结算抵减",
            CreditKind.SETTLEMENT: "争议和解减免",
            CreditKind.AWARD: "仲裁裁决减免",
        },
        parts={Part.PRINCIPAL: "冲抵本金", Part.LATE_FEE: "冲抵滞纳金"},
        period="服务期间 {first} 至 {last}",
        due="付款期限",
        stop="；",
        set_off_note="出具账单时甲方应付的违约金抵减本账单",
        late_before="期初结转，计至 {through}",
        given_back="此前已抵扣或支付、其后冲回的违约金计入本账单",
        rate="未付金额每日 {rate} %，自 {due} 次日起计至 {through}",
        segment="{from} 至 {to}，{days} 天：{principal} × {rate} %",
        means="付款方式",
        went_to="用途",
        taken_back="已于{on}退票或撤回：不计入",
        reason="原因",
        version="条款第 {version} 版",
        bills="账单",
        bill="账单",
        asked_for="应付",
        unpaid="未付",
        late_fee="滞纳金",
        late_fee_unpaid="其中未付",
        state="状态",
        overdue="逾期",
        open="未付清",
        paid="已付清",
        penalties="甲方应付的违约金",
        penalty_kinds={
            EntryKind.PENALTY: "违约金",
            EntryKind.PENALTY_REVERSAL: "冲回违约金",
            EntryKind.PENALTY_CAP: "超出合同年度上限的部分",
            EntryKind.PENALTY_WAIVER: "放弃违约金",
            EntryKind.PENALTY_DECISION: "和解或裁决确定的违约金",
            EntryKind.SET_OFF: "抵扣账单",
            EntryKind.PAYOUT: "甲方支付",
            EntryKind.PAYOUT_REVERSAL: "冲销支付",
        },
        penalty_clauses={"C8.1.1": "迟延响应，请求", "C8.1.2": "迟延解决，请求"},
        clock="期限 {due}，自 {start} 起 {budget} 小时服务时间",
        ran="计时区间：{spans}",
        pause="暂停计时（{kind}）：{begin} – {end}",
        pauses={"materials": "等待资料", "solved": "已解决", "suspension": "暂停服务"},
        still="仍在暂停",
        pending="尚未兑付的支票",
        reference="凭证号",
        pending_note="支票兑付之前不计为付款（C7.1.2）。",
        held="争议中的金额",
        held_note="争议期间，争议金额暂停处理：不计滞纳金，不抵扣，亦不因此暂停服务（C9）。",
        dispute="争议",
        since="自",
        held_bill="账单 {about}",
        held_penalties="请求 {about} 的全部违约金",
        held_penalty={
            PenaltyKind.LATE_RESPONSE: "迟延响应，请求 {about}",
            PenaltyKind.LATE_RESOLUTION: "迟延解决，请求 {about}",
        },
        closing="正数增加应付金额，负数减少应付金额。各行均注明所依条款；任一日期的对账单可随时出具，内容以"
        "出具时所知为准。",
    ),
}

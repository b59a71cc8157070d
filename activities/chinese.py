"""中文：邮件中的用语与格式。Words as in the glossary of the contract, one per idea."""

from __future__ import annotations

from datetime import date

from activities.wording import Wording, grouped
from contract.agreement_states import AgreementState
from contract.commands import CommandName
from contract.dispute_names import DisputeCommandName
from contract.disputes import Amount, AmountKind, DisputeState, Item, Matter
from contract.money import Money
from contract.parties import Language
from contract.penalties import PenaltyKind
from contract.request import RequestState
from contract.terms import Means, Priority, Service, Target

_DAYS = "一二三四五六日"


class Chinese(Wording):
    language = Language.CHINESE
    you = "贵方"
    joint = ""
    colon = "："

    services = {
        Service.ONLINE_CONSULTING: "在线咨询",
        Service.TECHNICAL_SUPPORT: "技术支持",
        Service.PROBLEM_RESOLUTION: "问题解决",
    }
    priorities = {
        Priority.CRITICAL: "紧急",
        Priority.HIGH: "高",
        Priority.NORMAL: "普通",
        Priority.LOW: "低",
    }
    targets = {
        Target.CONFIRM: "确认",
        Target.RESPOND: "响应",
        Target.RESOLVE: "解决",
    }
    means = {
        Means.TRANSFER: "银行转账",
        Means.CHEQUE: "支票",
        Means.ONLINE: "在线支付",
        Means.OTHER: "其他方式",
    }
    request_states = {
        RequestState.SUBMITTED: "已提交，待确认",
        RequestState.CONFIRMED: "已确认，待指派",
        RequestState.ASSIGNED: "已指派，待响应",
        RequestState.RESPONDED: "已响应，处理中",
        RequestState.WAITING: "等待资料",
        RequestState.RESOLVED: "已解决，待接受",
        RequestState.CLOSED: "已关闭",
        RequestState.WITHDRAWN: "已撤回",
    }
    agreement_states = {
        AgreementState.OFFERED: "待签署",
        AgreementState.REFUSED: "已拒绝签署",
        AgreementState.WITHDRAWN: "要约已撤销",
        AgreementState.LAPSED: "要约已失效",
        AgreementState.ACTIVE: "有效",
        AgreementState.SUSPENDED: "有效，服务暂停中",
        AgreementState.EXPIRED: "期限已届满",
        AgreementState.TERMINATED: "已协商提前终止",
        AgreementState.CLOSED: "已关闭",
        AgreementState.SETTLED: "已结清",
    }
    actions = {
        CommandName.CONFIRM: "确认收到该服务请求",
        CommandName.ASSIGN: "指派服务人员",
        CommandName.REASSIGN: "更换服务人员",
        CommandName.RESPOND: "作出响应",
        CommandName.NOTE_DIAGNOSIS: "记录诊断情况",
        CommandName.ASK_FOR_MATERIALS: "要求补充资料（解决时限随之暂停计时）",
        CommandName.PROVIDE_MATERIALS: "提供所需资料",
        CommandName.RESOLVE: "提交解决方案",
        CommandName.ACCEPT: "接受解决方案，服务请求随即关闭",
        CommandName.REOPEN: "如问题仍未解决，重新打开服务请求",
        CommandName.WITHDRAW: "撤回服务请求",
        CommandName.RAISE_PRIORITY: "调高优先级",
        CommandName.LOWER_PRIORITY: "调低优先级",
        CommandName.RATE: "对本次服务评分（1 分最低，5 分最高）",
        CommandName.ANSWER_RATING: "答复客户的评价",
        CommandName.ADD_NOTE: "补充备注",
    }
    penalties = {
        PenaltyKind.LATE_RESPONSE: "逾期响应",
        PenaltyKind.LATE_RESOLUTION: "逾期解决",
    }
    dispute_states = {
        DisputeState.NEGOTIATING: "协商中",
        DisputeState.SETTLED: "已和解",
        DisputeState.REFERRED: "已提交仲裁",
        DisputeState.AWARDED: "已裁决",
        DisputeState.WITHDRAWN: "已撤回",
        DisputeState.LAPSED: "已终结，不产生效力",
    }
    dispute_actions = {
        DisputeCommandName.OPEN_DISPUTE: "提出争议",
        DisputeCommandName.OFFER_SETTLEMENT: "提出和解方案及其金额",
        DisputeCommandName.CONFIRM_SETTLEMENT: "确认现有和解方案，争议随即最终解决",
        DisputeCommandName.DECLARE_FAILED: "声明协商不成",
        DisputeCommandName.REFER_DISPUTE: "将争议提交仲裁委员会",
        DisputeCommandName.RECORD_AWARD: "登记裁决及其文书",
        DisputeCommandName.WITHDRAW_DISPUTE: "撤回争议",
    }
    clauses = {
        "C4.1": "协议自双方签字盖章之日起生效，在约定期限内有效",
        "C5.2": "在约定的服务时间内作出响应",
        "C5.4": "乙方提供所需资料",
        "C5.5": "乙方对服务作出评价，甲方认真对待并改进",
        "C6.1.1": "通过约定的线上渠道提交服务请求",
        "C6.1.2": "甲方及时确认并指派服务人员",
        "C6.2.1": "甲方在约定时限内响应",
        "C6.2.2": "甲方作出诊断并提供解决方案",
        "C7.1.1": "乙方按约定的标准按时支付服务费",
        "C7.1.2": "付款方式；支票以兑现为准",
        "C7.1.3": "付款后甲方及时开具正式发票",
        "C7.2": "费用调整",
        "C7.2.1": "甲方调整费用须提前通知",
        "C7.2.2": "费用调整可在约定期限内协商",
        "C10.1": "补充与变更须双方书面同意",
        "C8.2": "乙方逾期付款的，甲方有权暂停服务直至付清",
        "C8.2.1": "逾期付款按日加收滞纳金",
        "C4.2": "经双方书面一致同意可提前终止",
        "C8.1": "逾期服务的违约金，可全部或部分放弃",
        "C8.1.1": "逾期响应的违约金",
        "C8.1.2": "逾期解决的违约金，按日计算",
        "C9.1": "争议首先友好协商解决",
        "C9.2": "协商不成的，任何一方可向约定的仲裁委员会申请仲裁",
        "C9.3": "裁决为终局，对双方均有约束力",
        "C10.4": "变更（含续期）须经双方书面一致同意",
    }

    def day(self, day: date) -> str:
        return f"{day.year}年{day.month}月{day.day}日（周{_DAYS[day.weekday()]}）"

    def money(self, amount: Money) -> str:
        if amount.currency == "CNY":
            return f"人民币 {grouped(amount)} 元"
        return f"{amount.currency} {grouped(amount)}"

    def over(self, item: Item) -> str:
        match item.matter:
            case Matter.BILL:
                return f"账单 {item.bill}"
            case Matter.REQUEST:
                return f"服务请求 {item.request_id} 的全部违约金"
            case Matter.PENALTY:
                assert item.penalty is not None
                return f"服务请求 {item.request_id} 的{self.penalties[item.penalty]}违约金"
            case Matter.PAYMENT:
                assert item.means is not None
                return f"付款 {item.reference}（{self.means[item.means]}）"
            case Matter.OTHER:
                return "其他事项"

    def changed(self, amount: Amount, currency: str) -> str:
        money = self.money(Money.of(amount.amount, currency))
        match amount.kind:
            case AmountKind.PENALTY:
                which = "全部" if amount.penalty is None else self.penalties[amount.penalty]
                return f"服务请求 {amount.request_id} 的{which}违约金定为{money}"
            case AmountKind.BILL:
                return f"账单 {amount.bill} 减少{money}"
            case AmountKind.LATE_FEE:
                return f"账单 {amount.bill} 的滞纳金减少{money}"
            case AmountKind.CREDIT:
                return f"给予乙方抵减{money}"

    def _moment(self, day: date, clock: str, offset: str) -> str:
        return f"{self.day(day)}{clock}{f'（{offset}）' if offset else ''}"

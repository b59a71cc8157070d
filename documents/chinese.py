"""Chinese, as documents write it."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from contract.money import Money
from contract.parties import Language, Role
from contract.terms import Means, Service
from documents.writing import Writing

_FORMULAS: Final = (
    (r"one period: ", "一个完整账期："),
    (r"once per request: ", "每项请求一次："),
    (
        r"day (\d+) of the delay, begun (\d+) h past the due: ",
        r"迟延第 \1 日（自期限届满后 \2 小时起）：",
    ),
    (r"(\d+) / (\d+) days", r"\1 / \2 天"),
    (r"; (\S+) stood above the cap before", r"；此前已超出上限 \1"),
)
"""The words in the formulas of contract/billing.py and contract/penalties.py."""


class Chinese(Writing):
    language = Language.CHINESE
    colon = "："
    comma = "、"
    tax_number = "纳税人识别号"
    page_of = "第 {page} 页，共 {pages} 页"
    roles = {Role.PROVIDER: "甲方（服务方）", Role.CUSTOMER: "乙方（客户）"}
    services = {
        Service.ONLINE_CONSULTING: "在线咨询",
        Service.TECHNICAL_SUPPORT: "技术支持",
        Service.PROBLEM_RESOLUTION: "问题解决",
    }
    means = {
        Means.TRANSFER: "银行转账",
        Means.CHEQUE: "支票",
        Means.ONLINE: "在线支付",
        Means.OTHER: "其他方式",
    }

    def day(self, day: date) -> str:
        return f"{day.year} 年 {day.month} 月 {day.day} 日"

    def money(self, amount: Money) -> str:
        if amount.currency == "CNY":
            return f"人民币\u00a0{self.figure(amount)}\u00a0元"
        return super().money(amount)

    def formula(self, formula: str) -> str:
        for english, chinese in _FORMULAS:
            formula = re.sub(english, chinese, formula)
        return super().formula(formula)

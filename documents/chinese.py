"""Chinese, as documents write it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from contract.money import Money
from contract.parties import Language, Role
from contract.service_hours import Always, ServiceHours
from contract.terms import Means, Priority, Service
from contract.values import normalised
from documents.writing import Unit, Writing, clock_times

_FORMULAS: Final = (
    (r"one period: ", "一个完整账期："),
    (r"once per request: ", "每项请求一次："),
    (
        r"day (\d+) of the delay, begun (\d+) h past the due: ",
        r"迟延第 \1 日（自期限届满后 \2 小时起）：",
    ),
    (r"(\d+) / (\d+) days", r"\1 / \2 天"),
    (r"taken over: (\S+) (\S+) unpaid at the end of (\S+)", r"期初结转：截至 \3 终了时未付 \1 \2"),
    (r"taken over: all that accrued in the contract year before", "期初结转：该合同年度此前计提的全部违约金"),
    (r"taken over: (.+) was settled before", r"期初结转：\1 此前已结清"),
    (r"penalties set off or paid out and given back since: ", "曾抵扣或支付、其后冲回的违约金："),
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
    priorities = {
        Priority.CRITICAL: "紧急",
        Priority.HIGH: "高",
        Priority.NORMAL: "普通",
        Priority.LOW: "低",
    }
    languages = {Language.CHINESE: "中文", Language.ENGLISH: "英文"}
    weekdays = ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日")
    nothing = "不作承诺"
    means = {
        Means.TRANSFER: "银行转账",
        Means.CHEQUE: "支票",
        Means.ONLINE: "在线支付",
        Means.OTHER: "其他方式",
    }

    def day(self, day: date) -> str:
        return f"{day.year} 年 {day.month} 月 {day.day} 日"

    def instant(self, at: datetime, zone: str) -> str:
        local = at.astimezone(ZoneInfo(zone))
        return f"{self.day(local.date())} {local:%H:%M:%S}（{zone}，UTC{local.isoformat()[-6:]}）"

    def money(self, amount: Money) -> str:
        if amount.currency == "CNY":
            return f"人民币\u00a0{self.figure(amount)}\u00a0元"
        return super().money(amount)

    def formula(self, formula: str) -> str:
        for english, chinese in _FORMULAS:
            formula = re.sub(english, chinese, formula)
        return super().formula(formula)

    def counted(self, number: Decimal | int, unit: Unit) -> str:
        return f"{normalised(Decimal(number))}（{self.in_words(number)}）{_UNITS[unit]}"

    def percent(self, percent: Decimal) -> str:
        return f"{normalised(percent)}\u00a0%（百分之{self.in_words(percent)}）"

    def amount(self, amount: Money) -> str:
        return f"{self.money(amount)}（大写：{self.amount_in_words(amount)}）"

    def listed(self, items: Sequence[str]) -> str:
        *first, last = items
        return f"{'、'.join(first)}和{last}" if first else last

    def hours_of(self, hours: Always | ServiceHours, zone: str) -> str:
        if not isinstance(hours, ServiceHours):
            return f"全天候，每日二十四小时不间断（{zone}）"
        said = "；".join(self.week(hours, "至", "、"))
        if hours.holidays is not None:
            said += f"；{hours.holidays} 法定节假日除外，调休工作日"
            said += clock_times(hours.make_up_hours, "、") if hours.make_up_hours else "不提供服务"
        return f"{said}（当地时间，{zone}）"


_UNITS: Final = {Unit.HOUR: "小时", Unit.DAY: "日", Unit.MONTH: "个月", Unit.YEAR: "年"}

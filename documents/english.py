"""English, as documents write it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from contract.money import Money
from contract.parties import Language, Role
from contract.service_hours import Always, ServiceHours
from contract.terms import Means, Priority, Service
from contract.values import normalised
from documents.writing import Unit, Writing, clock_times

_MONTHS: Final = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


class English(Writing):
    language = Language.ENGLISH
    colon = ": "
    comma = ", "
    tax_number = "Tax no."
    page_of = "Page {page} of {pages}"
    roles = {Role.PROVIDER: "Provider", Role.CUSTOMER: "Customer"}
    services = {
        Service.ONLINE_CONSULTING: "online consulting",
        Service.TECHNICAL_SUPPORT: "technical support",
        Service.PROBLEM_RESOLUTION: "problem resolution",
    }
    priorities = {
        Priority.CRITICAL: "critical",
        Priority.HIGH: "high",
        Priority.NORMAL: "normal",
        Priority.LOW: "low",
    }
    languages = {Language.CHINESE: "Chinese", Language.ENGLISH: "English"}
    weekdays = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    nothing = "none promised"
    means = {
        Means.TRANSFER: "bank transfer",
        Means.CHEQUE: "cheque",
        Means.ONLINE: "online payment",
        Means.OTHER: "other means",
    }

    def day(self, day: date) -> str:
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"

    def counted(self, number: Decimal | int, unit: Unit) -> str:
        return f"{normalised(Decimal(number))} ({self.in_words(number)}) {unit}{'' if number == 1 else 's'}"

    def percent(self, percent: Decimal) -> str:
        return f"{normalised(percent)}\u00a0% ({self.in_words(percent)} per cent)"

    def amount(self, amount: Money) -> str:
        return f"{self.money(amount)} ({self.amount_in_words(amount)})"

    def listed(self, items: Sequence[str]) -> str:
        *first, last = items
        return f"{', '.join(first)} and {last}" if first else last

    def hours_of(self, hours: Always | ServiceHours, zone: str) -> str:
        if not isinstance(hours, ServiceHours):
            return f"at all times, day and night ({zone})"
        said = "; ".join(self.week(hours, " to ", " and "))
        if hours.holidays is not None:
            said += f"; not on public holidays of {hours.holidays}"
            said += ", but on the workdays that make up for them "
            said += (
                clock_times(hours.make_up_hours, " and ") if hours.make_up_hours else "there is no service"
            )
        return f"{said} (local time, {zone})"

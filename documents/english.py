"""English, as documents write it."""

from __future__ import annotations

from datetime import date
from typing import Final

from contract.parties import Language, Role
from contract.terms import Means, Service
from documents.writing import Writing

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
    means = {
        Means.TRANSFER: "bank transfer",
        Means.CHEQUE: "cheque",
        Means.ONLINE: "online payment",
        Means.OTHER: "other means",
    }

    def day(self, day: date) -> str:
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"

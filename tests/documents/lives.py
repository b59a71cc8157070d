"""Agreements to print: an example sheet, and a year of its money with everything in it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from contract.facts import Account, EntryKind, LedgerEntry
from contract.penalties import late_resolution_formula, late_response_formula
from contract.reading import read_terms
from contract.statements import Statement, statement
from contract.terms import TermSheet
from tests.contract.money_lives import MoneyAgreed, MoneyLife, cny

AS_OF = date(2026, 6, 30)
LONG = "BJ-2026-" + "0123456789" * 8


def example() -> TermSheet:
    return read_terms(Path("examples/service-agreement.yaml").read_text())


def busy(penalties: int = 4, as_of: date = AS_OF) -> Statement:
    """Paid on time, in two parts, late; set off, credited, waived; a cheque on its way; suspended."""
    life = MoneyLife(MoneyAgreed(grace=5, suspend_after=30), set_offs={2: cny("1200.00")})
    life.pay("12000.00", date(2026, 1, 10))
    life.pay("5000.00", date(2026, 2, 25), LONG)
    life.pay("7500.00", date(2026, 3, 20))
    life.do("give_credit", date(2026, 4, 2), amount="300.00", reason="Outage of 28 March 致歉")
    life.do("waive_late_fee", date(2026, 5, 30), bill="B004", reason="By telephone", amount="10.00")
    cheque: dict[str, Any] = {"means": "cheque", "reference": "CHQ-77", "amount": "12000.00"}
    life.do("record_payment", date(2026, 4, 4), value_date=date(2026, 4, 4), **cheque)
    life.wake(life.at(date(2026, 7, 5)))
    owed = [e for e in life.entries if Account.PENALTY_PAYABLE in (e.debit, e.credit)]
    return statement(life.file, [*_penalties(life, penalties), *owed], as_of)


def _penalties(life: MoneyLife, count: int) -> list[LedgerEntry]:
    found = []
    for number in range(count):
        at = life.at(date(2026, 2, 3) + timedelta(days=number))
        began = at - timedelta(hours=30)
        response = number % 3 == 0
        amount = cny("200.00" if response else "500.00")
        found.append(
            LedgerEntry(
                key=f"penalty:{number:03}",
                kind=EntryKind.PENALTY,
                clause="C8.1.1" if response else "C8.1.2",
                effective_at=at,
                debit=Account.PENALTY_EXPENSE,
                credit=Account.PENALTY_PAYABLE,
                amount=amount,
                terms_version=1,
                request_id=f"R-{number:04}",
                explanation={
                    "formula": late_response_formula(amount)
                    if response
                    else late_resolution_formula(amount, 2),
                    "due": at.isoformat(),
                    "submitted_at": began.isoformat(),
                    "budget_hours": "8",
                    "segments": [{"from": began.isoformat(), "to": at.isoformat()}],
                    "pauses": [{"kind": "materials", "from": began.isoformat(), "to": None}],
                },
            )
        )
    return found

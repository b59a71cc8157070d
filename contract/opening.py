"""The balances that an agreement is taken over with, as facts and as entries (C7.1, C8.1, C8.2.1).

They stand at the end of the day before the first one that is run here. The other side of every entry is
the account ``opening``: nothing of it is income or expense a second time.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from contract import books
from contract.agreement_file import TermDates
from contract.billing import Bill, periods_before
from contract.facts import Account, EntryKind, LedgerEntry
from contract.money import Money
from contract.money_file import Credit, CreditKind, MoneyFile
from contract.penalties import annual_cap, excess
from contract.taken_over import OpenBill, PenaltiesBefore, TakenOver
from contract.terms import TermSheet
from contract.values import TICK

_ONE_DAY = timedelta(days=1)


def opening_balances(file: MoneyFile, before: TakenOver) -> None:
    """Enter the bills and the credit of before, and which billing period comes next."""
    begins = file.days.start_of(before.run_from)
    file.run_from = before.run_from
    file.effective_at = max(file.effective_at, begins)
    file.judged_until = max(file.judged_until, begins)
    file.next_period = periods_before(
        before.effective_date, before.run_from, before.billed_through, file.terms.period
    )
    file.bills += [_bill(file, given, before.run_from, begins - TICK) for given in before.bills]
    if before.credit:
        file.credits.append(
            Credit(
                key=f"credit:{file.agreement_id}:opening",
                kind=CreditKind.OPENING,
                amount=Money.of(before.credit, file.terms.fee.currency),
                on=before.run_from - _ONE_DAY,
                at=begins - TICK,
                reason="taken over",
            )
        )


def _bill(file: MoneyFile, given: OpenBill, run_from: date, at: datetime) -> Bill:
    currency = file.terms.fee.currency
    unpaid, late_fee = Money.of(given.unpaid, currency), Money.of(given.late_fee, currency)
    return Bill(
        number=given.number,
        first=given.first,
        last=given.last,
        issued_on=run_from - _ONE_DAY,
        issued_at=at,
        due_on=given.due_on,
        fee=file.terms.fee,
        amount=unpaid,
        set_off=file.money(0),
        terms_version=file.terms.version,
        late=file.terms.late,
        formula=f"taken over: {unpaid} {currency} unpaid at the end of {run_from - _ONE_DAY}",
        bears_late_fees_from=max(run_from, given.due_on + _ONE_DAY),
        late_fee_before=late_fee if late_fee.minor else None,
    )


def opening_entries(
    terms: TermSheet, version: int, dates: TermDates, file: MoneyFile | None, event_seq: int
) -> list[LedgerEntry]:
    """What the ledger begins with; bills and credit only where the agreement's money is run.

    ``event_seq`` is the number of the event that tells of the activation. Settles the file through the day
    before it is run here.
    """
    before = terms.taken_over
    assert before is not None
    assert dates.run_from is not None
    entries: list[LedgerEntry] = []
    for one in before.penalties:
        entries += _penalties(terms, version, one, _end_of_year(one.contract_year, dates) - TICK)
    if file is not None:
        for bill in file.bills:
            entries += books.bill_entries(file.agreement_id, bill)
        entries += books.settle(file, file.days.start_of(before.run_from) - TICK)
    return [entry.model_copy(update={"event_seq": event_seq}) for entry in entries]


def _end_of_year(contract_year: int, dates: TermDates) -> datetime:
    """When a contract year ended, or when what it had come to was taken over."""
    assert dates.run_from is not None
    starts = dates.year_starts
    return min(dates.run_from, starts[contract_year]) if contract_year < len(starts) else dates.run_from


def _penalties(terms: TermSheet, version: int, given: PenaltiesBefore, at: datetime) -> list[LedgerEntry]:
    """A contract year's penalties in full, for its cap counts them, and what of them is settled (C8.1)."""
    accrued, unsettled = terms.money(given.accrued), terms.money(given.unsettled)
    above_cap = excess(accrued, annual_cap(terms))
    owed = accrued - above_cap
    settled = owed - unsettled
    told = {
        "contract_year": given.contract_year,
        "accrued": str(accrued),
        "owed": str(owed),
        "unsettled": str(unsettled),
    }
    entry = LedgerEntry(
        key=f"penalty:{terms.agreement_id}:opening:{given.contract_year}",
        kind=EntryKind.PENALTY,
        clause="C8.1",
        effective_at=at,
        debit=Account.OPENING,
        credit=Account.PENALTY_PAYABLE,
        amount=owed,
        terms_version=version,
        explanation=told | {"formula": "taken over: all that accrued in the contract year before"},
    )
    settling = entry.model_copy(
        update={
            "key": f"set-off:{terms.agreement_id}:opening:{given.contract_year}",
            "kind": EntryKind.SET_OFF,
            "debit": Account.PENALTY_PAYABLE,
            "credit": Account.OPENING,
            "amount": settled,
            "explanation": told
            | {"formula": f"taken over: {owed} - {unsettled} = {settled} was settled before"},
        }
    )
    # The store takes off the cost what is above the cap, so there it has to stand first.
    above = entry.model_copy(
        update={
            "key": f"{entry.key}:above-cap",
            "debit": Account.PENALTY_EXPENSE,
            "amount": above_cap,
        }
    )
    return [one for one in (entry, above, settling) if one.amount.minor > 0]

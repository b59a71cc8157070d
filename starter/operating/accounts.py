"""The money of an agreement held together: its workflow, its facts, its ledger and its documents (C7.1, C8).

Facts are the agreement's events; what is owed is worked out from them anew. The ledger is added up as it
stands, so what no fact calls for is found as well as what is missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contract.agreement_money import MoneyStanding
from contract.balance import balance
from contract.books import bill_key
from contract.facts import Account
from contract.invoices import InvoiceKind
from contract.invoicing import document_key, to_issue
from contract.money_file import MoneyFile
from contract.money_life import next_bill
from records.results import Books, InvoiceRecord


@dataclass(frozen=True, slots=True)
class Unlike:
    """One thing of an agreement's money in which two sides differ."""

    what: str
    """``standing``, ``ledger``, ``bills`` or ``documents``."""
    field: str
    found: Any
    """On record: what the facts come to, what the ledger holds, what is there."""
    expected: Any
    """What the workflow says, or what the facts call for."""


def unlike(
    standing: MoneyStanding,
    money: MoneyFile | None,
    books: Books,
    documents: Sequence[InvoiceRecord],
    *,
    invoices: bool,
) -> Iterator[Unlike]:
    """In what the sides differ; ``invoices``: whether payments are invoiced here."""
    if money is None:
        yield Unlike("standing", "owed", None, standing.owed)
        return
    yield from _standing(standing, money)
    yield from _ledger(money, books)
    yield from _bills(money, books, standing.as_of)
    if invoices:
        yield from _documents(money, documents, standing.as_of)


def _standing(standing: MoneyStanding, money: MoneyFile) -> Iterator[Unlike]:
    """What the workflow says against what its recorded facts come to on the same day."""
    now = balance(money, money.days.date_of(standing.as_of))
    suspended = money.suspended.begin if money.suspended else None
    pairs: dict[str, tuple[Any, Any]] = {
        "owed": (money.money(now.owed), standing.owed),
        "to_pay_now": (money.money(now.overdue), standing.to_pay_now),
        "late_fees": (money.money(now.late_fees), standing.late_fees),
        "credit": (money.money(now.credit_left), standing.credit),
        "bills": (len(now.bills), standing.bills),
        "suspended_since": (suspended, standing.suspended_since),
    }
    for field, (found, expected) in pairs.items():
        if found != expected:
            yield Unlike("standing", field, found, expected)


def _ledger(money: MoneyFile, books: Books) -> Iterator[Unlike]:
    """The ledger's accounts against the facts, late fees through the day of its last entry."""
    if books.posted_at is None:
        return
    on = money.days.date_of(books.posted_at)
    then = balance(money, on)
    received = sum(p.amount.minor for p in money.payments if p.counts_on is not None)
    paid_out = sum(p.amount.minor for p in money.payouts if not p.reversed)
    expected = {
        Account.RECEIVABLE: then.unpaid,
        Account.LATE_FEE_RECEIVABLE: then.late_fees,
        Account.CUSTOMER_CREDIT: -then.credit_left,
        Account.CASH: received - paid_out,
    }
    for account, minor in expected.items():
        found = books.balances.get(account, 0)
        if found != minor:
            yield Unlike("ledger", account.value, money.money(found), money.money(minor))


def _bills(money: MoneyFile, books: Books, as_of: datetime) -> Iterator[Unlike]:
    """A bill for every period begun, each once and in the ledger."""
    for number, times in Counter(bill.number for bill in money.bills).items():
        if times > 1:
            yield Unlike("bills", number, times, 1)
    billed = {bill.period for bill in money.bills if bill.period is not None}
    for period in range(min(billed, default=0), max(billed, default=-1)):
        if period not in billed:
            yield Unlike("bills", f"period {period + 1}", None, "a bill")
    for bill in money.bills:
        posted = books.bills.get(bill_key(money.agreement_id, bill), 0)
        if posted != bill.amount.minor:
            yield Unlike("bills", bill.number, money.money(posted), bill.amount)
    later = money.clone()
    later.next_period = max(billed, default=money.next_period - 1) + 1
    following = next_bill(later)
    if following is not None and following[0] <= as_of:
        yield Unlike("bills", f"period {following[1].k + 1}", None, f"a bill of {following[1].first}")


def _documents(money: MoneyFile, documents: Sequence[InvoiceRecord], as_of: datetime) -> Iterator[Unlike]:
    """An invoice for every payment that counts, a credit note for every one taken back since."""
    on_record = {record.document.key: record for record in documents}
    told = {document.key for document in money.invoices}
    for wanted in to_issue(money, as_of):
        record = on_record.get(wanted.key)
        yield Unlike("documents", wanted.key, None if record is None else record.document.number, "issued")
    for key in sorted(told - on_record.keys()):
        yield Unlike("documents", key, None, "issued")
    known = {document_key(kind, payment.key) for kind in InvoiceKind for payment in money.payments}
    for key in sorted(on_record.keys() - known):
        yield Unlike("documents", key, on_record[key].document.number, None)
    amounts = {payment.key: payment.amount for payment in money.payments}
    for record in on_record.values():
        payment = amounts.get(record.document.payment.key)
        gross = record.document.gross
        if payment is not None and abs(gross.minor) != payment.minor:
            yield Unlike("documents", record.document.number, gross, payment)

"""The bills of an agreement, from its first to its last (C4.2, C7.1.1, contract §5).

Pure like :mod:`contract.request_life`: the workflow supplies the clock, reads the penalties that a bill sets
off from the ledger, and does the waiting. Commands stand in :mod:`contract.money_deeds`, what is due by
itself in :mod:`contract.dunning`.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from contract import books
from contract.billing import Bill, BillingPeriod, MoneyTerms, bill, billing_period, full_period
from contract.days import Days
from contract.dunning import Number
from contract.facts import Event, EventKind
from contract.money_file import Credit, CreditKind, MoneyFile, told
from contract.opening import opening_balances
from contract.outcome import Outcome
from contract.terms import TermSheet

_ONE_DAY = timedelta(days=1)


def open_money(
    terms: TermSheet, version: int, days: Days, signed_at: datetime, ends_at: datetime
) -> MoneyFile:
    """The money of an agreement that is now in force, with the balances it was taken over with."""
    before = terms.taken_over
    file = MoneyFile(
        agreement_id=terms.agreement_id,
        terms=MoneyTerms.from_sheet(terms, version),
        days=days,
        effective=days.date_of(signed_at) if before is None else before.effective_date,
        last=days.date_of(ends_at) - _ONE_DAY,
        effective_at=signed_at,
        judged_until=signed_at,
    )
    if before is not None:
        opening_balances(file, before)
    return file


# Bills


def next_bill(file: MoneyFile) -> tuple[datetime, BillingPeriod] | None:
    """When the next bill is issued and for which period; None when there is no other.

    A period that starts while the fee is nothing is not billed.
    """
    rest = _rest(file)
    if rest is not None:
        return _issue_at(file, rest), rest
    k = file.next_period
    while (period := billing_period(k, file.effective, file.last, file.terms.period)) is not None:
        at = _issue_at(file, period)
        if file.terms_at(at).fee.minor:
            return at, period
        if not any(later.terms.fee.minor for later in file.later):
            return None
        k += 1
    return None


def _issue_at(file: MoneyFile, period: BillingPeriod) -> datetime:
    return max(file.days.start_of(period.first), file.effective_at)


def _rest(file: MoneyFile) -> BillingPeriod | None:
    """What is left of the period billed last, when the term was made longer since (C10.4)."""
    newest = _newest(file)
    if newest is None or newest.period is None:
        return None
    whole = full_period(newest.period, file.effective, file.terms.period)
    rest = whole.part(newest.last + _ONE_DAY, file.last)
    return rest if rest.first <= rest.last else None


def _newest(file: MoneyFile) -> Bill | None:
    """The last bill of a period."""
    return next((bill for bill in reversed(file.bills) if bill.period is not None), None)


def draft_bill(file: MoneyFile) -> Bill | None:
    """The next bill as it would be issued, before penalties are set off; None when there is no other.

    At the price of the version in force when its period starts (C7.2): the rest of a period at that of its
    first part.
    """
    following = next_bill(file)
    if following is None:
        return None
    at, period = following
    terms, parts = file.terms_at(at), [issue for issue in file.bills if issue.period == period.k]
    if parts:
        terms = terms.model_copy(update={"fee": parts[0].fee})
    issued_on = max(period.first, file.days.date_of(at))
    return bill(period, terms, issued_on, at, file.money(0), len(parts) + 1)


def issued(issue: Bill, seq: int) -> Event:
    """The event of a bill's issue (C7.1.1)."""
    told_of = books.bill_told(issue)
    return Event(seq=seq, at=issue.issued_at, kind=EventKind.BILL_ISSUED, clause="C7.1.1", payload=told_of)


def take_bill(file: MoneyFile, issue: Bill, event_seq: int) -> Outcome:
    """Enter a bill that was issued; credit that is left goes to it (contract §4, §5)."""
    file.bills.append(issue)
    if issue.period is not None:
        file.next_period = issue.period + 1
    return Outcome(entries=books.settle(file, issue.issued_at, event_seq))


def end_early(file: MoneyFile, last: date, at: datetime, number: Number) -> Outcome:
    """The agreement ends on an earlier day (C4.2): what a bill asks for the days after it is credited."""
    outcome = Outcome()
    file.last = last
    for issue in file.bills:
        if issue.period is None or issue.last <= last:
            continue
        period = full_period(issue.period, file.effective, file.terms.period)
        served = file.money(0) if issue.first > last else period.part(issue.first, last).fee(issue.fee)
        credit = Credit(
            key=f"early-end:{file.agreement_id}:{issue.number}",
            kind=CreditKind.EARLY_END,
            amount=issue.amount - served,
            on=file.days.date_of(at),
            at=at,
            bill=issue.number,
            reason="the agreement ended before the end of the period",
        )
        file.credits.append(credit)
        outcome.events.append(
            Event(seq=number(), at=at, kind=EventKind.CREDIT_GIVEN, clause="C4.2", payload=told(credit))
        )
    outcome.entries += books.settle(file, at, outcome.events[-1].seq if outcome.events else None)
    return outcome

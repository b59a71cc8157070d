"""The bills of an agreement, from its first to its last (C4.2, C7.1.1, contract §5).

Pure like :mod:`contract.request_life`: the workflow supplies the clock, reads the penalties that a bill sets
off from the ledger, and does the waiting. Commands stand in :mod:`contract.money_deeds`, what is due by
itself in :mod:`contract.dunning`.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from contract import books
from contract.billing import Bill, BillingPeriod, MoneyTerms, bill, billing_period
from contract.days import Days
from contract.dunning import Number
from contract.facts import Event, EventKind
from contract.money_file import Credit, CreditKind, MoneyFile, told
from contract.outcome import Outcome
from contract.terms import TermSheet

_ONE_DAY = timedelta(days=1)


def open_money(
    terms: TermSheet, version: int, days: Days, effective_at: datetime, ends_at: datetime
) -> MoneyFile:
    """The money of an agreement that is now in force."""
    effective = days.date_of(effective_at)
    return MoneyFile(
        agreement_id=terms.agreement_id,
        terms=MoneyTerms.from_sheet(terms, version),
        days=days,
        effective=effective,
        last=days.date_of(ends_at) - _ONE_DAY,
        effective_at=effective_at,
        judged_until=effective_at,
    )


# Bills


def next_bill(file: MoneyFile) -> tuple[datetime, BillingPeriod] | None:
    """When the next bill is issued and for which period; None when there is no other."""
    if file.terms.fee.minor == 0:
        return None
    period = billing_period(file.next_period, file.effective, file.last, file.terms.period)
    if period is None:
        return None
    return max(file.days.start_of(period.first), file.effective_at), period


def draft_bill(file: MoneyFile) -> Bill | None:
    """The next bill as it would be issued, before penalties are set off; None when there is no other."""
    following = next_bill(file)
    return None if following is None else bill(following[1], file.terms, following[0], file.money(0))


def issued(issue: Bill, seq: int) -> Event:
    """The event of a bill's issue (C7.1.1)."""
    told_of = books.bill_told(issue)
    return Event(seq=seq, at=issue.issued_at, kind=EventKind.BILL_ISSUED, clause="C7.1.1", payload=told_of)


def take_bill(file: MoneyFile, issue: Bill, event_seq: int) -> Outcome:
    """Enter a bill that was issued; credit that is left goes to it (contract §4, §5)."""
    file.bills.append(issue)
    file.next_period += 1
    return Outcome(entries=books.settle(file, issue.issued_at, event_seq))


def end_early(file: MoneyFile, last: date, at: datetime, number: Number) -> Outcome:
    """The agreement ends on an earlier day (C4.2): what a bill asks for the days after it is credited."""
    outcome = Outcome()
    file.last = last
    for issue in file.bills:
        if issue.period is None or issue.last <= last:
            continue
        period = billing_period(issue.period, file.effective, issue.last, file.terms.period)
        assert period is not None
        served = file.money(0) if issue.first > last else period.ending(last).fee(issue.fee)
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

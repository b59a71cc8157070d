"""Late payment told and acted upon (C8.2): reminders, notices, suspension, each as of its own instant.

It does not matter how late :func:`advance` runs: what no longer makes sense is left out, what the facts call
for happens as of when they called for it. Only the telling is bound to when it really happened: nothing is
suspended before the customer has been told how much is owed and how to lift it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from contract import books
from contract.balance import Balance, BillBalance, balance
from contract.facts import Event, EventKind
from contract.money_file import Announcement, MoneyFile, Suspension
from contract.outcome import Outcome
from contract.penalties import add_months
from contract.values import DAY, TICK
from contract.waking import Wake

REMINDER_DAYS = 3
"""Days before the due date on which the customer is reminded of an unpaid bill."""

_ONE_DAY = timedelta(days=1)

Number = Callable[[], int]
"""Gives the next sequence number of the agreement's events."""


@dataclass(frozen=True, slots=True)
class Doing:
    """Something that falls due: when, what it is called, and the event it makes (None: only postings)."""

    at: datetime
    what: str
    clause: str
    kind: EventKind | None
    bill: str | None = None

    @property
    def wake(self) -> Wake:
        return Wake(self.at, self.what, self.clause)


def advance(file: MoneyFile, until: datetime, number: Number) -> Outcome:
    """Do everything that fell due by an instant, in order."""
    outcome = Outcome()
    while (doing := next_doing(file, until)) is not None and doing.at <= until:
        outcome.add(_do(file, doing, until, number))
    file.judged_until = max(file.judged_until, until)
    return outcome


def next_doing(file: MoneyFile, now: datetime) -> Doing | None:
    """The earliest thing still to be done, whether it is due by now or not.

    What a fact recorded late calls for is done as of that fact, not of a day before it was known.
    """
    owed = balance(file, file.days.date_of(now))
    doings = [replace(doing, at=max(doing.at, file.judged_until)) for doing in _doings(file, owed)]
    return min(doings, key=lambda doing: doing.at, default=None)


def _doings(file: MoneyFile, owed: Balance) -> Iterator[Doing]:
    start = file.days.start_of
    for number, of_bill in owed.bills.items():
        bill = of_bill.bill
        if of_bill.undisputed(owed.on) == 0:
            continue
        reminder = bill.due_on - timedelta(days=REMINDER_DAYS)
        if number not in file.reminded and reminder > bill.issued_on:
            yield Doing(start(reminder), "Payment reminder", "C7.1.1", EventKind.PAYMENT_REMINDED, number)
        if number not in file.dunned:
            at = start(bill.due_on + _ONE_DAY)
            yield Doing(at, "Payment due", "C8.2", EventKind.PAYMENT_OVERDUE, number)
    if file.suspended is None and not file.service_over:
        yield from _suspension(file, owed)
        for one in file.announcements:
            if one.refused_at is not None and one.told_at is None and not one.refusal_told:
                kind = EventKind.SUSPENSION_NOTICE_REFUSED
                yield Doing(one.refused_at, "Notice refused", "C8.2", kind, one.bills[0])
    yield from _month_turn(file, owed)


def _month_turn(file: MoneyFile, owed: Balance) -> Iterator[Doing]:
    """While principal is overdue, late fees are posted at least at the end of every month."""
    if any(b.unpaid and b.bill.due_on < owed.on for b in owed.bills.values()):
        posted = owed.on if file.accrued_on is None else file.accrued_on + _ONE_DAY
        turn = add_months(posted.replace(day=1), 1)
        # Through the last day of the month: its last second, not the first instant of the next.
        yield Doing(file.days.start_of(turn) - TICK, "Late fees of the month", "C8.2.1", None)


def _suspension(file: MoneyFile, owed: Balance) -> Iterator[Doing]:
    """When to announce a suspension, and when it begins."""
    begins: list[datetime] = []
    for of_bill in owed.bills.values():
        bill = of_bill.bill
        if not of_bill.undisputed(owed.on):
            continue
        at = _called_for(file, of_bill)
        if at is None:
            continue
        covering = [a for a in file.announcements if bill.number in a.bills]
        if not covering:
            ahead = timedelta(days=bill.late.suspend_notice_days + 1)
            if file.ordered_at is None:
                at = file.days.start_of(file.days.date_of(at) - ahead)
            at = max(at, file.days.start_of(_overdue_from(of_bill)))
            yield Doing(at, "Suspension announced", "C8.2", EventKind.SUSPENSION_ANNOUNCED, bill.number)
        elif covering[0].told_at is not None:
            begins.append(max(at, covering[0].told_at + bill.late.suspend_notice_days * DAY))
    if begins:
        yield Doing(min(begins), "Suspension", "C8.2", EventKind.SUSPENDED)


def _overdue_from(of_bill: BillBalance) -> date:
    """The first day on which a bill is overdue and no hold on it is left."""
    bill = of_bill.bill
    ends = [hold.last for hold in of_bill.holds if hold.bill == bill.number and hold.last is not None]
    return max([bill.due_on, *ends]) + _ONE_DAY


def _called_for(file: MoneyFile, of_bill: BillBalance) -> datetime | None:
    """When the terms or the provider call for suspension because of a bill, notice aside."""
    if file.ordered_at is not None:
        return file.ordered_at
    bill = of_bill.bill
    if bill.late.suspend_after_days is None or bill.number in file.excused:
        return None
    return file.days.start_of(bill.due_on + timedelta(days=bill.late.suspend_after_days + 1))


def _do(file: MoneyFile, doing: Doing, until: datetime, number: Number) -> Outcome:
    outcome = Outcome()
    owed = balance(file, file.days.date_of(doing.at))
    match doing.kind:
        case EventKind.PAYMENT_REMINDED:
            assert doing.bill is not None
            file.reminded.append(doing.bill)
            of_bill = owed.bills[doing.bill]
            if of_bill.undisputed(owed.on) and file.days.date_of(until) <= of_bill.bill.due_on:
                outcome.events.append(_event(doing, number(), _of_bill(file, owed, of_bill)))
        case EventKind.PAYMENT_OVERDUE:
            assert doing.bill is not None
            file.dunned.append(doing.bill)
            of_bill = owed.bills[doing.bill]
            if of_bill.undisputed(owed.on):
                outcome.events.append(_event(doing, number(), _of_bill(file, owed, of_bill)))
        case EventKind.SUSPENSION_ANNOUNCED:
            assert doing.bill is not None
            bills = sorted({doing.bill, *overdue_bills(owed)})
            event = _event(doing, number(), demand(file, owed))
            file.announcements.append(Announcement(seq=event.seq, bills=bills))
            outcome.events.append(event)
        case EventKind.SUSPENSION_NOTICE_REFUSED:
            file.announcements = [
                one.model_copy(update={"refusal_told": one.refused_at is not None})
                for one in file.announcements
            ]
            outcome.events.append(_event(doing, number(), demand(file, owed)))
        case EventKind.SUSPENDED:
            suspension = Suspension(
                number=len(file.suspensions) + 1, begin=doing.at, by_command=file.ordered_at is not None
            )
            file.suspensions.append(suspension)
            about = {"number": suspension.number, "by_command": suspension.by_command}
            payload = about | demand(file, owed)
            outcome.events.append(_event(doing, number(), payload))
        case _:
            pass
    seq = outcome.events[-1].seq if outcome.events else None
    outcome.entries += books.settle(file, doing.at, seq)
    return outcome


def _event(doing: Doing, seq: int, payload: dict[str, Any]) -> Event:
    assert doing.kind is not None
    return Event(seq=seq, at=doing.at, kind=doing.kind, clause=doing.clause, payload=payload)


def _of_bill(file: MoneyFile, owed: Balance, of_bill: BillBalance) -> dict[str, Any]:
    bill = of_bill.bill
    return {
        "bill": bill.number,
        "due_on": bill.due_on.isoformat(),
        "unpaid": str(file.money(of_bill.unpaid)),
        "currency": bill.amount.currency,
        "percent_per_day": str(bill.late.percent_per_day),
        "owed": str(file.money(owed.owed)),
    }


def demand(file: MoneyFile, owed: Balance) -> dict[str, Any]:
    """How much is overdue, since when, and so how to lift or avert a suspension (C8.2)."""
    overdue = [b for b in owed.bills.values() if b.overdue(owed.on)]
    return {
        "currency": file.terms.fee.currency,
        "to_pay": str(file.money(owed.overdue)),
        "late_fees": str(file.money(sum(b.late_undisputed(owed.on) for b in owed.bills.values()))),
        "as_of": owed.on.isoformat(),
        "since": min((b.bill.due_on for b in overdue), default=owed.on).isoformat(),
        "bills": [
            {"bill": b.bill.number, "due_on": b.bill.due_on.isoformat(), "unpaid": str(file.money(b.unpaid))}
            for b in overdue
        ],
        "notice_days": max((b.bill.late.suspend_notice_days for b in overdue), default=0),
    }


def told(file: MoneyFile, seq: int, at: datetime) -> None:
    """An announcement has reached the customer: from then its notice period runs (C8.2)."""
    file.announcements = [
        a.model_copy(update={"told_at": at}) if a.seq == seq and a.told_at is None else a
        for a in file.announcements
    ]


def not_told(file: MoneyFile, seq: int, at: datetime) -> None:
    """The customer's mail server will not take an announcement: it is not cut off, the provider is told."""
    file.announcements = [
        a.model_copy(update={"refused_at": at}) if a.seq == seq and a.refused_at is None else a
        for a in file.announcements
    ]


def lift_if_paid(file: MoneyFile, at: datetime, number: Number) -> Outcome:
    """With nothing overdue any more, arrears are over and a suspension ends, the moment it is recorded."""
    outcome = Outcome()
    if not balance(file, file.days.date_of(at)).overdue:
        outcome.add(end_suspension(file, at, number))
        file.announcements, file.excused, file.ordered_at = [], [], None
    return outcome


def end_suspension(file: MoneyFile, at: datetime, number: Number) -> Outcome:
    """End the suspension that lasts, if one does."""
    running = file.suspended
    if running is None:
        return Outcome()
    at = max(at, running.begin)
    file.suspensions[-1] = running.model_copy(update={"end": at})
    about = {"number": running.number, "since": running.begin.isoformat()}
    return Outcome(events=[Event(seq=number(), at=at, kind=EventKind.RESUMED, clause="C8.2", payload=about)])


def overdue_bills(owed: Balance) -> list[str]:
    """Bills with undisputed principal past their due date."""
    return [number for number, of_bill in owed.bills.items() if of_bill.overdue(owed.on)]

"""A term sheet as its readers want it: what is agreed, clause by clause, and the targets as a table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from zoneinfo import ZoneInfo

from rich.table import Table

from contract.billing import BillingPeriod, bill_number, billing_period, periods_before
from contract.parties import Party
from contract.penalties import add_months, annual_cap
from contract.service_hours import DayHours, ServiceHours, Weekday
from contract.taken_over import TakenOver
from contract.terms import Priority, Target, TermSheet
from contract.values import normalised
from starter.showing.paper import NOTHING, money, table, words

Row = tuple[str, str, str]
"""Clause, what, as agreed."""


def summary(terms: TermSheet, digest: str) -> list[Table]:
    """The sheet in two tables."""
    agreed = table(f"Term sheet of agreement {terms.agreement_id}", "clause", "", "agreed")
    agreed.columns[0].style = "cyan"
    for row in (*_who_and_what(terms), *_time(terms), *_money(terms), *_changes(terms), *_before(terms)):
        agreed.add_row(*row)
    agreed.add_row("C10.2", "digest that both sign", digest)
    return [agreed, targets(terms)]


def _who_and_what(terms: TermSheet) -> Iterator[Row]:
    yield "C1.1", "provider 甲方", _party(terms.provider)
    yield "C1.2", "customer 乙方", _party(terms.customer)
    yield "C3.1", "services", ", ".join(words(service) for service in terms.services)
    if terms.service_standard is not None:
        standard = terms.service_standard
        yield "C6.1.3", "service standard", f"{standard.title} (SHA-256 {standard.digest})"


def _party(party: Party) -> str:
    contact = party.contact
    tax = f"\ntax id {party.tax_id}" if party.tax_id else ""
    return (
        f"{party.name} ({party.party_id})\n{party.address}, {party.country}{tax}\n"
        f"{contact.name}, {contact.email}, {contact.phone}; notices in {party.language}"
    )


def _time(terms: TermSheet) -> Iterator[Row]:
    length = _days(terms.term.years, "year") if terms.term.years else _days(terms.term.months or 0, "month")
    begins = "the second signature" if terms.taken_over is None else str(terms.taken_over.effective_date)
    yield "C4.1", "term", f"{length} from {begins}; the offer is open for {_d(terms.offer_days)}"
    yield "§2", "time zone", terms.time_zone
    yield "C5.2", "service hours", hours(terms.service_hours)
    yield "C5.2", "warning", f"at {_percent(terms.targets.warn_percent)} of each target"
    yield (
        "C5.5",
        "after the solution",
        f"accepted or reopened within {_d(terms.acceptance_days)}, rated within {_d(terms.rating_days)}, "
        f"a low rating answered within {_d(terms.follow_up_days)}",
    )
    yield "§3", "late commands", f"taken when at most {terms.command_delay_hours} h old"


def _money(terms: TermSheet) -> Iterator[Row]:
    fees, penalties, late = terms.fees, terms.penalties, terms.late_payment
    tax = "tax not stated" if fees.tax_percent is None else f"{_percent(fees.tax_percent)} tax included"
    means = ", ".join(fees.means)
    yield (
        "C7.1",
        "fees",
        f"{money(terms.money(fees.amount))} per {fees.period}, {tax}; "
        f"due {_d(fees.payment_days)} after the bill; by {means}",
    )
    yield "C8.1.1", "late response", f"{money(terms.money(penalties.late_response))} once per request"
    yield (
        "C8.1.2",
        "late solution",
        f"{money(terms.money(penalties.late_resolution_per_day))} per started day",
    )
    cap = annual_cap(terms)
    yield (
        "C8.1",
        "cap",
        "none"
        if cap is None or penalties.cap_percent is None
        else f"{_percent(penalties.cap_percent)} of a year's fees: {money(cap)}",
    )
    yield (
        "C8.1",
        "settlement",
        f"{words(penalties.settlement)}; both sides are warned at "
        f"{_percent(penalties.warning_percent)} of a year's fees",
    )
    suspended = (
        "service suspended only by command"
        if late.suspend_after_days is None
        else f"service suspended after {_d(late.suspend_after_days)}, "
        f"{_d(late.suspend_notice_days)} after a notice"
    )
    yield (
        "C8.2",
        "late payment",
        f"{_percent(late.percent_per_day)} of what is unpaid per day, {_d(late.grace_days)} of grace, "
        f"{words(late.allocation)}; {suspended}",
    )


def _changes(terms: TermSheet) -> Iterator[Row]:
    change = terms.fee_change
    yield (
        "C7.2",
        "fee change",
        f"{_d(change.notice_days)} of notice, {_d(change.negotiation_days)} to negotiate; "
        f"unanswered it {words(change.if_unanswered)}",
    )
    yield "C10", "changes", f"proposals expire unanswered after {_d(terms.consent_days)}"
    disputes = terms.disputes
    yield (
        "C9",
        "disputes",
        f"{_d(disputes.negotiation_days)} of negotiation, stale after {_d(disputes.stale_days)}; "
        f"{disputes.arbitration_commission}",
    )
    yield "C4.1", "after the end", f"{_d(terms.closing_days)} to finish open requests"


def taken_over(before: TakenOver, terms: TermSheet) -> str:
    """What a running agreement is taken over with, in a line."""
    owed = sum((bill.unpaid + bill.late_fee for bill in before.bills), Decimal(0))
    unsettled = sum((year.unsettled for year in before.penalties), Decimal(0))
    return (
        f"run here from {before.run_from}, in force since {before.effective_date}; "
        f"{_days(len(before.bills), 'bill')} not paid in full, {money(terms.money(owed))} with late fees; "
        f"credit {money(terms.money(before.credit))}; "
        f"penalties not settled {money(terms.money(unsettled))}; "
        f"{_days(len(before.requests), 'request')} still open"
    )


def _before(terms: TermSheet) -> Iterator[Row]:
    """What a running agreement brings with it, each balance by itself."""
    before = terms.taken_over
    if before is None:
        return
    every = terms.fees.period
    k = periods_before(before.effective_date, before.run_from, before.billed_through, every)
    last = add_months(before.effective_date, terms.term.total_months) - timedelta(days=1)
    period = billing_period(k, before.effective_date, last, every)
    first = "no other bill" if period is None else f"first bill here {bill_number(k)}, of {period.first}"
    yield "C4.1", "taken over", f"in force since {before.effective_date}, run here from {before.run_from}"
    yield "C7.1", "bills", f"billed before through {_billed(period, last)}; {first}"
    for bill in before.bills:
        late = f", late fee {money(terms.money(bill.late_fee))}" if bill.late_fee else ""
        unpaid = f"{money(terms.money(bill.unpaid))} unpaid{late}"
        yield "C7.1", f"bill {bill.number}", f"{bill.first} to {bill.last}, due {bill.due_on}: {unpaid}"
    if before.credit:
        yield "C7.1", "credit", money(terms.money(before.credit))
    for year in before.penalties:
        yield (
            "C8.1",
            f"penalties, year {year.contract_year}",
            f"{money(terms.money(year.accrued))} accrued, {money(terms.money(year.unsettled))} not settled",
        )
    for request in before.requests:
        done = [f"submitted {_told(request.submitted_at, terms)}"]
        for name in ("confirmed", "responded", "resolved"):
            if (at := getattr(request, f"{name}_at")) is not None:
                done.append(f"{name} {_told(at, terms)}")
        if request.pauses:
            done.append(_days(len(request.pauses), "pause"))
        yield "C6.1.1", f"request {request.request_id}", f"{request.title}\n{', '.join(done)}"


def _billed(period: BillingPeriod | None, last: date) -> date:
    return last if period is None else period.first - timedelta(days=1)


def _told(at: datetime, terms: TermSheet) -> str:
    return f"{at.astimezone(ZoneInfo(terms.time_zone)):%Y-%m-%d %H:%M}"


def hours(agreed: ServiceHours | str) -> str:
    """Service hours in words, days with the same hours together."""
    if not isinstance(agreed, ServiceHours):
        return "always"
    lines = []
    days = [(day, _intervals(agreed.weekly.get(day, []))) for day in Weekday]
    for intervals, together in groupby(days, key=lambda pair: pair[1]):
        names = [day.value.capitalize() for day, _ in together]
        if intervals:
            lines.append(f"{names[0]}{f'–{names[-1]}' if len(names) > 1 else ''} {intervals}")
    if agreed.holidays is None:
        lines.append("holidays included")
    else:
        lines.append(f"holidays of {agreed.holidays} excepted")
        lines.append(f"make-up workdays {_intervals(agreed.make_up_hours or [])}")
    return "\n".join(lines)


def _intervals(intervals: DayHours) -> str:
    return ", ".join(f"{_clock(opens)}–{_clock(closes)}" for opens, closes in intervals)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def targets(terms: TermSheet) -> Table:
    """The targets that hold for each priority, services with the same ones together."""
    made = table(
        "Targets, in hours of service time",
        "priority",
        "service",
        *(f"{target}, {clause}" for target, clause in _TARGET_CLAUSES.items()),
        right=[f"{target}, {clause}" for target, clause in _TARGET_CLAUSES.items()],
    )
    for priority in Priority:
        together: dict[tuple[str, ...], list[str]] = {}
        for service in terms.services:
            promised = tuple(_hours(terms.targets.hours(target, service, priority)) for target in Target)
            together.setdefault(promised, []).append(words(service))
        for promised, services in together.items():
            names = "all" if len(together) == 1 else ", ".join(services)
            made.add_row(priority.value, names, *promised)
    return made


_TARGET_CLAUSES = {Target.CONFIRM: "C6.1.2", Target.RESPOND: "C5.2", Target.RESOLVE: "C8.1.2"}


def _hours(value: Decimal | None) -> str:
    return NOTHING if value is None else normalised(value)


def _percent(value: Decimal) -> str:
    return f"{normalised(value)} %"


def _d(count: int) -> str:
    return _days(count, "day")


def _days(count: int, unit: str) -> str:
    return f"{count} {unit}{'' if count == 1 else 's'}"

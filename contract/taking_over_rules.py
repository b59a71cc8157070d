"""What must hold within the part of a term sheet that takes over a running agreement (contract §2).

Like the rules of :mod:`contract.term_rules` they read the plain document, so that one fault hides no other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from contract.billing import bill_number, periods_before
from contract.faults import Fault, Finding, clause_of, found_at, shown
from contract.money import Money
from contract.penalties import add_months
from contract.terms import Period, TermSheet, TimeZone
from contract.values import Amount, Day, Whole, WrittenStamp

_ONE_DAY = timedelta(days=1)

_DAY: TypeAdapter[date] = TypeAdapter(Day)
_STAMP: TypeAdapter[datetime] = TypeAdapter(WrittenStamp)
_AMOUNT: TypeAdapter[Decimal] = TypeAdapter(Amount)
_WHOLE: TypeAdapter[int] = TypeAdapter(Whole)
_ZONE: TypeAdapter[str] = TypeAdapter(TimeZone)
_PERIOD: TypeAdapter[Period] = TypeAdapter(Period)

_FINAL = re.compile(r"^F[0-9]{3,}$")
"""The number of a bill that a final statement makes."""

_INSTANTS = ("submitted_at", "confirmed_at", "responded_at", "resolved_at")
"""Of a request, in the order in which they happen."""


def _read(kind: TypeAdapter[Any], value: Any) -> Any:
    """A value as its kind; None when it is not one, which is another fault's to tell."""
    try:
        return None if value is None else kind.validate_python(value)
    except ValidationError:
        return None


def _items(document: Any, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The mappings in a list of the part, with their paths."""
    found = found_at(document, f"taken_over.{name}")
    for place, item in enumerate(found if isinstance(found, list) else []):
        if isinstance(item, dict):
            yield f"taken_over.{name}[{place}]", item


def amounts(document: Any) -> Iterator[tuple[str, Any]]:
    """Every amount of money in the part, with its path."""
    yield "taken_over.credit", found_at(document, "taken_over.credit")
    for list_name, fields in (("bills", ("unpaid", "late_fee")), ("penalties", ("accrued", "unsettled"))):
        for path, item in _items(document, list_name):
            yield from ((f"{path}.{field}", item.get(field)) for field in fields)


@dataclass(frozen=True, slots=True)
class _Span:
    """The days that the other rules go by."""

    effective: date
    run_from: date
    term_last: date | None
    every: Period | None
    billed_through: date | None

    @classmethod
    def of(cls, document: Any) -> _Span | None:
        effective = _read(_DAY, found_at(document, "taken_over.effective_date"))
        run_from = _read(_DAY, found_at(document, "taken_over.run_from"))
        if effective is None or run_from is None or effective >= run_from:
            return None
        months = _months(document)
        return cls(
            effective=effective,
            run_from=run_from,
            term_last=None if months is None else add_months(effective, months) - _ONE_DAY,
            every=_read(_PERIOD, found_at(document, "fees.period")),
            billed_through=_read(_DAY, found_at(document, "taken_over.billed_through")),
        )

    def billed(self, ahead: bool = True) -> date | None:
        """The last day billed before, by the periods themselves or with what was billed ahead."""
        if self.every is None:
            return None
        through = self.billed_through if ahead else None
        k = periods_before(self.effective, self.run_from, through, self.every)
        first = add_months(self.effective, k * 12 // self.every.per_year)
        return min([first - _ONE_DAY, *([] if self.term_last is None else [self.term_last])])

    @property
    def contract_year(self) -> int:
        """The contract year in which the day before ``run_from`` is."""
        year = 1
        while add_months(self.effective, 12 * year) < self.run_from:
            year += 1
        return year


def _months(document: Any) -> int | None:
    years, months = (_read(_WHOLE, found_at(document, f"term.{name}")) for name in ("years", "months"))
    total = months if months is not None else 12 * (years or 0)
    return total if 1 <= total <= 600 else None


def _in_order(document: Any) -> Iterator[Finding]:
    effective = _read(_DAY, found_at(document, "taken_over.effective_date"))
    run_from = _read(_DAY, found_at(document, "taken_over.run_from"))
    if effective is None or run_from is None:
        return
    if effective >= run_from:
        yield "taken_over.effective_date", effective, f"before run_from ({run_from})"
        return
    span = _Span.of(document)
    if span is None:
        return
    if span.term_last is not None and run_from > span.term_last:
        yield "taken_over.run_from", run_from, f"at most {span.term_last}, the last day of the term"
    elif span.billed_through is not None and span.billed() != span.billed_through:
        allowed = f"the last day of a billing period: {span.billed(ahead=False)}, or of a later one"
        yield "taken_over.billed_through", span.billed_through, allowed


def _bills(document: Any) -> Iterator[Finding]:
    span = _Span.of(document)
    grace = _read(_WHOLE, found_at(document, "late_payment.grace_days")) or 0
    billed = None if span is None else span.billed()
    numbers: set[str] = set()
    for path, bill in _items(document, "bills"):
        number = bill.get("number")
        if isinstance(number, str):
            if number in numbers:
                yield f"{path}.number", number, "a number of its own"
            numbers.add(number)
            if span is not None and span.every is not None and _is_ours(number, span):
                yield (
                    f"{path}.number",
                    number,
                    "another number: a bill that is issued here will have this one",
                )
        first, last = _read(_DAY, bill.get("first")), _read(_DAY, bill.get("last"))
        if first is not None and last is not None and last < first:
            yield f"{path}.last", last, f"not before first ({first})"
        elif last is not None and billed is not None and last > billed:
            yield f"{path}.last", last, f"at most {billed}: what is after it is billed here"
        unpaid, late_fee = _read(_AMOUNT, bill.get("unpaid")), _read(_AMOUNT, bill.get("late_fee", 0))
        if unpaid == 0 and late_fee == 0:
            yield f"{path}.unpaid", "0", "more than 0, or a late fee: a bill that is settled is left out"
        due_on = _read(_DAY, bill.get("due_on"))
        if late_fee and due_on is not None and span is not None and 0 <= grace <= 3660:
            bears = due_on + timedelta(days=grace) + _ONE_DAY
            if bears >= span.run_from:
                yield (
                    f"{path}.late_fee",
                    late_fee,
                    f"0: before run_from no day bore one (the first is {bears})",
                )


def _is_ours(number: str, span: _Span) -> bool:
    """Whether a bill of the agreement's own will be numbered like that."""
    if _FINAL.match(number):
        return True
    digits = number.removeprefix("B").partition("-")[0]  # B007-2 is a second part of its period
    assert span.every is not None
    if number == digits or not digits.isdigit() or not digits.isascii() or len(digits) > 5:
        return False
    k = int(digits) - 1
    first = periods_before(span.effective, span.run_from, span.billed_through, span.every)
    return k >= first and bill_number(k) == number.partition("-")[0]


def _penalties(document: Any) -> Iterator[Finding]:
    span = _Span.of(document)
    cap = _cap(document)
    years: set[int] = set()
    for path, one in _items(document, "penalties"):
        year = _read(_WHOLE, one.get("contract_year"))
        if year is not None:
            if year in years:
                yield f"{path}.contract_year", year, "each contract year once"
            years.add(year)
            if span is not None and year > span.contract_year:
                yield f"{path}.contract_year", year, f"at most {span.contract_year}, that of run_from"
        accrued, unsettled = _read(_AMOUNT, one.get("accrued")), _read(_AMOUNT, one.get("unsettled"))
        if accrued is None or unsettled is None:
            continue
        if unsettled > accrued:
            yield f"{path}.unsettled", unsettled, f"at most accrued ({accrued})"
        elif cap is not None and unsettled > cap:
            yield f"{path}.unsettled", unsettled, f"at most the cap of a contract year ({cap})"


def _cap(document: Any) -> Decimal | None:
    """The cap of a contract year by the sheet, to the last digit of its currency (C8.1)."""
    fee = _read(_AMOUNT, found_at(document, "fees.amount"))
    percent = _read(_AMOUNT, found_at(document, "penalties.cap_percent"))
    every, currency = _read(_PERIOD, found_at(document, "fees.period")), found_at(document, "fees.currency")
    if fee is None or percent is None or every is None or not isinstance(currency, str):
        return None
    try:
        cap: Money = (Money.of(fee, currency) * every.per_year).percent(percent)
    except ValueError:
        return None
    return cap.amount


def _requests(document: Any) -> Iterator[Finding]:
    services = found_at(document, "services")
    ids: set[str] = set()
    for path, request in _items(document, "requests"):
        request_id, service = request.get("request_id"), request.get("service")
        if isinstance(request_id, str):
            if request_id in ids:
                yield f"{path}.request_id", request_id, "an id of its own"
            ids.add(request_id)
        if isinstance(service, str) and isinstance(services, list) and service not in services:
            yield f"{path}.service", service, "one of the agreement's services"
        yield from _steps(path, request)
        yield from _pauses(path, request)


_NEEDS = (("assignee", "confirmed_at"), ("responded_at", "assignee"), ("resolved_at", "responded_at"))
"""What has happened only when the other has."""


def _steps(path: str, request: dict[str, Any]) -> Iterator[Finding]:
    for name, needed in _NEEDS:
        if request.get(name) is not None and request.get(needed) is None:
            yield f"{path}.{name}", request[name], f"only with {needed}"
    before: tuple[str, datetime] | None = None
    for name in _INSTANTS:
        at = _read(_STAMP, request.get(name))
        if at is None:
            continue
        if before is not None and at < before[1]:
            yield f"{path}.{name}", request[name], f"not before {before[0]} ({before[1].isoformat()})"
        before = (name, at)


def _pauses(path: str, request: dict[str, Any]) -> Iterator[Finding]:
    pauses = request.get("pauses")
    submitted, responded, resolved = (
        _read(_STAMP, request.get(name)) for name in ("submitted_at", "responded_at", "resolved_at")
    )
    found = [pause for pause in pauses if isinstance(pause, dict)] if isinstance(pauses, list) else []
    ended: datetime | None = None
    for place, pause in enumerate(found):
        at = f"{path}.pauses[{place}]"
        begin, end = _read(_STAMP, pause.get("begin")), _read(_STAMP, pause.get("end"))
        earliest = submitted if pause.get("kind") == "suspension" else responded
        if pause.get("kind", "materials") != "suspension" and request.get("responded_at") is None:
            yield (
                f"{at}.begin",
                pause.get("begin"),
                "only with responded_at: before it there is no such pause",
            )
        elif begin is not None and earliest is not None and begin < earliest:
            yield f"{at}.begin", pause["begin"], f"not before {earliest.isoformat()}"
        elif begin is not None and ended is not None and begin < ended:
            yield f"{at}.begin", pause["begin"], f"not before the pause before it ended ({ended.isoformat()})"
        if begin is not None and end is not None and end <= begin:
            yield f"{at}.end", pause["end"], f"after begin ({begin.isoformat()})"
        if pause.get("end") is None:
            if place + 1 < len(found) or pause.get("kind", "materials") != "materials":
                yield f"{at}.end", None, "an end: only the last pause, for materials, may last"
            elif request.get("resolved_at") is not None:
                yield f"{at}.end", None, "an end: a request that is resolved waits for nothing"
        elif end is not None and resolved is not None and end > resolved:
            yield f"{at}.end", pause["end"], f"not after resolved_at ({resolved.isoformat()})"
        ended = end or ended


RULES: tuple[Callable[[Any], Iterator[Finding]], ...] = (_in_order, _bills, _penalties, _requests)


def faults_of_instants(document: Any) -> list[Fault]:
    """What of the requests happened on or after the day they are run from, instead of before it.

    Reads time-zone rules: for whoever makes an offer, not for workflows.
    """
    zone = _read(_ZONE, found_at(document, "time_zone"))
    run_from = _read(_DAY, found_at(document, "taken_over.run_from"))
    if zone is None or run_from is None:
        return []
    begins = datetime(run_from.year, run_from.month, run_from.day, tzinfo=ZoneInfo(zone))
    faults = []
    for path, request in _items(document, "requests"):
        told = [(f"{path}.{name}", request.get(name)) for name in _INSTANTS]
        pauses = request.get("pauses")
        for place, pause in enumerate(pauses if isinstance(pauses, list) else []):
            if isinstance(pause, dict):
                told += [(f"{path}.pauses[{place}].{name}", pause.get(name)) for name in ("begin", "end")]
        for where, given in told:
            at = _read(_STAMP, given)
            if at is not None and at >= begins:
                allowed = f"before {begins.isoformat()}, from when the agreement is run here"
                faults.append(Fault(path=where, clause=clause_of(where), given=shown(given), allowed=allowed))
    return faults


def unfounded_balances(terms: TermSheet, offered_at: datetime) -> list[Fault]:
    """What nobody can know when the offer is made: balances of a later day, or what happened after them.

    Reads time-zone rules: for whoever makes an offer, not for workflows.
    """
    before = terms.taken_over
    if before is None:
        return []
    faults = faults_of_instants(terms.model_dump(mode="json"))
    today = offered_at.astimezone(ZoneInfo(terms.time_zone)).date()
    if before.run_from > today:
        path, given = "taken_over.run_from", before.run_from.isoformat()
        allowed = f"at most {today}, the day of the offer"
        faults.append(Fault(path=path, clause=clause_of(path), given=given, allowed=allowed))
    return faults

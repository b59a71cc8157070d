"""``--check``: everything computed by arithmetic alone, and compared with what the engine recorded.

Every request, field by field; every penalty with its clause, instant and amount; what was refused; each
contract year and its cap. Requests still open are compared as of the last instant lived.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from activities.holiday_data import build_year
from contract.service_hours import CalendarYear
from contract.terms import Target
from starter.rehearsal.arithmetic import SECOND, ServiceTime, Term, instant, moment
from starter.rehearsal.expected import Expected
from starter.rehearsal.log import SUBMIT
from starter.rehearsal.running import Lived, LivedRequest


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that arithmetic and the record do not agree on."""

    subject: str
    """A request's id, or what else it is about."""
    what: str
    recorded: str
    computed: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What was compared, and what came out different."""

    values: int
    differences: tuple[Difference, ...]


class Comparison:
    def __init__(self) -> None:
        self.values = 0
        self.differences: list[Difference] = []

    def __call__(self, subject: str, what: str, recorded: object, computed: object) -> None:
        self.values += 1
        if recorded != computed:
            self.differences.append(Difference(subject, what, _shown(recorded), _shown(computed)))


def check(lived: Lived) -> Checked:
    """Compute a rehearsal again and compare."""
    compare = Comparison()
    assert lived.agreement.effective_at is not None
    term = Term(lived.terms, lived.agreement.effective_at)
    until = moment(lived.until.replace(microsecond=0))
    expected, refused = _compute(lived, term, until)
    recorded = {request.on_record.request_id: request for request in lived.requests}
    for request_id in sorted(expected.keys() | recorded.keys()):
        compare(request_id, "on record", request_id in recorded, request_id in expected)
    for request_id in sorted(expected.keys() & recorded.keys()):
        compare_request(compare, recorded[request_id], expected[request_id], until)
    _compare_refused(compare, {(r.deed.request_id, r.deed.line, r.deed.name) for r in lived.refused}, refused)
    _compare_years(compare, lived, term, expected.values())
    return Checked(compare.values, tuple(compare.differences))


def _compute(lived: Lived, term: Term, until: int) -> tuple[dict[str, Expected], set[tuple[str, int, str]]]:
    """Every request that is admitted, and every deed that is refused."""
    service_time = ServiceTime(lived.terms, _Calendars(lived))
    expected: dict[str, Expected] = {}
    refused: set[tuple[str, int, str]] = set()
    for ticket in lived.log.tickets:
        admitted = term.begins <= moment(ticket.submitted_at) < term.ends
        if not admitted or ticket.service not in lived.terms.services:
            refused.add((ticket.request_id, ticket.line, SUBMIT))
            refused.update((ticket.request_id, deed.line, deed.name) for deed in ticket.deeds)
            continue
        one = expected[ticket.request_id] = Expected.submitted(ticket, lived.terms, service_time)
        for deed in ticket.deeds:
            if not one.take(deed):
                refused.add((ticket.request_id, deed.line, deed.name))
        one.live_until(until)
    return expected, refused


class _Calendars(dict[int, CalendarYear]):
    """The years the rehearsal rests on; others, which only a wrong due would need, from the library."""

    def __init__(self, lived: Lived) -> None:
        super().__init__(lived.calendars)
        self._country = lived.terms.holiday_country

    def __missing__(self, year: int) -> CalendarYear:
        assert self._country is not None
        self[year] = build_year(self._country, year)
        return self[year]


def compare_request(compare: Comparison, recorded: LivedRequest, computed: Expected, until: int) -> None:
    on_record = recorded.on_record
    request_id = on_record.request_id
    instants = {
        "submitted_at": computed.submitted_at,
        "confirmed_at": computed.confirmed_at,
        "responded_at": computed.responded_at,
        "resolved_at": computed.resolved_at,
        "closed_at": computed.closed_at,
        "confirm_due": computed.due(Target.CONFIRM),
        "respond_due": computed.due(Target.RESPOND),
        "resolve_due": computed.due(Target.RESOLVE),
    }
    for name, at in instants.items():
        compare(request_id, name, getattr(on_record, name), None if at is None else instant(at))
    compare(request_id, "state", on_record.state.value, computed.state)
    compare(request_id, "service", on_record.service, computed.service)
    compare(request_id, "priority", on_record.priority, computed.priority)
    compare(request_id, "confirm_late", on_record.confirm_late, computed.is_late(Target.CONFIRM, until))
    compare(request_id, "response_late", on_record.response_late, computed.is_late(Target.RESPOND, until))
    compare(request_id, "resolution_late", on_record.resolution_late, computed.is_late(Target.RESOLVE, until))
    compare(request_id, "delay_seconds", recorded.delay_seconds, computed.delay(until) // SECOND)
    compare(request_id, "delay_days", on_record.delay_days, computed.delay_days(until))
    posted = [(entry.clause, entry.effective_at, entry.amount.amount) for entry in recorded.accruals]
    owed = [(accrual.clause, instant(accrual.at), accrual.amount) for accrual in computed.accruals]
    compare(request_id, "penalties", sorted(posted), sorted(one for one in owed if one[2]))


def _compare_refused(
    compare: Comparison, recorded: set[tuple[str, int, str]], computed: set[tuple[str, int, str]]
) -> None:
    for one in sorted(recorded | computed):
        request_id, line, name = one
        what = f"{name} of line {line}"
        compare(request_id, what, _taken(one in recorded), _taken(one in computed))


def _taken(is_refused: bool) -> str:
    return "refused" if is_refused else "taken"


def _compare_years(compare: Comparison, lived: Lived, term: Term, computed: Iterable[Expected]) -> None:
    """What was accrued in each contract year, and what of it is above the cap."""
    accruals = [(one.at, one.amount) for request in computed for one in request.accruals if one.amount]
    sums: dict[int, Decimal] = defaultdict(Decimal)
    for at, amount in accruals:
        sums[term.year_of(at)] += amount
    above = term.above_cap(accruals)
    recorded = {year.contract_year: year for year in lived.years}
    for year in sorted(recorded.keys() | sums.keys()):
        of_year = recorded.get(year)
        subject = f"contract year {year}"
        accrued = of_year and (of_year.accrued - of_year.reversed).amount
        compare(subject, "accrued", accrued, sums.get(year))
        compare(subject, "above the cap", of_year and of_year.above_cap.amount, above.get(year))


def _shown(value: object) -> str:
    match value:
        case datetime():
            return value.isoformat()
        case None:
            return "nothing"
        case list():
            return "; ".join(_shown(part) for part in value) or "none"
        case tuple():
            return " ".join(_shown(part) for part in value)
        case _:
            return str(value)

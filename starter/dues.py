"""When a promise falls due, by the contract's arithmetic alone: no server, no database (contract §3).

The same rules and the same holiday data as the running contract's; pauses are the caller's to name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from contract.clock import OpenSpan, Projection, project
from contract.deadlines import CLAUSES
from contract.faults import Fault, Faulty
from contract.service_hours import LONGEST_WINDOW, Calendar, CalendarYear
from contract.terms import Priority, Service, Target, TermSheet
from contract.values import normalised
from starter.errors import NotPromised


@dataclass(frozen=True, slots=True)
class Question:
    """Which promise, from when, with which pauses. Without a service: what holds where none overrides it."""

    target: Target
    start: datetime
    pauses: Sequence[OpenSpan] = ()
    priority: Priority = Priority.NORMAL
    service: Service | None = None


def budget_hours(terms: TermSheet, asked: Question) -> Decimal:
    """The hours of service time promised; raises NotPromised when there are none."""
    targets, service = terms.targets, asked.service
    if service is not None and service not in terms.services:
        raise NotPromised(f"the agreement does not include {service}", "C3.1")
    if service is None:
        targets, service = targets.model_copy(update={"by_service": {}}), terms.services[0]
    hours = targets.hours(asked.target, service, asked.priority)
    if hours is None:
        of = f" of {asked.service}" if asked.service else ""
        raise NotPromised(
            f"the terms promise no time to {asked.target} for a request{of} with priority {asked.priority}",
            CLAUSES[asked.target],
        )
    return hours


def due(terms: TermSheet, asked: Question) -> Projection:
    """The projection of the target; raises NotPromised, and Faulty when service time never gets there."""
    hours = budget_hours(terms, asked)
    budget = timedelta(microseconds=int((hours * 3_600_000_000).to_integral_value()))
    calendar = Calendar(terms.service_hours, terms.time_zone)
    # Service time is enough when it is enough after the last pause.
    last = max([asked.start, *(end for _, end in asked.pauses if end is not None)])
    until = calendar.horizon(last, budget)
    if until - asked.start > 2 * LONGEST_WINDOW:
        raise _too_far(hours)
    years = _years(terms, calendar, asked.start, until)
    window = Calendar(terms.service_hours, terms.time_zone, years).window(asked.start, until)
    found = project(asked.start, budget, asked.pauses, window)
    if found.exhausted:
        raise _too_far(hours)
    return found


def _years(terms: TermSheet, calendar: Calendar, begin: datetime, until: datetime) -> dict[int, CalendarYear]:
    needed = calendar.years_needed(begin, until)
    country = terms.holiday_country
    if country is None:
        return {}
    from activities.holiday_data import build_year

    return {number: build_year(country, number) for number in needed}


def _too_far(hours: Decimal) -> Faulty:
    fault = Fault(
        path="targets",
        clause="C5.2",
        given=f"{normalised(hours)} h of service time",
        allowed="what service time reaches within twelve years",
    )
    return Faulty("due", [fault])

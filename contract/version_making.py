"""A new version of the terms is agreed, and takes effect on its day (C7.2, C10, contract §7).

What ran before runs on as it was promised: requests keep the version of their submission, bills the terms of
their issue, negotiations their windows. A longer term counts from the agreement on it; all else from the day.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from contract.agreement_file import DAYS_BEYOND, REMINDERS, AgreementFile, TermDates
from contract.billing import MoneyTerms, full_period
from contract.days import Days
from contract.facts import Event, EventKind, TermsDocument
from contract.money_file import LaterTerms
from contract.outcome import Outcome
from contract.reading import read_terms
from contract.terms import TermSheet, canonical_bytes, digest_of
from contract.values import TICK
from contract.versions import AgreementTerms, TermsVersion

_ONE_DAY = timedelta(days=1)


def first_version(file: AgreementFile, canonical: str) -> None:
    """Put the terms as signed first among the versions; for files that were begun before there were any."""
    if not file.versions:
        file.versions = [
            TermsVersion(number=file.terms_version, digest=file.digest, terms=file.terms, canonical=canonical)
        ]


def days_of(file: AgreementFile) -> Days:
    """The agreement's days; it is in force and has them."""
    days = file.days
    assert days is not None
    return days


def next_day(days: Days, at: datetime) -> date:
    """The first day that starts at an instant or after it."""
    day = days.date_of(at)
    return day if days.start_of(day) >= at else day + _ONE_DAY


def sheet_of(version: TermsVersion) -> TermSheet:
    """The term sheet of a version that is in force or is to be."""
    return read_terms(version.canonical)


def soonest(file: AgreementFile, now: datetime) -> datetime:
    """When a version that is agreed now can take effect: not before anything that has been done.

    The instant after the present second, for what is stamped in this one may have been judged by the version
    before; and not before the version agreed last.
    """
    next_second = now.replace(microsecond=0) + TICK
    newest = file.newest.effective_at
    return next_second if newest is None else max(next_second, newest)


def effect(file: AgreementFile, effective_on: date | None, now: datetime) -> datetime:
    """When a version that is agreed now for a day takes effect: as the day starts, or at the soonest."""
    start = soonest(file, now)
    return start if effective_on is None else max(start, days_of(file).start_of(effective_on))


def first_period_from(file: AgreementFile, terms: TermSheet, day: date) -> date | None:
    """The first day of the first billing period that starts on a day or after it; None when none does."""
    assert file.dates is not None
    k = 0
    while (first := full_period(k, file.dates.effective_date, terms.fees.period).first) < day:
        k += 1
    return first if first <= file.dates.last_day else None


def agree(
    file: AgreementFile, terms: TermSheet, effective_at: datetime, at: datetime, clause: str, why: str
) -> Outcome:
    """Both have agreed to other terms from an instant on: their next version."""
    canonical = canonical_bytes(terms).decode()
    before = sheet_of(file.newest)
    version = TermsVersion(
        number=file.newest.number + 1,
        digest=digest_of(canonical.encode()),
        effective_at=effective_at,
        clause=clause,
        why=why,
        terms=AgreementTerms.from_sheet(terms),
        canonical=canonical,
    )
    file.versions.append(version)
    if file.money is not None:
        money = MoneyTerms.from_sheet(terms, version.number)
        file.money.later.append(LaterTerms(effective_at=effective_at, terms=money))
    payload = {
        "version": version.number,
        "digest": version.digest,
        "effective_at": effective_at.isoformat(),
        "why": why,
    }
    if terms.term.total_months != before.term.total_months:
        payload |= _lengthen(file, terms.term.total_months, at)
    document = TermsDocument(
        agreement_id=file.agreement_id,
        version=version.number,
        digest=version.digest,
        canonical=canonical,
        effective_at=effective_at,
    )
    event = Event(seq=file.next_seq(), at=at, kind=EventKind.TERMS_AGREED, clause=clause, payload=payload)
    return Outcome(events=[event], documents=[document])


def _lengthen(file: AgreementFile, months: int, at: datetime) -> dict[str, str]:
    """The agreement goes on without a gap; the reminders follow the new end (C10.4)."""
    assert file.dates is not None
    days = days_of(file)
    file.days_until = file.days_until or file.dates.ends_at + DAYS_BEYOND
    dates = TermDates.within(file.dates.effective_date, months, days.start_of)
    kept = {name: getattr(file.dates, name) for name in ("effective_at", "run_from", "days")}
    file.dates = dates.model_copy(update=kept)
    file.reminded = [before for before in REMINDERS if dates.reminders[before] <= at]
    if file.money is not None:
        file.money.last = dates.last_day
    return {"ends_at": dates.ends_at.isoformat(), "last_day": dates.last_day.isoformat()}


def take_effect(file: AgreementFile, until: datetime) -> list[Event]:
    """Put the versions into force whose instant has come, each as of it."""
    events: list[Event] = []
    for version in file.versions:
        if version.number > file.terms_version and version.in_force_by(until):
            assert version.effective_at is not None
            file.terms, file.terms_version, file.digest = version.terms, version.number, version.digest
            payload = {"version": version.number, "digest": version.digest, "why": version.why}
            events.append(
                Event(
                    seq=file.next_seq(),
                    at=version.effective_at,
                    kind=EventKind.TERMS_IN_FORCE,
                    clause=version.clause,
                    payload=payload,
                )
            )
    if events:
        file.versions = [
            version.model_copy(update={"canonical": ""}) if version.number < file.terms_version else version
            for version in file.versions
        ]
    return events


def reaches(file: AgreementFile) -> bool:
    """Whether the agreement's days reach as far beyond its term as they are to."""
    assert file.dates is not None
    return file.days_until is None or file.dates.ends_at + DAYS_BEYOND <= file.days_until


def look_further(file: AgreementFile, days: Days) -> None:
    """Take days that reach further; those that were known stay as they were (contract §3)."""
    assert file.dates is not None
    assert file.days_until is not None
    longer = days_of(file).followed_by(days, file.days_until)
    if file.money is not None:
        file.money.days = longer
    else:
        file.dates = file.dates.model_copy(update={"days": longer})
    file.days_until = file.dates.ends_at + DAYS_BEYOND

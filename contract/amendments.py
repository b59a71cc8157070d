"""Amendments and supplements: other terms by mutual written consent (C10.1, C10.4, contract §7).

One side proposes the terms that would result, the other signs their digest, declines, or lets it expire. What
runs cannot be rewritten: which fields stay as they are stands in :data:`KEPT`, each with its reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from pydantic import ValidationError

from contract import version_making as making
from contract.agreement_file import DAYS_BEYOND, AgreementFile
from contract.change_commands import (
    ConsentToAmendment,
    DeclineAmendment,
    ProposeAmendment,
    WithdrawAmendment,
)
from contract.differences import differences
from contract.facts import Event, EventKind
from contract.faults import Fault, Faulty, clause_of, shown
from contract.negotiations import Amendment
from contract.outcome import Outcome
from contract.parties import Role
from contract.penalties import add_months
from contract.reading import check_terms, read_terms
from contract.refusals import RefusalKind, Refused, refuse
from contract.taken_over import TakenOver
from contract.terms import Term, TermSheet, canonical_bytes, digest_of
from contract.values import DAY, TICK

Deed = tuple[EventKind, dict[str, Any]]

MOST_OPEN = 8
"""Amendments that may be open at once."""

KEPT: dict[str, tuple[str, str]] = {
    "schema_version": ("§2", "the form of the sheet"),
    "agreement_id": ("§7", "the agreement's identity"),
    "provider.party_id": ("C1.1", "a party's identity; another party is another agreement"),
    "provider.country": ("C1.1", "a party's identity; another party is another agreement"),
    "customer.party_id": ("C1.2", "a party's identity; another party is another agreement"),
    "customer.country": ("C1.2", "a party's identity; another party is another agreement"),
    "provider.tax_id": ("C1.1", "a party's identity; another party is another agreement"),
    "customer.tax_id": ("C1.2", "a party's identity; another party is another agreement"),
    "offer_days": ("C4.1", "the offer is over"),
    "time_zone": ("§2", "all dates of the agreement are counted in it"),
    "fees.currency": ("C7.1", "what is owed and paid is counted in it"),
    "fees.period": ("C7.1", "periods are counted from the first date; a running one has its length"),
    "late_payment.allocation": ("C8.2", "what was paid went to principal and late fees by it"),
}
"""Fields that an amendment leaves as they are, with the clause and why."""

GIVEN_ONCE = frozenset({"provider.tax_id", "customer.tax_id"})
"""Of them those that may be added where they are missing, and then stay."""


def amended(base: TermSheet, changes: Mapping[str, Any], sheet: Mapping[str, Any] | None) -> TermSheet:
    """The terms that changes of a sheet, or a whole sheet in its place, come to.

    Raises Faulty with every fault of the result, and every field that must stay as it is.
    """
    before: dict[str, Any] = json.loads(canonical_bytes(base))
    document = json.loads(canonical_bytes(base)) if sheet is None else dict(sheet)
    faults = [fault for path, value in changes.items() for fault in _set(document, path, value)]
    past = [*_past_kept(base, document), *_not_shorter(base, document)]
    try:
        terms = check_terms(document)
    except Faulty as problem:
        stay = [fault for fault in _kept(before, document) if fault.given != "nothing"]
        raise Faulty("amended term sheet", [*faults, *stay, *past, *problem.faults]) from None
    faults += [*_kept(before, json.loads(canonical_bytes(terms))), *past]
    if faults:
        raise Faulty("amended term sheet", faults)
    return terms


def _set(document: dict[str, Any], path: str, value: Any) -> Iterator[Fault]:
    """Put a value at a path; a part of it that is missing is made."""
    *parents, name = path.split(".")
    place: Any = document
    for part in parents:
        if place.get(part) is None:
            place[part] = {}
        place = place[part]
        if not isinstance(place, dict):
            allowed = f"a path; {part} has no fields of its own, so it is replaced whole"
            yield Fault(path=shown(path), clause=clause_of(path), given=shown(value), allowed=allowed)
            return
    place[name] = value


def _kept(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Fault]:
    """Fields that must stay and do not."""
    for path, (clause, why) in KEPT.items():
        was, given = _at(before, path), _at(after, path)
        if was != given and (was is not None or path not in GIVEN_ONCE):
            allowed = f"{shown(was)}, as it is: {why}"
            yield Fault(path=path, clause=clause, given=_given(given), allowed=allowed)


def _given(value: Any) -> str:
    return "nothing" if value is None else shown(value)


def _past_kept(base: TermSheet, document: Mapping[str, Any]) -> Iterator[Fault]:
    """What a running agreement was taken over with is past: it may be left out, and not be another."""
    given = document.get("taken_over")
    if given is None:
        return
    try:
        same = TakenOver.model_validate(given) == base.taken_over
    except ValidationError:  # told with the faults of single fields
        return
    if not same:
        allowed = (
            "null, or as it is: what was taken over is past"
            if base.taken_over
            else "null: it is running here"
        )
        yield Fault(path="taken_over", clause="C4.1", given=shown(given), allowed=allowed)


def _not_shorter(base: TermSheet, document: Mapping[str, Any]) -> Iterator[Fault]:
    try:
        given = Term.model_validate(document.get("term")).total_months
    except ValidationError:  # told with the faults of single fields
        return
    if 0 < given < base.term.total_months:
        allowed = f"at least {base.term.total_months} months; a shorter term is an early end (C4.2)"
        yield Fault(path="term", clause="C10.4", given=f"{given} months", allowed=allowed)


def _at(document: Any, path: str) -> Any:
    for part in path.split("."):
        document = document.get(part) if isinstance(document, Mapping) else None
    return document


# Commands


def propose(file: AgreementFile, command: ProposeAmendment, role: Role, now: datetime) -> Deed:
    """Propose other terms (C10.1); every fault of them is told at once."""
    negotiations, base = file.negotiations, file.newest
    if command.base is not None and command.base != base.number:
        message = f"the newest version of the terms is {base.number}, not {command.base}"
        raise refuse(RefusalKind.NOT_ALLOWED_NOW, message, "C10.1", [f"base {base.number}"])
    if len(_standing(file)) >= MOST_OPEN:
        message = f"{MOST_OPEN} amendments are open; decide some of them first"
        raise refuse(RefusalKind.NOT_ALLOWED_NOW, message, "C10.1")
    before = making.sheet_of(base)
    terms = _result(before, command)
    _check_renewal(file, before, terms)
    _check_day(file, command, terms)
    effective_at = making.effect(file, command.effective_on, now)
    _check_fee_change(file, before, terms, effective_at)
    canonical = canonical_bytes(terms).decode()
    rules = making.sheet_of(file.version_at(command.at))
    assert file.dates is not None
    negotiations.proposed_amendments += 1
    amendment = Amendment(
        number=negotiations.proposed_amendments,
        by=role,
        at=command.at,
        expires_at=min(command.at + rules.consent_days * DAY, file.dates.ends_at - TICK),
        base=base.number,
        effective_on=command.effective_on,
        digest=digest_of(canonical.encode()),
        canonical=canonical,
    )
    negotiations.amendments = [*negotiations.amendments, amendment]
    told = _told(amendment) | {
        "changes": [difference.model_dump(mode="json") for difference in differences(before, terms)],
        "text": command.text,
        "title": command.title,
        "expires_at": amendment.expires_at.isoformat(),
    }
    return EventKind.AMENDMENT_PROPOSED, told


def consent(
    file: AgreementFile, command: ConsentToAmendment, role: Role, now: datetime
) -> tuple[Deed, Outcome]:
    """The other side signs the digest of the result: the next version of the terms."""
    amendment = _named(file, command.amendment, command.at)
    _only(amendment.by is not role, role, "consents to it; who proposed it withdraws it", amendment)
    if command.digest != amendment.digest:
        raise refuse(
            RefusalKind.WRONG_DIGEST,
            f"the digest of amendment {amendment.number} is {amendment.digest}, not {command.digest}",
            "C10.1",
            [amendment.digest],
        )
    before, terms = making.sheet_of(file.newest), read_terms(amendment.canonical)
    _check_renewal(file, before, terms)
    effective_at = making.effect(file, amendment.effective_on, now)
    _check_fee_change(file, before, terms, effective_at)
    _drop(file, amendment)
    told = _told(amendment) | {"title": command.title, "effective_at": effective_at.isoformat()}
    if command.seal_digest is not None:
        told["seal_digest"] = command.seal_digest
    longer = terms.term.total_months > before.term.total_months
    clause = "C10.4" if longer else "C10.1"
    made = making.agree(file, terms, effective_at, command.at, clause, f"amendment {amendment.number}")
    return (EventKind.AMENDMENT_CONSENTED, told), made


def decline(file: AgreementFile, command: DeclineAmendment, role: Role) -> Deed:
    """The other side declines (C10.1)."""
    amendment = _named(file, command.amendment, command.at)
    _only(amendment.by is not role, role, "declines it; who proposed it withdraws it", amendment)
    _drop(file, amendment)
    return EventKind.AMENDMENT_DECLINED, _told(amendment) | _reason(command.reason)


def withdraw(file: AgreementFile, command: WithdrawAmendment, role: Role) -> Deed:
    """Who proposed it takes it back (C10.1)."""
    amendment = _named(file, command.amendment, command.at)
    _only(amendment.by is role, role, "declines it; only who proposed it withdraws it", amendment)
    _drop(file, amendment)
    return EventKind.AMENDMENT_WITHDRAWN, _told(amendment) | _reason(command.reason)


# Time


def dues(file: AgreementFile) -> Iterator[tuple[datetime, str]]:
    """When amendments expire that nobody answered."""
    for amendment in _standing(file):
        yield amendment.expires_at + TICK, "Amendment expires"


def advance(file: AgreementFile, at: datetime) -> Outcome:
    """Expire what is due at an instant."""
    outcome = Outcome()
    for place, amendment in enumerate(file.negotiations.amendments):
        if not amendment.expired and amendment.expires_at < at:
            file.negotiations.amendments[place] = amendment.model_copy(update={"expired": True})
            outcome.events.append(_lapsed(file, amendment, amendment.expires_at, "unanswered"))
    return outcome


def forget(file: AgreementFile, before: datetime) -> None:
    """Forget what expired so long ago that no answer stamped in time can arrive."""
    file.negotiations.amendments = [
        amendment
        for amendment in file.negotiations.amendments
        if not (amendment.expired and amendment.expires_at < before)
    ]


def lapse(file: AgreementFile, at: datetime, why: str) -> list[Event]:
    """All that are open lapse: another version was agreed, or the agreement has ended."""
    gone, file.negotiations.amendments = file.negotiations.amendments, []
    return [_lapsed(file, amendment, at, why) for amendment in gone if not amendment.expired]


# What these share


def _result(before: TermSheet, command: ProposeAmendment) -> TermSheet:
    try:
        return amended(before, command.changes, command.sheet)
    except Faulty as problem:
        raise _faulty(problem) from None


def _faulty(problem: Faulty) -> Refused:
    faults = [fault.model_dump(mode="json") for fault in problem.faults]
    count = f"{len(faults)} fault{'' if len(faults) == 1 else 's'}"
    return refuse(RefusalKind.INVALID, f"amended term sheet: {count}", "C10.1", faults=faults)


def _check_renewal(file: AgreementFile, before: TermSheet, terms: TermSheet) -> None:
    if terms.term.total_months == before.term.total_months:
        return
    assert file.dates is not None
    if file.negotiations.ends_early:
        message = f"both have agreed that it ends on {file.dates.last_day}"
        raise refuse(RefusalKind.NOT_ALLOWED_NOW, message, "C4.2")
    end = add_months(file.dates.effective_date, terms.term.total_months)
    horizon = file.dates.last_day + DAYS_BEYOND
    if end > horizon:
        message = f"term: at most until {horizon}, ten years beyond the present end, at a time"
        raise refuse(RefusalKind.INVALID, message, "C10.4")


def _check_day(file: AgreementFile, command: ProposeAmendment, terms: TermSheet) -> None:
    """A day that is given: not past, not before the version agreed last, within the term that results."""
    assert file.dates is not None
    days, today = making.days_of(file), making.days_of(file).date_of(command.at)
    newest, given = file.newest.effective_at, command.effective_on
    earliest, why = today, "the past is not amended"
    if newest is not None and newest > command.at:
        earliest, why = making.next_day(days, newest), f"when version {file.newest.number} is in force"
        if given is None:
            given = today
    if given is None:
        return
    if given < earliest:
        message = f"effective_on: at the earliest {earliest}: {why}"
        raise refuse(
            RefusalKind.TOO_SOON, message, "C10.1", [f"from {earliest}"], earliest=earliest.isoformat()
        )
    last = max(file.dates.last_day, _last_day(file, terms))
    if given > last:
        raise refuse(RefusalKind.INVALID, f"effective_on: not after {last}, the last day", "C4.1")


def _last_day(file: AgreementFile, terms: TermSheet) -> date:
    assert file.dates is not None
    if file.negotiations.ends_early:
        return file.dates.last_day
    return date.fromordinal(add_months(file.dates.effective_date, terms.term.total_months).toordinal() - 1)


def _check_fee_change(
    file: AgreementFile, before: TermSheet, terms: TermSheet, effective_at: datetime
) -> None:
    """A fee change that is not decided keeps its place: versions take effect in order."""
    change = file.negotiations.fee_change
    if change is None or not change.undecided:
        return
    if before.fees.amount != terms.fees.amount:
        message = f"fees.amount: fee change {change.number} is open until {change.closes_at.isoformat()}"
        raise refuse(RefusalKind.NOT_ALLOWED_NOW, message, "C7.2", closes_at=change.closes_at.isoformat())
    if effective_at > making.days_of(file).start_of(change.earliest_on):
        message = (
            f"effective_on: not after {change.earliest_on} while fee change {change.number} is open,"
            f" until {change.closes_at.isoformat()} at the latest"
        )
        raise refuse(RefusalKind.NOT_ALLOWED_NOW, message, "C7.2", closes_at=change.closes_at.isoformat())


def _standing(file: AgreementFile) -> list[Amendment]:
    return [amendment for amendment in file.negotiations.amendments if not amendment.expired]


def _named(file: AgreementFile, number: int, at: datetime) -> Amendment:
    """The amendment of a number, if it can be answered at an instant."""
    known = {amendment.number: amendment for amendment in file.negotiations.amendments}
    amendment = known.get(number)
    if amendment is None or not amendment.may_be_answered(at):
        open_now = [f"amendment {one.number}" for one in _standing(file) if one.may_be_answered(at)]
        if amendment is not None:
            message = f"amendment {number} expired at {amendment.expires_at.isoformat()}"
        else:
            message = f"amendment {number} is not open"
        raise refuse(RefusalKind.NOT_ALLOWED_NOW, message, "C10.1", open_now)
    return amendment


def _only(allowed: bool, role: Role, what: str, amendment: Amendment) -> None:
    if not allowed:
        message = f"amendment {amendment.number} is the {amendment.by}'s: the {amendment.by.other} {what}"
        raise refuse(RefusalKind.WRONG_PARTY, message, "C10.1", [role.other.value])


def _drop(file: AgreementFile, amendment: Amendment) -> None:
    file.negotiations.amendments = [
        one for one in file.negotiations.amendments if one.number != amendment.number
    ]


def _told(amendment: Amendment) -> dict[str, Any]:
    return {
        "number": amendment.number,
        "by": amendment.by.value,
        "base": amendment.base,
        "digest": amendment.digest,
        "effective_on": amendment.effective_on and amendment.effective_on.isoformat(),
    }


def _lapsed(file: AgreementFile, amendment: Amendment, at: datetime, why: str) -> Event:
    payload = _told(amendment) | {"why": why}
    return Event(seq=file.next_seq(), at=at, kind=EventKind.AMENDMENT_LAPSED, clause="C10.1", payload=payload)


def _reason(reason: str | None) -> dict[str, Any]:
    return {} if reason is None else {"reason": reason}

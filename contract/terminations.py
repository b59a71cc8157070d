"""An early end by mutual written consent (C4.2): proposed with a day, consented to by the other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from contract import version_making as making
from contract.agreement_file import REMINDERS, AgreementFile
from contract.change_commands import (
    ConsentToTermination,
    DeclineTermination,
    ProposeTermination,
    WithdrawTermination,
)
from contract.dunning import lift_if_paid
from contract.facts import Event, EventKind
from contract.money_life import end_early
from contract.negotiations import Termination
from contract.outcome import Outcome
from contract.parties import Role
from contract.refusals import RefusalKind, refuse
from contract.values import DAY, TICK

Deed = tuple[EventKind, dict[str, Any]]

_ONE_DAY = timedelta(days=1)


def propose(file: AgreementFile, command: ProposeTermination, role: Role) -> Deed:
    """Propose an early end (C4.2); one proposal is open at a time."""
    negotiations, days = file.negotiations, making.days_of(file)
    assert file.dates is not None
    _check_not_agreed(file)
    if negotiations.termination is not None and not negotiations.termination.expired:
        open_one = negotiations.termination
        message = f"an early end on {open_one.last_day} is proposed already, by the {open_one.by}"
        allowed = ["consent_to_termination", "decline_termination", "withdraw_termination"]
        raise refuse(RefusalKind.NOT_ALLOWED_NOW, message, "C4.2", allowed)
    today = days.date_of(command.at)
    if command.last_day < today:
        message = f"last_day: at the earliest {today}"
        raise refuse(RefusalKind.TOO_SOON, message, "C4.2", [f"from {today}"], earliest=today.isoformat())
    if command.last_day >= file.dates.last_day:
        message = f"last_day: before {file.dates.last_day}, on which the term ends anyway"
        raise refuse(RefusalKind.INVALID, message, "C4.1")
    rules = making.sheet_of(file.version_at(command.at))
    negotiations.proposed_terminations += 1
    negotiations.termination = Termination(
        number=negotiations.proposed_terminations,
        by=role,
        at=command.at,
        expires_at=min(command.at + rules.consent_days * DAY, _end_of(file, command.last_day) - TICK),
        last_day=command.last_day,
    )
    told = _told(negotiations.termination) | {"title": command.title}
    return EventKind.TERMINATION_PROPOSED, told | _reason(command.reason)


def consent(file: AgreementFile, command: ConsentToTermination, role: Role) -> tuple[Deed, Outcome]:
    """The other side consents: the agreement ends at 24:00 of that day, as at the end of its term.

    What bills ask for the days after it is credited at once (contract §5).
    """
    proposed = _open(file, command.at)
    _only(proposed.by is not role, role, "consents to it; who proposed it withdraws it", proposed)
    if command.last_day != proposed.last_day:
        message = f"the day proposed is {proposed.last_day}, not {command.last_day}"
        raise refuse(RefusalKind.NOT_ALLOWED_NOW, message, "C4.2", [proposed.last_day.isoformat()])
    assert file.dates is not None
    ends_at = _end_of(file, proposed.last_day)
    years = [start for start in file.dates.year_starts if start < ends_at]
    file.dates = file.dates.model_copy(
        update={"ends_at": ends_at, "last_day": proposed.last_day, "year_starts": years}
    )
    # They say that the agreement would have to be renewed; this end is agreed.
    file.reminded = list(REMINDERS)
    file.negotiations.termination, file.negotiations.ends_early = None, True
    told = _told(proposed) | {"title": command.title, "ends_at": ends_at.isoformat()}
    if command.seal_digest is not None:
        told["seal_digest"] = command.seal_digest
    returned = Outcome()
    if file.money is not None:
        returned = end_early(file.money, proposed.last_day, command.at, file.next_seq)
        returned.add(lift_if_paid(file.money, command.at, file.next_seq))
    return (EventKind.TERMINATION_AGREED, told), returned


def decline(file: AgreementFile, command: DeclineTermination, role: Role) -> Deed:
    """The other side declines (C4.2)."""
    proposed = _open(file, command.at)
    _only(proposed.by is not role, role, "declines it; who proposed it withdraws it", proposed)
    file.negotiations.termination = None
    return EventKind.TERMINATION_DECLINED, _told(proposed) | _reason(command.reason)


def withdraw(file: AgreementFile, command: WithdrawTermination, role: Role) -> Deed:
    """Who proposed it takes it back (C4.2)."""
    proposed = _open(file, command.at)
    _only(proposed.by is role, role, "declines it; only who proposed it withdraws it", proposed)
    file.negotiations.termination = None
    return EventKind.TERMINATION_WITHDRAWN, _told(proposed) | _reason(command.reason)


# Time


def dues(file: AgreementFile) -> Iterator[tuple[datetime, str]]:
    """When a proposal expires that nobody answered."""
    proposed = file.negotiations.termination
    if proposed is not None and not proposed.expired:
        yield proposed.expires_at + TICK, "Proposed early end expires"


def advance(file: AgreementFile, at: datetime) -> Outcome:
    """Expire what is due at an instant."""
    proposed = file.negotiations.termination
    if proposed is None or proposed.expired or proposed.expires_at >= at:
        return Outcome()
    file.negotiations.termination = proposed.model_copy(update={"expired": True})
    return Outcome([_lapsed(file, proposed, proposed.expires_at, "unanswered")])


def forget(file: AgreementFile, before: datetime) -> None:
    """Forget what expired so long ago that no answer stamped in time can arrive."""
    proposed = file.negotiations.termination
    if proposed is not None and proposed.expired and proposed.expires_at < before:
        file.negotiations.termination = None


def end(file: AgreementFile, at: datetime) -> list[Event]:
    """The agreement has ended by itself: the proposal lapses."""
    proposed, file.negotiations.termination = file.negotiations.termination, None
    return [] if proposed is None or proposed.expired else [_lapsed(file, proposed, at, "ended")]


# What these share


def _end_of(file: AgreementFile, day: date) -> datetime:
    return making.days_of(file).start_of(day + _ONE_DAY)


def _check_not_agreed(file: AgreementFile) -> None:
    if file.negotiations.ends_early:
        assert file.dates is not None
        message = f"both have agreed that it ends on {file.dates.last_day}"
        raise refuse(RefusalKind.ALREADY_DONE, message, "C4.2")


def _open(file: AgreementFile, at: datetime) -> Termination:
    """The proposal that can be answered at an instant."""
    _check_not_agreed(file)
    proposed = file.negotiations.termination
    if proposed is None:
        message = "no early end is proposed"
        raise refuse(RefusalKind.NOT_ALLOWED_NOW, message, "C4.2", ["propose_termination"])
    if not proposed.may_be_answered(at):
        message = f"the proposed early end expired at {proposed.expires_at.isoformat()}"
        raise refuse(RefusalKind.NOT_ALLOWED_NOW, message, "C4.2", ["propose_termination"])
    return proposed


def _only(allowed: bool, role: Role, what: str, proposed: Termination) -> None:
    if not allowed:
        message = f"the proposed early end is the {proposed.by}'s: the {proposed.by.other} {what}"
        raise refuse(RefusalKind.WRONG_PARTY, message, "C4.2", [role.other.value])


def _told(proposed: Termination) -> dict[str, Any]:
    return {
        "number": proposed.number,
        "by": proposed.by.value,
        "last_day": proposed.last_day.isoformat(),
        "expires_at": proposed.expires_at.isoformat(),
    }


def _lapsed(file: AgreementFile, proposed: Termination, at: datetime, why: str) -> Event:
    payload = _told(proposed) | {"why": why}
    return Event(
        seq=file.next_seq(), at=at, kind=EventKind.TERMINATION_LAPSED, clause="C4.2", payload=payload
    )


def _reason(reason: str | None) -> dict[str, Any]:
    return {} if reason is None else {"reason": reason}

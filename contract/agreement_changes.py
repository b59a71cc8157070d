"""Changing an agreement in its life: what is said, what falls due, what is open (C4.2, C7.2, C10)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from contract import amendments, fee_changes, terminations
from contract import version_making as making
from contract.agreement_file import AgreementFile
from contract.agreement_states import AgreementState
from contract.change_commands import (
    AcceptFeeChange,
    AnyChangeCommand,
    ChangeCommandName,
    ConsentToAmendment,
    ConsentToTermination,
    CounterFeeChange,
    DeclineAmendment,
    DeclineTermination,
    ObjectToFeeChange,
    ProposeAmendment,
    ProposeFeeChange,
    ProposeTermination,
    WithdrawAmendment,
    WithdrawFeeChange,
    WithdrawTermination,
)
from contract.facts import Event, EventKind
from contract.negotiations import FeeChangeState, OpenChange
from contract.outcome import Outcome
from contract.parties import Role
from contract.refusals import RefusalKind, refuse
from contract.request_life import check_stamp
from contract.values import TICK, Instant, Model
from contract.versions import TermsVersion
from contract.waking import Wake


class VersionInShort(Model):
    """A version of the terms in a line."""

    number: int
    digest: str
    effective_at: Instant | None = None
    """None for the first: in force from the beginning."""
    clause: str
    why: str

    @classmethod
    def of(cls, version: TermsVersion) -> VersionInShort:
        return cls(
            number=version.number,
            digest=version.digest,
            effective_at=version.effective_at,
            clause=version.clause,
            why=version.why,
        )


class ChangesStanding(Model):
    """The answer to a command that changes an agreement: which terms are in force, and what is open."""

    agreement_id: str
    terms_version: int
    """In force now."""
    digest: str
    versions: list[VersionInShort]
    open: list[OpenChange]
    ends_at: Instant | None = None
    ends_early: bool = False
    seq: int
    """The agreement's last event: commands are recorded when the answer comes."""


# Commands


def take(file: AgreementFile, command: AnyChangeCommand, now: datetime) -> Outcome:
    """Take a command; raises :class:`Refused` and changes nothing when it is not allowed.

    The caller has done everything that was due by the command's instant (see :func:`advance`).
    """
    role = file.terms.acting(command.actor.party)
    check_stamp(command.at, file.last_at, now, file.terms.command_delay_hours)
    _check_in_force(file, command)
    # Its event has the number before those that follow from it; a refusal gives the number back.
    seq = file.next_seq()
    try:
        (kind, payload), follows = _do(file, command, role, now)
    except BaseException:
        file.seq = seq - 1
        raise
    event = Event(
        seq=seq,
        at=command.at,
        kind=kind,
        clause=command.clause,
        party=role,
        person=command.actor.person,
        command_id=command.command_id,
        payload=payload,
    )
    file.last_at = command.at
    file.take(command)
    outcome = Outcome([event])
    outcome.add(follows)
    if follows.documents:
        outcome.events += amendments.lapse(file, command.at, "superseded")
    return outcome


def _check_in_force(file: AgreementFile, command: AnyChangeCommand) -> None:
    if file.state is not AgreementState.ACTIVE or file.dates is None or command.at >= file.dates.ends_at:
        message = f"the agreement is {file.state}: only what is in force is changed"
        if file.dates is not None:
            message = f"the term ended at 24:00 on {file.dates.last_day}: what has ended is not changed"
        raise refuse(RefusalKind.NOT_IN_FORCE, message, command.clause, state=file.state)
    if file.days is None:
        message = "the days of this agreement were not worked out when it began; agree on a new one"
        raise refuse(RefusalKind.NOT_ALLOWED_NOW, message, command.clause)


Deed = tuple[EventKind, dict[str, Any]]


def _do(file: AgreementFile, command: AnyChangeCommand, role: Role, now: datetime) -> tuple[Deed, Outcome]:
    """What a command comes to: its event, and what follows from it at once."""
    match command:
        case ProposeFeeChange():
            return fee_changes.propose(file, command, role), Outcome()
        case AcceptFeeChange():
            return fee_changes.accept(file, command, role)
        case ObjectToFeeChange():
            return fee_changes.object_to(file, command, role), Outcome()
        case CounterFeeChange():
            return fee_changes.counter(file, command, role), Outcome()
        case WithdrawFeeChange():
            return fee_changes.withdraw(file, command, role), Outcome()
        case ProposeAmendment():
            return amendments.propose(file, command, role, now), Outcome()
        case ConsentToAmendment():
            return amendments.consent(file, command, role, now)
        case DeclineAmendment():
            return amendments.decline(file, command, role), Outcome()
        case WithdrawAmendment():
            return amendments.withdraw(file, command, role), Outcome()
        case ProposeTermination():
            return terminations.propose(file, command, role), Outcome()
        case ConsentToTermination():
            return terminations.consent(file, command, role)
        case DeclineTermination():
            return terminations.decline(file, command, role), Outcome()
        case WithdrawTermination():
            return terminations.withdraw(file, command, role), Outcome()


# Time


def _dues(file: AgreementFile) -> Iterator[tuple[datetime, str, str]]:
    """When something happens by itself: the instant, what, the clause."""
    for at, what in fee_changes.dues(file):
        yield at, what, "C7.2"
    for at, what in amendments.dues(file):
        yield at, what, "C10.1"
    for at, what in terminations.dues(file):
        yield at, what, "C4.2"
    for version in file.versions:
        if version.number > file.terms_version and version.effective_at is not None:
            yield version.effective_at, f"Version {version.number} of the terms takes effect", version.clause


def advance(file: AgreementFile, until: datetime) -> Outcome:
    """Do what fell due by an instant, in order, as long as the agreement is in force."""
    outcome = Outcome()
    if file.state is not AgreementState.ACTIVE or file.dates is None or file.days is None:
        return outcome
    until = min(until, file.dates.ends_at - TICK)
    while (due := min(_dues(file), default=None)) is not None and due[0] <= until:
        outcome.add(_advance(file, due[0], until))
    forgotten = until - timedelta(hours=file.terms.command_delay_hours)
    amendments.forget(file, forgotten)
    terminations.forget(file, forgotten)
    return outcome


def _advance(file: AgreementFile, at: datetime, until: datetime) -> Outcome:
    outcome = Outcome(making.take_effect(file, at))
    if any(due <= at for due, _ in fee_changes.dues(file)):
        outcome.add(fee_changes.advance(file, at, until))
        if outcome.documents:
            outcome.events += amendments.lapse(file, at, "superseded")
    outcome.add(amendments.advance(file, at))
    outcome.add(terminations.advance(file, at))
    return outcome


def end(file: AgreementFile, at: datetime) -> list[Event]:
    """The agreement has ended: what is still open lapses."""
    lapsed = fee_changes.end(file, at) + amendments.lapse(file, at, "ended")
    return lapsed + terminations.end(file, at)


def next_wake(file: AgreementFile) -> Wake | None:
    """The next instant at which :func:`advance` would find something."""
    if file.days is None:
        return None
    due = min(_dues(file), default=None)
    return None if due is None else Wake(*due)


# What is open


def open_changes(file: AgreementFile) -> list[OpenChange]:
    """What is being negotiated, and until when the other may answer."""
    found: list[OpenChange] = []
    if file.state is not AgreementState.ACTIVE:
        return found
    change = file.negotiations.fee_change
    if change is not None and change.state is FeeChangeState.OPEN:
        standing = change.standing
        found.append(
            OpenChange(
                what="fee_change",
                number=change.number,
                by=Role.CUSTOMER if standing is None else standing.by,
                until=change.closes_at,
                clause="C7.2",
                amount=None if standing is None else standing.amount,
                effective_on=None if standing is None else standing.effective_on,
            )
        )
    for amendment in file.negotiations.amendments:
        if not amendment.expired:
            found.append(
                OpenChange(
                    what="amendment",
                    number=amendment.number,
                    by=amendment.by,
                    until=amendment.expires_at,
                    clause="C10.1",
                    effective_on=amendment.effective_on,
                    digest=amendment.digest,
                    base=amendment.base,
                )
            )
    termination = file.negotiations.termination
    if termination is not None and not termination.expired:
        found.append(
            OpenChange(
                what="termination",
                number=termination.number,
                by=termination.by,
                until=termination.expires_at,
                clause="C4.2",
                last_day=termination.last_day,
            )
        )
    return found


def commands_now(file: AgreementFile, by: Role) -> list[str]:
    """What a party may say to change the agreement now."""
    if file.state is not AgreementState.ACTIVE or file.days is None:
        return []
    found: list[ChangeCommandName] = []
    change = file.negotiations.fee_change
    if change is not None and change.state is FeeChangeState.OPEN:
        if change.standing is None:
            found.append(ChangeCommandName.COUNTER_FEE_CHANGE)
        elif change.standing.by is not by:
            found += [ChangeCommandName.ACCEPT_FEE_CHANGE, ChangeCommandName.COUNTER_FEE_CHANGE]
            found += [ChangeCommandName.OBJECT_TO_FEE_CHANGE] if by is Role.CUSTOMER else []
        found += [ChangeCommandName.WITHDRAW_FEE_CHANGE] if by is Role.PROVIDER else []
    elif by is Role.PROVIDER and not (change is not None and change.undecided):
        found.append(ChangeCommandName.PROPOSE_FEE_CHANGE)
    found.append(ChangeCommandName.PROPOSE_AMENDMENT)
    standing = {one.by for one in file.negotiations.amendments if not one.expired}
    if by.other in standing:
        found += [ChangeCommandName.CONSENT_TO_AMENDMENT, ChangeCommandName.DECLINE_AMENDMENT]
    if by in standing:
        found.append(ChangeCommandName.WITHDRAW_AMENDMENT)
    termination = file.negotiations.termination
    if termination is not None and not termination.expired:
        found += (
            [ChangeCommandName.WITHDRAW_TERMINATION]
            if termination.by is by
            else [ChangeCommandName.CONSENT_TO_TERMINATION, ChangeCommandName.DECLINE_TERMINATION]
        )
    elif not file.negotiations.ends_early:
        found.append(ChangeCommandName.PROPOSE_TERMINATION)
    return [name.value for name in found]


def standing(file: AgreementFile) -> ChangesStanding:
    """Which terms are in force, and what is open."""
    return ChangesStanding(
        agreement_id=file.agreement_id,
        terms_version=file.terms_version,
        digest=file.digest,
        versions=[VersionInShort.of(version) for version in file.versions],
        open=open_changes(file),
        ends_at=file.dates.ends_at if file.dates else None,
        ends_early=file.negotiations.ends_early,
        seq=file.seq,
    )

"""The life of an agreement: offer, signatures, term, end (C4.1, C10.3, contract §3 "Dates").

Pure like :mod:`contract.request_life`: the workflow supplies the clock and does the waiting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from contract import agreement_changes as changes
from contract import agreement_disputes as disputes
from contract import agreement_money as money
from contract.agreement_file import REMINDERS, AgreementFile, Signature, TermDates
from contract.agreement_states import AgreementState
from contract.change_commands import AnyChangeCommand, ChangeCommand
from contract.commands import RefuseOffer, Sign, Submission, WithdrawOffer
from contract.dispute_commands import AnyDisputeCommand, DisputeCommand
from contract.facts import Event, EventKind
from contract.money_commands import AnyMoneyCommand, MoneyCommand
from contract.money_life import open_money
from contract.outcome import Outcome
from contract.parties import Role
from contract.refusals import Refusal, RefusalKind, Refused, refuse
from contract.request_life import check_stamp
from contract.terms import TermSheet, canonical_bytes
from contract.values import TICK
from contract.version_making import first_version
from contract.versions import AgreementTerms
from contract.waking import Wake

OfferCommand = Sign | RefuseOffer | WithdrawOffer
AgreementCommand = OfferCommand | AnyMoneyCommand | AnyChangeCommand | AnyDisputeCommand


def offer(terms: TermSheet, digest: str, at: datetime) -> tuple[AgreementFile, list[Event]]:
    """A new agreement, offered by the provider to both signatures."""
    file = AgreementFile(
        agreement_id=terms.agreement_id,
        digest=digest,
        terms=AgreementTerms.from_sheet(terms),
        offered_at=at,
        last_at=at,
    )
    first_version(file, canonical_bytes(terms).decode())
    payload = {"digest": digest, "terms_version": 1, "offer_ends": file.offer_ends.isoformat()}
    return file, [_own_event(file, at, EventKind.OFFERED, "C4.1", payload)]


# Commands


def check(file: AgreementFile, command: OfferCommand, now: datetime) -> None:
    """Raise :class:`Refused` when the agreement does not allow the command now."""
    role = file.terms.acting(command.actor.party)
    if isinstance(command, WithdrawOffer) and role is not Role.PROVIDER:
        raise refuse(
            RefusalKind.WRONG_PARTY, "only the provider withdraws an offer", "C4.1", [Role.PROVIDER.value]
        )
    check_stamp(command.at, file.last_at, now, file.terms.command_delay_hours)
    lapsed_meanwhile = file.state is AgreementState.LAPSED and command.at <= file.offer_ends
    if file.state is not AgreementState.OFFERED and not lapsed_meanwhile:
        raise refuse(
            RefusalKind.NOT_ALLOWED_NOW,
            f"the agreement is {file.state}, not on offer",
            "C4.1",
            state=file.state,
        )
    if file.fully_signed:
        raise refuse(RefusalKind.NOT_ALLOWED_NOW, "both have signed: the agreement is in force", "C4.1")
    if isinstance(command, Sign):
        if role in file.signatures:
            raise refuse(
                RefusalKind.ALREADY_DONE, f"the {role} has signed", "C4.1", [f"sign as {role.other}"]
            )
        if command.digest != file.digest:
            raise refuse(
                RefusalKind.WRONG_DIGEST,
                f"the offer's digest is {file.digest}, not {command.digest}",
                "C10.2",
                [file.digest],
            )


def apply(file: AgreementFile, command: OfferCommand, now: datetime) -> list[Event]:
    """Apply one command; raises :class:`Refused` and changes nothing when not allowed."""
    check(file, command, now)
    role = file.terms.role_of(command.actor.party)
    assert role is not None
    file.state = AgreementState.OFFERED
    kind = EventKind.SIGNED
    match command:
        case Sign():
            file.signatures[role] = Signature(
                person=command.actor.person,
                title=command.title,
                at=command.at,
                seal_digest=command.seal_digest,
            )
        case RefuseOffer():
            file.state, kind = AgreementState.REFUSED, EventKind.OFFER_REFUSED
        case WithdrawOffer():
            file.state, kind = AgreementState.WITHDRAWN, EventKind.OFFER_WITHDRAWN
    file.last_at = command.at
    file.take(command)
    return [
        Event(
            seq=file.next_seq(),
            at=command.at,
            kind=kind,
            clause="C4.1",
            party=role,
            person=command.actor.person,
            command_id=command.command_id,
            payload=command.says,
        )
    ]


def activate(file: AgreementFile, dates: TermDates, terms: TermSheet | None = None) -> list[Event]:
    """Both have signed: in force from the second signature, or from the day on which an agreement that is
    taken over took effect (C4.1). Its money is run where terms are given."""
    file.state = AgreementState.ACTIVE
    file.effective_at = dates.effective_at or file.signed_at
    file.dates = dates
    if terms is not None and dates.days is not None:
        version = file.terms_version
        file.money = open_money(terms, version, dates.days, file.signed_at, dates.ends_at)
        file.dates = dates.model_copy(update={"days": None})
    payload = {"effective_date": dates.effective_date.isoformat(), "ends_at": dates.ends_at.isoformat()}
    if dates.run_from is not None:
        payload["run_from"] = dates.run_from.isoformat()
    return [_own_event(file, file.signed_at, EventKind.ACTIVATED, "C4.1", payload)]


def check_submission(file: AgreementFile, submission: Submission, now: datetime) -> None:
    """Raise :class:`Refused` when no service is owed for a request submitted at its ``at``.

    Requests do not wait for one another: a submission is the first command of its own request, and
    the order of stamps is kept there.
    """
    if file.terms.role_of(submission.actor.party) is not Role.CUSTOMER:
        raise refuse(RefusalKind.WRONG_PARTY, "requests are the customer's to submit", "C6.1.1", ["customer"])
    if file.effective_at is None or file.dates is None:
        raise refuse(
            RefusalKind.NOT_IN_FORCE, f"the agreement is {file.state}: not in force", "C4.1", state=file.state
        )
    _check_in_force(file, submission.at)
    check_stamp(submission.at, submission.at, now, file.terms.command_delay_hours, file.heard_from)
    if submission.at >= file.dates.ends_at or file.state.is_final:
        raise refuse(
            RefusalKind.NOT_IN_FORCE,
            f"the term ended at 24:00 on {file.dates.last_day}",
            "C4.1",
            state=file.state,
            ends_at=file.dates.ends_at.isoformat(),
        )
    money.check_not_suspended(file, submission.at)
    services = file.version_at(submission.at).terms.services
    if submission.service not in services:
        raise refuse(
            RefusalKind.NOT_COVERED,
            f"{submission.service} is not in the agreement",
            "C3.1",
            [service.value for service in services],
        )


def _check_in_force(file: AgreementFile, at: datetime) -> None:
    """Raise :class:`Refused` for what was submitted before the agreement was in force, or was run here."""
    begins = file.run_from
    if begins is None or at >= begins:
        return
    taken_over = file.dates is not None and file.dates.run_from is not None
    why = (
        "it is run here: requests of before stand in its terms" if taken_over else "the agreement is in force"
    )
    raise refuse(
        RefusalKind.OUT_OF_ORDER,
        f"stamped {at.isoformat()}, before {begins.isoformat()}, from when {why}",
        "§3",
        not_before=begins.isoformat(),
    )


def commands_now(file: AgreementFile, by: Role) -> list[str]:
    """What a party may do now, requests submitted under the agreement and disputes included."""
    if file.effective_at is not None:
        submit = file.shown_state is AgreementState.ACTIVE and by is Role.CUSTOMER
        usual = (["submit_request"] if submit else []) + money.commands_now(file, by)
        return [*usual, *changes.commands_now(file, by), *disputes.commands_now(file, by)]
    if file.state is not AgreementState.OFFERED or file.fully_signed:
        return []
    sign = [] if by in file.signatures else ["sign"]
    withdraw = ["withdraw_offer"] if by is Role.PROVIDER else []
    return [*sign, "refuse_offer", *withdraw]


# Time


def advance(file: AgreementFile, now: datetime) -> list[Event]:
    """What falls due by ``now``, each as of its own instant."""
    events: list[Event] = []
    if file.state is AgreementState.OFFERED and not file.fully_signed and now > file.offer_ends:
        file.state = AgreementState.LAPSED
        events.append(_own_event(file, file.offer_ends, EventKind.OFFER_LAPSED, "C4.1", {}))
    if file.state is AgreementState.ACTIVE and file.dates is not None:
        events += _remind(file, file.dates, now)
        if now >= file.dates.ends_at:
            events += _end(file, file.dates.ends_at)
    return events


def _end(file: AgreementFile, at: datetime) -> list[Event]:
    """The term ends, or what both agreed on instead; what is being negotiated lapses with it."""
    lapsed = changes.end(file, at)
    if file.negotiations.ends_early:
        file.state = AgreementState.TERMINATED
        return [*lapsed, _own_event(file, at, EventKind.TERMINATED, "C4.2", {})]
    file.state = AgreementState.EXPIRED
    return [*lapsed, _own_event(file, at, EventKind.EXPIRED, "C4.1", {})]


def _remind(file: AgreementFile, dates: TermDates, now: datetime) -> list[Event]:
    """The latest reminder that is due and still makes sense; the ones it overtakes are not sent."""
    due = [d for d in REMINDERS if d not in file.reminded and dates.reminders[d] <= now]
    file.reminded += due
    due = [d for d in due if not file.fully_signed or dates.reminders[d] > file.signed_at]
    if not due or now >= dates.ends_at:
        return []
    days = min(due)
    payload = {"days": days, "ends_at": dates.ends_at.isoformat()}
    return [_own_event(file, dates.reminders[days], EventKind.END_REMINDED, "C10.4", payload)]


def tell_request(file: AgreementFile, request_id: str, is_open: bool, at: datetime | None) -> None:
    """A request ended after the end of the term, or turned out to be open after all (contract §3)."""
    known = file.open_requests or []
    others = [one for one in known if one != request_id]
    file.open_requests = [*others, request_id] if is_open else others
    if at is not None and not is_open:
        file.last_ended_at = max(at, file.last_ended_at or at)
    if file.money is not None and file.money.finals and known and not file.open_requests:
        file.money.unstated = True


def close(file: AgreementFile, now: datetime) -> list[Event]:
    """Close what has ended with its last request, or after ``closing_days``, listing those open."""
    if not file.state.has_ended or file.dates is None or file.open_requests is None:
        return []
    if file.open_requests and now <= file.closing_ends:
        return []
    file.state = AgreementState.CLOSED
    # As of the last request's end: a task that is run again says the same.
    last_end = file.last_ended_at or now.replace(microsecond=0)
    file.closed_at = file.closing_ends if file.open_requests else max(file.dates.ends_at, last_end)
    if file.money is not None:
        file.money.service_over = True
    payload = {"still_open": sorted(file.open_requests)}
    return [_own_event(file, file.closed_at, EventKind.AGREEMENT_CLOSED, "C4.1", payload)]


def next_wake(file: AgreementFile) -> Wake | None:
    """The next instant at which :func:`advance` or :func:`close` would find something."""
    if file.state is AgreementState.OFFERED:
        return Wake(file.offer_ends + TICK, "Offer ends", "C4.1", file.offer_ends)
    if file.state is AgreementState.LAPSED:
        return Wake(
            file.offer_ends + timedelta(hours=file.terms.command_delay_hours) + TICK, "Lapsed", "C4.1"
        )
    if file.dates is None:
        return None
    if file.state.has_ended:
        return Wake(file.closing_ends + TICK, "Closing period ends", "C4.1", file.closing_ends)
    if file.state is not AgreementState.ACTIVE:
        return None
    wakes = [Wake(file.dates.ends_at, "End of term", "C4.1")]
    wakes += [
        Wake(file.dates.reminders[days], f"Reminder {days} days before the end", "C10.4")
        for days in REMINDERS
        if days not in file.reminded
    ]
    change = changes.next_wake(file)
    return min([*wakes, *([] if change is None else [change])], key=lambda wake: wake.at)


def is_over(file: AgreementFile, now: datetime) -> bool:
    """In a final state, and no command stamped in time can still come."""
    if file.state is AgreementState.LAPSED:
        return now > file.offer_ends + timedelta(hours=file.terms.command_delay_hours)
    if file.state is AgreementState.CLOSED and file.money is not None:
        # Without a final statement an earlier release has closed it, which made none.
        return not file.money.finals and not money.is_owing(file.money, now)
    return file.state.is_final


@dataclass(slots=True)
class Step(Outcome):
    """What a step adds to the record, and which commands it refused, by command id."""

    refused: dict[str, Refusal] = field(default_factory=dict)
    asks: list[AnyMoneyCommand] = field(default_factory=list)
    """Commands of which the ledger's penalties decide: see :mod:`contract.settling`."""


def step(file: AgreementFile, commands: Sequence[AgreementCommand], now: datetime) -> Step:
    """Commands in the order of their stamps, then what fell due; changes the file."""
    result = Step()
    for command in sorted(commands, key=lambda command: command.at):
        if command.command_id in file.taken:
            if file.contents.get(command.command_id, command.content) != command.content:
                result.refused[command.command_id] = command.other_content()
            continue
        try:
            _take(file, command, now, result)
        except Refused as problem:
            result.refused[command.command_id] = problem.refusal
    result.add(changes.advance(file, now))
    result.events += advance(file, now)
    return result


def _take(file: AgreementFile, command: AgreementCommand, now: datetime, result: Step) -> None:
    """Take a command, by the part of the agreement it is about; raises :class:`Refused`."""
    match command:
        case ChangeCommand():
            result.add(money.advance(file, min(command.at, now)))
            result.add(changes.advance(file, min(command.at, now)))
            result.add(changes.take(file, command, now))
        case MoneyCommand():
            result.add(money.advance(file, min(command.at, now)))
            if money.asks_ledger(file, command):
                money.check(file, command, now)
                result.asks.append(command)
            else:
                result.add(money.take(file, command, now))
        case DisputeCommand():
            result.add(money.advance(file, min(command.at, now)))
            result.add(disputes.take(file, command, now))
        case _:
            result.events += apply(file, command, now)


def refusal_of(
    file: AgreementFile, pending: Sequence[AgreementCommand], command: AgreementCommand, now: datetime
) -> Refusal | None:
    """Why a command cannot join the ones already taken, or None. Changes nothing."""
    refused = step(file.clone(), [*pending, command], now).refused
    if command.command_id in refused:
        return refused[command.command_id]
    if any(other.command_id in refused for other in pending):
        return Refusal(
            kind=RefusalKind.OUT_OF_ORDER,
            message="stamped before a command that is being taken and would then not be allowed",
            clause="§3",
        )
    return None


def _own_event(
    file: AgreementFile, at: datetime, kind: EventKind, clause: str, payload: dict[str, Any]
) -> Event:
    return Event(seq=file.next_seq(), at=at, kind=kind, clause=clause, payload=payload)

"""What commands and time do to disputes, and with them to the money of an agreement (C9, contract §7).

Which commands can be taken stands in :mod:`contract.dispute_rules`, what
an ending changes in :mod:`contract.dispute_endings`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from contract import books, dunning
from contract.dispute_commands import (
    AnyDisputeCommand,
    ConfirmSettlement,
    DeclareFailed,
    OfferSettlement,
    OpenDispute,
    RecordAward,
    ReferDispute,
    WithdrawDispute,
)
from contract.dispute_endings import decisions, end, keep, stem_of
from contract.dispute_rules import amount_of, check, named
from contract.disputes import Dispute, DisputeState, DisputeTerms, Ending, Offer, opened
from contract.dunning import Number
from contract.facts import Event, EventKind
from contract.money_file import MoneyFile, told
from contract.outcome import Outcome
from contract.parties import Role
from contract.values import TICK
from contract.waking import Wake

S = DisputeState


def apply(
    file: MoneyFile, command: AnyDisputeCommand, role: Role, terms: DisputeTerms, number: Number
) -> Outcome:
    """Apply a command; raises :class:`Refused` and changes nothing when it cannot be taken.

    What is told a second time is taken and changes nothing. The caller has done everything that was due
    by the command's instant (see :func:`advance`).
    """
    check(file, command, role)
    outcome = Outcome()
    if isinstance(command, OpenDispute):
        before = opened(
            len(file.disputes) + 1,
            terms,
            command.at,
            item=command.item,
            amount=None if command.amount is None else amount_of(file, command.amount, command.clause),
            about=command.about,
            by=role,
            person=command.actor.person,
            command_id=command.command_id,
        )
        dispute = before
    else:
        before = named(file, command.dispute, command.clause)
        if before.state is not before.state_at(command.at):
            before = _reopened(file, before, command.at, number, outcome)
        dispute = _DEEDS[type(command)](before, command, role)
        if dispute == before:
            return outcome  # the same award again
    kind = _EVENTS[type(command)]
    _by(file, dispute, kind, command, role, number, outcome)
    return outcome


def _by(
    file: MoneyFile,
    dispute: Dispute,
    kind: EventKind,
    command: AnyDisputeCommand,
    role: Role,
    number: Number,
    outcome: Outcome,
) -> None:
    """Enter a dispute as a command left it: its event, its hold, what it posts and decides."""
    says = {"reason": command.says["reason"]} if "reason" in command.says else {}
    seq = number()
    before = (len(file.credits), len(file.waivers))
    keep(file, dispute)
    if dispute.state.is_decided and dispute.ending is not None:
        end(file, dispute, dispute.ending, command.at)
    made = {
        "credits": [told(credit) for credit in file.credits[before[0] :]],
        "waivers": [told(waiver) for waiver in file.waivers[before[1] :]],
    }
    outcome.events.append(
        Event(
            seq=seq,
            at=command.at,
            kind=kind,
            clause=command.clause,
            party=role,
            person=command.actor.person,
            command_id=command.command_id,
            payload=payload(dispute) | says | {name: facts for name, facts in made.items() if facts},
        )
    )
    ending = dispute.ending
    agreed = {} if ending is None else {who.value: person for who, person in ending.persons.items()}
    for entry in books.settle(file, command.at, seq):
        change: dict[str, Any] = {"party": role, "person": command.actor.person}
        if entry.key.startswith(stem_of(file, dispute)):
            change["explanation"] = entry.explanation | {"dispute": dispute.number, "decided_by": agreed}
        outcome.entries.append(entry.model_copy(update=change))
    if dispute.state.is_decided and ending is not None:
        outcome.decisions += decisions(file, dispute, ending, role, command.at, seq)
    outcome.add(dunning.lift_if_paid(file, command.at, number))


def payload(dispute: Dispute) -> dict[str, Any]:
    """What every event of a dispute tells: the whole of it, from which the record gives it back."""
    return {"number": dispute.number, "dispute": dispute.told()}


def _offer(dispute: Dispute, command: OfferSettlement, role: Role) -> Dispute:
    offer = Offer(
        number=dispute.offers + 1,
        by=role,
        person=command.actor.person,
        at=command.at,
        amounts=command.amounts,
        charge_held_days=command.charge_held_days,
        text=command.text,
    )
    return dispute.model_copy(update={"offers": offer.number, "offer": offer})


def _confirm(dispute: Dispute, command: ConfirmSettlement, role: Role) -> Dispute:
    offer = dispute.offer
    assert offer is not None
    ending = Ending(
        clause=command.clause,
        amounts=offer.amounts,
        charge_held_days=offer.charge_held_days,
        text=offer.text,
        persons={offer.by: offer.person, role: command.actor.person},
    )
    return _ended(dispute, S.SETTLED, command.at, ending)


def _declare_failed(dispute: Dispute, command: DeclareFailed, role: Role) -> Dispute:
    return dispute.model_copy(update={"failed_by": [*dispute.failed_by, role]})


def _refer(dispute: Dispute, command: ReferDispute, role: Role) -> Dispute:
    return dispute.model_copy(update={"state": S.REFERRED, "referred_by": role, "referred_at": command.at})


def _award(dispute: Dispute, command: RecordAward, role: Role) -> Dispute:
    if dispute.state is S.AWARDED:
        return dispute
    ending = Ending(
        clause=command.clause,
        amounts=command.amounts,
        charge_held_days=command.charge_held_days,
        text=command.text,
        digest=command.digest,
        persons={role: command.actor.person},
    )
    return _ended(dispute, S.AWARDED, command.at, ending)


def _withdraw(dispute: Dispute, command: WithdrawDispute, role: Role) -> Dispute:
    return _ended(dispute, S.WITHDRAWN, command.at)


def _ended(dispute: Dispute, state: DisputeState, at: datetime, ending: Ending | None = None) -> Dispute:
    return dispute.model_copy(update={"state": state, "ended_at": at, "ending": ending})


_DEEDS: dict[type, Callable[[Dispute, Any, Role], Dispute]] = {
    OfferSettlement: _offer,
    ConfirmSettlement: _confirm,
    DeclareFailed: _declare_failed,
    ReferDispute: _refer,
    RecordAward: _award,
    WithdrawDispute: _withdraw,
}

_EVENTS: dict[type, EventKind] = {
    OpenDispute: EventKind.DISPUTE_OPENED,
    OfferSettlement: EventKind.SETTLEMENT_OFFERED,
    ConfirmSettlement: EventKind.DISPUTE_SETTLED,
    DeclareFailed: EventKind.NEGOTIATION_FAILED,
    ReferDispute: EventKind.DISPUTE_REFERRED,
    RecordAward: EventKind.DISPUTE_AWARDED,
    WithdrawDispute: EventKind.DISPUTE_WITHDRAWN,
}


# Time


def next_wake(file: MoneyFile) -> Wake | None:
    """The next instant at which a dispute's window or its time to be referred is over."""
    wakes = [
        Wake(
            dispute.next_date + TICK,
            f"Dispute {dispute.number} {'lapses' if dispute.window_told else 'negotiation ends'}",
            "C9.2" if not dispute.window_told else "C9.1",
            dispute.next_date,
        )
        for dispute in file.disputes
        if dispute.next_date is not None
    ]
    return min(wakes, key=lambda wake: wake.at, default=None)


def advance(file: MoneyFile, until: datetime, number: Number) -> Outcome:
    """Do everything that fell due by an instant, disputes and late payment, each in its turn."""
    outcome = Outcome()
    while (wake := next_wake(file)) is not None and wake.at <= until:
        outcome.add(dunning.advance(file, wake.instant, number))
        outcome.add(_fall_due(file, wake.instant, number))
    outcome.add(dunning.advance(file, until, number))
    return outcome


def _fall_due(file: MoneyFile, at: datetime, number: Number) -> Outcome:
    """What happens to disputes whose next date an instant is."""
    outcome = Outcome()
    for dispute in [one for one in file.disputes if one.next_date == at]:
        if dispute.window_told:
            after = _ended(dispute, S.LAPSED, at)
            kind, clause = EventKind.DISPUTE_LAPSED, "C9.1"
        else:
            after = dispute.model_copy(update={"window_told": True})
            kind, clause = EventKind.NEGOTIATION_OVER, "C9.2"
        keep(file, after)
        seq = number()
        event = Event(seq=seq, at=at, kind=kind, clause=clause, payload=payload(after))
        outcome.events.append(event)
        outcome.entries += books.settle(file, at, seq)
    return outcome


def _reopened(file: MoneyFile, dispute: Dispute, at: datetime, number: Number, outcome: Outcome) -> Dispute:
    """A command given in time came after the dispute had lapsed: it had not."""
    after = dispute.model_copy(update={"state": S.NEGOTIATING, "ended_at": None})
    keep(file, after)
    outcome.events.append(
        Event(
            seq=number(),
            at=at,
            kind=EventKind.DISPUTE_LAPSE_REVERSED,
            clause="§3",
            payload=payload(after),
        )
    )
    return after

"""The disputes of an agreement in its life: what its commands do to them, and what is told of them (C9).

They are about money, so an agreement whose money is not run here has none.
"""

from __future__ import annotations

from datetime import datetime

from contract.agreement_file import AgreementFile
from contract.agreement_states import AgreementState
from contract.dispute_commands import AnyDisputeCommand, OpenDispute
from contract.dispute_deeds import apply
from contract.dispute_rules import possible
from contract.disputes import Dispute, open_disputes
from contract.facts import Event, EventKind, PenaltiesPassed
from contract.outcome import Outcome
from contract.parties import Role
from contract.refusals import RefusalKind, refuse
from contract.request_life import check_stamp
from contract.values import Model


class DisputeStanding(Model):
    """Where a dispute stands, and what may be done about it now."""

    agreement_id: str
    dispute: Dispute
    allowed: dict[Role, list[str]]
    """Per party, which commands it may give about it."""
    seq: int
    """The agreement's last event: commands are recorded when the answer comes."""


class DisputesStanding(Model):
    """All disputes of an agreement, in the order of their opening."""

    disputes: list[DisputeStanding] = []


def take(file: AgreementFile, command: AnyDisputeCommand, now: datetime) -> Outcome:
    """Take a command; raises :class:`Refused` and changes nothing when it is not allowed."""
    role = file.terms.acting(command.actor.party)
    if file.money is None or file.terms.disputes is None:
        raise refuse(
            RefusalKind.NOT_ALLOWED_NOW,
            "the agreement is not in force, or its money is not run here",
            command.clause,
            state=file.state,
        )
    check_stamp(command.at, file.last_at, now, file.terms.command_delay_hours)
    outcome = apply(file.money, command, role, file.terms.disputes, file.next_seq)
    file.last_at = command.at
    file.take(command)
    return outcome


def standing(file: AgreementFile, dispute: Dispute, now: datetime) -> DisputeStanding:
    """Where a dispute stands at an instant."""
    allowed = {role: possible(dispute, role, now) for role in Role}
    return DisputeStanding(agreement_id=file.agreement_id, dispute=dispute, allowed=allowed, seq=file.seq)


def standings(file: AgreementFile, now: datetime) -> DisputesStanding:
    disputes = [] if file.money is None else file.money.disputes
    return DisputesStanding(disputes=[standing(file, dispute, now) for dispute in disputes])


def meant(file: AgreementFile, command: AnyDisputeCommand) -> Dispute | None:
    """The dispute that a command taken is about: the one it opened, or the one it names."""
    if file.money is None:
        return None
    if isinstance(command, OpenDispute):
        opened = (one for one in file.money.disputes if one.command_id == command.command_id)
        return next(opened, None)
    return file.money.dispute(command.dispute)


def commands_now(file: AgreementFile, by: Role) -> list[str]:
    """What a party may do about disputes, each command once."""
    if file.money is None or file.state is AgreementState.SETTLED:
        return []
    found, now = ["open_dispute"], file.money.judged_until
    for dispute in open_disputes(file.money.disputes):
        found += [name for name in possible(dispute, by, now) if name not in found]
    return found


def warn(file: AgreementFile, passed: PenaltiesPassed, now: datetime) -> list[Event]:
    """Warn both sides, once per contract year, that its penalties have passed the agreed share of its fees.

    Never a cut: a tribunal may reduce excessive penalties on request (PRC Civil Code art. 585; contract §7).
    """
    if passed.contract_year in file.warned:
        return []
    file.warned.append(passed.contract_year)
    payload = {
        "contract_year": passed.contract_year,
        "amount": str(passed.penalties),
        "fees": str(passed.fees),
        "currency": passed.fees.currency,
        "warning_percent": str(passed.warning_percent),
        "basis": "PRC Civil Code art. 585",
    }
    at = now.replace(microsecond=0)
    kind = EventKind.PENALTIES_WARNED
    return [Event(seq=file.next_seq(), at=at, kind=kind, clause="C8.1", payload=payload)]

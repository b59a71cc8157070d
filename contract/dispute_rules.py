"""Which commands on disputes can be taken, and why others cannot (C9, contract §7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from contract.dispute_commands import (
    AnyDisputeCommand,
    ConfirmSettlement,
    DeclareFailed,
    DisputeCommand,
    OfferSettlement,
    OpenDispute,
    RecordAward,
    ReferDispute,
    WithdrawDispute,
)
from contract.dispute_names import DisputeCommandName as C
from contract.disputes import (
    TRANSITIONS,
    Amount,
    AmountKind,
    Dispute,
    DisputeState,
    Item,
    Matter,
    clash,
    decided_by,
    decided_parts,
)
from contract.money import Money
from contract.money_file import MoneyFile
from contract.parties import Role
from contract.refusals import RefusalKind, Refused, refuse


def check(file: MoneyFile, command: AnyDisputeCommand, role: Role) -> None:
    """Raise :class:`Refused` when the command cannot be taken as things stand. Stamps are checked before."""
    match command:
        case OpenDispute():
            _check_opening(file, command)
            return
        case OfferSettlement() | RecordAward():
            _check_amounts(file, command.amounts, command.clause)
        case _:
            pass
    dispute = named(file, command.dispute, command.clause)
    if isinstance(command, RecordAward) and dispute.state is DisputeState.AWARDED:
        _check_same_award(dispute, command)
        return
    rule, state = TRANSITIONS[command.name], dispute.state_at(command.at)
    if state not in rule.states:
        allowed = possible(dispute, role, command.at)
        raise refuse(
            RefusalKind.NOT_ALLOWED_NOW,
            f"{command.name} is not allowed while dispute {dispute.number} is {state};"
            f" the {role} may now: {', '.join(allowed) or 'nothing'}",
            command.clause,
            allowed,
            state=state.value,
        )
    _check_particulars(dispute, command, role)
    if isinstance(command, OfferSettlement | RecordAward):
        _check_not_decided(file, dispute, command.amounts, command.clause)
    elif isinstance(command, ConfirmSettlement) and dispute.offer is not None:
        _check_not_decided(file, dispute, dispute.offer.amounts, command.clause)


def _check_opening(file: MoneyFile, command: OpenDispute) -> None:
    item = command.item
    limit: Money | None = None
    if item.matter is Matter.BILL:
        bill = file.bill(str(item.bill))
        if bill is None:
            numbers = [known.number for known in file.bills]
            raise refuse(
                RefusalKind.NOT_ON_RECORD, f"bill {item.bill} is not on record", command.clause, numbers
            )
        limit = bill.principal
    if item.means is not None and item.reference is not None:
        payment = file.payment(item.means, item.reference)
        if payment is None:
            raise refuse(
                RefusalKind.NOT_ON_RECORD,
                f"no payment by {item.means} with that reference is on record",
                command.clause,
            )
        limit = payment.amount
    if command.amount is not None:
        amount = amount_of(file, command.amount, command.clause)
        if limit is not None and amount.minor > limit.minor:
            raise refuse(
                RefusalKind.INVALID,
                f"amount: the whole {item.matter} is {limit} {limit.currency}",
                command.clause,
                [f"at most {limit}"],
            )
    found = clash(file.disputes, item)
    if found is not None:
        dispute, shared = found
        over = ", ".join(sorted(shared))
        if dispute.state.is_open:
            raise refuse(
                RefusalKind.ALREADY_DONE,
                f"dispute {dispute.number} over {over} is open",
                command.clause,
                _besides(item, shared),
                dispute=dispute.number,
            )
        assert dispute.ending is not None
        raise refuse(
            RefusalKind.ALREADY_DONE,
            f"{over} was finally decided by the {decided_by(dispute)} of dispute {dispute.number}",
            dispute.ending.clause,
            _besides(item, shared),
            dispute=dispute.number,
        )


def _besides(item: Item, shared: frozenset[str]) -> list[str]:
    """What of an item can still be disputed."""
    return [f"a dispute over {part}" for part in sorted(item.parts - shared)]


def _check_amounts(file: MoneyFile, amounts: Sequence[Amount], clause: str) -> None:
    for amount in amounts:
        value = amount_of(file, amount.amount, clause)
        if amount.bill is None:
            continue
        bill = file.bill(amount.bill)
        if bill is None:
            numbers = [known.number for known in file.bills]
            raise refuse(RefusalKind.NOT_ON_RECORD, f"bill {amount.bill} is not on record", clause, numbers)
        if amount.kind is AmountKind.BILL and value.minor > bill.amount.minor:
            raise refuse(
                RefusalKind.INVALID,
                f"amount: bill {bill.number} is {bill.amount} {bill.amount.currency}",
                clause,
                [f"at most {bill.amount}", "a credit beside it"],
            )


def _check_not_decided(file: MoneyFile, of: Dispute, amounts: Sequence[Amount], clause: str) -> None:
    """What another dispute has finally decided is not decided again by way of this one (C9.3)."""
    changed = frozenset(part for amount in amounts for part in amount.changes)
    for other in file.disputes:
        if other.number != of.number and (shared := changed & decided_parts(other)):
            raise refuse(
                RefusalKind.ALREADY_DONE,
                f"{', '.join(sorted(shared))} was finally decided by the {decided_by(other)}"
                f" of dispute {other.number}",
                clause,
                ["a credit beside it"],
                dispute=other.number,
            )


def _check_same_award(dispute: Dispute, command: RecordAward) -> None:
    """The same award again is the same; another one is refused (C9.3)."""
    ending = dispute.ending
    assert ending is not None
    same = (ending.digest, ending.amounts, ending.charge_held_days) == (
        command.digest,
        command.amounts,
        command.charge_held_days,
    )
    if not same:
        raise refuse(
            RefusalKind.OTHER_CONTENT,
            f"another award, or the same with other amounts, is on record for dispute {dispute.number}",
            command.clause,
            [f"the award with digest {ending.digest}"],
        )


def _check_particulars(dispute: Dispute, command: DisputeCommand, role: Role) -> None:
    number = dispute.number
    match command:
        case ConfirmSettlement():
            offer = dispute.offer
            if offer is None:
                raise _not_now(command, "there is no offer to confirm", ["offer_settlement"])
            if offer.number != command.offer:
                raise _not_now(
                    command, f"offer {offer.number} stands, not {command.offer}", [f"offer {offer.number}"]
                )
            if offer.by is role:
                raise refuse(
                    RefusalKind.WRONG_PARTY,
                    f"the {role} made offer {offer.number}: only the {role.other} confirms it",
                    command.clause,
                    [role.other.value],
                )
        case DeclareFailed() if role in dispute.failed_by:
            raise refuse(
                RefusalKind.ALREADY_DONE,
                f"the {role} has declared that negotiation of dispute {number} failed",
                command.clause,
            )
        case ReferDispute() if not may_refer(dispute, command.at):
            begins = dispute.may_be_referred_from
            raise refuse(
                RefusalKind.NOT_ALLOWED_NOW,
                f"dispute {number} is in negotiation until {dispute.window_ends.isoformat()}; it can be"
                f" referred from {begins.isoformat()}, or once both have declared negotiation failed",
                command.clause,
                possible(dispute, role, command.at),
                earliest=begins.isoformat(),
            )
        case WithdrawDispute() if dispute.by is not role:
            raise refuse(
                RefusalKind.WRONG_PARTY,
                f"the {dispute.by} opened dispute {number}: only the {dispute.by} withdraws it",
                command.clause,
                [dispute.by.value],
            )
        case WithdrawDispute() if dispute.referred_by not in (None, role):
            raise _not_now(
                command,
                f"the {dispute.referred_by} has referred dispute {number} to arbitration",
                possible(dispute, role, command.at),
            )
        case _:
            pass


def may_refer(dispute: Dispute, at: datetime) -> bool:
    """After the window, or once both have declared negotiation failed (C9.2)."""
    return at > dispute.window_ends or set(dispute.failed_by) == set(Role)


def possible(dispute: Dispute, role: Role, at: datetime) -> list[str]:
    """Which commands a party may give about a dispute, in the table's order."""
    found: list[str] = []
    state = dispute.state_at(at)
    for name, rule in TRANSITIONS.items():
        offer = dispute.offer
        may = {
            C.CONFIRM_SETTLEMENT: offer is not None and offer.by is not role,
            C.DECLARE_FAILED: role not in dispute.failed_by,
            C.REFER_DISPUTE: may_refer(dispute, at),
            C.WITHDRAW_DISPUTE: dispute.by is role and dispute.referred_by in (None, role),
        }
        if state in rule.states and may.get(name, True):
            found.append(name.value)
    return found


def named(file: MoneyFile, number: str, clause: str) -> Dispute:
    dispute = file.dispute(number)
    if dispute is None:
        numbers = [known.number for known in file.disputes]
        raise refuse(RefusalKind.NOT_ON_RECORD, f"dispute {number} is not on record", clause, numbers)
    return dispute


def amount_of(file: MoneyFile, amount: Any, clause: str) -> Money:
    try:
        return Money.of(amount, file.terms.fee.currency)
    except ValueError as problem:
        raise refuse(RefusalKind.INVALID, f"amount: {problem}", clause) from None


def _not_now(command: DisputeCommand, why: str, allowed: list[str]) -> Refused:
    return refuse(RefusalKind.NOT_ALLOWED_NOW, why, command.clause, allowed)

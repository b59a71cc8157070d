"""The money of an agreement in its life: what its commands and its time do to it (C7.1, C8.2).

An agreement whose money is not run here (a rehearsal, or one billed elsewhere) has none of this.
"""

from __future__ import annotations

from datetime import datetime

from contract import dunning
from contract.agreement_file import AgreementFile
from contract.balance import balance
from contract.money import Money
from contract.money_commands import AnyMoneyCommand
from contract.money_deeds import apply
from contract.money_file import MoneyFile, PaymentState
from contract.money_life import next_bill
from contract.outcome import Outcome
from contract.refusals import RefusalKind, refuse
from contract.request_life import check_stamp
from contract.values import Instant, Model
from contract.waking import Wake


class MoneyStanding(Model):
    """Where the money of an agreement stands at the end of a day, in short."""

    agreement_id: str
    as_of: Instant
    owed: Money
    """What the customer owes in all, less credit; below zero when credit is left."""
    to_pay_now: Money
    """Overdue principal, with late fees through the day: what full payment is (C8.2)."""
    late_fees: Money
    credit: Money
    bills: int
    suspended_since: Instant | None = None
    seq: int
    """The agreement's last event: commands are recorded when the answer comes."""


def take(file: AgreementFile, command: AnyMoneyCommand, now: datetime) -> Outcome:
    """Take a command; raises :class:`Refused` and changes nothing when it is not allowed."""
    role = file.terms.acting(command.actor.party)
    if file.money is None:
        raise refuse(
            RefusalKind.NOT_ALLOWED_NOW,
            "the agreement is not in force, or its money is not run here",
            command.clause,
            state=file.state,
        )
    check_stamp(command.at, file.last_at, now, file.terms.command_delay_hours)
    outcome = apply(file.money, command, role, file.next_seq)
    file.last_at = command.at
    file.take(command)
    return outcome


def advance(file: AgreementFile, until: datetime) -> Outcome:
    """Do what fell due by an instant, bills apart."""
    return Outcome() if file.money is None else dunning.advance(file.money, until, file.next_seq)


def next_wake(file: AgreementFile, now: datetime) -> Wake | None:
    """The next instant at which a bill is to be issued or something falls due."""
    if file.money is None:
        return None
    doing, bill = dunning.next_doing(file.money, now), next_bill(file.money)
    wakes = [] if doing is None else [doing.wake]
    if bill is not None:
        wakes.append(Wake(bill[0], "Bill", "C7.1.1"))
    return min(wakes, key=lambda wake: wake.at, default=None)


def check_not_suspended(file: AgreementFile, at: datetime) -> None:
    """Raise :class:`Refused`, with what is owed, for what is submitted while service is suspended (C8.2)."""
    if file.money is None:
        return
    for suspension in file.money.suspensions:
        if suspension.begin <= at and (suspension.end is None or at < suspension.end):
            money = file.money
            demand = dunning.demand(money, balance(money, money.days.date_of(at)))
            raise refuse(
                RefusalKind.SUSPENDED,
                f"service is suspended: {demand['to_pay']} {demand['currency']} is overdue"
                f" since {demand['since']}; it resumes with full payment",
                "C8.2",
                ["record_payment"],
                **demand,
            )


def standing(file: AgreementFile, now: datetime) -> MoneyStanding | None:
    """Where the money stands; None when there is none."""
    money = file.money
    if money is None:
        return None
    owed = balance(money, money.days.date_of(now))
    return MoneyStanding(
        agreement_id=file.agreement_id,
        as_of=now,
        owed=money.money(owed.owed),
        to_pay_now=money.money(owed.overdue),
        late_fees=money.money(owed.late_fees),
        credit=money.money(owed.credit_left),
        bills=len(owed.bills),
        suspended_since=money.suspended.begin if money.suspended else None,
        seq=file.seq,
    )


def is_owing(money: MoneyFile | None, now: datetime) -> bool:
    """Whether the end must wait for money: something is owed, or a cheque has not cleared (contract §3)."""
    if money is None:
        return False
    pending = any(payment.state is PaymentState.PENDING for payment in money.payments)
    return pending or next_bill(money) is not None or balance(money, money.days.date_of(now)).owed > 0

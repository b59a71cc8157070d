"""The money of an agreement in its life: what its commands and its time do to it (C7.1, C8.2).

An agreement whose money is not run here (a rehearsal, or one billed elsewhere) has none of this.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from contract import books, dispute_deeds, dunning, money_deeds, money_record
from contract.agreement_file import AgreementFile
from contract.agreement_states import AgreementState
from contract.balance import balance
from contract.disputes import open_disputes
from contract.facts import Event, EventKind
from contract.holds import penalty_holds
from contract.money import Money
from contract.money_commands import MONEY_COMMANDS, AnyMoneyCommand, RecordPayout, WaivePenalty
from contract.money_file import Credit, MoneyFile, PaymentState, Payout
from contract.money_life import next_bill
from contract.outcome import Outcome
from contract.parties import Role
from contract.refusals import RefusalKind, refuse
from contract.request_life import check_stamp
from contract.settling import Ask, FinalAsk, PayoutAsk, WaiverAsk
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


def commands_now(file: AgreementFile, by: Role) -> list[str]:
    """The commands on money that a party may give."""
    if file.money is None or file.state is AgreementState.SETTLED:
        return []
    return [name.value for name, model in MONEY_COMMANDS.items() if model.by is by]


def check(file: AgreementFile, command: AnyMoneyCommand, now: datetime) -> None:
    """Raise :class:`Refused` when a command is not allowed, what the ledger decides left aside."""
    role = file.terms.acting(command.actor.party)
    if file.money is None:
        raise refuse(
            RefusalKind.NOT_ALLOWED_NOW,
            "the agreement is not in force, or its money is not run here",
            command.clause,
            state=file.state,
        )
    check_stamp(command.at, file.last_at, now, file.terms.command_delay_hours)
    money_deeds.check(file.money, command, role)


def take(file: AgreementFile, command: AnyMoneyCommand, now: datetime) -> Outcome:
    """Take a command; raises :class:`Refused` and changes nothing when it is not allowed."""
    check(file, command, now)
    assert file.money is not None
    outcome = money_deeds.apply(file.money, command, command.by, file.next_seq)
    file.last_at = command.at
    file.take(command)
    return outcome


# What the ledger decides


def asks_ledger(file: AgreementFile, command: AnyMoneyCommand) -> bool:
    """Whether the penalties in the ledger decide of a command."""
    return file.money is not None and money_deeds.asks_ledger(file.money, command)


def ask_of(file: AgreementFile, command: AnyMoneyCommand) -> Ask:
    """What to ask the ledger for a command that was checked."""
    money = file.money
    assert money is not None
    version = money.terms_at(command.at).version
    match command:
        case RecordPayout():
            payout = money_deeds.as_payout(money, command)
            return PayoutAsk(command=command, payout=payout, terms_version=version)
        case WaivePenalty():
            return WaiverAsk(
                agreement_id=file.agreement_id,
                command=command,
                terms_version=version,
                currency=money.terms.fee.currency,
            )
        case _:
            raise AssertionError(f"{command.name} asks nothing of the ledger")


def take_decided(file: AgreementFile, event: Event, command: AnyMoneyCommand | None = None) -> Outcome:
    """Take in an event that was decided where it was recorded; its own entries are in the ledger."""
    money = file.money
    assert money is not None
    if command is not None:
        file.last_at = max(file.last_at, command.at)
        file.take(command)
    if event.kind is EventKind.SETTLED:
        file.state, file.settled_at = AgreementState.SETTLED, event.at
        return Outcome()
    if event.kind is EventKind.PENALTY_WAIVED:
        money.unstated |= bool(money.finals)
        return Outcome()
    before = len(money.credits), len(money.payouts)
    money_record.take(money, event)
    new: list[Credit | Payout] = [*money.credits[before[0] :], *money.payouts[before[1] :]]
    for fact in new:
        books.is_posted(money, fact)
    if event.kind is EventKind.FINAL_STATEMENT:
        money.unstated = False
    outcome = Outcome(entries=books.settle(money, event.at, event.seq))
    outcome.add(dunning.lift_if_paid(money, event.at, file.next_seq))
    return outcome


# The end


def next_statement(file: AgreementFile, now: datetime) -> FinalAsk | None:
    """The final statement to be made now, or the settlement; None while there is neither (contract §3).

    The first is made when the agreement closes, another when the last request it left open has ended or
    penalties have changed otherwise.
    """
    money = file.money
    if money is None or file.state is not AgreementState.CLOSED:
        return None
    settles = _nothing_left(file, money, now) and _settles_from(file) <= now
    if money.finals and not (settles or money.unstated):
        return None
    assert file.closed_at is not None
    at = file.closed_at
    if money.finals:
        at = max(at, money.finals[-1].at, file.last_at, file.last_ended_at or at)
        at = max(at, _settles_from(file)) if settles else at
    owed, terms = balance(money, money.days.date_of(at)), money.terms_at(at)
    return FinalAsk(
        agreement_id=file.agreement_id,
        number=len(money.finals) + 1,
        at=at,
        days=money.days,
        owed=money.money(owed.owed),
        late_fees=money.money(owed.late_fees),
        still_open=sorted(file.open_requests or []),
        settles=settles,
        terms_version=terms.version,
        payment_days=terms.payment_days,
        late=terms.late,
        holds=penalty_holds(money.disputes),
    )


def _nothing_left(file: AgreementFile, money: MoneyFile, now: datetime) -> bool:
    """Whether nothing is owed by what the agreement knows, and no request can bring a penalty."""
    if not money.finals or file.open_requests or next_bill(money) is not None:
        return False
    pending = any(payment.state is PaymentState.PENDING for payment in money.payments)
    if pending or open_disputes(money.disputes):
        return False
    return balance(money, money.days.date_of(now)).owed == 0


def _settles_from(file: AgreementFile) -> datetime:
    """The earliest settlement: what was stamped before the end of the last request can come until then."""
    assert file.closed_at is not None
    last_end = max(file.closed_at, file.last_ended_at or file.closed_at)
    return last_end + timedelta(hours=file.terms.command_delay_hours)


def advance(file: AgreementFile, until: datetime) -> Outcome:
    """Do what fell due by an instant, disputes included and bills apart."""
    return Outcome() if file.money is None else dispute_deeds.advance(file.money, until, file.next_seq)


def next_wake(file: AgreementFile, now: datetime) -> Wake | None:
    """The next instant at which a bill is to be issued or something falls due."""
    if file.money is None:
        return None
    doing, bill = dunning.next_doing(file.money, now), next_bill(file.money)
    wakes = [] if doing is None else [doing.wake]
    if (dispute := dispute_deeds.next_wake(file.money)) is not None:
        wakes.append(dispute)
    if bill is not None:
        wakes.append(Wake(bill[0], "Bill", "C7.1.1"))
    if file.state is AgreementState.CLOSED and _nothing_left(file, file.money, now):
        wakes.append(Wake(_settles_from(file), "Settlement", "C4.1"))
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
    """Whether the end must wait for money: something is owed or disputed, or a cheque is pending (§3)."""
    if money is None:
        return False
    if open_disputes(money.disputes):
        return True
    pending = any(payment.state is PaymentState.PENDING for payment in money.payments)
    return pending or next_bill(money) is not None or balance(money, money.days.date_of(now)).owed > 0

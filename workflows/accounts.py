"""The money of an agreement, as its workflow runs it (C7.1, C8.2): commands, bills, what follows from both.

The part of :class:`workflows.agreement.Agreement` that is there only where its money is run. It records
through the agreement's one loop, like everything else.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from temporalio import workflow

from contract import agreement_money as money
from contract.agreement_file import AgreementFile
from contract.agreement_money import MoneyStanding
from contract.billing import Bill
from contract.dunning import not_told, told
from contract.facts import Event, EventKind, LedgerEntry
from contract.holds import penalty_holds
from contract.invoicing import delayed_event, issued_event, to_issue
from contract.money_commands import (
    AnyMoneyCommand,
    BouncePayment,
    ClearPayment,
    GiveCredit,
    MoneyCommand,
    RecordPayment,
    RecordPayout,
    Resume,
    ReversePayment,
    ReversePayout,
    Suspend,
    WaiveLateFee,
    WaivePenalty,
)
from contract.money_life import draft_bill, issued, next_bill, take_bill
from contract.refusals import Refusal
from contract.settling import Ask
from contract.terms import Settlement
from contract.values import TICK
from contract.waking import Wake
from workflows.alarm import Alarm
from workflows.invoicing import Invoicing, Issuing
from workflows.mailing import Mailing
from workflows.payloads import BillWanted, PenaltiesAnswered, PenaltiesAsked, Ways
from workflows.recording import surely
from workflows.spreading import Spreading
from workflows.taking import Taking, taking

if TYPE_CHECKING:
    from datetime import datetime


def _standing(self: Accounts, command: MoneyCommand) -> MoneyStanding:
    standing = money.standing(self._file, command.at)
    assert standing is not None
    return standing


def _taking(model: type[MoneyCommand]) -> Any:
    return taking(model, MoneyStanding, _standing)


class Accounts(Taking):
    """Bills, commands on money, and telling requests of suspensions."""

    _file: AgreementFile
    _alarm: Alarm
    _mailing: Mailing
    _spreading: Spreading
    _money_wake: Wake | None
    _invoicing: Invoicing
    _ways: Ways
    _look_again: bool
    """Something happened by itself that may make something due."""

    @abstractmethod
    async def _record(self, events: list[Event], entries: Sequence[LedgerEntry] = ()) -> None: ...

    @abstractmethod
    def _tell(self, events: Sequence[Event]) -> None:
        """Tell whom it concerns of events on record."""

    record_payment = _taking(RecordPayment)
    clear_payment = _taking(ClearPayment)
    bounce_payment = _taking(BouncePayment)
    reverse_payment = _taking(ReversePayment)
    waive_late_fee = _taking(WaiveLateFee)
    give_credit = _taking(GiveCredit)
    suspend = _taking(Suspend)
    resume = _taking(Resume)
    record_payout = _taking(RecordPayout)
    reverse_payout = _taking(ReversePayout)
    waive_penalty = _taking(WaivePenalty)

    @workflow.query(name="money", description="What is owed now, and whether service is suspended (C8.2).")
    def money(self) -> MoneyStanding | None:
        return money.standing(self._file, self._alarm.now())

    async def _issue_bills(self, now: datetime) -> None:
        """Issue every bill whose period has begun, each exactly once (C7.1.1)."""
        file = self._file
        while file.money is not None and (following := next_bill(file.money)) and following[0] <= now:
            before = money.advance(file, following[0])
            if before.events or before.entries:
                await self._record(before.events, before.entries)
            draft = draft_bill(file.money)
            assert draft is not None
            wanted = BillWanted(
                workflow_id=workflow.info().workflow_id,
                agreement_id=file.agreement_id,
                seq=file.next_seq(),
                draft=draft,
                set_off=file.money.terms_at(draft.issued_at).settlement is Settlement.SET_OFF,
                holds=penalty_holds(file.money.disputes),
                agreement=file.snapshot(),
            )
            bill = await surely("issue_bill", wanted, Bill, f"Bill {draft.number} · C7.1.1")
            taken = take_bill(file.money, bill, wanted.seq)
            self._mailing.add([issued(bill, wanted.seq)])
            if taken.entries:
                await self._record([], taken.entries)

    async def _ask_ledger(self, command: AnyMoneyCommand, refused: dict[str, Refusal]) -> None:
        """Have the ledger decide of a command (C8.1); why it was refused goes with the others."""
        file = self._file
        if command.command_id in file.taken:
            if file.contents[command.command_id] != command.content:
                refused[command.command_id] = command.other_content()
            return
        told_of = f"{command.name} · {command.clause}"
        refusal = await self._decide(money.ask_of(file, command), told_of, command)
        if refusal is not None:
            refused[command.command_id] = refusal

    async def _settle_accounts(self, now: datetime) -> None:
        """Make the final statements that are due, and settle when nothing is left (contract §3)."""
        file = self._file
        while money.next_statement(file, now) is not None and workflow.patched("final-statement"):
            due = money.advance(file, now)
            if due.events or due.entries:
                await self._record(due.events, due.entries)
            ask = money.next_statement(file, now)
            if ask is None or await self._decide(ask, "Final statement · C8.1") is not None:
                break
        if file.money is not None and file.money.finals:
            self._money_wake = money.next_wake(file, now)

    async def _decide(self, ask: Ask, summary: str, command: AnyMoneyCommand | None = None) -> Refusal | None:
        """Ask the ledger and take in what it decided; the refusal, if it was one."""
        file = self._file
        asked = PenaltiesAsked(
            workflow_id=workflow.info().workflow_id, agreement=file.snapshot(), seq=file.seq + 1, ask=ask
        )
        answer = await surely("settle_penalties", asked, PenaltiesAnswered, summary)
        if answer.event is None:
            return answer.refusal
        file.next_seq()
        outcome = money.take_decided(file, answer.event, command)
        self._tell([answer.event])
        if outcome.events or outcome.entries:
            await self._record(outcome.events, outcome.entries)
        return None

    def _invoiced(self, news: Sequence[Issuing]) -> list[Event]:
        """Enter what came of invoices and credit notes since it was asked last (C7.1.3)."""
        file, events = self._file, list[Event]()
        for one in news:
            assert file.money is not None
            if one.issued is not None:
                file.money.invoices.append(one.issued)
                events.append(issued_event(one.issued, file.next_seq(), one.at))
            elif one.cause is not None:
                events.append(delayed_event(file.money, one.wanted, file.next_seq(), one.at, one.cause))
        return events

    def _want_invoices(self, now: datetime) -> None:
        """Have the documents issued that the payments now call for (C7.1.3)."""
        if self._ways.invoices and self._file.money is not None:
            self._invoicing.add(to_issue(self._file.money, now, self._invoicing.keys))

    def _announced(self, seqs: Sequence[int]) -> None:
        """Notices were taken over by the mail server: a suspension's notice period runs from now (C8.2)."""
        money_file = self._file.money
        if money_file is not None and any(one.seq in seqs for one in money_file.announcements):
            at = self._alarm.now().replace(microsecond=0) + TICK
            for seq in seqs:
                told(money_file, seq, at)
            self._look_again = True

    def _not_announced(self, seqs: Sequence[int]) -> None:
        """The customer's mail server will not take a suspension's notice: the provider is told (C8.2)."""
        money_file = self._file.money
        if money_file is None or not any(one.seq in seqs for one in money_file.announcements):
            return
        if workflow.patched("refused-suspension-notice"):
            at = self._alarm.now().replace(microsecond=0) + TICK
            for seq in seqs:
                not_told(money_file, seq, at)
            self._look_again = True

    def _spread(self, events: Sequence[Event]) -> None:
        """Tell open requests of a suspension that began or ended."""
        kinds = (EventKind.SUSPENDED, EventKind.RESUMED)
        numbers = {event.payload.get("number") for event in events if event.kind in kinds}
        if self._file.money is not None and numbers:
            for suspension in self._file.money.suspensions:
                if suspension.number in numbers:
                    self._spreading.add(suspension)

    def _spread_to_new(self, submitted_at: datetime) -> None:
        """A request submitted before a suspension and admitted in it has not been told by anybody."""
        if self._file.money is not None:
            for suspension in self._file.money.suspensions:
                if suspension.end is None or suspension.end > submitted_at:
                    self._spreading.add(suspension)

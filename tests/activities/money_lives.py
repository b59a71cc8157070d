"""The money of one agreement, so told that every mail about money comes up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from contract import agreement, agreement_money, dunning
from contract.agreement_disputes import warn
from contract.agreement_file import TermDates
from contract.agreement_states import AgreementState
from contract.dispute_commands import (
    ConfirmSettlement,
    DeclareFailed,
    DisputeCommand,
    OfferSettlement,
    OpenDispute,
    RecordAward,
    ReferDispute,
    WithdrawDispute,
)
from contract.facts import Account, EntryKind, Event, LedgerEntry, PenaltiesPassed, RecordBatch
from contract.invoices import InvoiceFile, Issued
from contract.invoicing import delayed_event, issued_event, to_issue
from contract.money import Money
from contract.money_commands import (
    AnyMoneyCommand,
    BouncePayment,
    ClearPayment,
    GiveCredit,
    MoneyCommand,
    RecordPayment,
    RecordPayout,
    ReversePayment,
    ReversePayout,
    WaiveLateFee,
    WaivePenalty,
)
from contract.money_life import draft_bill, issued, next_bill, take_bill
from contract.notices import Notice
from contract.parties import Actor
from contract.settling import Ask
from records import RecordStore
from records.invoices import told
from tests.activities.lives import LI_MING, WANG_FANG, Life, local, said, sheet

CHEQUE: dict[str, Any] = {"means": "cheque", "reference": "C-77"}
TRANSFER: dict[str, Any] = {"means": "transfer", "reference": "T-78"}


class MoneyLife(Life):
    """An agreement whose money is run; the workflow's part in it played here."""

    async def in_force(self) -> None:
        await self.offer("2026-03-01 10:00")
        signatures = (
            self.signature(LI_MING, "2026-03-01 11:00"),
            self.signature(LI_MING, "2026-03-02 08:30").model_copy(
                update={"actor": LI_MING.model_copy(update={"party": "customer"})}
            ),
        )
        events = agreement.step(self.agreement, signatures, local("2026-03-02 08:30")).events
        signed = max(signature.at for signature in self.agreement.signatures.values())
        dates = TermDates.of(self.terms, signed, with_days=True)
        await self.record_agreement(events + agreement.activate(self.agreement, dates, self.terms))

    async def pass_until(self, now: datetime) -> None:
        """Issue the bills and do what fell due by an instant."""
        money = self.agreement.money
        assert money is not None
        while (following := next_bill(money)) is not None and following[0] <= now:
            await self._advance(following[0])
            draft, seq = draft_bill(money), self.agreement.next_seq()
            assert draft is not None
            workflow_id = f"agreement/{self.terms.agreement_id}"
            bill = await self.store.issue_bill(workflow_id, seq, draft, self.terms.agreement_id, True)
            entries = take_bill(money, bill, seq).entries
            await self._told([issued(bill, seq)], entries, recorded=True)
        await self._advance(now)

    async def _advance(self, until: datetime) -> None:
        outcome = agreement_money.advance(self.agreement, until)
        await self._told(outcome.events, outcome.entries)
        money = self.agreement.money
        assert money is not None
        for announcement in money.announcements:
            if announcement.told_at is None:
                dunning.not_told(money, announcement.seq, until)
                refused = agreement_money.advance(self.agreement, until)
                await self._told(refused.events, refused.entries)
                dunning.told(money, announcement.seq, until)

    async def do(self, command: type[MoneyCommand], at: str, **content: Any) -> None:
        await self.pass_until(local(at))
        told = command(**said(at, LI_MING), **content)
        step = agreement.step(self.agreement, [told], local(at))  # type: ignore[list-item]
        assert not step.refused, step.refused
        await self._told(step.events, step.entries)
        for asked in step.asks:
            await self._decided(agreement_money.ask_of(self.agreement, asked), asked)

    async def waives(self, at: str, **content: Any) -> None:
        """The customer waives a penalty."""
        customer = LI_MING.model_copy(update={"party": "customer"})
        told = WaivePenalty(**said(at, customer), **content)
        await self._decided(agreement_money.ask_of(self.agreement, told), told)

    async def ends(self, now: str) -> None:
        """The term is over, with no request open: state finally what is owed, and settle."""
        await self.pass_until(local(now))
        if self.agreement.state is AgreementState.ACTIVE:
            await self._told(agreement.advance(self.agreement, local(now)), [])
            self.agreement.open_requests, self.agreement.last_ended_at = [], local(now)
            await self._told(agreement.close(self.agreement, local(now)), [])
        while (ask := agreement_money.next_statement(self.agreement, local(now))) is not None:
            await self._decided(ask)

    async def _decided(self, ask: Ask, command: AnyMoneyCommand | None = None) -> None:
        workflow_id, file = f"agreement/{self.terms.agreement_id}", self.agreement
        event, refusal = await self.store.settle_penalties(workflow_id, file.seq + 1, file.snapshot(), ask)
        assert event is not None, refusal
        file.next_seq()
        outcome = agreement_money.take_decided(file, event, command)
        await self._told([event], outcome.entries, recorded=True)
        await self._told(outcome.events, [])

    async def argues(
        self, command: type[DisputeCommand], by: Actor, at: str, now: str | None = None, **content: Any
    ) -> None:
        """A command on a dispute, given at one instant and taken at another."""
        if now is None:
            await self.pass_until(local(at))
        told = command(**said(at, by), **content)
        step = agreement.step(self.agreement, [told], local(now or at))  # type: ignore[list-item]
        assert not step.refused, step.refused
        await self._told(step.events, step.entries)

    async def _told(self, events: list[Event], entries: list[LedgerEntry], *, recorded: bool = False) -> None:
        workflow_id, agreement_id = f"agreement/{self.terms.agreement_id}", self.terms.agreement_id
        new = [] if recorded else events
        await self.store.append(
            RecordBatch(
                workflow_id=workflow_id,
                agreement_id=agreement_id,
                events=new,
                entries=entries,
                agreement=self.agreement.snapshot() if new else None,
            )
        )
        if events:
            await self._tell(workflow_id, None, events)

    async def invoice(self, now: str, *, delayed: bool = False) -> None:
        """Issue every document that is wanted, or tell that it takes long."""
        money, at = self.agreement.money, local(now)
        assert money is not None
        await self.pass_until(at)
        for wanted in to_issue(money, at):
            if delayed:
                event = delayed_event(money, wanted, self.agreement.next_seq(), at, "no_answer")
                await self._told([event], [])
                continue
            agreement_id = self.terms.agreement_id
            begun = await self.store.begin_invoice(agreement_id, wanted)
            assert begun is not None
            number = begun.document.number
            file = InvoiceFile(name=f"{number}.pdf", media_type="application/pdf", content=b"%PDF-1.7 \xe5")
            issued = Issued(number=f"F-{number}", files=[file])
            kept = told(await self.store.keep_issued(agreement_id, wanted.key, "gateway", issued))
            money.invoices.append(kept)
            await self._told([issued_event(kept, self.agreement.next_seq(), at)], [])


async def life_of_money(
    store: RecordStore, language: str, notify: Callable[[Notice], Awaitable[None]] | None = None
) -> MoneyLife:
    """The first bill overdue and suspended for; a cheque that bounces, a payment reversed, corrections."""
    life = MoneyLife(store, sheet("MONEY-1", language), notify=notify)
    await life.in_force()
    for day in ("03-14", "03-18", "04-02", "04-13", "04-17"):
        await life.pass_until(local(f"2026-{day} 00:00"))
    await life.do(GiveCredit, "2026-04-18 10:00", amount="100.00", reason="For the outage of\nFebruary.")
    received = {"amount": "24500.00", "value_date": date(2026, 4, 20)}
    await life.do(RecordPayment, "2026-04-20 10:00", **CHEQUE, **received)
    await life.do(ClearPayment, "2026-04-21 10:00", **CHEQUE, cleared_on=date(2026, 4, 21))
    await life.invoice("2026-04-21 11:00", delayed=True)
    await life.invoice("2026-04-21 12:00")
    await life.do(BouncePayment, "2026-04-25 10:00", **CHEQUE, reason="No funds.")
    await life.invoice("2026-04-25 11:00")
    received = {"amount": "50.00", "value_date": date(2026, 4, 26)}
    await life.do(RecordPayment, "2026-04-26 10:00", **TRANSFER, **received)
    await life.do(ReversePayment, "2026-04-27 10:00", **TRANSFER, reason="Of another customer.")
    await life.do(WaiveLateFee, "2026-04-27 11:00", bill="B001", amount="20.00", reason="A good year.")
    return life


async def life_of_settling(
    store: RecordStore, language: str, notify: Callable[[Notice], Awaitable[None]] | None = None
) -> MoneyLife:
    """A month whose penalties are paid out, waived, netted at the end, and settled."""
    terms = sheet("MONEY-2", language, term={"months": 1}, penalties__settlement="pay_out")
    life = MoneyLife(store, terms, notify=notify)
    await life.in_force()
    paid: dict[str, Any] = {"means": "transfer", "amount": str(terms.fees.amount)}
    await life.do(RecordPayment, "2026-03-03 10:00", **paid, reference="T-90", value_date=date(2026, 3, 3))
    penalty = LedgerEntry(
        key="penalty:MONEY-2/R-9:late-response",
        kind=EntryKind.PENALTY,
        clause="C8.1.1",
        effective_at=local("2026-03-10 10:00"),
        debit=Account.PENALTY_EXPENSE,
        credit=Account.PENALTY_PAYABLE,
        amount=Money.of("200.00", terms.fees.currency),
        terms_version=1,
        request_id="R-9",
    )
    await life._told([], [penalty])
    out: dict[str, Any] = {"means": "transfer", "amount": "150.00"}
    await life.do(RecordPayout, "2026-03-12 10:00", **out, reference="P-5", value_date=date(2026, 3, 11))
    wrong = {"means": "transfer", "reference": "P-5", "reason": "It came back."}
    await life.do(ReversePayout, "2026-03-13 10:00", **wrong)
    waived: dict[str, Any] = {"request_id": "R-9", "of": "late_response", "amount": "50.00"}
    await life.waives("2026-03-14 10:00", **waived, reason="We had the cause.")
    await life.ends("2026-04-02 00:00")
    await life.do(RecordPayout, "2026-04-03 10:00", **out, reference="P-6", value_date=date(2026, 4, 3))
    await life.ends("2026-04-04 10:00")
    assert life.agreement.state is AgreementState.SETTLED
    return life


async def life_of_paying_after_the_end(store: RecordStore, language: str) -> MoneyLife:
    """Suspended in the last month of the term; all is paid when the agreement is closed."""
    life = MoneyLife(store, sheet("MONEY-3", language, term={"months": 2}))
    await life.in_force()
    for day in ("03-14", "03-18", "04-02", "04-13", "04-17"):
        await life.pass_until(local(f"2026-{day} 00:00"))
    await life.ends("2026-05-02 00:00")
    assert life.agreement.state is AgreementState.CLOSED
    paid: dict[str, Any] = {"means": "transfer", "amount": "100000.00", "value_date": date(2026, 5, 4)}
    await life.do(RecordPayment, "2026-05-04 10:00", **paid, reference="T-91")
    return life


async def life_of_disputes(
    store: RecordStore, language: str, notify: Callable[[Notice], Awaitable[None]] | None = None
) -> MoneyLife:
    """One dispute settled, one awarded, one withdrawn, one that lapses and one that had lapsed too soon."""
    disputes = {"negotiation_days": 30, "stale_days": 60, "arbitration_commission": "北京仲裁委员会"}
    life = MoneyLife(store, sheet("DISPUTES-1", language, disputes=disputes), notify=notify)
    await life.in_force()
    await life.pass_until(local("2026-03-03 00:00"))
    bill = {"matter": "bill", "bill": "B001"}
    about = "Two days of the month\nwithout service."
    await life.argues(OpenDispute, WANG_FANG, "2026-03-20 10:00", item=bill, amount="800.00", about=about)
    amounts: list[dict[str, Any]] = [
        {"kind": "bill", "bill": "B001", "amount": "400.00"},
        {"kind": "late_fee", "bill": "B001", "amount": "3.00"},
        {"kind": "penalty", "request_id": "R-9", "penalty": "late_response", "amount": "0"},
        {"kind": "credit", "amount": "50.00"},
    ]
    first: dict[str, Any] = {"dispute": "D001"}
    offered = first | {"amounts": amounts, "text": "Half of it."}
    await life.argues(OfferSettlement, LI_MING, "2026-03-21 10:00", **offered)
    await life.argues(ConfirmSettlement, WANG_FANG, "2026-03-22 10:00", **first, offer=1)
    request = {"matter": "request", "request_id": "R-8"}
    await life.argues(OpenDispute, LI_MING, "2026-03-23 10:00", item=request, about="We were locked out.")
    second: dict[str, Any] = {"dispute": "D002"}
    await life.argues(DeclareFailed, LI_MING, "2026-03-24 10:00", **second, reason="No answer.")
    await life.pass_until(local("2026-04-22 10:00:01"))
    await life.argues(ReferDispute, WANG_FANG, "2026-04-23 10:00", **second)
    await life.argues(RecordAward, WANG_FANG, "2026-05-20 10:00", **second, digest="ab" * 32)
    other = {"matter": "other"}
    await life.argues(OpenDispute, WANG_FANG, "2026-05-21 10:00", item=other, about="The tone.")
    await life.argues(WithdrawDispute, WANG_FANG, "2026-05-22 10:00", dispute="D003", reason="All is well.")
    await life.argues(OpenDispute, WANG_FANG, "2026-05-23 10:00", item=other, about="The tone again.")
    await life.pass_until(local("2026-07-22 10:00:01"))
    fourth: dict[str, Any] = {"dispute": "D004", "reason": "In time."}
    await life.argues(ReferDispute, WANG_FANG, "2026-07-22 10:00", now="2026-07-22 10:30", **fourth)
    passed = PenaltiesPassed(
        contract_year=1,
        penalties=Money.of("43250.00", "CNY"),
        fees=Money.of("144000.00", "CNY"),
        warning_percent=Decimal(30),
    )
    await life._told(warn(life.agreement, passed, local("2026-08-01 10:00")), [])
    return life

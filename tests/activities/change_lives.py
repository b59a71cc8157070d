"""Agreements that are changed, so told that every mail about a change comes up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

from contract import agreement
from contract.agreement import Step
from contract.agreement_file import TermDates
from contract.change_commands import (
    AcceptFeeChange,
    ChangeCommand,
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
from contract.notices import Notice
from contract.parties import Role
from records import RecordStore
from tests.activities.lives import LI_MING, WANG_FANG, Life, local, said, sheet

ACTORS = {Role.PROVIDER: LI_MING, Role.CUSTOMER: WANG_FANG}
PROVIDER, CUSTOMER = Role.PROVIDER, Role.CUSTOMER
FEE: dict[str, Any] = {"amount": "13000.00", "effective_on": date(2026, 6, 2)}
SIGNED: dict[str, Any] = {"title": "General Manager"}


class ChangeLife(Life):
    """An agreement in force; the workflow's part in it played here."""

    async def in_force(self) -> None:
        await self.offer("2026-03-01 10:00")
        signatures = [
            self.signature(actor, "2026-03-02 08:30").model_copy(update={"actor": actor})
            for actor in ACTORS.values()
        ]
        signed = local("2026-03-02 08:30")
        events = agreement.step(self.agreement, signatures, signed).events
        dates = TermDates.of(self.terms, signed, with_days=True)
        await self.record_agreement(events + agreement.activate(self.agreement, dates))

    async def do(self, command: type[ChangeCommand], by: Role, at: str, **content: Any) -> None:
        told = command(**said(at, ACTORS[by]), **content)
        step = agreement.step(self.agreement, [told], local(at))  # type: ignore[list-item]
        assert not step.refused, step.refused
        await self._take(step)

    async def until(self, at: str) -> None:
        """What happens by itself, each as its own step, until an instant."""
        while (wake := agreement.next_wake(self.agreement)) is not None and wake.at <= local(at):
            await self._take(agreement.step(self.agreement, [], wake.at))
            if self.agreement.state.has_ended:
                return

    async def _take(self, step: Step) -> None:
        if step.events:
            assert len(step.documents) < 2
            await self.record_agreement(step.events, step.documents[0] if step.documents else None)

    def digest_of_last(self) -> str:
        return self.agreement.negotiations.amendments[-1].digest


async def life_of_changes(
    store: RecordStore, language: str, notify: Callable[[Notice], Awaitable[None]] | None = None
) -> ChangeLife:
    """A fee change negotiated, others that come to nothing, amendments, an early end."""
    terms = sheet("CHANGES-1", language, fee_change__if_unanswered="lapses")
    life = ChangeLife(store, terms, notify=notify)
    await life.in_force()
    await life.do(ProposeFeeChange, PROVIDER, "2026-03-10 09:00", **FEE, reason="Wages rose.")
    await life.do(WithdrawFeeChange, PROVIDER, "2026-03-10 10:00", reason="A slip.")
    await life.do(ProposeFeeChange, PROVIDER, "2026-03-10 11:00", **FEE)
    await life.do(ObjectToFeeChange, CUSTOMER, "2026-03-11 09:00", amount="12400.00", reason="Too much.")
    await life.do(CounterFeeChange, PROVIDER, "2026-03-12 09:00", amount="12600.00")
    await life.until("2026-04-07 00:00")
    await life.do(AcceptFeeChange, CUSTOMER, "2026-04-07 09:00", **(FEE | {"amount": "12600.00"}))
    await life.until("2026-06-02 00:00")
    dearer: dict[str, Any] = {"amount": "14000.00", "effective_on": date(2026, 9, 2)}
    await life.do(ProposeFeeChange, PROVIDER, "2026-06-03 09:00", **dearer)
    text = {"text": "Two hours are\nenough.", "changes": {"targets.respond_hours": "1.5"}} | SIGNED
    await life.do(ProposeAmendment, CUSTOMER, "2026-06-03 10:00", **text)
    await life.do(DeclineAmendment, PROVIDER, "2026-06-04 10:00", amendment=1, reason="Not in summer.")
    await life.do(ProposeAmendment, PROVIDER, "2026-06-04 11:00", **text)
    await life.do(WithdrawAmendment, PROVIDER, "2026-06-04 12:00", amendment=2)
    await life.do(ProposeAmendment, PROVIDER, "2026-06-04 13:00", **text)
    await life.until("2026-07-10 00:00")
    await life.do(ProposeAmendment, PROVIDER, "2026-07-10 09:00", **text)
    await life.do(
        ConsentToAmendment, CUSTOMER, "2026-07-11 09:00", amendment=4, digest=life.digest_of_last(), **SIGNED
    )
    ends: dict[str, Any] = {"last_day": date(2026, 9, 30)} | SIGNED
    await life.do(ProposeTermination, CUSTOMER, "2026-07-12 09:00", **ends, reason="We move away.")
    await life.do(WithdrawTermination, CUSTOMER, "2026-07-12 10:00")
    await life.do(ProposeTermination, CUSTOMER, "2026-07-12 11:00", **ends)
    await life.do(DeclineTermination, PROVIDER, "2026-07-13 09:00", reason="Stay.")
    await life.do(ProposeTermination, CUSTOMER, "2026-07-14 09:00", **ends)
    await life.until("2026-08-01 00:00")
    await life.do(ProposeTermination, CUSTOMER, "2026-08-01 09:00", **ends)
    await life.do(ConsentToTermination, PROVIDER, "2026-08-02 09:00", **ends)
    await life.until("2026-10-01 00:00")
    return life


async def life_of_silence(
    store: RecordStore, language: str, notify: Callable[[Notice], Awaitable[None]] | None = None
) -> ChangeLife:
    """A fee change that nobody answered, where the terms let it take effect."""
    terms = sheet("CHANGES-2", language, fee_change__if_unanswered="takes_effect")
    life = ChangeLife(store, terms, notify=notify)
    await life.in_force()
    await life.do(ProposeFeeChange, PROVIDER, "2026-03-10 09:00", **FEE)
    await life.until("2026-06-02 00:00")
    assert life.agreement.terms_version == 2
    return life

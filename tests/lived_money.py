"""The money of one agreement lived twice: through the engine, and by the rules alone beside it.

What the engine put on record must be what the rules say: the same events, the same entries, the same
statement; and what is owed must be what :func:`tests.contract.money_lives.worked_out` finds in its own way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import zip_longest
from typing import Any

from contract.agreement_money import MoneyStanding
from contract.dispute_commands import DISPUTE_COMMANDS
from contract.dispute_names import DisputeCommandName
from contract.facts import Account, Event, EventKind, LedgerEntry, RecordBatch
from contract.money_commands import MONEY_COMMANDS, MoneyCommandName
from contract.parties import Actor, Role
from contract.refusals import RefusalKind, Refused
from contract.statements import Statement, statement
from contract.terms import Means
from starter.errors import CommandRefused
from starter.operating.accounts import unlike
from tests.contract.money_lives import DISPUTES, PERSONS, MoneyAgreed, MoneyLife, worked_out
from tests.engine import LivedAgreement, World

NOT_MONEY = {
    EventKind.OFFERED,
    EventKind.SIGNED,
    EventKind.ACTIVATED,
    EventKind.END_REMINDED,
    EventKind.EXPIRED,
    EventKind.AGREEMENT_CLOSED,
}
"""Events of an agreement's own that its money has no part in."""

EVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)

NEAR = timedelta(minutes=2)
"""A notice period runs from when the notice was really sent: the engine takes a moment, more in a crash."""


@dataclass
class LivedTwice:
    """An agreement in the engine, and the rules' life of the same money."""

    agreement: LivedAgreement
    life: MoneyLife

    @classmethod
    async def agree(cls, world: World, agreed: MoneyAgreed, **changes: Any) -> LivedTwice:
        """An agreement in force at 9 o'clock of its first day, which is now."""
        file = agreed.file()
        agreement = await world.agreement(file.effective_at, billing=True, **terms_of(agreed) | changes)
        await agreement.event(EventKind.BILL_ISSUED, None)
        return cls(agreement, MoneyLife(agreed, agreement_id=agreement.id, mail_delay=timedelta(seconds=1)))

    async def do(
        self, name: str, day: date, hour: float = 10, *, role: Role = Role.PROVIDER, **content: Any
    ) -> RefusalKind | None:
        """Give a command to both at its hour; why they refused it, which is the same for both."""
        at = self.life.at(day, hour)
        await self.agreement.pass_time_until(at)
        return await self._both(
            lambda: self.life.do(name, day, hour, role=role, **content),
            lambda command_id: self.agreement.client.settle(
                self.agreement.id,
                MONEY_COMMANDS[MoneyCommandName(name)],
                Actor(party=role.value, person="P"),
                at=at,
                command_id=command_id,
                **content,
            ),
            f"{name} on {day}",
        )

    async def dispute(
        self, name: str, at: datetime, *, role: Role = Role.CUSTOMER, **content: Any
    ) -> RefusalKind | None:
        """The same for a command on a dispute, at an instant that has come."""
        self.life.wake(at)
        return await self._both(
            lambda: self.life.dispute_at(name, at, role=role, **content),
            lambda command_id: self.agreement.client.dispute(
                self.agreement.id,
                DISPUTE_COMMANDS[DisputeCommandName(name)],
                Actor(party=role.value, person=PERSONS[role]),
                at=at,
                command_id=command_id,
                **content,
            ),
            f"{name} of {content} at {at}",
        )

    async def _both(
        self, rules: Callable[[], None], engine: Callable[[str], Awaitable[Any]], what: str
    ) -> RefusalKind | None:
        expected: RefusalKind | None = None
        try:
            rules()
        except Refused as problem:
            expected = problem.refusal.kind
        found: RefusalKind | None = None
        try:
            await engine(f"c{self.life.commands}")
        except CommandRefused as problem:
            found = problem.kind
        assert found is expected, f"{self.agreement.id}: {what}: {found}, not {expected}"
        return found

    async def accrue(self, minor: int, at: datetime, request_id: str = "r") -> None:
        """A penalty is posted for a request, as the request itself would."""
        self.life.accrue(minor, at, request_id)
        batch = RecordBatch(
            workflow_id=self.agreement.handle.id,
            agreement_id=self.agreement.id,
            events=[],
            entries=[self.life.entries[-1]],
        )
        await self.agreement.world.store.append(batch)

    # What is on record

    async def events(self) -> list[Event]:
        return [event for event in await self.agreement.events(None) if event.kind not in NOT_MONEY]

    async def entries(self) -> list[LedgerEntry]:
        """Everything posted for the agreement, in the order of recording."""
        posted = await self.agreement.world.store.journal(*EVER)
        return [row.entry for row in posted if row.agreement_id == self.agreement.id]

    async def statement(self, on: date) -> Statement:
        found = await self.agreement.world.store.statement(self.agreement.id, on)
        assert found is not None
        return found

    # Comparing

    async def agrees(self, on: date, hour: float = 23) -> None:
        """The record says at an hour of a day what the rules do, and what the contract gives."""
        self.life.wake(self.life.at(on, hour))
        await self._says_the_same_events()
        entries = await self._holds_the_same_entries()
        self._is_balanced(entries)
        await self._states_the_same(on, entries)
        await self._reconciles()
        assert await self.agreement.is_sound(None)

    async def _says_the_same_events(self) -> None:
        found = await self.events()
        expected = [event for event in self.life.events if event.kind not in NOT_MONEY]
        _same([_what(event) for event in found], [_what(event) for event in expected])
        for one, other in zip(found, expected, strict=True):
            assert abs(one.at - other.at) <= (NEAR if _waits(one) else timedelta(0)), one

    async def _holds_the_same_entries(self) -> list[LedgerEntry]:
        entries = await self.entries()
        assert max(Counter(entry.key for entry in entries).values(), default=1) == 1
        found = {entry.key: entry for entry in entries}
        expected = {entry.key: entry for entry in self.life.entries}
        _same(
            [_moved(found[key]) for key in sorted(found)], [_moved(expected[key]) for key in sorted(expected)]
        )
        for key, entry in found.items():
            assert abs(entry.effective_at - expected[key].effective_at) <= NEAR, entry
        return entries

    def _is_balanced(self, entries: list[LedgerEntry]) -> None:
        holds = Counter[Account]()
        for entry in entries:
            holds[entry.debit] += entry.amount.minor
            holds[entry.credit] -= entry.amount.minor
        assert sum(holds.values()) == 0
        file = self.life.file
        if file.accrued_on is None:
            return
        expected = worked_out(self.life.agreed, file, file.accrued_on)
        assert holds[Account.RECEIVABLE] == sum(expected.unpaid.values())
        assert holds[Account.LATE_FEE_RECEIVABLE] == sum(expected.late_left.values())
        assert -holds[Account.CUSTOMER_CREDIT] == expected.credit
        paid_out = sum(p.amount.minor for p in file.payouts if not p.reversed)
        assert holds[Account.CASH] == sum(p.amount.minor for p in file.payments if p.counts_on) - paid_out

    async def _states_the_same(self, on: date, entries: list[LedgerEntry]) -> None:
        found = await self.statement(on)
        expected = worked_out(self.life.agreed, self.life.file, on)
        assert {bill.number: bill.unpaid.minor for bill in found.bills} == expected.unpaid
        assert {bill.number: bill.late_fee.minor for bill in found.bills} == expected.late
        assert {bill.number: bill.late_fee_unpaid.minor for bill in found.bills} == expected.late_left
        assert found.owed.minor == expected.owed
        _same(list(found), list(statement(self.life.file, entries, on)))

    async def _reconciles(self) -> None:
        store, agreement_id = self.agreement.world.store, self.agreement.id
        standing = await self.agreement.handle.query("money", result_type=MoneyStanding)
        money, books = await store.money(agreement_id), await store.books(agreement_id)
        documents = await store.invoices(agreement_id)
        _same(list(unlike(standing, money, books, documents, invoices=False)), [])


def terms_of(agreed: MoneyAgreed) -> dict[str, Any]:
    """What of a term sheet the terms of a life are."""
    return {
        "term": {"months": agreed.months},
        "time_zone": agreed.zone,
        "fees": {
            "amount": agreed.fee,
            "currency": agreed.currency,
            "period": agreed.period,
            "payment_days": agreed.payment_days,
            "means": list(Means),
        },
        "penalties": {"settlement": agreed.settlement},
        "disputes": DISPUTES.model_dump(mode="json"),
        "closing_days": 10,
        "late_payment": {
            "percent_per_day": agreed.percent,
            "grace_days": agreed.grace,
            "suspend_after_days": agreed.suspend_after,
            "suspend_notice_days": agreed.notice,
            "allocation": agreed.allocation,
        },
    }


def _waits(event: Event) -> bool:
    """Whether an event's instant may hang on when a notice was sent."""
    return event.kind in (EventKind.SUSPENDED, EventKind.RESUMED)


def _what(event: Event) -> dict[str, Any]:
    told = event.model_dump(mode="json", exclude={"seq", "at"})
    if event.kind is EventKind.RESUMED:
        told["payload"].pop("since", None)  # the instant at which the suspension began
    return told


def _moved(entry: LedgerEntry) -> dict[str, Any]:
    return entry.model_dump(mode="json", exclude={"event_seq", "effective_at"})


def _same(found: Sequence[Any], expected: Sequence[Any]) -> None:
    """Equal, else the first that is not: a whole life's difference would say nothing."""
    for one, other in zip_longest(found, expected):
        assert one == other, f"on record: {one}\nby the rules: {other}"

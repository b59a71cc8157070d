"""A year of the demonstration's money: what the customer pays and when, through the same client as anyone's.

Every bill is paid on time by what it then asks for, but the second, late and in two parts, and the fifth:
nothing comes until service is suspended, then a cheque for all that is overdue, which lifts it once cleared.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from contract.invoicing import to_issue
from contract.money_commands import ClearPayment, MoneyCommand, RecordPayment
from contract.parties import Actor, Role
from contract.penalties import add_months
from contract.statements import Statement
from contract.terms import Means, TermSheet
from records.store import RecordStore
from starter.client import Aftercare

ACCOUNTANT = Actor(party=Role.PROVIDER.value, person="陈静")
BILLS = 12
IN_PARTS, UNPAID = 2, 5
"""The bills that are not paid on time, by their place."""
HOUR = time(10)
EARLY = timedelta(days=5)
"""Before the due date: nobody has to be reminded."""
TRIES, EVERY = 600, 0.05
"""How often, and every how many seconds, it is looked whether an invoice was issued."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something done about money at an instant."""

    at: datetime
    do: Callable[[], Awaitable[None]]


async def invoiced(store: RecordStore, agreement_id: str) -> None:
    """Wait until every payment that counts has its invoice on record, though not for ever (C7.1.3).

    Else the time-skipping server may pass it by: it stands still for good when a run of the agreement is
    continued as new while something is under way.
    """
    for _ in range(TRIES):
        money = await store.money(agreement_id)
        if money is None or not to_issue(money, money.judged_until):
            return
        await asyncio.sleep(EVERY)


class Paying:
    """The customer's payments of one agreement, as the provider's accountant records them."""

    def __init__(self, client: Aftercare, store: RecordStore, terms: TermSheet) -> None:
        self._client = client
        self._store = store
        self._terms = terms
        self._zone = ZoneInfo(terms.time_zone)

    def plan(self, effective: date) -> list[Deed]:
        """Everything that is done about money in a year from the effective date, in order."""
        deeds: list[Deed] = []
        for place in range(1, BILLS + 1):
            number, issued = f"B{place:03d}", add_months(effective, place - 1)
            due = issued + timedelta(days=self._terms.fees.payment_days)
            if place == IN_PARTS:
                deeds.append(self._deed(due + timedelta(days=8), self._part, number))
                deeds.append(self._deed(due + timedelta(days=14), self._rest, number))
            elif place == UNPAID:
                suspended = due + timedelta(days=(self._terms.late_payment.suspend_after_days or 0) + 1)
                deeds.append(self._deed(suspended + timedelta(days=2), self._cheque, number))
                deeds.append(self._deed(suspended + timedelta(days=4), self._cleared, number))
            elif place != UNPAID + 1:  # which the cheque pays as well
                deeds.append(self._deed(due - EARLY, self._rest, number))
        return sorted(deeds, key=lambda deed: deed.at)

    def _deed(self, day: date, do: Callable[[str, date], Awaitable[None]], number: str) -> Deed:
        async def done() -> None:
            await do(number, day)

        return Deed(datetime.combine(day, HOUR, self._zone), done)

    async def _part(self, number: str, day: date) -> None:
        await self._record(day, str(self._terms.fees.amount * 5 / 12), Means.TRANSFER, f"{number}-1", number)

    async def _rest(self, number: str, day: date) -> None:
        """What a bill asks for with its late fee; nothing when penalties were set off against all of it."""
        stated = await self._stated(day)
        asked = next(bill for bill in stated.bills if bill.number == number)
        amount = asked.unpaid + asked.late_fee_unpaid
        if amount.minor > 0:
            await self._record(day, str(amount), Means.TRANSFER, f"{number}-2", number)

    async def _cheque(self, number: str, day: date) -> None:
        stated = await self._stated(day + timedelta(days=2))  # late fees go on until it clears
        await self._record(day, str(stated.to_pay_now), Means.CHEQUE, number)

    async def _cleared(self, number: str, day: date) -> None:
        await self._tell(ClearPayment, day, means=Means.CHEQUE, reference=number, cleared_on=day)

    async def _record(
        self, day: date, amount: str, means: Means, reference: str, bill: str | None = None
    ) -> None:
        told = {"means": means, "reference": reference, "amount": amount, "value_date": day}
        await self._tell(RecordPayment, day, **told, bill=bill)

    async def _tell(self, command: type[MoneyCommand], day: date, **content: Any) -> None:
        at = datetime.combine(day, HOUR, self._zone)
        await self._client.settle(self._terms.agreement_id, command, ACCOUNTANT, at=at, **content)
        await invoiced(self._store, self._terms.agreement_id)

    async def _stated(self, day: date) -> Statement:
        stated = await self._store.statement(self._terms.agreement_id, day)
        assert stated is not None
        return stated

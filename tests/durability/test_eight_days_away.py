"""No worker for eight days while bills fall due: all is put right and told once; nobody is cut off untold.

1,000.00 issued on day 0: reminded of on day 2, due on day 5, overdue and the suspension announced on day 6,
suspended from day 10. Every life is at another of these days when the worker goes.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow

from contract.facts import EventKind
from contract.values import DAY
from runtime.settings import MailKind, Tls
from tests.activities.post_office import HOST, PostOffice
from tests.contract.money_lives import FIRST, MoneyAgreed
from tests.engine import HOUR, MINUTE, World, eventually, shared_workflows, skipping_world
from tests.lived_money import EVER, LivedTwice

pytestmark = pytest.mark.engine

AGREED = MoneyAgreed(fee="1000.00", payment_days=5, suspend_after=4, notice=3)
DUE, ANNOUNCED, SUSPENDED = 5, 6, 10
AWAY = 8
OLDEST = 11
NINE, NOON = 9.0, 12.0


class Absence:
    """Stands in for :mod:`temporalio.workflow` where timers are set: what would fire in it fires at its end.

    To a workflow that is what an absence of workers is: its task comes when one is back. Taking the workers
    away for real keeps the time-skipping server from passing time, and it never gives a task bound to a
    worker that is gone to another; :mod:`tests.durability.test_outages` does it on a real server, in seconds.
    """

    now = staticmethod(workflow.now)

    def __init__(self) -> None:
        self.begin = self.end = datetime.max.replace(tzinfo=UTC)

    async def sleep(self, wait: timedelta, *, summary: str) -> None:
        fires = workflow.now() + wait
        late = self.end - fires if self.begin <= fires < self.end else timedelta(0)
        await workflow.sleep(wait + late, summary=summary)


@dataclass
class Life:
    """An agreement that is so many days old when the worker goes; its customer pays on time or never."""

    age: int
    pays: bool
    lived: LivedTwice

    def at(self, day: int, hour: float = NOON) -> datetime:
        """So many days after the worker went."""
        return self.lived.life.at(self.day(day), hour)

    def day(self, number: int) -> date:
        return FIRST + timedelta(days=self.age + number)

    async def tell_what_came(self) -> None:
        """The worker is back: the provider records what came on the due date."""
        self.lived.life.wake(self.at(AWAY), after_outage=True)
        if self.pays:
            content: dict[str, Any] = {"means": "transfer", "reference": "T", "amount": "1000.00"}
            due = FIRST + timedelta(days=DUE)
            await self.lived.do("record_payment", self.day(AWAY), NOON, **content, value_date=due)

    async def is_right(self) -> None:
        await self.lived.agrees(self.day(AWAY + 5), NOON)
        events = await self.lived.events()
        told = Counter(event.kind for event in events)
        assert max(told[kind] for kind in (EventKind.PAYMENT_REMINDED, EventKind.PAYMENT_OVERDUE)) <= 1
        assert told[EventKind.SUSPENSION_ANNOUNCED] == 1
        suspends = self.lived.life.file.days.start_of(FIRST + timedelta(days=SUSPENDED))
        if self.age < ANNOUNCED:  # nobody had been told when the worker went
            suspends = max(suspends, self.at(AWAY) + AGREED.notice * DAY)
        begun = [event.at for event in events if event.kind is EventKind.SUSPENDED]
        if self.pays and self.age < ANNOUNCED:
            assert begun == []
        else:
            assert [timedelta(0) <= at - suspends < MINUTE for at in begun] == [True]
        assert (await self.lived.statement(self.day(AWAY + 5))).suspended is not self.pays


async def begin(world: World, absence: Absence) -> list[Life]:
    """Two agreements a day, the last of them on the day on which the worker goes."""
    lives: list[Life] = []
    for age in range(OLDEST, -1, -1):
        if lives:
            await lives[0].lived.agreement.pass_time_until(lives[0].at(-age, NINE))
        for pays in (False, True):
            lives.append(Life(age, pays, await LivedTwice.agree(world, AGREED, mail=True)))
        if age == OLDEST:
            absence.begin = lives[0].at(0) - lives[0].lived.agreement.offset
            absence.end = absence.begin + AWAY * DAY
    await lives[0].lived.agreement.pass_time_until(lives[0].at(0))
    return lives


async def test_a_worker_that_was_away_for_eight_days_arrives_in_the_right_state_c8_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    absence = Absence()
    monkeypatch.setattr("workflows.alarm.workflow", absence)
    async with PostOffice() as office:
        await office.open()
        post: dict[str, Any] = {
            "mail": MailKind.SMTP,
            "smtp_host": HOST,
            "smtp_port": office.port,
            "smtp_tls": Tls.NONE,
        }
        async with skipping_world(tmp_path, {"workflow_runner": shared_workflows()}, **post) as world:
            lives = await begin(world, absence)
            some = lives[0].lived.agreement

            async def quiet() -> bool:
                """All that the rules expect is on record, and was told."""
                for life in lives:
                    if len(await life.lived.events()) < len(life.lived.life.events):
                        return False
                return not await world.store.unsent_notices(*EVER)

            for life in lives:
                life.lived.life.wake(life.at(0))
            await eventually(quiet, "the notices of before")
            before = len(office.received)
            await some.pass_time_until(lives[0].at(AWAY) - HOUR)
            assert len(office.received) == before
            await some.pass_time_until(lives[0].at(AWAY))
            await asyncio.gather(*(life.tell_what_came() for life in lives))
            await eventually(quiet, "the notices of the return")
            await some.pass_time_until(lives[0].at(AWAY + 5))
            for life in lives:
                life.lived.life.wake(life.at(AWAY + 5))
            await eventually(quiet, "the notices of after")
            for life in lives:
                await life.is_right()
            sent = Counter((m["Aftercare-Agreement"], m["Aftercare-Event"]) for _, m in office.received)
            assert max(sent.values()) == 1

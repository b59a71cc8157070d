"""Fifty lives of an agreement's money, made up by the state machine and lived by the engine (C7.1, C8, C9).

The machine of :mod:`tests.contract.test_money_machine` lives them by the rules alone and checks each step;
what was done is then done through the client, on one clock, and the record is held against the rules' life.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from contract.agreement_states import AgreementState
from contract.facts import EventKind
from contract.parties import Role
from contract.terms import Allocation, Means, Period, Settlement
from tests.contract.money_lives import FIRST, MoneyAgreed, MoneyLife
from tests.contract.test_money_machine import MoneyLives, amount
from tests.engine import skipping_world
from tests.lived_money import LivedTwice

pytestmark = pytest.mark.engine

LIVES = 50
STEPS = 20
A_DAY_LATER = 0.02
"""Hours by which each day's commands come later than those of the day before.

All commands of a day are given at one instant, so that lives can share a clock. What is due some days after
an earlier one, such as a suspension ordered, is then due before them and not at the same time.
"""

AGREED = st.builds(
    MoneyAgreed,
    first=st.sampled_from([FIRST, FIRST.replace(day=31), FIRST.replace(year=2024, month=2, day=29)]),
    months=st.sampled_from([1, 5, 12]),
    fee=st.sampled_from(["12000.00", "3333.33"]),
    period=st.sampled_from([Period.MONTH, Period.MONTH, Period.QUARTER]),
    payment_days=st.sampled_from([0, 5, 15]),
    percent=st.sampled_from(["0.05", "0.0333"]),
    grace=st.sampled_from([0, 3]),
    suspend_after=st.sampled_from([None, 3, 10]),
    notice=st.sampled_from([1, 3]),
    allocation=st.sampled_from(Allocation),
    settlement=st.sampled_from(Settlement),
    zone=st.sampled_from(["Asia/Shanghai", "Europe/Berlin"]),
)

PACES = (0, 1, 0, 4, 0, 0, 16, 0, 9, 0, 2, 31)
"""Days that pass after one deed and the next."""

Deed = Callable[[LivedTwice], Awaitable[Any]]


@dataclass
class Script:
    """What was done in a life, each deed with its instant; and how far it was lived."""

    agreed: MoneyAgreed
    deeds: list[tuple[datetime, Deed]] = field(default_factory=list)
    last: tuple[date, float] = FIRST, 9.0

    def agenda(self) -> dict[timedelta, list[Deed]]:
        """The deeds by the time since the beginning; at the end the comparison."""
        file = self.agreed.file()
        found: dict[timedelta, list[Deed]] = defaultdict(list)
        for at, deed in self.deeds:
            found[at - file.effective_at].append(deed)
        day, hour = self.last
        found[file.days.start_of(day) + timedelta(hours=hour) - file.effective_at].append(self._compare)
        return found

    async def _compare(self, twice: LivedTwice) -> None:
        # A query is answered after the tasks that came before it.
        await twice.agreement.standing()
        await twice.agrees(*self.last)


class Noted(MoneyLife):
    """A life that notes what is done in it."""

    def note(self, script: Script) -> None:
        self.script = script

    def do(
        self, name: str, day: date, hour: float = 10, *, role: Role = Role.PROVIDER, **content: Any
    ) -> None:
        self.script.deeds.append(
            (self.at(day, hour), lambda twice: twice.do(name, day, hour, role=role, **content))
        )
        super().do(name, day, hour, role=role, **content)

    def dispute_at(self, name: str, at: datetime, *, role: Role = Role.CUSTOMER, **content: Any) -> None:
        self.script.deeds.append((at, lambda twice: twice.dispute(name, at, role=role, **content)))
        super().dispute_at(name, at, role=role, **content)

    def accrue(self, minor: int, at: datetime, request_id: str = "r") -> None:
        self.script.deeds.append((at, lambda twice: twice.accrue(minor, at, request_id)))
        super().accrue(minor, at, request_id)


class Scripts(MoneyLives):
    """The machine, leaving out what only requests of their own could do."""

    written: ClassVar[list[Script]] = []

    @initialize(agreed=AGREED, pace=st.integers(0, len(PACES) - 1))
    def agree(self, agreed: MoneyAgreed, pace: int) -> None:
        self.agreed, self.pace = agreed, pace
        self.script = Script(agreed)
        self.life = Noted(agreed, mail_delay=timedelta(seconds=1))
        self.life.note(self.script)
        self.today = agreed.begins

    @property
    def hour(self) -> float:
        return 9 + A_DAY_LATER * (self.today - self.agreed.begins).days

    @hour.setter
    def hour(self, hour: float) -> None:
        """The day says it."""

    a_request_is_opened = None  # type: ignore[assignment]
    a_request_is_late_and_perhaps_ends = None  # type: ignore[assignment]
    penalties_are_disputed = None  # type: ignore[assignment]

    @invariant()
    def time_goes_on(self) -> None:
        """Left alone the machine mostly lives the first days."""
        self.pace += 1
        if days := PACES[self.pace % len(PACES)]:
            self.days_pass(days)

    @precondition(lambda self: self.life.agreement.state is AgreementState.ACTIVE)
    @rule(minor=st.sampled_from([200_00, 500_00, 12345_67]))
    def a_penalty_accrues(self, minor: int) -> None:
        self.life.accrue(minor, self.life.at(self.today, self.hour), "r")

    def teardown(self) -> None:
        """A life past its end is squared, so that it may settle."""
        if not hasattr(self, "script") or not self.script.deeds:
            return
        if self.life.agreement.state is AgreementState.CLOSED:
            owed = self.life.balance(self.today).owed
            name = "record_payment" if owed > 0 else "record_payout"
            told = {"means": Means.TRANSFER, "reference": "LAST", "value_date": self.today}
            self._do(name, **told, amount=amount(max(1, abs(owed))))
            self.days_pass(2)
        self.script.last = self.today, self.hour
        self.written.append(self.script)


@pytest.fixture(scope="module")
def scripts() -> list[Script]:
    Scripts.written.clear()
    how = settings(
        max_examples=LIVES + 3,
        stateful_step_count=STEPS,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
    )
    run_state_machine_as_test(Scripts, settings=how)
    return Scripts.written[:LIVES]


async def test_fifty_lives_through_the_engine_are_what_the_rules_and_the_contract_give(
    tmp_path: Path, scripts: list[Script]
):
    assert len(scripts) == LIVES
    async with skipping_world(tmp_path) as world:
        assert world.environment is not None
        lives = await asyncio.gather(*(LivedTwice.agree(world, script.agreed) for script in scripts))
        # A bill is on record before its task is over; a query is answered after it.
        await asyncio.gather(*(twice.agreement.standing() for twice in lives))
        agenda: dict[timedelta, list[tuple[LivedTwice, list[Deed]]]] = defaultdict(list)
        for script, twice in zip(scripts, lives, strict=True):
            for since, deeds in script.agenda().items():
                agenda[since].append((twice, deeds))
        for since, meetings in sorted(agenda.items(), key=lambda item: item[0]):
            # Their clocks differ by as much as it took to agree on all of them.
            now = max(twice.agreement.start + since - twice.agreement.offset for twice, _ in meetings)
            if (wait := now - await world.now()) > timedelta(0):
                await world.environment.sleep(wait)
            await asyncio.gather(*(in_order(twice, deeds) for twice, deeds in meetings))
        told = {event.kind for twice in lives for event in twice.life.events}
        assert told >= {EventKind.SUSPENDED, EventKind.RESUMED, EventKind.FINAL_STATEMENT}


async def in_order(twice: LivedTwice, deeds: list[Deed]) -> None:
    for deed in deeds:
        await deed(twice)

"""Workers killed with SIGKILL over money: it moves once, and the ledger says what the rules do (C7.1, C8.2).

Each life has a worker that dies at one point of it, and is followed by one that lives. The amounts, and at
which of several bills, payments or suspensions the point is, come from a seed: ``AFTERCARE_TEST_SEED``.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.contract.money_lives import MoneyAgreed
from tests.durability.dying import Brisk, mortal_workers
from tests.engine import MINUTE, World, skipped_world, skipping_server
from tests.lived_money import LivedTwice

pytestmark = pytest.mark.engine

SEED = int(os.environ.get("AFTERCARE_TEST_SEED", "20260210"))

MOMENTS = (("before",), ("after",), ("retry", "lost"))
"""Before the effect; between commit and acknowledgement; in the retry of what was not done, or was."""

DEEDS = {
    "issue_bill": 3,
    "append_many payment_recorded": 3,
    # Late fees that come without an event: those of a month's last second.
    "append_many late_fee": 2,
    "append_many suspended": 2,
    "append_many resumed": 2,
}
"""What the store is asked, and how often in a life."""

FIRST, LAST = date(2026, 2, 10), date(2026, 4, 12)


def day(month: int, number: int) -> date:
    return FIRST.replace(month=month, day=number)


def text(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"


@dataclass
class Life:
    """One life whose worker dies at a point."""

    point: str
    fee: int
    part: int
    agreed: MoneyAgreed
    lived: LivedTwice = field(init=False)

    async def begin(self, world: World) -> None:
        self.lived = await LivedTwice.agree(world, self.agreed)

    async def do(self, name: str, on: date, **content: Any) -> None:
        assert await self.lived.do(name, on, **content) is None

    async def pay(self, on: date, minor: int, means: str, reference: str) -> None:
        told = {"means": means, "reference": reference, "amount": text(minor), "value_date": on}
        await self.do("record_payment", on, **told)

    async def rest(self, on: date) -> None:
        """What happens by itself is enough for the day."""


def lives(chance: random.Random) -> list[Life]:
    """A life for every deed at every moment."""
    found = []
    for what, times in DEEDS.items():
        for moments in MOMENTS:
            fee = chance.randint(100_000, 2_000_000)
            agreed = MoneyAgreed(
                first=FIRST,
                fee=text(fee),
                payment_days=5,
                percent=chance.choice(["0.05", "0.0333", "0.1"]),
                grace=chance.choice([0, 3]),
                suspend_after=20,
            )
            point = f"{chance.choice(moments)} {what} {chance.randint(1, times)}"
            found.append(Life(point, fee, chance.randint(1, fee - 1), agreed))
    return found


TRANSFER: dict[str, Any] = {"means": "transfer", "reference": "T-1"}
CHEQUE: dict[str, Any] = {"means": "cheque", "reference": "C-1"}

STORY: list[tuple[date, Callable[[Life, date], Awaitable[None]]]] = [
    (day(2, 27), lambda life, on: life.pay(on, life.part, **TRANSFER)),
    (day(3, 1), Life.rest),  # late fees of February
    (day(3, 5), Life.rest),  # suspension announced
    (day(3, 9), lambda life, on: life.pay(on, 2 * life.fee, **CHEQUE)),  # suspended since 8 March
    (day(3, 10), Life.rest),  # second bill
    (day(3, 12), lambda life, on: life.do("clear_payment", on, **CHEQUE, cleared_on=on)),
    (day(3, 20), lambda life, on: life.do("bounce_payment", on, **CHEQUE, reason="no funds")),
    (day(3, 24), Life.rest),  # suspended again
    (day(4, 1), Life.rest),  # late fees of March
    (day(4, 2), lambda life, on: life.pay(on, 3 * life.fee, "transfer", "T-2")),
    (day(4, 10), Life.rest),  # third bill
    (LAST, Life.rest),
]
"""The first bill is due on 15 February: paid in part, then by a cheque that bounces, at last in full."""


async def test_money_is_moved_once_whenever_a_worker_is_killed_c7_1_c8_2(tmp_path: Path):
    mortals = lives(random.Random(SEED))
    points = [life.point for life in mortals]
    print(f"AFTERCARE_TEST_SEED={SEED}", points)
    async with AsyncExitStack() as stack:
        environment = await stack.enter_async_context(skipping_server([Brisk()]))
        worlds: list[World] = []
        for number in range(len(mortals)):
            folder = tmp_path / str(number)
            folder.mkdir()
            worlds.append(await stack.enter_async_context(skipped_world(folder, environment)))
        address = environment.client.service_client.config.target_host
        died = await stack.enter_async_context(mortal_workers(address, worlds, points, plain=True))

        async def follow(world: World) -> None:
            """Put a worker in the place of the one that dies; what that one had begun times out."""
            await died[world.settings.task_queue].wait()
            await world.start_worker()

        async with asyncio.TaskGroup() as following:
            for world in worlds:
                following.create_task(follow(world))
            await asyncio.gather(*(life.begin(w) for life, w in zip(mortals, worlds, strict=True)))
            some = mortals[0].lived
            for on, deed in STORY:
                at = some.life.at(on)
                for later in (at, at + MINUTE):
                    await some.agreement.pass_time_until(later)
                await asyncio.gather(*(deed(life, on) for life in mortals))
            dead = [dead.is_set() for dead in died.values()]
            assert [point for point, hit in zip(points, dead, strict=True) if not hit] == []
        for life in mortals:
            await life.lived.agrees(LAST, 11)

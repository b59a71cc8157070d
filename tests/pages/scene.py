"""A support desk at work, for people to look at: an agreement in force and requests in every kind of trouble.

All of it is contract time without an offset, so that what the pages show is what an operator would see.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from contract import commands as c
from contract.parties import Actor
from contract.reading import read_terms
from contract.terms import TermSheet
from starter.client import Aftercare
from tests.engine import HOUR, MINUTE

EXAMPLES = Path(__file__).parents[2] / "examples"
TERMS: TermSheet = read_terms((EXAMPLES / "around-the-clock.yaml").read_text())
AGREEMENT = TERMS.agreement_id

DESK = Actor(party="provider", person="Anke Brandt")
TECHNICIAN = Actor(party="provider", person="陈杰")
SHOP = Actor(party="customer", person="Sean Byrne")

WAITING, BREACHED, SOON, UNHAPPY, SOLVED = "R-101", "R-102", "R-103", "R-104", "R-105"


class Desk:
    """What the two sides did within the last day; `ago` is how long before now."""

    def __init__(self, client: Aftercare, now: datetime) -> None:
        self._client = client
        self._now = now.replace(microsecond=0)

    async def open(self) -> None:
        """The agreement is offered and signed, and requests come in."""
        offered = self._now - 23 * HOUR
        digest = (await self._client.offer(TERMS, at=offered)).receipt.digest
        for who, title in ((DESK, "Managing Director"), (SHOP, "Head of IT")):
            await self._client.sign(AGREEMENT, who, digest=digest, title=title, at=offered)
        await self._waiting()
        await self._breached()
        await self._soon()
        await self._unhappy()
        await self._solved()

    async def _submit(self, request: str, ago: timedelta, title: str, priority: str) -> None:
        service = "technical_support" if request == SOON else "problem_resolution"
        at = self._now - ago
        await self._client.submit(
            AGREEMENT, request, SHOP, service=service, title=title, priority=priority, at=at
        )

    async def _do(
        self, request: str, ago: timedelta, command: type[c.RequestCommand], by: Actor, **content: Any
    ) -> None:
        await self._client.perform(AGREEMENT, request, command, by, at=self._now - ago, **content)

    async def _take(self, request: str, ago: timedelta) -> None:
        await self._do(request, ago, c.Confirm, DESK)
        await self._do(request, ago, c.Assign, DESK, assignee=TECHNICIAN.person)

    async def _waiting(self) -> None:
        """Answered late, a day late already, and now the customer owes materials."""
        await self._submit(WAITING, 20 * HOUR, "The tills in Dublin print blank receipts", "critical")
        await self._take(WAITING, 19 * HOUR + 30 * MINUTE)
        await self._do(WAITING, 19 * HOUR, c.Respond, TECHNICIAN, message="We are looking into it.")
        await self._do(
            WAITING, 11 * HOUR, c.AskForMaterials, TECHNICIAN, missing=["a photo of the ribbon", "till log"]
        )

    async def _breached(self) -> None:
        """Past its due, and nobody has solved it."""
        await self._submit(BREACHED, 9 * HOUR + 30 * MINUTE, "标签打印机打印空白标签", "critical")
        await self._take(BREACHED, 9 * HOUR + 20 * MINUTE)
        await self._do(BREACHED, 9 * HOUR + 10 * MINUTE, c.Respond, TECHNICIAN, message="On it.")

    async def _soon(self) -> None:
        """A response is due within the hour."""
        await self._submit(SOON, 3 * HOUR + 10 * MINUTE, "How do we add a second printer?", "normal")
        await self._take(SOON, 3 * HOUR)

    async def _unhappy(self) -> None:
        """Solved and closed, with a rating that calls for an answer."""
        await self._submit(UNHAPPY, 8 * HOUR, "The till in Cork loses its network", "high")
        await self._take(UNHAPPY, 7 * HOUR + 50 * MINUTE)
        await self._do(UNHAPPY, 7 * HOUR, c.Respond, TECHNICIAN, message="On it.")
        await self._do(UNHAPPY, 5 * HOUR, c.Resolve, TECHNICIAN, solution="A new cable.")
        await self._do(UNHAPPY, 4 * HOUR, c.Accept, SHOP)
        await self._do(UNHAPPY, 3 * HOUR, c.Rate, SHOP, score=2, comment="It took two visits.")

    async def _solved(self) -> None:
        """Solved, and for the customer to accept."""
        await self._submit(SOLVED, 6 * HOUR, "Receipts are cut too short", "low")
        await self._take(SOLVED, 5 * HOUR + 30 * MINUTE)
        await self._do(SOLVED, 5 * HOUR, c.Respond, TECHNICIAN, message="A setting, we think.")
        await self._do(SOLVED, 4 * HOUR, c.Resolve, TECHNICIAN, solution="Margin set to 3 mm.")


async def desk(client: Aftercare) -> Desk:
    """The scene, as of now."""
    scene = Desk(client, datetime.now(UTC))
    await scene.open()
    return scene

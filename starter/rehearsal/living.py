"""Living a ticket log through the real workflows on the time-skipping server, in order of time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

from temporalio.testing import WorkflowEnvironment

from contract.commands import MODELS, CommandName
from contract.parties import Actor, Role
from contract.refusals import Refusal
from contract.terms import TermSheet
from starter.client import Aftercare
from starter.errors import CommandRefused
from starter.rehearsal.log import SUBMIT, Deed, TicketLog, in_order
from workflows.payloads import Ways

ACTORS = {role: Actor(party=role.value, person="ticket log") for role in Role}
BEFORE = timedelta(minutes=1)
"""How long before the first ticket the agreement is signed."""


@dataclass(frozen=True, slots=True)
class RefusedDeed:
    """A deed of the log that the contract refuses, and why."""

    deed: Deed
    kind: str
    message: str


class Rehearsal:
    """One agreement on a time-skipping server, lived through a log."""

    def __init__(
        self, environment: WorkflowEnvironment, client_of: Callable[[Callable[[], datetime]], Aftercare]
    ) -> None:
        self._environment = environment
        self._offset = timedelta(0)
        self._at = datetime.now(UTC)
        self._client = client_of(lambda: self._at)
        self.refused: list[RefusedDeed] = []

    async def live(self, terms: TermSheet, log: TicketLog, progress: Callable[[int], None]) -> None:
        """Offer, sign and live the log to its last deed; ``progress`` is told how many deeds were done."""
        await self._begin(terms, log.first - BEFORE)
        for group in in_order(log):
            await self._until(group[0].at)
            by_request = groupby(
                sorted(group, key=lambda deed: deed.request_id), lambda deed: deed.request_id
            )
            await asyncio.gather(*(self._do(terms.agreement_id, list(deeds)) for _, deeds in by_request))
            progress(len(group))

    async def _begin(self, terms: TermSheet, at: datetime) -> None:
        engine_now = await self._environment.get_current_time()
        self._offset = timedelta(seconds=round((at - engine_now).total_seconds()))
        self._at = (engine_now + self._offset).replace(microsecond=0)
        ways = Ways(offset_seconds=int(self._offset.total_seconds()), mail=False)
        offered = await self._client.offer(terms, ways=ways)
        for role in Role:
            await self._client.sign(
                terms.agreement_id, ACTORS[role], digest=offered.receipt.digest, title="rehearsal"
            )

    async def _until(self, at: datetime) -> None:
        """Let time pass up to a contract instant: what falls due on the way happens on the way."""
        wait = at - self._offset - await self._environment.get_current_time()
        if wait > timedelta(0):
            await self._environment.sleep(wait)
        self._at = at

    async def _do(self, agreement_id: str, deeds: Sequence[Deed]) -> None:
        """What was done to one request at one instant."""
        first, *others = deeds
        if first.name == SUBMIT:
            try:
                await self._client.submit(
                    agreement_id,
                    first.request_id,
                    ACTORS[first.by],
                    title=first.request_id,
                    at=first.at,
                    **first.content,
                )
            except CommandRefused as problem:
                self._refuse(first, problem.refusal)
        else:
            others = list(deeds)
        if not others:
            return
        told = [
            self._client.make(MODELS[CommandName(deed.name)], ACTORS[deed.by], at=deed.at, **deed.content)
            for deed in others
        ]
        try:
            refusals = await self._client.tell(agreement_id, first.request_id, told)
        except CommandRefused as problem:
            refusals = [problem.refusal] * len(others)
        for deed, refusal in zip(others, refusals, strict=True):
            if refusal is not None:
                self._refuse(deed, refusal)

    def _refuse(self, deed: Deed, refusal: Refusal) -> None:
        self.refused.append(RefusedDeed(deed, refusal.kind.value, f"{refusal.message} ({refusal.clause})"))

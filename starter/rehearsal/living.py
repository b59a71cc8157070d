"""Living a ticket log through the real workflows on the time-skipping server, in order of time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from contract.commands import MODELS, CommandName
from contract.parties import Actor, Role
from contract.refusals import Refusal
from contract.terms import TermSheet
from starter.errors import CommandRefused, Unknown
from starter.rehearsal.log import SUBMIT, UNNAMED, Deed, TicketLog, in_order
from starter.stage import Stage
from workflows.payloads import Ways

BEFORE = timedelta(minutes=1)
"""How long before the first ticket the agreement is signed."""
AFTER = timedelta(seconds=20)
"""How long after the last deed time stands still: what it set off has been recorded by then."""
NEVER_ADMITTED = "unknown"
"""The kind of a refusal of everything done to a request that the agreement did not admit."""


@dataclass(frozen=True, slots=True)
class RefusedDeed:
    """A deed of the log that the contract refuses, and why."""

    deed: Deed
    kind: str
    message: str
    clause: str


class Rehearsal:
    """One agreement on a stage, lived through a log."""

    def __init__(self, stage: Stage) -> None:
        self._client = stage.client
        self._time = stage.time
        self.refused: list[RefusedDeed] = []

    async def live(self, terms: TermSheet, log: TicketLog, progress: Callable[[int], None]) -> None:
        """Offer, sign and live the log to its last deed; ``progress`` is told how many deeds were done."""
        await self._begin(terms, log)
        for group in in_order(log):
            await self._time.until(group[0].at)
            by_request = groupby(
                sorted(group, key=lambda deed: deed.request_id), lambda deed: deed.request_id
            )
            await asyncio.gather(*(self._do(terms.agreement_id, list(deeds)) for _, deeds in by_request))
            progress(len(group))
        await self._time.until(log.last + AFTER)

    async def _begin(self, terms: TermSheet, log: TicketLog) -> None:
        await self._time.begin(log.first - BEFORE)
        ways = Ways(offset_seconds=int(self._time.offset.total_seconds()), mail=False)
        offered = await self._client.offer(terms, ways=ways)
        for role in Role:
            actor = Actor(party=role.value, person=UNNAMED)
            await self._client.sign(
                terms.agreement_id, actor, digest=offered.receipt.digest, title="rehearsal"
            )

    async def _do(self, agreement_id: str, deeds: Sequence[Deed]) -> None:
        """What was done to one request at one instant."""
        first, *others = deeds
        if first.name == SUBMIT:
            try:
                await self._client.submit(
                    agreement_id, first.request_id, _actor(first), at=first.at, **first.content
                )
            except CommandRefused as problem:
                self._refuse(first, problem.refusal)
        else:
            others = list(deeds)
        if not others:
            return
        told = [
            self._client.make(MODELS[CommandName(deed.name)], _actor(deed), at=deed.at, **deed.content)
            for deed in others
        ]
        try:
            refusals = await self._client.tell(agreement_id, first.request_id, told)
        except CommandRefused as problem:
            refusals = [problem.refusal] * len(others)
        except Unknown as problem:
            self.refused += [RefusedDeed(deed, NEVER_ADMITTED, str(problem), "C6.1.1") for deed in others]
            return
        for deed, refusal in zip(others, refusals, strict=True):
            if refusal is not None:
                self._refuse(deed, refusal)

    def _refuse(self, deed: Deed, refusal: Refusal) -> None:
        self.refused.append(RefusedDeed(deed, refusal.kind.value, refusal.message, refusal.clause))


def _actor(deed: Deed) -> Actor:
    return Actor(party=deed.by.value, person=deed.person)

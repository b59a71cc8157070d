"""Playing the demonstration: the offer, the signatures, every deed of the log, the end of the term.

Whoever watches is told each thing when it has been recorded, read from the record store: what was done, and
in its place what happened by itself while time passed.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from contract.commands import MODELS, CommandName
from contract.facts import Event
from contract.parties import Actor, Role
from contract.terms import TermSheet
from runtime.settings import MailKind, Mode
from starter.demo.changing import Changing
from starter.demo.papers import Papers, write
from starter.demo.paying import Deed as DeedApart
from starter.demo.paying import Paying
from starter.errors import CommandRefused
from starter.reaching import settings
from starter.rehearsal.living import RefusedDeed
from starter.rehearsal.log import SUBMIT, Deed, TicketLog, in_order
from starter.rehearsal.running import Lived, read_back
from starter.stage import Stage, stage
from workflows.ids import agreement_workflow_id, request_workflow_id
from workflows.payloads import Receipt, Ways

SIGNATORIES = (
    (Role.CUSTOMER, "Wang Fang", "Head of IT", timedelta(hours=4)),
    (Role.PROVIDER, "李明", "总经理", timedelta(hours=23, minutes=30)),
)
"""Who signs for whom, as what, and how long after the offer."""
CHANGES = 9
"""How much is done in :mod:`.changing`."""
PAYMENTS = 13
"""How much is done in :mod:`.paying`."""
IN_ONE_RUN = 4000
"""More events of the engine than there are: the time-skipping server's clock stands still for good when a run
is continued as new while a mail or an invoice is under way."""
PAPERS = "papers"
"""The folder of what was printed."""
BEFORE = timedelta(days=7)
"""How long before the first ticket the agreement is offered."""
AFTER = timedelta(days=10)
"""How long after its last event the agreement is watched: ratings end, workflows end."""


@dataclass(frozen=True, slots=True)
class Happened:
    """Something to tell: an event, what a submission was promised, or a deed that the contract refused."""

    at: datetime
    request_id: str | None
    """None for what happened to the agreement itself."""
    event: Event | None = None
    promised: Receipt | None = None
    refused: RefusedDeed | None = None


Tell = Callable[[Happened], Awaitable[None]]


def steps(log: TicketLog) -> int:
    """How many steps a play takes: the offer, the signatures, the deeds, changes, payments, the end."""
    return len(log) + len(SIGNATORIES) + CHANGES + PAYMENTS + 2


async def play(
    terms: TermSheet, log: TicketLog, folder: Path, tell: Tell, step: Callable[[], None]
) -> tuple[Lived, Papers]:
    """Play a log, a year of money and what is changed; record store, outbox and papers stay in the folder.

    ``tell`` is awaited for each thing that happens, in order; ``step`` is called after each step. Raises
    what :func:`starter.stage.stage` raises.
    """
    records = f"sqlite+aiosqlite:///{folder / 'records.db'}"
    known = settings(mode=Mode.DEVELOPMENT, mail=MailKind.OUTBOX, home=folder, records_url=records)
    began = time.monotonic()
    async with stage(known) as scene:
        agreement = _Agreement(scene, terms, log, tell)
        await agreement.play(step)
        papers = await write(scene.store, terms, folder / PAPERS, scene.time.now())
        lived = await read_back(
            scene.store,
            terms,
            log,
            until=scene.time.now(),
            refused=tuple(agreement.refused),
            seconds=time.monotonic() - began,
            records=records,
        )
        return lived, papers


class _Agreement:
    def __init__(self, scene: Stage, terms: TermSheet, log: TicketLog, tell: Tell) -> None:
        self._scene = scene
        self._terms = terms
        self._log = log
        self._tell = tell
        self._seen: dict[str, int] = {agreement_workflow_id(terms.agreement_id): 0}
        self._paying = Paying(scene.client, scene.store, terms)
        self._apart: list[DeedApart] = []
        self._step: Callable[[], None] = lambda: None
        self.refused: list[RefusedDeed] = []

    async def play(self, step: Callable[[], None]) -> None:
        self._step = step
        await self._offer()
        step()
        for role, person, title, after in SIGNATORIES:
            await self._sign(Actor(party=role.value, person=person), title, after)
            step()
        agreement = await self._scene.store.agreement(self._terms.agreement_id)
        assert agreement is not None
        assert agreement.effective_at is not None
        zone = ZoneInfo(self._terms.time_zone)
        effective = agreement.effective_at.astimezone(zone).date()
        changes = Changing(self._scene.client, self._terms).plan(effective)
        self._apart = sorted(self._paying.plan(effective) + changes, key=lambda deed: deed.at)
        for group in in_order(self._log):
            for deed in group:
                await self._pass_until(deed.at)
                await self._do(deed)
                step()
        await self._end()
        step()

    async def _offer(self) -> None:
        await self._scene.time.begin(self._log.first - BEFORE)
        ways = Ways(
            offset_seconds=int(self._scene.time.offset.total_seconds()),
            billing=True,
            invoices=True,
            long_history=IN_ONE_RUN,
        )
        self._offered = await self._scene.client.offer(self._terms, ways=ways)
        await self._look()

    async def _sign(self, actor: Actor, title: str, after: timedelta) -> None:
        await self._pass_until(self._offered.offered_at + after)
        digest = self._offered.receipt.digest
        await self._scene.client.sign(self._terms.agreement_id, actor, digest=digest, title=title)
        await self._look()

    async def _do(self, deed: Deed) -> None:
        client, agreement_id = self._scene.client, self._terms.agreement_id
        actor = Actor(party=deed.by.value, person=deed.person)
        try:
            if deed.name == SUBMIT:
                content = deed.content
                promised = await client.submit(agreement_id, deed.request_id, actor, at=deed.at, **content)
                self._seen[request_workflow_id(agreement_id, deed.request_id)] = 0
                await self._look()
                await self._tell(Happened(deed.at, deed.request_id, promised=promised))
            else:
                command = MODELS[CommandName(deed.name)]
                await client.perform(
                    agreement_id, deed.request_id, command, actor, at=deed.at, **deed.content
                )
        except CommandRefused as problem:
            refusal = problem.refusal
            refused = RefusedDeed(deed, refusal.kind.value, refusal.message, refusal.clause)
            self.refused.append(refused)
            await self._tell(Happened(deed.at, deed.request_id, refused=refused))
        await self._look()

    async def _end(self) -> None:
        """The rest of the term, the closing of the agreement, and what is left after that."""
        agreement = await self._scene.store.agreement(self._terms.agreement_id)
        if agreement is not None and agreement.ends_at is not None and agreement.closed_at is None:
            await self._pass_until(agreement.ends_at + timedelta(days=self._terms.closing_days))
        await self._pass_until(self._scene.time.now() + AFTER)

    async def _pass_until(self, at: datetime) -> None:
        """Let time pass up to an instant; what is to be paid, changed or disputed on the way is."""
        while self._apart and self._apart[0].at <= at:
            deed = self._apart.pop(0)
            await self._scene.time.until(deed.at)
            await self._look()
            await deed.do()
            await self._look()
            self._step()
        await self._scene.time.until(at)
        await self._look()

    async def _look(self) -> None:
        """Tell what has been recorded since the last look, in order of time."""
        new: list[Happened] = []
        for workflow_id, seen in self._seen.items():
            request_id = None if workflow_id.startswith("agreement/") else workflow_id.rpartition("/")[2]
            for recorded in await self._scene.store.events(workflow_id, seen + 1):
                event = recorded.event
                self._seen[workflow_id] = event.seq
                new.append(Happened(event.at, request_id, event=event))
        for happened in sorted(new, key=lambda happened: happened.at):
            await self._tell(happened)

"""Suspensions told to open requests by an activity of its own, off the path of every command (C8.2).

One activity however many requests there are; it pages through them and signals each. What is not told yet
travels through continue-as-new, and telling again changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from temporalio import workflow

from contract.money_file import Suspension
from workflows.paces import MAILING, PATIENT
from workflows.payloads import SuspensionTold


class Spreading:
    """The suspensions of one agreement that its requests have not been told of."""

    def __init__(self, agreement_id: str, untold: Sequence[Suspension]) -> None:
        self._agreement_id = agreement_id
        self._task: asyncio.Task[None] | None = None
        self.untold = list(untold)

    def add(self, suspension: Suspension) -> None:
        self.untold.append(suspension)
        self.go()

    def go(self) -> None:
        if self.untold and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._tell())

    @property
    def idle(self) -> bool:
        return not self.untold

    async def _tell(self) -> None:
        while self.untold:
            suspension = self.untold[0]
            what = "stop" if suspension.end is None else "run on"
            await workflow.execute_activity(
                "tell_suspension",
                SuspensionTold(agreement_id=self._agreement_id, suspension=suspension),
                start_to_close_timeout=MAILING,
                retry_policy=PATIENT,
                summary=f"Clocks of open requests {what} · C8.2",
            )
            self.untold.remove(suspension)

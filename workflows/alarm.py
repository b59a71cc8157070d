"""One timer per workflow, for the next thing that falls due; not armed anew while that stays the same."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from temporalio import workflow

from contract.waking import Wake
from workflows.paces import NEAR, SOON

if TYPE_CHECKING:
    from datetime import datetime, timedelta


class Alarm:
    """Rings once, at the wake it is set to. Contract time = engine time + offset."""

    def __init__(self, offset: timedelta) -> None:
        self.offset = offset
        self._set_to: datetime | None = None
        self._task: asyncio.Task[None] | None = None

    def now(self) -> datetime:
        """Contract time."""
        return workflow.now() + self.offset

    def set(self, wake: Wake | None) -> None:
        at = None if wake is None else wake.at
        if at == self._set_to and not self.rings:
            return
        if self._task is not None and self._set_to is not None and self._set_to - self.now() > NEAR:
            self._task.cancel()
        self._set_to, self._task = at, None
        if wake is not None:
            wait = max(wake.at - self.now(), SOON)
            self._task = asyncio.create_task(workflow.sleep(wait, summary=wake.summary))

    @property
    def rings(self) -> bool:
        return self._task is not None and self._task.done()

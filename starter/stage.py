"""A stage: everything it takes to live agreements in fast time, in one process.

A record store, the time-skipping server and a worker on both, for the length of a block. Rehearsals and
the demonstration run here; what they do is done through the same client as anyone's.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from records.migrate import upgrade
from records.store import RecordStore
from runtime.connection import data_converter
from runtime.engines import time_skipping_environment
from runtime.settings import Settings
from starter.client import Aftercare
from worker import build
from workflows.search_attributes import ALL

ATTEMPTS = 3
"""How often time is told to pass when the connection to the engine is lost."""
PASSING = {RPCStatusCode.INTERNAL, RPCStatusCode.UNAVAILABLE, RPCStatusCode.UNKNOWN}


class ContractTime:
    """Contract time on a time-skipping server: engine time + an offset fixed at the start (contract §3)."""

    def __init__(self, environment: WorkflowEnvironment) -> None:
        self._environment = environment
        self.offset = timedelta(0)
        self._at = datetime.now(UTC)

    def now(self) -> datetime:
        """The instant that time was last let pass to: what commands are stamped with."""
        return self._at

    async def begin(self, at: datetime) -> None:
        """Fix the offset, in whole seconds, so that it is ``at`` now."""
        # Up, so that nothing stamped with it comes from the future: that would be refused.
        ahead = at - await self._environment.get_current_time()
        self.offset = timedelta(seconds=math.ceil(ahead.total_seconds()))
        self._at = at

    async def until(self, at: datetime) -> None:
        """Let time pass up to an instant: what falls due on the way happens on the way."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                wait = at - self.offset - await self._environment.get_current_time()
                if wait > timedelta(0):
                    await self._environment.sleep(wait)
                break
            except RPCError as problem:
                # On a machine that is short of time the connection was seen to be lost. The SDK makes a
                # new one, but tries only calls of workflows again. Whatever time has passed has passed.
                if problem.status not in PASSING or attempt == ATTEMPTS:
                    raise
        self._at = at


@dataclass(frozen=True, slots=True)
class Stage:
    """What is on it."""

    client: Aftercare
    store: RecordStore
    time: ContractTime


@asynccontextmanager
async def stage(settings: Settings) -> AsyncIterator[Stage]:
    """A stage with the settings' record store, mail and task queue; its client stamps with contract time.

    Raises EngineMissing, EngineFailed, and what opening the record store raises.
    """
    await upgrade(settings.records)
    async with await RecordStore.open(settings.records) as store:
        # The engine's own remarks would stand in the middle of what is printed.
        quiet = Runtime(telemetry=TelemetryConfig(logging=LoggingConfig(TelemetryFilter("ERROR", "ERROR"))))
        engine = time_skipping_environment(
            # No codec: this server lives in memory, and nobody else reaches what is on it.
            search_attributes=ALL,
            data_converter=data_converter(None),
            runtime=quiet,
        )
        async with engine as environment, build(environment.client, store, settings, unguarded=True):
            time = ContractTime(environment)
            client = Aftercare(environment.client, task_queue=settings.task_queue, clock=time.now)
            yield Stage(client, store, time)

"""Contract time on the time-skipping server."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import pytest
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from runtime.engines import time_skipping_environment
from starter.stage import ATTEMPTS, ContractTime
from tests.rehearsal.logs import utc

START = utc("2020-03-01 00:00")
LATER = START + timedelta(days=400)
LOST = RPCError("h2 protocol error: http2 error", RPCStatusCode.INTERNAL, b"")


class Losing:
    """The real environment, whose connection is lost so often: as sleep begins or, ``slept``, as it ends."""

    def __init__(self, environment: WorkflowEnvironment, times: int, *, slept: bool) -> None:
        self.get_current_time = environment.get_current_time
        self._environment = environment
        self._times = times
        self._slept = slept

    async def sleep(self, duration: timedelta) -> None:
        if self._slept or not self._times:
            await self._environment.sleep(duration)
        if self._times:
            self._times -= 1
            raise LOST


@pytest.mark.parametrize("slept", [True, False])
async def test_time_passes_once_though_the_connection_is_lost(slept: bool):
    async with time_skipping_environment() as environment:
        losing = Losing(environment, times=ATTEMPTS - 1, slept=slept)
        time = ContractTime(cast(WorkflowEnvironment, losing))
        await time.begin(START)
        await time.until(LATER)
        passed = await environment.get_current_time() + time.offset
        assert timedelta(0) <= passed - LATER < timedelta(minutes=1)
        assert time.now() == LATER


async def test_a_connection_that_stays_lost_is_told():
    async with time_skipping_environment() as environment:
        time = ContractTime(cast(WorkflowEnvironment, Losing(environment, times=ATTEMPTS, slept=False)))
        await time.begin(START)
        with pytest.raises(RPCError):
            await time.until(LATER)
        assert time.now() == START

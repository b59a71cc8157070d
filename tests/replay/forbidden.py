"""Workflows that ask the world what only the engine may tell. Each must fail in the sandbox."""

from __future__ import annotations

import os
import random
import uuid
from datetime import datetime

from temporalio import workflow


@workflow.defn
class ReadsTheClock:
    @workflow.run
    async def run(self) -> str:
        return str(datetime.now())  # noqa: DTZ005


@workflow.defn
class DrawsANumber:
    @workflow.run
    async def run(self) -> str:
        return str(random.random())


@workflow.defn
class MakesAnIdentity:
    @workflow.run
    async def run(self) -> str:
        return str(uuid.uuid4())


@workflow.defn
class ReadsTheEnvironment:
    @workflow.run
    async def run(self) -> str:
        return os.environ["HOME"]


ALL = (ReadsTheClock, DrawsANumber, MakesAnIdentity, ReadsTheEnvironment)

"""Workers killed with SIGKILL while they issue an invoice: one document, here and at the gateway (C7.1.3).

A try that dies with its worker is given to another when its minute is over.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from contextlib import AsyncExitStack
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from contract.facts import EventKind
from contract.money_commands import RecordPayment
from examples.fapiao_gateway.service import Gateway
from runtime.engines import DevServer
from runtime.http import serving
from tests.engine import HOUR, PROVIDER, START, LivedAgreement, World, eventually, real_world

pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="module"),
]

HOUSE = Path(__file__).parents[2]
PLUGIN = "examples.fapiao_gateway.plugin:provider"
POINTS = ["before begin_invoice", "after begin_invoice", "before keep_issued", "after keep_issued"]
"""Before ``keep_issued`` the gateway has issued, and nobody here knows."""


async def pay(agreement: LivedAgreement) -> None:
    paid: dict[str, Any] = {"means": "transfer", "reference": "T-1", "amount": "1000.00"}
    at = START + HOUR
    await agreement.client.settle(
        agreement.id, RecordPayment, PROVIDER, at=at, **paid, value_date=date(2026, 3, 2)
    )


async def issued(agreement: LivedAgreement) -> bool:
    return EventKind.INVOICE_ISSUED in await agreement.kinds(None)


async def test_a_worker_killed_at_any_point_of_issuing_leaves_one_document(tmp_path: Path, server: DevServer):
    gateway = Gateway(delay=0)
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(serving(gateway.application, "127.0.0.1", 0))
        environment = {"AFTERCARE_INVOICES": PLUGIN, "FAPIAO_GATEWAY_URL": f"http://127.0.0.1:{port}"}
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in environment.items():
            patch.setenv(name, value)
        worlds: list[World] = []
        for point in POINTS:
            folder = tmp_path / point.replace(" ", "-")
            folder.mkdir()
            worlds.append(await stack.enter_async_context(real_world(folder, server, invoices=PLUGIN)))
        orders = [
            (world.settings.task_queue, world.settings.records_url, point)
            for world, point in zip(worlds, POINTS, strict=True)
        ]
        mortal = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.durability.mortal", server.address),
            stdin=PIPE,
            stdout=PIPE,
            cwd=HOUSE,
            env=os.environ | environment,
        )
        assert mortal.stdin is not None
        assert mortal.stdout is not None
        mortal.stdin.write(json.dumps(orders).encode() + b"\n")
        try:
            agreements = [
                await world.agreement(billing=True, invoices=True, ago=2 * HOUR) for world in worlds
            ]
            for agreement in agreements:
                await pay(agreement)
            died = {(await mortal.stdout.readline()).decode().strip() for _ in POINTS}
            assert died == {world.settings.task_queue for world in worlds}
            for world in worlds:
                await world.start_worker()
            for agreement in agreements:
                await eventually(partial(issued, agreement), "the invoice", within=100)
        finally:
            mortal.stdin.close()
            await mortal.wait()
        for agreement, world in zip(agreements, worlds, strict=True):
            (record,) = await world.store.invoices(agreement.id)
            assert record.document.number == "INV-2026-000001"
            assert (await agreement.kinds(None)).count("invoice_issued") == 1
            numbers = {one.number for one in gateway.documents.values()}
            assert record.issuer_number in numbers
            assert await agreement.is_sound(None)
        assert len(gateway.documents) == len(worlds)

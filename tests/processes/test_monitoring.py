"""What a worker tells about itself: whether it is ready, what it did, and with which words."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from contract.facts import EventKind
from records import RecordStore, upgrade
from runtime.engines import free_port
from runtime.metrics import Metrics
from starter.errors import CommandRefused
from tests.engine import SECOND, START, R, World, eventually, real_server, real_world
from tests.processes.conftest import WorkerProcess, worker_process
from tests.processes.test_deploy_files import named_in_deploy
from tests.records import building

pytestmark = [pytest.mark.engine, pytest.mark.asyncio(loop_scope="module")]

CANARY = "canary-4711"


async def live(world: World, worker: WorkerProcess) -> None:
    """A breach of 200.00, a refused command, a mail nobody takes, a workflow nobody knows.

    One request stays open, one is closed.
    """
    agreement = await world.agreement(ago=10 * SECOND, mail=True, targets={"respond_hours": "0.001"})
    await agreement.submit(R, title=CANARY, description=CANARY)
    await agreement.event(EventKind.TARGET_BREACHED)
    await agreement.comes_to_owe("200.00")
    await agreement.bring("closed", "r-2")
    with pytest.raises(CommandRefused):
        await agreement.do("resolve", START, solution=CANARY)

    await world.temporal.start_workflow("Unheard", id="unheard", task_queue=world.settings.task_queue)

    async def told() -> bool:
        samples = await worker.metrics()
        stuck = any(name.startswith("temporal_workflow_task_execution_failed_total") for name in samples)
        return stuck and samples['aftercare_mails_total{outcome="unavailable"}'] > 0

    await eventually(told, "a mail nobody took, and a workflow that is stuck", within=60)


async def test_what_a_worker_did_is_in_its_metrics_and_its_lines_with_ids_and_without_content(world: World):
    nobody = {"mail": "smtp", "smtp_port": free_port(), "smtp_tls": "none"}
    async with worker_process(world, **nobody) as worker:
        await live(world, worker)
        assert await worker.ready() == {
            "ready": True,
            "checks": {"temporal": "ok", "records": "ok", "worker": "ok"},
        }
        samples = await worker.metrics()
        told = {
            'aftercare_breaches_total{target="respond"}': 1,
            'aftercare_breaches_total{target="resolve"}': 0,
            'aftercare_events_total{kind="submitted"}': 2,
            'aftercare_ledger_entries_total{currency="CNY",kind="penalty"}': 1,
            'aftercare_ledger_amount_minor_total{currency="CNY",kind="penalty"}': 20000,
            'aftercare_open_requests{state="submitted"}': 1,
            'aftercare_open_requests{state="waiting"}': 0,
            'aftercare_mails_total{outcome="sent"}': 0,
            "aftercare_record_store_up": 1,
        }
        assert {name: samples.get(name) for name in told} == told
        refusals = {name: value for name, value in samples.items() if "refused_commands" in name}
        (refusal,) = refusals
        assert 'kind="not_allowed_now"' in refusal
        assert refusals[refusal] == 1
        assert samples['aftercare_record_store_seconds_count{question="write"}'] > 0
        assert any(name.startswith("temporal_workflow_task_execution_latency_seconds") for name in samples)
        text = (await worker.ask("/metrics"))[1]
        assert CANARY not in text
        assert named_in_deploy() - {name.partition("{")[0] for name in samples} == set()
        failed = [line for line in worker.lines if line.get("activity_type") == "notify"]
        assert {"agreement", "attempt", "exception"} <= failed[0].keys()
        assert any(line.get("request") == R for line in failed)
    assert CANARY not in "".join(worker.raw)


async def test_a_worker_is_alive_but_not_ready_while_temporal_does_not_answer(tmp_path: Path):
    async with (
        real_server(tmp_path) as server,
        real_world(tmp_path, server) as world,
        worker_process(world) as worker,
    ):
        os.kill(server.pid, signal.SIGSTOP)
        try:
            assert await worker.ask("/readyz") == (
                503,
                '{"ready":false,"checks":{"temporal":"no answer within 2 s","records":"ok","worker":"ok"}}',
            )
            assert (await worker.ask("/livez"))[0] == 200
        finally:
            os.kill(server.pid, signal.SIGCONT)

        async def ready_again() -> bool:
            return (await worker.ask("/readyz"))[0] == 200

        await eventually(ready_again, "ready again")


async def test_a_fact_that_is_written_again_is_counted_once(sqlite_url: str):
    metrics = Metrics()
    await upgrade(sqlite_url)
    async with await RecordStore.open(sqlite_url, watch=metrics) as store:
        for _ in range(3):
            await store.append(building.agreement())
    assert b'aftercare_events_total{kind="offered"} 1.0' in metrics.text()
    assert b'aftercare_record_store_seconds_count{question="write"} 3.0' in metrics.text()

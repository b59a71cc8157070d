"""Record the histories that `test_replay` replays: `python -m tests.replay.record`.

Lives the example ticket log and keeps its agreement and requests, and the lives of :mod:`tests.replay.lives`
with all their runs, in place of what was recorded for the same release before. Run it for every released
shape of the workflows and keep the files of older ones: a run that began under one release goes on under
the next.
"""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from temporalio.client import WorkflowHistory

from contract.reading import read_terms
from runtime.leave import leave
from runtime.loop import run
from runtime.settings import MailKind, Settings
from starter.rehearsal.living import Rehearsal
from starter.rehearsal.own_format import read
from starter.stage import stage
from tests.engine import LivedAgreement, World, skipping_world
from tests.replay.lives import LIVES
from workflows.ids import agreement_workflow_id, request_workflow_id

HISTORIES = Path(__file__).parent / "histories"
EXAMPLES = Path(__file__).parents[2] / "examples"
RELEASE = "0.1.0"


async def record() -> None:
    for recorded_before in HISTORIES.glob(f"{RELEASE}~*.json"):
        recorded_before.unlink()
    await record_log()
    for live in LIVES:
        await record_life(live)


def keep(name: str, history: WorkflowHistory) -> None:
    text = json.dumps(json.loads(history.to_json(), object_hook=_without_machine), separators=(",", ":"))
    (HISTORIES / f"{RELEASE}~{name.replace('/', '~')}.json").write_text(text)


def _without_machine(part: dict[str, Any]) -> dict[str, Any]:
    """Without who ran it where, which no replay asks for."""
    for where in ("identity", "stackTrace"):
        part.pop(where, None)
    return part


async def record_life(live: Callable[[World], Awaitable[LivedAgreement]]) -> None:
    """All runs of the agreement and the requests of one life."""
    with tempfile.TemporaryDirectory() as folder:
        async with skipping_world(Path(folder), mail=MailKind.OUTBOX) as world:
            agreement = await live(world)
            handles = [agreement.handle]
            requests = await world.store.requests(agreement.id)
            handles += [agreement.request_handle(request.request_id) for request in requests]
            for handle in handles:
                for number, run_id in enumerate(await world.runs(handle), start=1):
                    run = world.temporal.get_workflow_handle(handle.id, run_id=run_id)
                    name = handle.id.replace(agreement.id, live.__name__)
                    keep(f"{name}@{number}", await run.fetch_history())


async def record_log() -> None:
    terms = read_terms((EXAMPLES / "service-agreement.yaml").read_text())
    with (EXAMPLES / "tickets.csv").open(newline="") as file:
        log = read(file, ZoneInfo(terms.time_zone))
    with tempfile.TemporaryDirectory() as folder:
        async with stage(Settings(mail=MailKind.NONE, home=Path(folder))) as on_stage:
            await Rehearsal(on_stage).live(terms, log, lambda _: None)
            temporal = on_stage.client._temporal
            ids = [agreement_workflow_id(terms.agreement_id)]
            ids += [request_workflow_id(terms.agreement_id, t.request_id) for t in log.tickets]
            for workflow_id in ids:
                keep(workflow_id, await temporal.get_workflow_handle(workflow_id).fetch_history())


if __name__ == "__main__":
    logging.disable(logging.WARNING)  # of the outages that are lived on purpose
    run(record())
    leave(0)

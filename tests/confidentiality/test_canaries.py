"""What people write never stands in clear where Temporal, a log or a metric keeps it (C5.3).

A life full of canaries, error paths included, on a real server with its state in a file. The same life
without encryption shows that they would be found.
"""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message
from temporalio.client import Client, WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.converter import DataConverter

import worker
from contract.commands import CommandName
from contract.facts import RecordBatch
from contract.parties import Actor
from contract.request_life import EVENT_OF
from records.store import RecordStore
from runtime.connection import PLAIN
from runtime.engines import free_port
from runtime.metrics import Metrics
from runtime.monitoring import scraped
from runtime.settings import MailKind, Settings, Tls
from runtime.telemetry import sdk_runtime
from starter.errors import CommandRefused
from tests.engine import LivedAgreement, R, World, eventually, real_server, real_world
from tests.keys import ENCRYPTED
from tests.loglines import logs
from workflows.ids import agreement_workflow_id

pytestmark = [
    pytest.mark.engine,
    pytest.mark.timeout(240),
    # SDK 1.35 drops the coroutine of a workflow whose input is refused.
    pytest.mark.filterwarnings("ignore:coroutine .*run_workflow.* was never awaited:RuntimeWarning"),
]


def canary(what: str) -> str:
    return f"canary-{what}"


KEPT = {
    *map(canary, ["party", "address", "person", "email", "title", "description", "assignee", "message"]),
    *map(canary, ["diagnosis", "missing", "materials", "solution", "reason", "comment", "answer", "note"]),
    *map(canary, ["fault", "malformed-start"]),
}
"""Canaries that Temporal keeps."""

PASSING = {canary("refused"), canary("malformed-update")}
"""Canaries that only pass through: a refused update stands in no history."""

PROVIDER = Actor(party="provider", person=canary("person"))
CUSTOMER = Actor(party="customer", person=canary("person"))
SAID: dict[CommandName, dict[str, Any]] = {
    CommandName.ASSIGN: {"assignee": canary("assignee")},
    CommandName.RESPOND: {"message": canary("message")},
    CommandName.NOTE_DIAGNOSIS: {"diagnosis": canary("diagnosis")},
    CommandName.ASK_FOR_MATERIALS: {"missing": [canary("missing")]},
    CommandName.PROVIDE_MATERIALS: {"materials": canary("materials")},
    CommandName.RESOLVE: {"solution": canary("solution")},
    CommandName.REOPEN: {"reason": canary("reason")},
    CommandName.RATE: {"score": 1, "comment": canary("comment")},
    CommandName.ANSWER_RATING: {"answer": canary("answer")},
    CommandName.ADD_NOTE: {"note": canary("note")},
}
THE_CUSTOMERS = {CommandName.PROVIDE_MATERIALS, CommandName.REOPEN, CommandName.ACCEPT, CommandName.RATE}


def party(name: str) -> dict[str, Any]:
    contact = {"name": canary("person"), "email": f"{canary('email')}@example.com", "phone": "1"}
    return {"party_id": name, "name": canary("party"), "address": canary("address"), "contact": contact}


async def give(agreement: LivedAgreement, command: CommandName) -> None:
    by = CUSTOMER if command in THE_CUSTOMERS else PROVIDER
    await agreement.do(command, agreement.start, by=by, **SAID.get(command, {}))


async def live(world: World) -> LivedAgreement:
    """A request from beginning to end, with everything going wrong that can."""
    parties: dict[str, Any] = {"provider": party("huaxin"), "customer": party("acme") | {"language": "en"}}
    agreement = await world.agreement(mail=True, **parties)
    await agreement.submit(R, by=CUSTOMER, title=canary("title"), description=canary("description"))
    with pytest.raises(CommandRefused):
        await agreement.do(CommandName.RESOLVE, agreement.start, by=PROVIDER, solution=canary("refused"))
    with pytest.raises(WorkflowUpdateFailedError):
        await agreement.request_handle().execute_update("assign", {"assignee": [canary("malformed-update")]})
    await give(agreement, CommandName.CONFIRM)
    await give(agreement, CommandName.ASSIGN)
    async with faulty(world, CommandName.RESPOND):
        told = asyncio.create_task(give(agreement, CommandName.RESPOND))
        await eventually(lambda: failing(agreement), "a recording that fails and fails again")
    await told
    for command in (
        CommandName.NOTE_DIAGNOSIS,
        CommandName.ASK_FOR_MATERIALS,
        CommandName.PROVIDE_MATERIALS,
        CommandName.ADD_NOTE,
        CommandName.RESOLVE,
        CommandName.REOPEN,
        CommandName.RESOLVE,
        CommandName.ACCEPT,
        CommandName.RATE,
        CommandName.ANSWER_RATING,
    ):
        await give(agreement, command)
    malformed = await world.temporal.start_workflow(
        "Agreement",
        {"canonical": canary("malformed-start")},
        id=agreement_workflow_id("malformed"),
        task_queue=world.settings.task_queue,
    )
    with pytest.raises(WorkflowFailureError):
        await malformed.result()
    return agreement


class faulty:
    """A fault of ours while a command is recorded, whose words repeat everything."""

    def __init__(self, world: World, command: CommandName) -> None:
        self._store: Any = world.store
        self._kind = EVENT_OF[command]

    async def __aenter__(self) -> None:
        right = self._right = self._store.append_many

        async def wrong(batches: list[RecordBatch]) -> Any:
            if any(event.kind is self._kind for batch in batches for event in batch.events):
                about = canary("fault")
                raise LookupError(f"{about}: {batches!r}")
            return await right(batches)

        self._store.append_many = wrong

    async def __aexit__(self, *_: object) -> None:
        self._store.append_many = self._right


async def failing(agreement: LivedAgreement) -> bool:
    described = await agreement.request_handle().describe()
    return any(
        pending.activity_type.name == "record" and pending.HasField("last_failure")
        for pending in described.raw_description.pending_activities
    )


async def tried_to_mail(metrics: Metrics) -> bool:
    return b'aftercare_mails_total{outcome="unavailable"} 0.0' not in metrics.text()


async def kept_by_temporal(address: str) -> list[bytes]:
    """All histories and descriptions, as a client without any codec reads them."""
    client = await Client.connect(address)
    found: list[bytes] = []
    async for workflow in client.list_workflows():
        handle = client.get_workflow_handle(workflow.id, run_id=workflow.run_id)
        found.append(_bytes((await handle.describe()).raw_description))
        found += [_bytes(event) async for event in handle.fetch_history_events()]
    return found


def _bytes(message: Message) -> bytes:
    return message.SerializeToString()


def canaries_in(found: bytes) -> set[str]:
    return {one for one in KEPT | PASSING if one.encode() in found}


@pytest.mark.parametrize(
    ("converter", "found"), [(ENCRYPTED, set()), (PLAIN, KEPT)], ids=["encrypted", "plain"]
)
async def test_what_people_write_is_in_no_history_database_log_or_metric_when_encrypted_and_would_be_found(
    converter: DataConverter,
    found: set[str],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
):
    log = tmp_path / "temporal.log"
    metrics = Metrics()
    sdk, sdk_metrics = sdk_runtime(Settings(home=tmp_path, monitoring_address="127.0.0.1:0"))
    assert sdk_metrics is not None
    with logs():
        async with (
            real_server(tmp_path, data_converter=converter, log=log, runtime=sdk) as server,
            real_world(
                tmp_path, server, mail=MailKind.SMTP, smtp_tls=Tls.NONE, smtp_port=free_port()
            ) as world,
            await RecordStore.open(world.settings.records, watch=metrics) as world.store,
            worker.build(world.temporal, world.store, world.settings, metrics),
        ):
            agreement = await live(world)
            await eventually(lambda: tried_to_mail(metrics), "a mail that could not be sent")
            counted = metrics.text() + await scraped(sdk_metrics)
            on_record = str([event.payload for event in await agreement.events()])
            histories = b"".join(await kept_by_temporal(server.address))
    assert canaries_in(histories) == found
    database = b"".join(path.read_bytes() for path in tmp_path.glob("temporal.db*"))
    assert canaries_in(database) == found
    assert b"Encoded failure" in histories or converter is PLAIN
    said = capfd.readouterr()
    assert "LookupError" in said.err
    if converter is ENCRYPTED:
        assert canaries_in((said.out + said.err).encode() + log.read_bytes()) == set()
    # Labels are kinds, states and types whether payloads are encrypted or not.
    assert canaries_in(counted) == set()
    for sample in (
        b'aftercare_events_total{kind="rated"} 1.0',
        b'aftercare_refused_commands_total{kind="not_allowed_now"',
        b'temporal_local_activity_execution_failed_total{activity_type="record"',
        b"temporal_workflow_failed_total",
    ):
        assert sample in counted
    # The record store keeps what was written: it is the parties' record.
    assert canary("solution") in on_record
    gc.collect()  # the coroutine of the refused workflow, while its warning is still expected

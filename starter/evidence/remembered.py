"""The engine's histories of an agreement's workflows: those on record, and of what still runs, the engine's.

Every run names the one it continued, so the chain of runs says by itself which one is missing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from google.protobuf.json_format import MessageToDict, ParseDict
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.converter import PayloadCodec

from activities.histories import history_of, newest_run
from records.results import RunHistory
from records.store import RecordStore
from runtime.codec import ENCODING, KeyUnknown, PayloadRefused

CONTINUED: Final = "continued_as_new"
ENCRYPTED: Final = base64.b64encode(ENCODING).decode()


@dataclass(frozen=True, slots=True)
class Missing:
    """A run that another one continued, and of which neither the record nor the engine has a history."""

    workflow_id: str
    run_id: str


@dataclass(slots=True)
class Remembered:
    """A run's history, decrypted as far as the keys are here."""

    run: RunHistory
    from_record: bool
    content: bytes
    read: int = 0
    """Payloads that were decrypted."""
    encrypted: int = 0
    """Payloads that are still encrypted."""
    keys_missing: set[str] = field(default_factory=set)


async def runs_of(
    store: RecordStore,
    client: Client | None,
    codec: PayloadCodec | None,
    workflow_id: str,
    until: datetime | None = None,
) -> AsyncIterator[Remembered | Missing]:
    """The runs of a workflow, from the newest back. Without a client only what is on record.

    ``until``: only runs that were over by then.
    """
    kept = {run.run_id: run for run in await store.histories(workflow_id)}
    for run_id in [run.run_id for run in kept.values() if until is not None and run.closed_at > until]:
        del kept[run_id]
    wanted = [run.run_id for run in reversed(kept.values())]
    ended = any(run.outcome != CONTINUED for run in kept.values())
    if client is not None and until is None and not ended:
        newest = await newest_run(client, workflow_id)
        if newest is not None and newest not in kept:
            wanted.insert(0, newest)
    told: set[str] = set()
    while wanted:
        run_id = wanted.pop(0)
        if run_id in told:
            continue
        told.add(run_id)
        found: tuple[RunHistory, bytes] | None = None
        if run_id in kept:
            content = await store.history_content(workflow_id, run_id)
            found = None if content is None else (kept[run_id], content)
        elif client is not None:
            found = await history_of(client, workflow_id, run_id)
        if found is None:
            yield Missing(workflow_id, run_id)
            continue
        if found[0].previous_run is not None:
            wanted.insert(0, found[0].previous_run)
        remembered = Remembered(found[0], run_id in kept, found[1])
        await _decrypt(remembered, codec)
        yield remembered


async def _decrypt(remembered: Remembered, codec: PayloadCodec | None) -> None:
    told = json.loads(remembered.content)
    await _decrypt_in(told, remembered, codec)
    text = json.dumps(told, ensure_ascii=False, sort_keys=True, indent=1)
    remembered.content = f"{text}\n".encode()


async def _decrypt_in(told: Any, remembered: Remembered, codec: PayloadCodec | None) -> Any:
    """What stands in the place of something in a history: payloads in clear where they can be."""
    if isinstance(told, list):
        told[:] = [await _decrypt_in(one, remembered, codec) for one in told]
    elif isinstance(told, dict):
        metadata = told.get("metadata")
        if isinstance(metadata, dict) and metadata.get("encoding") == ENCRYPTED:
            return await _in_clear(told, remembered, codec)
        for name, one in told.items():
            told[name] = await _decrypt_in(one, remembered, codec)
    return told


async def _in_clear(told: dict[str, Any], remembered: Remembered, codec: PayloadCodec | None) -> Any:
    try:
        if codec is None:
            raise KeyUnknown(base64.b64decode(told["metadata"].get("encryption-key-id", "")).decode("ascii"))
        (found,) = await codec.decode([ParseDict(told, Payload())])
    except (KeyUnknown, PayloadRefused) as problem:
        remembered.encrypted += 1
        if isinstance(problem, KeyUnknown):
            remembered.keys_missing.add(problem.key_id)
        return told
    remembered.read += 1
    return MessageToDict(found)

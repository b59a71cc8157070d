"""The chain that makes the record tamper-evident: each event's hash covers the one before (C6.2.3)."""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785

from contract.facts import Event

GENESIS = "0" * 64
"""What stands before the first event of a workflow."""


def event_hash(workflow_id: str, previous: str, event: Event) -> str:
    """SHA-256 over canonical JSON of the event, its workflow and the previous event's hash."""
    body: dict[str, Any] = {
        "workflow_id": workflow_id,
        "previous": previous,
        "event": event.model_dump(mode="json"),
    }
    return hashlib.sha256(rfc8785.dumps(body)).hexdigest()

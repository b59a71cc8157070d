"""Ids and names the engine knows things by. Nothing confidential: they are not encrypted."""

from __future__ import annotations

TASK_QUEUE = "aftercare"


def agreement_workflow_id(agreement_id: str) -> str:
    return f"agreement/{agreement_id}"


def request_workflow_id(agreement_id: str, request_id: str) -> str:
    return f"request/{agreement_id}/{request_id}"

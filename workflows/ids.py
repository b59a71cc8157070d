"""Ids and names the engine knows things by. Nothing confidential: they are not encrypted."""

from __future__ import annotations

TASK_QUEUE = "aftercare"


def agreement_workflow_id(agreement_id: str) -> str:
    return f"agreement/{agreement_id}"


def request_workflow_id(agreement_id: str, request_id: str) -> str:
    return f"request/{agreement_id}/{request_id}"


def resending_workflow_id(workflow_id: str) -> str:
    """Where an operator has the notices of a workflow sent again."""
    return f"notices/{workflow_id}"


def named_in(workflow_id: str) -> tuple[str, str | None] | None:
    """The agreement and the request that a workflow's id names; None for an id that is not ours."""
    match workflow_id.removeprefix("notices/").split("/"):
        case ["agreement", agreement_id]:
            return agreement_id, None
        case ["request", agreement_id, request_id]:
            return agreement_id, request_id
        case _:
            return None

"""How a workflow records: a local activity with a short time to finish, then patience.

A local activity costs one event in the task at hand, and the caller of a command can read its own
write when the answer comes. When the record store is away the same keyed write runs as a regular
activity that retries until the store is back: three events however long the outage.
"""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel
from temporalio import workflow
from temporalio.exceptions import FailureError

from workflows.paces import AT_ONCE, PATIENT, QUICK, RECORDING

Answer = TypeVar("Answer", bound=BaseModel)


async def surely(name: str, argument: BaseModel, answer: type[Answer], summary: str) -> Answer:
    """Run a short idempotent activity to its end: at once if it can be, however late if it must be.

    It never fails: what cannot be done is retried, visible as a pending activity with its last error.
    """
    try:
        done: Answer = await workflow.execute_local_activity(
            name,
            argument,
            result_type=answer,
            schedule_to_close_timeout=AT_ONCE,
            retry_policy=QUICK,
            summary=summary,
        )
    except FailureError:  # an ActivityError at first; in a replay its bare cause (sdk-rust #449)
        done = await workflow.execute_activity(
            name,
            argument,
            result_type=answer,
            start_to_close_timeout=RECORDING,
            retry_policy=PATIENT,
            summary=summary,
        )
    return done

"""The current details of a workflow, written when somebody looks.

`workflow.set_current_details` wants the text at every step, though nobody reads it until the Temporal UI
asks for the workflow's metadata. This writes it into the answer to that question instead: a step costs
nothing more, and the answer is encoded as every payload is.
"""

from __future__ import annotations

from typing import Any

from temporalio import workflow
from temporalio.worker import (
    HandleQueryInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

METADATA_QUERY = "__temporal_workflow_metadata"


class CurrentDetails(Interceptor):
    """For workers: every workflow has a ``story()``, its current details in markdown."""

    def workflow_interceptor_class(
        self, input: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor]:
        return _OnLooking


class _OnLooking(WorkflowInboundInterceptor):
    async def handle_query(self, input: HandleQueryInput) -> Any:
        answer = await super().handle_query(input)
        if input.query == METADATA_QUERY:
            answer.current_details = workflow.instance().story()
        return answer

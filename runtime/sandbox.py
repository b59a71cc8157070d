"""The sandbox that every worker and replayer of this project runs workflows in.

It stays on: a workflow module that reads a clock or draws a random number fails. What is passed through
is pure (guarded by lint and by replay) or shapes only; loading shapes anew for every workflow would be
most of what starting one costs.
"""

from __future__ import annotations

from typing import Any

from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

PASSED_THROUGH = (
    "contract",
    "workflows.ids",
    "workflows.paces",
    "workflows.payloads",
    "workflows.search_attributes",
    "workflows.story",
    "pydantic",
    "pydantic_core",
    "annotated_types",
    "rfc8785",
    "yaml",
    "typing_extensions",
)


class _LeanRunner(SandboxedWorkflowRunner):
    """The SDK's sandbox, without entering it for every payload.

    SDK 1.35 asks the workflow for a payload's serialization context through the sandbox's importer,
    compiling a line of code each time: a seventh of a worker's CPU here. The question reads the SDK's
    own tables and runs no workflow code, so it is asked directly.
    """

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        instance: Any = super().create_instance(det)
        inside = getattr(instance, "globals_and_locals", {}).get("__temporal_in_sandbox")
        for question in ("get_serialization_context", "get_external_store_context"):
            if hasattr(inside, question):
                setattr(instance, question, getattr(inside, question))
        return instance  # type: ignore[no-any-return]


def sandbox() -> SandboxedWorkflowRunner:
    """A runner for `Worker` and `Replayer`."""
    return _LeanRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH))

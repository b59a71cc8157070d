"""Log lines: structured, with ids, never with customer content (C5.3).

In production they are JSON, one object a line. Lines of workflows and activities carry ``agreement`` and
``request``, the ids their workflow has.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from temporalio import activity, workflow

from runtime.discretion import discreet
from runtime.settings import Settings

log: Any = structlog.get_logger("aftercare")

SAID = {"activity_type", "attempt", "run_id", "workflow_type"}
"""What else is said of a workflow or an activity."""

Line = MutableMapping[str, Any]


class _Handler(logging.StreamHandler[Any]):
    """The standard library's shows a line that it cannot write, with everything that led to it."""

    def handleError(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(Exception):
            print(f"a log line could not be written: {type(sys.exception()).__name__}", file=sys.stderr)


def configure_logs(settings: Settings) -> None:
    """One line an event, for people or, in production, for machines; to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        of_what,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.json_logs
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = _Handler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[discreet, structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.captureWarnings(True)
    # The ids are fields of the line; the SDK would put all it knows into the sentence too.
    workflow.logger.workflow_info_on_message = False
    activity.logger.activity_info_on_message = False
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def of_what(_logger: Any, _method: str, line: Line) -> Line:
    """What the SDK tells of a workflow or activity, as the ids of agreement and request."""
    line.pop("__temporal_error_identifier", None)
    line.pop("color_message", None)  # uvicorn's line once more, with a terminal's codes in it
    core = getattr(line.pop("temporal_log", None), "fields", None)
    told = line.pop("temporal_activity", None) or line.pop("temporal_workflow", None) or core
    if isinstance(told, dict):
        for name in SAID & told.keys():
            line.setdefault(name, told[name])
        line.update(ids_in(str(told.get("workflow_id", ""))))
    return line


def ids_in(workflow_id: str) -> dict[str, str]:
    """The ids of an agreement and a request in the id of their workflow (`workflows/ids.py`)."""
    match workflow_id.split("/"):
        case ["agreement", agreement]:
            return {"agreement": agreement}
        case ["request", agreement, request]:
            return {"agreement": agreement, "request": request}
        case [""]:
            return {}
        case _:
            return {"workflow_id": workflow_id}

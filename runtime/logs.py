"""Log lines: structured, with ids, never with customer content (C5.3)."""

from __future__ import annotations

import contextlib
import logging
import sys
from typing import Any

import structlog

from runtime.discretion import discreet
from runtime.settings import Settings

log: Any = structlog.get_logger("aftercare")


class _Handler(logging.StreamHandler[Any]):
    """The standard library's shows a line that it cannot write, with everything that led to it."""

    def handleError(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(Exception):
            print(f"a log line could not be written: {type(sys.exception()).__name__}", file=sys.stderr)


def configure_logs(settings: Settings) -> None:
    """One line an event, for people or, with ``log_json``, for machines; to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.log_json
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
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )

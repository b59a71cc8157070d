"""Log lines as a process writes them: all there are, to standard error."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from runtime.logs import configure_logs
from runtime.settings import LogLevel, Settings


@contextmanager
def logs(as_json: bool = False) -> Iterator[None]:
    """Logs, for the length of the block; pytest's own handlers come back after it."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    configure_logs(Settings(log_level=LogLevel.DEBUG, log_json=as_json))
    try:
        yield
    finally:
        root.handlers, root.level = before

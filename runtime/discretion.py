"""Log lines without what people wrote (C5.3): of an exception its kind and place, not its words.

The words of an exception may repeat a value, and its frames hold whole requests. Only exceptions of the house
that are known to speak in ids are quoted; of all others the kinds, files and lines remain, which find a fault
as well.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any, Final

SPEAK_IN_IDS: Final = ("runtime.", "records.faults.", "activities.mail.")
"""Modules whose exceptions are quoted."""

FRAMES: Final = 12
"""Of each exception, the innermost."""


def discreet(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor, to stand right before the one that renders."""
    given = event.pop("exc_info", None)
    error = sys.exception() if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["exception"] = "\n".join(told(error))
    record = event.get("_record")
    if record is not None and record.name == "asyncio":
        # After its first line asyncio shows the task, and with it the words of its exception.
        event["event"] = str(event["event"]).partition("\n")[0]
    return event


def told(error: BaseException) -> Iterator[str]:
    """An exception and what led to it, line by line, the last first."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        kind = type(error)
        quoted = f"{kind.__module__}.".startswith(SPEAK_IN_IDS)
        yield f"{kind.__module__}.{kind.__qualname__}" + (f": {error}" if quoted else "")
        for frame in traceback.extract_tb(error.__traceback__)[-FRAMES:]:
            yield f"  {_short(frame.filename)}:{frame.lineno} in {frame.name}"
        before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if before is None:
            return
        yield "after"
        error = before


def _short(filename: str) -> str:
    return "/".join(Path(filename).parts[-2:])

"""The next instant at which something falls due: what a workflow's one timer waits for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Wake:
    """The next instant at which something falls due, and what."""

    at: datetime
    what: str
    clause: str
    of: datetime | None = None
    """What it is about, where the waking comes after it: at the due itself it is still on time."""

    @property
    def instant(self) -> datetime:
        """The instant as a person would name it."""
        return self.of or self.at

    @property
    def summary(self) -> str:
        return f"{self.what} · {self.clause}"

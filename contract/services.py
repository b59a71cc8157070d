"""What a request can be about, and how urgent it can be (C3.1): the words, for terms and requests alike."""

from __future__ import annotations

from enum import StrEnum


class Service(StrEnum):
    """The three services (C3.1.1–3.1.3)."""

    ONLINE_CONSULTING = "online_consulting"
    TECHNICAL_SUPPORT = "technical_support"
    PROBLEM_RESOLUTION = "problem_resolution"


class Priority(StrEnum):
    """How urgent the customer says a request is; from most to least."""

    CRITICAL = "critical"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for critical, 3 for low."""
        return list(Priority).index(self)

"""The Dockerfile's last stage: what a container of the image is told before anyone else tells it anything."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from functools import cache

from tests.deploy.compose import HOUSE


@dataclass
class Stage:
    """One stage: its instructions as (name, rest), continued lines joined."""

    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def last(self, instruction: str) -> str:
        return [rest for name, rest in self.steps if name == instruction][-1]

    @property
    def environment(self) -> dict[str, str]:
        words = [word for name, rest in self.steps if name == "ENV" for word in shlex.split(rest)]
        return {name: value for name, _, value in (word.partition("=") for word in words)}

    @property
    def command(self) -> list[str]:
        return [str(word) for word in json.loads(self.last("CMD"))]

    @property
    def health_check(self) -> list[str]:
        _, _, command = self.last("HEALTHCHECK").partition("CMD ")
        return [str(word) for word in json.loads(command)]

    @property
    def user(self) -> tuple[int, int]:
        user, _, group = self.last("USER").partition(":")
        return int(user), int(group)


@cache
def stages() -> list[Stage]:
    """All of them, in order; arguments with defaults filled in."""
    written = re.sub(r"^\s*#.*\n", "", (HOUSE / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    arguments: dict[str, str] = {}
    found: list[Stage] = []
    for line in re.sub(r"\\\n", " ", written).splitlines():
        name, _, rest = line.strip().partition(" ")
        if name == "ARG" and not found:
            argument, _, default = rest.partition("=")
            arguments[argument] = default
        elif name == "FROM":
            base = rest.split()[0]
            for argument, default in arguments.items():
                base = base.replace(f"${{{argument}}}", default)
            found.append(Stage(base))
        elif name:
            found[-1].steps.append((name, rest.strip()))
    return found

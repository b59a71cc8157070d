"""docker-compose.yml as the engine would see it: anchors merged, variables filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

HOUSE: Final = Path(__file__).parents[2]
FILE: Final = HOUSE / "docker-compose.yml"
ENV_EXAMPLE: Final = HOUSE / "deploy" / "env.example"

_VARIABLE: Final = re.compile(r"\$(?:\$|(?P<plain>\w+)|\{(?P<name>\w+)(?:(?P<how>:?[-?])(?P<what>[^}]*))?\})")


class Unset(LookupError):
    """A variable that must be set is not; the message is the one the file gives."""


@dataclass(frozen=True)
class Variable:
    """A variable the file asks for: where it has no default, `demand` is what is said without it."""

    name: str
    default: str | None
    demand: str | None


def text(file: Path = FILE) -> Any:
    """The file as it is written, anchors merged."""
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def variables(file: Path = FILE) -> list[Variable]:
    """Every variable the file asks for, in order."""
    found = []
    for match in _VARIABLE.finditer(_without_comments(file.read_text(encoding="utf-8"))):
        if name := match["name"] or match["plain"]:
            how = match["how"] or ""
            found.append(
                Variable(
                    name,
                    default=match["what"] if how.endswith("-") else None,
                    demand=match["what"] if how.endswith("?") else None,
                )
            )
    return found


def _without_comments(written: str) -> str:
    return re.sub(r"^\s*#.*$", "", written, flags=re.MULTILINE)


def filled(environment: Mapping[str, str], file: Path = FILE) -> Any:
    """The file with its variables from `environment`; raises `Unset` for one that must be and is not."""
    return _fill(text(file), environment)


def _fill(value: Any, environment: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _fill(inner, environment) for key, inner in value.items()}
    if isinstance(value, list):
        return [_fill(inner, environment) for inner in value]
    if not isinstance(value, str):
        return value

    def replace(match: re.Match[str]) -> str:
        name = match["name"] or match["plain"]
        if name is None:
            return "$"
        given, how = environment.get(name), match["how"] or ""
        missing = not given if how.startswith(":") else given is None
        if missing and how.endswith("?"):
            raise Unset(f"{name}: {match['what']}")
        if missing and how.endswith("-"):
            return str(match["what"])
        return given or ""

    return _VARIABLE.sub(replace, value)


def env_file(file: Path = ENV_EXAMPLE) -> dict[str, str]:
    """The assignments of a `.env` file."""
    lines = (line for line in file.read_text(encoding="utf-8").splitlines() if line and line[0] != "#")
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def environments(compose: Any) -> Iterator[tuple[str, str, str]]:
    """Service, variable and value of everything that containers are told by their environment."""
    for name, service in compose["services"].items():
        for variable, value in service.get("environment", {}).items():
            yield name, variable, str(value)

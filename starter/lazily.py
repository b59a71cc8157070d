"""A group of commands whose modules are imported only when one of them is asked for.

`aftercare --help` lists everything and loads none of it: what a command needs (Temporal, the record store,
charts) takes seconds to import, and no one waits seconds for help.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command


@dataclass(frozen=True, slots=True)
class Later:
    """A command, or a group of them, in a module not imported yet."""

    module: str
    name: str
    """What the module calls it: a function, or a :class:`typer.Typer` with several."""
    summary: str

    def load(self, name: str) -> Any:
        found = getattr(import_module(self.module), self.name)
        if not isinstance(found, typer.Typer):
            alone = typer.Typer(add_completion=False)
            alone.command(name)(found)
            found = alone
        command = get_command(found)
        command.name = name
        return command


class _Loading(MutableMapping[str, Any]):
    """Commands by name, loaded when they are looked up."""

    def __init__(self, later: dict[str, Later]) -> None:
        self._later = later
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = self._later[name].load(name)
        return self._loaded[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name], self._later[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._later)

    def __contains__(self, name: object) -> bool:
        return name in self._later

    def __len__(self) -> int:
        return len(self._later)


class LazyGroup(TyperGroup):
    """Lists its commands by their summaries; loads the one that is called."""

    later: ClassVar[dict[str, Later]]

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = cast("dict[str, Any]", _Loading(self.later))

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.commands)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A stand-in, for lists; the command itself is in ``commands``."""
        later = self.later.get(cmd_name)
        return None if later is None else TyperCommand(name=cmd_name, help=later.summary)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, _, rest = super().resolve_command(ctx, args)
        return name, None if name is None else self.commands[name], rest

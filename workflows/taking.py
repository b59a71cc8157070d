"""Updates of an agreement made from the models of its commands: validated, then applied by its one loop.

A part of the agreement (its money, its changes, …) lists its commands with :func:`taking`; what each part
answers is its own.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel
from temporalio import workflow

from contract.commands import Command


class Named(Protocol):
    """A command whose update has the command's own name."""

    name: ClassVar[StrEnum]


class Taking:
    """What :class:`workflows.agreement.Agreement` does for the commands of its parts."""

    @abstractmethod
    def check_command(self, command: Any) -> None:
        """Raise what the caller is told when the command cannot be taken now."""

    @abstractmethod
    async def apply_command(self, command: Any) -> None:
        """Have the loop apply and record a command."""


def taking(model: type[Command], answer: type[BaseModel], tell: Callable[[Any, Any], BaseModel]) -> Any:
    """The update for one command; ``tell(part, command)`` answers it once it is on record."""
    named: type[Named] = model  # type: ignore[assignment]

    async def handle(self: Taking, command: Any) -> BaseModel:
        await self.apply_command(command)
        return tell(self, command)

    def validate(self: Taking, command: Any) -> None:
        self.check_command(command)

    name = named.name.value
    handle.__name__ = name
    handle.__qualname__ = f"Agreement.{name}"
    handle.__annotations__ = {"command": model, "return": answer}
    validate.__annotations__ = {"command": model, "return": None}
    update = workflow.update(name=name, description=(model.__doc__ or "").strip())(handle)
    update.validator(validate)
    return update

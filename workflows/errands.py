"""Commands that were taken and wait to be applied: many handlers, one writer.

An update's handler leaves its command here and waits; the workflow's one loop applies what has come,
in the order of the stamps, records it, and only then lets the handlers answer. So commands never
interleave, and those that arrive together after an outage are applied before deadlines are judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from contract.refusals import Refusal

Order = TypeVar("Order")


def refused(refusal: Refusal) -> ApplicationError:
    """A refusal as callers get it: its kind as the error's type, the whole refusal as its detail."""
    return ApplicationError(
        refusal.message, refusal.model_dump(mode="json"), type=refusal.kind.value, non_retryable=True
    )


@dataclass(slots=True, eq=False)
class Errand(Generic[Order]):
    order: Order
    done: bool = False
    refusal: Refusal | None = None


class Errands(Generic[Order]):
    """The commands waiting to be applied."""

    def __init__(self) -> None:
        self._waiting: list[Errand[Order]] = []

    def __bool__(self) -> bool:
        return bool(self._waiting)

    @property
    def orders(self) -> list[Order]:
        return [errand.order for errand in self._waiting]

    def take_all(self) -> list[Errand[Order]]:
        taken, self._waiting = self._waiting, []
        return taken

    async def run(self, order: Order) -> None:
        """Leave a command and wait until it is recorded; raises the refusal as ApplicationError."""
        errand = Errand(order)
        self._waiting.append(errand)
        await workflow.wait_condition(lambda: errand.done)
        if errand.refusal is not None:
            raise refused(errand.refusal)

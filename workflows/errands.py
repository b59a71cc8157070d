"""Commands that were taken and wait to be applied: many handlers, one writer.

An update's handler leaves its command here and waits; the workflow's one loop applies what has come,
in the order of the stamps, records it, and only then lets the handlers answer. So commands never
interleave, and those that arrive together after an outage are applied before deadlines are judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from contract.refusals import Refusal

Order = TypeVar("Order")


def count_refusal(refusal: Refusal) -> None:
    """Count a command that is refused, by why; once, for a replay counts nothing."""
    counter = workflow.metric_meter().create_counter(
        "aftercare_refused_commands", "Commands that the contract refused, by why."
    )
    counter.add(1, {"kind": refusal.kind.value})


def refused(refusal: Refusal) -> ApplicationError:
    """A refusal as callers get it: its kind as the error's type, the whole refusal as its detail."""
    count_refusal(refusal)
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

    def put_back(self, errands: Sequence[Errand[Order]]) -> None:
        """Leave commands that were taken for the next time, before those that came since."""
        self._waiting = [*errands, *self._waiting]

    async def run(self, order: Order) -> None:
        """Leave a command and wait until it is recorded; raises the refusal as ApplicationError."""
        (refusal,) = await self.run_all([order])
        if refusal is not None:
            raise refused(refusal)

    async def run_all(self, orders: Sequence[Order]) -> list[Refusal | None]:
        """Leave commands together and wait until they are recorded; why each was refused, or None."""
        errands = [Errand(order) for order in orders]
        self._waiting += errands
        await workflow.wait_condition(lambda: all(errand.done for errand in errands))
        return [errand.refusal for errand in errands]

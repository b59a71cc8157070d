"""Which of the requests that fall due are shown, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from contract.facts import RequestSnapshot


class Order(StrEnum):
    DUE = "due"
    PRIORITY = "priority"
    AGREEMENT = "agreement"
    ASSIGNEE = "assignee"

    @property
    def next(self) -> Order:
        orders = list(Order)
        return orders[(orders.index(self) + 1) % len(orders)]


_KEYS: dict[Order, Callable[[RequestSnapshot], Any]] = {
    Order.DUE: lambda view: 0,
    Order.PRIORITY: lambda view: view.priority.rank,
    Order.AGREEMENT: lambda view: view.agreement_id,
    # Those that nobody has come first.
    Order.ASSIGNEE: lambda view: view.assignee or "",
}


def chosen(views: Sequence[RequestSnapshot], words: str, order: Order) -> list[RequestSnapshot]:
    """Requests that have every word of a filter somewhere; in an order, and within it by their due."""
    wanted = words.lower().split()
    found = [view for view in views if all(word in _text(view) for word in wanted)]
    return sorted(found, key=lambda view: (_KEYS[order](view), _due(view)))


def _due(view: RequestSnapshot) -> datetime:
    assert view.next_due is not None
    return view.next_due


def _text(view: RequestSnapshot) -> str:
    parts = (view.agreement_id, view.request_id, view.priority, view.service, view.state, view.next_target)
    return " ".join([*(str(part) for part in parts), view.assignee or "nobody"]).lower()

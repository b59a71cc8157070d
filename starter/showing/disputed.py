"""What disputes are over and what decides them, in words (C9)."""

from __future__ import annotations

from collections.abc import Sequence

from contract.disputes import Amount, AmountKind, Item, Matter


def item(over: Item) -> str:
    """What a dispute is over, in words."""
    match over.matter:
        case Matter.REQUEST:
            return f"penalties of request {over.request_id}"
        case Matter.OTHER:
            return "something else"
        case _:
            return ", ".join(sorted(over.parts)).replace("_", " ")


def amount(one: Amount) -> str:
    """One amount of a settlement or an award, in words."""
    match one.kind:
        case AmountKind.PENALTY:
            which = "penalties" if one.penalty is None else one.penalty.value.replace("_", " ")
            return f"{which} of request {one.request_id}: {one.amount}"
        case AmountKind.BILL:
            return f"bill {one.bill} less {one.amount}"
        case AmountKind.LATE_FEE:
            return f"late fee of {one.bill} less {one.amount}"
        case AmountKind.CREDIT:
            return f"credit {one.amount}"


def amounts(amounts: Sequence[Amount]) -> str:
    return "; ".join(map(amount, amounts)) or "no amounts"

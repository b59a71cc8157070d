"""What differs between two term sheets, field by field, each with its clause (C10.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from contract.faults import clause_of
from contract.terms import TermSheet
from contract.values import Model


class Difference(Model):
    """A field that differs. A mapping is gone into; a list is one value. None: the field is not there."""

    path: str
    clause: str
    before: Any = None
    after: Any = None


def differences(before: TermSheet, after: TermSheet) -> list[Difference]:
    """What differs, in the order of the sheet."""
    return list(between(before.model_dump(mode="json"), after.model_dump(mode="json")))


def between(before: Mapping[str, Any], after: Mapping[str, Any], at: str = "") -> Iterator[Difference]:
    """What differs between two plain documents."""
    for key in [*before, *(key for key in after if key not in before)]:
        path = f"{at}.{key}" if at else str(key)
        old, new = before.get(key), after.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from between(old, new, path)
        elif old != new:
            yield Difference(path=path, clause=clause_of(path), before=old, after=new)

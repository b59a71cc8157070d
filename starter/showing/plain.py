"""Anything the house knows as plain JSON data: instants in UTC, money and decimals as exact strings."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from contract.money import Money


def plain(value: Any) -> Any:
    """The value as dicts, lists, strings, numbers, booleans and None."""
    match value:
        case Money():
            return {"amount": str(value), "currency": value.currency}
        case BaseModel():
            return {name: plain(getattr(value, name)) for name in type(value).model_fields}
        case Enum():
            return value.value
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date() | Decimal() | Path():
            return str(value)
        case Mapping():
            return {str(plain(key)): plain(entry) for key, entry in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(entry) for entry in value]
        case _:
            return value


def print_json(value: Any) -> None:
    """The value as a JSON document on standard output."""
    json.dump(plain(value), sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")
    sys.stdout.flush()

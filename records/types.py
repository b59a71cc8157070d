"""Column types that come back from both databases exactly as they went in.

SQLite through SQLAlchemy loses the zone of a time, PostgreSQL has its own idea of JSON: so times are whole
microseconds since the epoch, which every database orders and keeps, and JSON is canonical text (RFC 8785),
whose bytes are those that the hash chain covers.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import rfc8785
from pydantic import TypeAdapter
from sqlalchemy import JSON, BigInteger, Dialect
from sqlalchemy.types import TypeDecorator

from contract.clock import EPOCH
from contract.values import Instant

_MICROSECOND = timedelta(microseconds=1)
_INSTANTS = TypeAdapter(list[Instant])


class UtcMicroseconds(TypeDecorator[datetime]):
    """An aware time, kept as microseconds since 1970-01-01T00:00Z; comes back in UTC.

    Raises ValueError for a naive time: guessing its zone is how a deadline moves by eight hours.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time with its offset; a naive one is not stored")
        return (value - EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else EPOCH + timedelta(microseconds=value)


class InstantList(TypeDecorator[list[datetime]]):
    """Several instants in one column, as a JSON list of ISO 8601 texts; an empty list is NULL."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: list[datetime] | None, dialect: Dialect) -> list[str] | None:
        if not value:
            return None
        texts: list[str] = _INSTANTS.dump_python(_INSTANTS.validate_python(value), mode="json")
        return texts

    def process_result_value(self, value: list[str] | None, dialect: Dialect) -> list[datetime]:
        return _INSTANTS.validate_python(value or [])


def canonical_json(value: Any) -> str:
    """How every JSON column is written; raises ValueError for what canonical JSON cannot carry exactly."""
    return rfc8785.dumps(value).decode()

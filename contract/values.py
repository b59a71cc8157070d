"""Small value types that every model of the contract is built from.

They hold the boundary: what passes them can be stored by every database, printed in every
document and compared byte by byte. NUL characters, lone surrogates, floats in numbers,
naive times and integers beyond 64 bits do not pass.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)

MAX_DIGITS = 30
"""Digits a number of the contract may have, before and after its point."""

TICK = timedelta(seconds=1)
"""Commands are stamped in whole seconds, so the first instant after *t* is ``t + TICK``."""

DAY = timedelta(hours=24)

MAX_INTEGER = 2**53 - 1
"""Largest integer that canonical JSON (RFC 8785) carries exactly; well inside 64 bits."""


class Model(BaseModel):
    """Frozen data at a border: unknown keys refused, inputs never repeated in errors (C5.3)."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Record(BaseModel):
    """State that a workflow carries. New fields get defaults; none is removed or retyped.

    Unknown keys are ignored so that a state written by a newer release can be read by an older
    one during a roll-back.
    """

    model_config = ConfigDict(hide_input_in_errors=True, validate_assignment=False)


def storable(text: str) -> str:
    """The text, when every database and document can hold it; raises ValueError otherwise."""
    if "\x00" in text:
        raise ValueError("text without NUL characters")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("text that is valid Unicode (no lone surrogates)") from None
    return text


def _exact_decimal(value: Any) -> Any:
    if isinstance(value, bool | float):
        raise ValueError("a decimal number, written exactly (not a binary float)")
    if isinstance(value, str):
        try:
            value = Decimal(value)
        except InvalidOperation:
            raise ValueError("a decimal number") from None
    if isinstance(value, Decimal):
        _printable(value)
    if isinstance(value, int) and value.bit_length() > 128:
        raise ValueError(f"a decimal number of at most {MAX_DIGITS} digits")
    return value


def _printable(value: Decimal) -> None:
    """A number a person can read: 1e999999999 would fill the memory before it was found too large."""
    if not value.is_finite():
        raise ValueError("a finite decimal number")
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or max(abs(exponent), len(value.as_tuple().digits)) > MAX_DIGITS:
        raise ValueError(f"a decimal number of at most {MAX_DIGITS} digits")


def normalised(value: Decimal) -> str:
    """The one way to write a decimal: no exponent, no trailing zeros (``200.00`` → ``"200"``)."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time with its offset, such as 2026-03-02T09:00:00+08:00")
    return value


def _utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time between the years 1 and 9999") from None


def _whole_second(value: datetime) -> datetime:
    if value.microsecond:
        raise ValueError("a time in whole seconds")
    return value


def _not_bool(value: Any) -> Any:
    if isinstance(value, bool | float):
        raise ValueError("a whole number")
    if isinstance(value, Decimal):
        _printable(value)
    return value


def one_line(text: str) -> str:
    if any(character < " " or character in "\x7f\x85\u2028\u2029" for character in text):
        raise ValueError("one line, without control characters")
    return storable(text)


Exact = Annotated[Decimal, BeforeValidator(_exact_decimal), PlainSerializer(normalised, return_type=str)]
"""A decimal read exactly and written normalised."""

Amount = Annotated[Exact, Field(ge=0, le=Decimal(10) ** 11)]
"""An amount of money of a term sheet, in its currency; none, or more."""

Whole = Annotated[int, BeforeValidator(_not_bool), Field(ge=-MAX_INTEGER, le=MAX_INTEGER)]

Instant = Annotated[datetime, AfterValidator(_aware), AfterValidator(_utc)]
"""An aware time, kept in UTC."""

Stamp = Annotated[datetime, AfterValidator(_aware), AfterValidator(_utc), AfterValidator(_whole_second)]
"""When a command happened: an aware time in whole seconds, kept in UTC (contract §3)."""


def _as_written(value: Any) -> Any:
    """A day or an instant stands in a document as text; a number is neither."""
    if not isinstance(value, str | date):
        raise ValueError("a day such as 2026-03-02, or a time such as 2026-03-02T09:00:00+08:00")
    return value


def _day(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value) if len(value) == len("2026-03-02") else None
        except ValueError:
            value = None
    if not isinstance(value, date) or isinstance(value, datetime) or not 1990 <= value.year <= 2199:
        raise ValueError("a day such as 2026-03-02, between the years 1990 and 2199")
    return value


Day = Annotated[date, BeforeValidator(_day)]
"""A day of the contract, in its zone."""

WrittenStamp = Annotated[Stamp, BeforeValidator(_as_written)]
"""A :data:`Stamp` as a document has it: text with its offset."""

Line = Annotated[
    str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True), AfterValidator(one_line)
]
"""One line a person wrote: a name, a title, an address."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000), AfterValidator(storable)]
"""What a person wrote at length: a note, a diagnosis, a solution."""

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""Letters, digits, ``-`` and ``_``; 1–64. Never confidential: identifiers are not encrypted."""

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 digest in lower-case hexadecimal."""

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code."""

"""The boundary: what passes these types can be stored by every database and compared byte by byte."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from contract.commands import AddNote, Confirm, Rate
from contract.values import (
    MAX_INTEGER,
    Digest,
    Exact,
    Identifier,
    Instant,
    Line,
    Stamp,
    Text,
    Whole,
    normalised,
)

HERE = timezone(timedelta(hours=8))


def takes(kind: Any, value: object) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Identifier, ["a", "A-1_b", "x" * 64], ["", "x" * 65, "a b", "a\n", "ä", "a/b", "a\x00", 5]),
        (
            Digest,
            ["0" * 64, "0123456789abcdef" * 4],
            ["0" * 63, "0" * 65, "A" * 64, "g" * 64, "0" * 64 + "\n"],
        ),
        (
            Line,
            ["x", " x ", "李明", "x" * 200],
            ["", "  ", "x" * 201, "a\x00b", "\ud800", "two\nlines", "a\rb"],
        ),
        (Text, ["x", "two\nlines", "x" * 20_000], ["", "x" * 20_001, "\x00", "a\udfff"]),
        (
            Whole,
            [0, -5, MAX_INTEGER, -MAX_INTEGER],
            [MAX_INTEGER + 1, -MAX_INTEGER - 1, 2**64, 0.5, 1.0, True],
        ),
        (Exact, [0, "0.05", Decimal("1.10")], [0.5, 1.0, True, "x", "NaN", Decimal("Infinity"), None]),
    ],
    ids=["Identifier", "Digest", "Line", "Text", "Whole", "Exact"],
)
def test_a_value_type_takes_what_it_promises_and_nothing_else(kind, good, bad):
    assert [value for value in good if not takes(kind, value)] == []
    assert [value for value in bad if takes(kind, value)] == []


@pytest.mark.parametrize("kind", [Instant, Stamp])
def test_a_time_is_kept_in_utc(kind):
    found = TypeAdapter(kind).validate_python(datetime(2026, 3, 2, 9, tzinfo=HERE))
    assert found == datetime(2026, 3, 2, 1, tzinfo=UTC)
    assert found.utcoffset() == timedelta(0)


@pytest.mark.parametrize("kind", [Instant, Stamp])
@pytest.mark.parametrize(
    "value",
    [datetime(2026, 3, 2, 9), "2026-03-02T09:00:00", "2026-03-02", "today"],  # noqa: DTZ001
)
def test_a_time_without_its_offset_is_refused(kind, value):
    assert not takes(kind, value)


def test_a_stamp_is_in_whole_seconds_and_an_instant_need_not_be():
    at = datetime(2026, 3, 2, 9, 0, 0, 1, tzinfo=UTC)
    assert not takes(Stamp, at)
    assert takes(Instant, at)


@pytest.mark.parametrize("kind", [Instant, Stamp])
@pytest.mark.parametrize("value", ["0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00"])
def test_a_time_that_does_not_exist_in_utc_is_refused_like_any_other_bad_value(kind, value):
    assert not takes(kind, value)


@given(st.decimals(min_value=-(10**12), max_value=10**12, allow_nan=False, allow_infinity=False, places=9))
def test_a_normalised_decimal_is_the_same_number_without_exponent_or_needless_zeros(value):
    written = normalised(value)
    assert Fraction(written) == Fraction(value)
    assert "E" not in written.upper()
    assert not written.startswith(("+", "."))
    assert "." not in written or written[-1] not in "0."
    assert normalised(Decimal(written)) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [("200.00", "200"), ("0.050", "0.05"), ("1E+3", "1000"), ("0E+7", "0"), ("-0.0", "0"), ("-1.50", "-1.5")],
)
def test_there_is_one_way_to_write_a_decimal(value, written):
    assert normalised(Decimal(value)) == written


def command(**fields: object) -> dict[str, object]:
    actor = {"party": "provider", "person": "李明"}
    return {"command_id": "c1", "at": "2026-03-02T09:00:00+08:00", "actor": actor, **fields}


def test_a_command_is_frozen_and_refuses_keys_it_does_not_know():
    told = Confirm.model_validate(command())
    with pytest.raises(ValidationError):
        told.at = datetime(2026, 1, 1, tzinfo=UTC)  # type: ignore[misc]
    with pytest.raises(ValidationError):
        Confirm.model_validate(command(urgent=True))


@pytest.mark.parametrize("score", [0, 6, 3.0, True, None, "good"])
def test_a_rating_is_a_whole_number_from_1_to_5_C5_5(score):
    with pytest.raises(ValidationError):
        Rate.model_validate(command(score=score))


def test_an_error_never_repeats_what_a_person_wrote_C5_3():
    with pytest.raises(ValidationError) as caught:
        AddNote.model_validate(command(note="our secret recipe\x00"))
    assert "recipe" not in str(caught.value)

"""The documents say what the code does, and are found out when they do not."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import BaseModel

from checks.docs import (
    CLI,
    LIFE,
    SETTINGS,
    SHEET,
    cli_faults,
    fields,
    life,
    main,
    sheet_faults,
    with_made,
)
from checks.settings_page import page


def test_the_documents_are_right(capsys: pytest.CaptureFixture[str]):
    assert main([]) == 0
    assert capsys.readouterr().err == ""


def test_another_table_than_the_contract_s_is_found_and_put_right():
    text = LIFE.read_text()
    wrong = text.replace(
        "| `confirm` | `request confirm` | provider |", "| `confirm` | `request confirm` | customer |"
    )
    assert wrong != text
    assert with_made(wrong, life()) == text


def test_a_setting_described_otherwise_than_it_describes_itself_is_put_right():
    text = SETTINGS.read_text()
    wrong = text.replace(
        "| `drain_seconds` | `AFTERCARE_DRAIN_SECONDS` | `10` |", "| `drain_seconds` | | `11` |"
    )
    assert wrong != text
    assert with_made(wrong, page()) == text


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "| `offer_days` | C4.1 | 30 |",
            "| `offer_days` | C4.1 | 31 |",
            "offer_days has the default 30, not 31",
        ),
        ("| `consent_days` |", "| consent_days |", "does not have consent_days"),
        ("| `consent_days` |", "| `consenting_days` |", "consenting_days is no field of a term sheet"),
    ],
)
def test_a_field_that_is_missing_or_wrong_is_named(old: str, new: str, fault: str):
    text = SHEET.read_text()
    assert old in text
    assert any(fault in found for found in sheet_faults(text.replace(old, new)))


def test_fields_are_found_inside_the_shapes_of_a_field():
    class Inner(BaseModel):
        depth: int = 3

    class Outer(BaseModel):
        either: Annotated[str, "x"] | Annotated[Inner, "y"]
        many: list[Inner] = []

    assert dict(fields(Outer)) == {"either": "–", "either.depth": "3", "many": "[]"}


@pytest.mark.parametrize("gone", ["aftercare report ratings", "| 130 |"])
def test_a_command_or_an_exit_code_that_is_not_documented_is_named(gone: str):
    assert list(cli_faults(CLI.read_text())) == []
    assert len(list(cli_faults(CLI.read_text().replace(gone, "")))) == 1

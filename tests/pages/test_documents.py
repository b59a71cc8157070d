"""Documents as pictures: what docs/documents.md shows (`make screenshots`)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from contract.agreement_file import Signature, TermDates
from contract.parties import Language, Role
from contract.terms import canonical_bytes
from documents import agreements, press, statements
from documents.deed import SIGNING
from documents.writings import writing_of
from tests.documents.lives import busy, example

SHARP = 84
"""Pixels to the inch."""
PNG = b"\x89PNG"


def test_the_agreement_is_shown_signed_in_chinese(pictures: Path):
    at = datetime(2026, 3, 2, 1, 30, 15, tzinfo=UTC)
    signed = {
        Role.PROVIDER: Signature(person="李明", title="总经理", at=at, seal_digest="4f" * 32),
        Role.CUSTOMER: Signature(person="Wang Fang", title="Director", at=at),
    }
    made = agreements.deed(
        canonical_bytes(example()),
        language=Language.CHINESE,
        signatures=signed,
        dates=TermDates.of(example(), at),
    )
    made = replace(made, label=SIGNING[Language.CHINESE].copies[Role.PROVIDER])
    content = made.content(writing_of(Language.CHINESE))
    first, *_ = press.pages("deed", content, language=Language.CHINESE, ppi=SHARP)
    assert first.startswith(PNG)
    (pictures / "document-agreement.png").write_bytes(first)


def test_a_statement_is_shown_with_a_suspension(pictures: Path):
    found = busy().model_copy(update={"agreement_id": example().agreement_id})
    content = statements.content(found, example(), language=Language.ENGLISH)
    first, *_ = press.pages("paper", content, language=Language.ENGLISH, ppi=SHARP)
    assert first.startswith(PNG)
    (pictures / "document-statement.png").write_bytes(first)

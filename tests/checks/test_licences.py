"""No licence comes in unnoticed."""

from __future__ import annotations

import pytest

from checks.licences import allowed


@pytest.mark.parametrize(
    "expression",
    [
        "MIT",
        "Apache-2.0 OR GPL-3.0-only",
        "MIT AND (BSD-3-Clause OR LGPL-3.0-only)",
        "Apache-2.0 WITH LLVM-exception",
    ],
)
def test_a_permissive_choice_is_allowed(expression: str):
    assert allowed(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "GPL-3.0-or-later",
        "LGPL-2.1-only",
        "AGPL-3.0-only",
        "MIT AND GPL-3.0-only",
        "(MIT OR Apache-2.0) AND LGPL-3.0-only",
        "MIT OR",
        "(MIT",
        "MIT MIT",
        "“Copyright (c) somebody”",
    ],
)
def test_anything_else_is_not(expression: str):
    assert not allowed(expression)

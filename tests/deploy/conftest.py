"""The compose file as it is when everything that must be set is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.deploy.compose import env_file, filled

FILLED_IN = {
    "AFTERCARE_MAIL_FROM": "After-sales <support@example.com>",
    "AFTERCARE_MAIL_DOMAIN": "example.com",
    "AFTERCARE_SMTP_HOST": "mail.example.com",
}
"""What a person fills in."""


@pytest.fixture(scope="session")
def compose() -> Any:
    """`docker-compose.yml` with `deploy/env.example`, filled in."""
    return filled(env_file() | FILLED_IN)

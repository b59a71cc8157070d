"""Of an agreement: since when its service is suspended, and when neither owed the other any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from records.types import UtcMicroseconds

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agreements", sa.Column("suspended_since", UtcMicroseconds))
    op.add_column("agreements", sa.Column("settled_at", UtcMicroseconds))

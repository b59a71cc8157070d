"""Indices for what operators look at across agreements: what is due next, what happened lately."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _partial("ix_requests_next_due", "requests", "next_due", "next_due IS NOT NULL")
    _partial("ix_requests_open_state", "requests", "state", "state NOT IN ('closed', 'withdrawn')")
    op.create_index("ix_events_recorded_at", "events", ["recorded_at"])
    _partial("ix_events_breaches", "events", "recorded_at", "kind = 'target_breached'")


def _partial(name: str, table: str, column: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, [column], sqlite_where=condition, postgresql_where=condition)

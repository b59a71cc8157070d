"""The engine's histories of runs that are over, kept for longer than the engine keeps them (C6.2.3)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

REFUSAL = "histories is append-only (C6.2.3)"


def upgrade() -> None:
    op.create_table(
        "histories",
        sa.Column("workflow_id", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("agreement_id", sa.String(), nullable=False),
        sa.Column("request_id", sa.String()),
        sa.Column("previous_run", sa.String()),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workflow_id", "run_id", name="pk_histories"),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreements.agreement_id"], name="fk_histories_agreement_id"
        ),
    )
    op.create_index("ix_histories_agreement_id", "histories", ["agreement_id"])
    op.create_index("ix_histories_run_id", "histories", ["run_id"])
    if op.get_bind().dialect.name == "sqlite":
        refuse = f"SELECT RAISE(ABORT, '{REFUSAL}');"
        for change in ("UPDATE", "DELETE"):
            name = f"histories_no_{change.lower()}"
            op.execute(f"CREATE TRIGGER {name} BEFORE {change} ON histories BEGIN {refuse} END")
        # INSERT OR REPLACE deletes the old row without asking the trigger for DELETE.
        same = "workflow_id = NEW.workflow_id AND run_id = NEW.run_id"
        op.execute(
            "CREATE TRIGGER histories_no_replace BEFORE INSERT ON histories"
            f" WHEN EXISTS (SELECT 1 FROM histories WHERE {same}) BEGIN {refuse} END"
        )
    else:
        op.execute(
            "CREATE TRIGGER histories_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON histories"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )

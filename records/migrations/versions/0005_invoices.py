"""Invoices and credit notes: numbered documents, what issuing them came to, and their files (C7.1.3)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Each append-only table with the columns that identify a row.
APPEND_ONLY = {
    "invoices": ("agreement_id", "key"),
    "issued_invoices": ("agreement_id", "key"),
    "invoice_files": ("agreement_id", "key", "name"),
}


def upgrade() -> None:
    _documents()
    _issued()
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def _documents() -> None:
    op.create_table(
        "invoice_series",
        sa.Column("provider_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("provider_id", "kind", "year", name="pk_invoice_series"),
    )
    op.create_table(
        "invoices",
        sa.Column("agreement_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("provider_id", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("payment", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("canonical", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("agreement_id", "key", name="pk_invoices"),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreements.agreement_id"], name="fk_invoices_agreement_id"
        ),
        sa.UniqueConstraint(
            "provider_id", "kind", "year", "place", name="uq_invoices_provider_id_kind_year_place"
        ),
    )
    op.create_index("ix_invoices_agreement_id_number", "invoices", ["agreement_id", "number"])


def _issued() -> None:
    op.create_table(
        "issued_invoices",
        sa.Column("agreement_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("issuer_number", sa.String(), nullable=False),
        sa.Column("reference", sa.Text()),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("agreement_id", "key", name="pk_issued_invoices"),
        sa.ForeignKeyConstraint(
            ["agreement_id", "key"],
            ["invoices.agreement_id", "invoices.key"],
            name="fk_issued_invoices_agreement_id_key",
        ),
    )
    op.create_table(
        "invoice_files",
        sa.Column("agreement_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("agreement_id", "key", "name", name="pk_invoice_files"),
        sa.ForeignKeyConstraint(
            ["agreement_id", "key"],
            ["issued_invoices.agreement_id", "issued_invoices.key"],
            name="fk_invoice_files_agreement_id_key",
        ),
    )


def _guard_sqlite() -> None:
    for table, key in APPEND_ONLY.items():
        refusal = f"SELECT RAISE(ABORT, '{table} is append-only (C6.2.3)');"
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} BEGIN {refusal} END"
            )
        # INSERT OR REPLACE deletes the old row without asking the trigger for DELETE.
        same = " AND ".join(f"{column} = NEW.{column}" for column in key)
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}"
            f" WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) BEGIN {refusal} END"
        )


def _guard_postgresql() -> None:
    # The function is the first migration's.
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )

"""The record: agreements, terms, requests, events, ledger, calendars, notifications."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Each append-only table with the columns that identify a row.
APPEND_ONLY = {
    "terms_versions": ("agreement_id", "version"),
    "events": ("workflow_id", "seq"),
    "ledger_entries": ("agreement_id", "key"),
    "calendar_years": ("position",),
    "notifications": ("message_id",),
}


def upgrade() -> None:
    _state()
    _history()
    _money()
    _world()
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def _state() -> None:
    op.create_table(
        "agreements",
        sa.Column("agreement_id", sa.String(), nullable=False),
        sa.Column("workflow_id", sa.String(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("provider_id", sa.String(), nullable=False),
        sa.Column("customer_id", sa.String(), nullable=False),
        sa.Column("terms_version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("offered_at", sa.BigInteger(), nullable=False),
        sa.Column("effective_at", sa.BigInteger()),
        sa.Column("ends_at", sa.BigInteger()),
        sa.Column("closed_at", sa.BigInteger()),
        sa.Column("year_starts", sa.JSON()),
        sa.PrimaryKeyConstraint("agreement_id", name="pk_agreements"),
    )
    op.create_table(
        "requests",
        sa.Column("agreement_id", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("workflow_id", sa.String(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("content_digest", sa.String()),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("terms_version", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("submitted_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger()),
        sa.Column("responded_at", sa.BigInteger()),
        sa.Column("resolved_at", sa.BigInteger()),
        sa.Column("closed_at", sa.BigInteger()),
        sa.Column("confirm_due", sa.BigInteger()),
        sa.Column("respond_due", sa.BigInteger()),
        sa.Column("resolve_due", sa.BigInteger()),
        sa.Column("confirm_late", sa.Boolean(), nullable=False),
        sa.Column("response_late", sa.Boolean(), nullable=False),
        sa.Column("resolution_late", sa.Boolean(), nullable=False),
        sa.Column("delay_seconds", sa.BigInteger(), nullable=False),
        sa.Column("delay_days", sa.Integer(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("assignee", sa.Text()),
        sa.Column("rating", sa.Integer()),
        sa.Column("follow_up_due", sa.BigInteger()),
        sa.Column("follow_up_answered_at", sa.BigInteger()),
        sa.Column("next_target", sa.String()),
        sa.Column("next_due", sa.BigInteger()),
        sa.PrimaryKeyConstraint("agreement_id", "request_id", name="pk_requests"),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreements.agreement_id"], name="fk_requests_agreement_id"
        ),
    )
    op.create_index("ix_requests_agreement_id_submitted_at", "requests", ["agreement_id", "submitted_at"])
    op.create_index("ix_requests_agreement_id_state", "requests", ["agreement_id", "state"])
    op.create_index("ix_requests_workflow_id", "requests", ["workflow_id"])


def _history() -> None:
    op.create_table(
        "terms_versions",
        sa.Column("agreement_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("canonical", sa.Text(), nullable=False),
        sa.Column("effective_at", sa.BigInteger()),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("agreement_id", "version", name="pk_terms_versions"),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreements.agreement_id"], name="fk_terms_versions_agreement_id"
        ),
    )
    op.create_index("ix_terms_versions_digest", "terms_versions", ["digest"])
    op.create_table(
        "events",
        sa.Column("workflow_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.String(), nullable=False),
        sa.Column("request_id", sa.String()),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("clause", sa.String(), nullable=False),
        sa.Column("party", sa.String()),
        sa.Column("person", sa.Text()),
        sa.Column("command_id", sa.String()),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("workflow_id", "seq", name="pk_events"),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.agreement_id"], name="fk_events_agreement_id"),
    )


def _money() -> None:
    op.create_table(
        "ledger_entries",
        sa.Column("agreement_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("clause", sa.String(), nullable=False),
        sa.Column("contract_year", sa.Integer(), nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("debit", sa.String(), nullable=False),
        sa.Column("credit", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("terms_version", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.String()),
        sa.Column("event_seq", sa.Integer()),
        sa.Column("reverses", sa.String()),
        sa.Column("party", sa.String()),
        sa.Column("person", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("explanation", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("agreement_id", "key", name="pk_ledger_entries"),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreements.agreement_id"], name="fk_ledger_entries_agreement_id"
        ),
        sa.ForeignKeyConstraint(
            ["agreement_id", "reverses"],
            ["ledger_entries.agreement_id", "ledger_entries.key"],
            name="fk_ledger_entries_agreement_id_reverses",
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_ledger_entries_amount_positive")),
        sa.CheckConstraint("debit <> credit", name=op.f("ck_ledger_entries_moves_between_accounts")),
    )
    op.create_index(
        "ix_ledger_entries_agreement_id_contract_year", "ledger_entries", ["agreement_id", "contract_year"]
    )
    op.create_index(
        "ix_ledger_entries_agreement_id_request_id", "ledger_entries", ["agreement_id", "request_id"]
    )
    # Derived from the ledger, so that keeping a year's cap right costs the same however long the year.
    op.create_table(
        "penalty_years",
        sa.Column("agreement_id", sa.String(), nullable=False),
        sa.Column("contract_year", sa.Integer(), nullable=False),
        sa.Column("accrued", sa.BigInteger(), nullable=False),
        sa.Column("above_cap", sa.BigInteger(), nullable=False),
        sa.Column("adjustments", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("agreement_id", "contract_year", name="pk_penalty_years"),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreements.agreement_id"], name="fk_penalty_years_agreement_id"
        ),
    )


def _world() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "calendar_years",
        sa.Column("position", number, sa.Identity(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("announced", sa.Boolean(), nullable=False),
        sa.Column("canonical", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_calendar_years"),
    )
    op.create_index("ix_calendar_years_country_year", "calendar_years", ["country", "year"])
    op.create_index("ix_calendar_years_digest", "calendar_years", ["digest"])
    op.create_table(
        "notifications",
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("agreement_id", sa.String(), nullable=False),
        sa.Column("workflow_id", sa.String(), nullable=False),
        sa.Column("event_seq", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("response", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_notifications"),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreements.agreement_id"], name="fk_notifications_agreement_id"
        ),
        sa.ForeignKeyConstraint(
            ["workflow_id", "event_seq"],
            ["events.workflow_id", "events.seq"],
            name="fk_notifications_workflow_id_event_seq",
        ),
    )
    op.create_index("ix_notifications_workflow_id_event_seq", "notifications", ["workflow_id", "event_seq"])


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
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN RAISE EXCEPTION '% is append-only (C6.2.3)', TG_TABLE_NAME"
        " USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )

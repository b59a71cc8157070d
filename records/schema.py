"""The tables. `migrations/` makes them and a test finds no difference between the two.

Money is a whole number of minor units and its currency; times are microseconds in UTC. Most tables are
append-only, by triggers that the migrations make: see `APPEND_ONLY`.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from records.types import InstantList, UtcMicroseconds

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

APPEND_ONLY: Final = (
    "terms_versions",
    "events",
    "ledger_entries",
    "calendar_years",
    "notifications",
    "histories",
    "invoices",
    "issued_invoices",
    "invoice_files",
)
"""Tables on which the database refuses UPDATE and DELETE, and PostgreSQL also TRUNCATE."""


IS_OPEN: Final = text("requests.state NOT IN ('closed', 'withdrawn')")
"""Requests not finished, in the words of the index that has only these."""


def _partial(name: str, column: str, where: str) -> Index:
    return Index(name, column, sqlite_where=text(where), postgresql_where=text(where))


def _agreement() -> Column[str]:
    return Column("agreement_id", String, ForeignKey("agreements.agreement_id"), nullable=False)


agreements = Table(
    "agreements",
    metadata,
    Column("agreement_id", String, primary_key=True),
    Column("workflow_id", String, nullable=False),
    # The event that the row stands at: an older snapshot, retried, does not overwrite a newer one.
    Column("last_seq", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("provider_id", String, nullable=False),
    Column("customer_id", String, nullable=False),
    Column("terms_version", Integer, nullable=False),
    Column("digest", String, nullable=False),
    Column("offered_at", UtcMicroseconds, nullable=False),
    Column("effective_at", UtcMicroseconds),
    Column("ends_at", UtcMicroseconds),
    Column("closed_at", UtcMicroseconds),
    Column("year_starts", InstantList),
    Column("suspended_since", UtcMicroseconds),
    Column("settled_at", UtcMicroseconds),
)

terms_versions = Table(
    "terms_versions",
    metadata,
    _agreement(),
    Column("version", Integer, nullable=False),
    Column("digest", String, nullable=False),
    # Canonical JSON, the very text that was signed; its UTF-8 bytes are what the digest is of.
    Column("canonical", Text, nullable=False),
    Column("effective_at", UtcMicroseconds),
    Column("recorded_at", UtcMicroseconds, nullable=False),
    PrimaryKeyConstraint("agreement_id", "version"),
    Index(None, "digest"),
)

requests = Table(
    "requests",
    metadata,
    _agreement(),
    Column("request_id", String, nullable=False),
    Column("workflow_id", String, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("content_digest", String),
    Column("service", String, nullable=False),
    Column("priority", String, nullable=False),
    Column("state", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("terms_version", Integer, nullable=False),
    Column("as_of", UtcMicroseconds, nullable=False),
    Column("submitted_at", UtcMicroseconds, nullable=False),
    Column("confirmed_at", UtcMicroseconds),
    Column("responded_at", UtcMicroseconds),
    Column("resolved_at", UtcMicroseconds),
    Column("closed_at", UtcMicroseconds),
    Column("confirm_due", UtcMicroseconds),
    Column("respond_due", UtcMicroseconds),
    Column("resolve_due", UtcMicroseconds),
    Column("confirm_late", Boolean, nullable=False),
    Column("response_late", Boolean, nullable=False),
    Column("resolution_late", Boolean, nullable=False),
    Column("delay_seconds", BigInteger, nullable=False),
    Column("delay_days", Integer, nullable=False),
    Column("provisional", Boolean, nullable=False),
    Column("assignee", Text),
    Column("rating", Integer),
    Column("follow_up_due", UtcMicroseconds),
    Column("follow_up_answered_at", UtcMicroseconds),
    Column("next_target", String),
    Column("next_due", UtcMicroseconds),
    PrimaryKeyConstraint("agreement_id", "request_id"),
    Index(None, "agreement_id", "submitted_at"),
    Index(None, "agreement_id", "state"),
    Index(None, "workflow_id"),
    _partial("ix_requests_next_due", "next_due", "next_due IS NOT NULL"),
    _partial("ix_requests_open_state", "state", "state NOT IN ('closed', 'withdrawn')"),
)

events = Table(
    "events",
    metadata,
    Column("workflow_id", String, nullable=False),
    Column("seq", Integer, nullable=False),
    _agreement(),
    Column("request_id", String),
    Column("at", UtcMicroseconds, nullable=False),
    Column("recorded_at", UtcMicroseconds, nullable=False),
    Column("kind", String, nullable=False),
    Column("clause", String, nullable=False),
    Column("party", String),
    Column("person", Text),
    Column("command_id", String),
    Column("payload", JSON, nullable=False),
    Column("previous", String, nullable=False),
    Column("hash", String, nullable=False),
    PrimaryKeyConstraint("workflow_id", "seq"),
    Index(None, "recorded_at"),
    _partial("ix_events_breaches", "recorded_at", "kind = 'target_breached'"),
)

ledger_entries = Table(
    "ledger_entries",
    metadata,
    _agreement(),
    # Unique within its agreement: two customers may both have a request 4711.
    Column("key", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("clause", String, nullable=False),
    Column("contract_year", Integer, nullable=False),
    Column("effective_at", UtcMicroseconds, nullable=False),
    Column("recorded_at", UtcMicroseconds, nullable=False),
    Column("debit", String, nullable=False),
    Column("credit", String, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String, nullable=False),
    Column("terms_version", Integer, nullable=False),
    Column("request_id", String),
    Column("event_seq", Integer),
    Column("reverses", String),
    Column("party", String),
    Column("person", Text),
    Column("reason", Text),
    Column("explanation", JSON, nullable=False),
    PrimaryKeyConstraint("agreement_id", "key"),
    ForeignKeyConstraint(["agreement_id", "reverses"], ["ledger_entries.agreement_id", "ledger_entries.key"]),
    CheckConstraint("amount_minor > 0", name="amount_positive"),
    CheckConstraint("debit <> credit", name="moves_between_accounts"),
    Index(None, "agreement_id", "contract_year"),
    Index(None, "agreement_id", "request_id"),
)

# What each contract year's penalties add up to: derived from ledger_entries, see records/caps.py.
penalty_years = Table(
    "penalty_years",
    metadata,
    _agreement(),
    Column("contract_year", Integer, nullable=False),
    Column("accrued", BigInteger, nullable=False),
    Column("above_cap", BigInteger, nullable=False),
    Column("adjustments", Integer, nullable=False),
    PrimaryKeyConstraint("agreement_id", "contract_year"),
)

# Penalties that disputes have finally decided, as the agreement's events tell: see records/decisions.py.
decided_penalties = Table(
    "decided_penalties",
    metadata,
    _agreement(),
    Column("request_id", String, nullable=False),
    Column("penalty", String, nullable=False),
    Column("dispute", String, nullable=False),
    Column("decided_at", UtcMicroseconds, nullable=False),
    PrimaryKeyConstraint("agreement_id", "request_id", "penalty"),
)

calendar_years = Table(
    "calendar_years",
    metadata,
    # The order in which snapshots came: the newest of a country's year is the one in use.
    Column("position", BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True),
    Column("country", String, nullable=False),
    Column("year", Integer, nullable=False),
    Column("digest", String, nullable=False),
    Column("announced", Boolean, nullable=False),
    Column("canonical", Text, nullable=False),
    Column("recorded_at", UtcMicroseconds, nullable=False),
    Index(None, "country", "year"),
    Index(None, "digest"),
)

notifications = Table(
    "notifications",
    metadata,
    Column("message_id", String, primary_key=True),
    _agreement(),
    Column("workflow_id", String, nullable=False),
    Column("event_seq", Integer, nullable=False),
    Column("recipient", String, nullable=False),
    Column("address", Text, nullable=False),
    Column("template", String, nullable=False),
    Column("sent_at", UtcMicroseconds, nullable=False),
    Column("response", Text, nullable=False),
    ForeignKeyConstraint(["workflow_id", "event_seq"], ["events.workflow_id", "events.seq"]),
    Index(None, "workflow_id", "event_seq"),
)

histories = Table(
    "histories",
    metadata,
    Column("workflow_id", String, nullable=False),
    Column("run_id", String, nullable=False),
    _agreement(),
    Column("request_id", String),
    Column("previous_run", String),
    Column("outcome", String, nullable=False),
    Column("started_at", UtcMicroseconds, nullable=False),
    Column("closed_at", UtcMicroseconds, nullable=False),
    Column("events", Integer, nullable=False),
    Column("digest", String, nullable=False),
    # JSON as the engine's tools write it, payloads as they were, compressed.
    Column("content", LargeBinary, nullable=False),
    Column("recorded_at", UtcMicroseconds, nullable=False),
    PrimaryKeyConstraint("workflow_id", "run_id"),
    Index(None, "agreement_id"),
    Index(None, "run_id"),
)

# The last number given in each series: its row is the lock that keeps the numbers of invoices without gap.
invoice_series = Table(
    "invoice_series",
    metadata,
    Column("provider_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("year", Integer, nullable=False),
    Column("last", Integer, nullable=False),
    PrimaryKeyConstraint("provider_id", "kind", "year"),
)

invoices = Table(
    "invoices",
    metadata,
    _agreement(),
    Column("key", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("provider_id", String, nullable=False),
    Column("year", Integer, nullable=False),
    Column("place", Integer, nullable=False),
    Column("number", String, nullable=False),
    Column("payment", String, nullable=False),
    Column("at", UtcMicroseconds, nullable=False),
    Column("digest", String, nullable=False),
    # Canonical JSON; its UTF-8 bytes are what the digest is of.
    Column("canonical", Text, nullable=False),
    Column("recorded_at", UtcMicroseconds, nullable=False),
    PrimaryKeyConstraint("agreement_id", "key"),
    UniqueConstraint("provider_id", "kind", "year", "place"),
    Index(None, "agreement_id", "number"),
)

issued_invoices = Table(
    "issued_invoices",
    metadata,
    Column("agreement_id", String, nullable=False),
    Column("key", String, nullable=False),
    Column("issuer", String, nullable=False),
    Column("issuer_number", String, nullable=False),
    Column("reference", Text),
    Column("recorded_at", UtcMicroseconds, nullable=False),
    PrimaryKeyConstraint("agreement_id", "key"),
    ForeignKeyConstraint(["agreement_id", "key"], ["invoices.agreement_id", "invoices.key"]),
)

invoice_files = Table(
    "invoice_files",
    metadata,
    Column("agreement_id", String, nullable=False),
    Column("key", String, nullable=False),
    Column("name", String, nullable=False),
    Column("media_type", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("agreement_id", "key", "name"),
    ForeignKeyConstraint(["agreement_id", "key"], ["issued_invoices.agreement_id", "issued_invoices.key"]),
)

"""alembic's entry: runs the revisions on the connection that `records.migrate` hands over."""

from __future__ import annotations

from alembic import context

from records.schema import metadata

# The caller's transaction holds the lock and commits; alembic joins it.
context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)

with context.begin_transaction():
    context.run_migrations()

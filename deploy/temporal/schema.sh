#!/bin/sh
# Makes or updates the tables of a Temporal server in PostgreSQL; changes nothing when they are up to date.
#
# The databases are there already, and belong to SQL_USER (deploy/postgres/owner.sh). Before a newer server
# starts, this runs with the admin tools of the same version: that is how a Temporal server is upgraded.
set -eu

# shellcheck source=deploy/temporal/patiently.sh
. "$(dirname "$0")/patiently.sh"

: "${SQL_HOST:?host of PostgreSQL}" "${SQL_USER:?owner of the databases}"
: "${SQL_PORT:=5432}" "${SQL_PLUGIN:=postgres12}"
SQL_PASSWORD=$(cat "${SQL_PASSWORD_FILE:?file with the password of SQL_USER}")
export SQL_HOST SQL_PORT SQL_PLUGIN SQL_USER SQL_PASSWORD

for pair in temporal:temporal temporal_visibility:visibility; do
  database=${pair%:*}
  folder=/etc/temporal/schema/postgresql/v12/${pair#*:}/versioned
  patiently "the first tables of $database" \
    temporal-sql-tool --database "$database" setup-schema --version 0.0
  patiently "the tables of $database" \
    temporal-sql-tool --database "$database" update-schema --schema-dir "$folder"
  say "the tables of $database are up to date"
done

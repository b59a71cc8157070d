#!/bin/sh
# At the first start of a database container: an owner that is no superuser, and the databases it owns.
set -eu

: "${OWNER:?name of the role}" "${OWNED_DATABASES:?names of its databases}"
: "${OWNER_PASSWORD_FILE:?file with its password}"

owner() {
  psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres \
    --set=owner="$OWNER" "$@"
}

# psql itself reads the password, so that it stands in no process's arguments.
owner <<'SQL'
\set password `cat "$OWNER_PASSWORD_FILE"`
CREATE ROLE :"owner" LOGIN PASSWORD :'password';
SQL

for database in $OWNED_DATABASES; do
  owner --set=database="$database" <<'SQL'
CREATE DATABASE :"database" OWNER :"owner" TEMPLATE template0 ENCODING 'UTF8';
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
SQL
done

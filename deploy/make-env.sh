#!/bin/sh
# Makes .env of env.example, and a strong password for everything that wants one, each a file of its own.
#
# What is there is left alone, so this may be run again. In the container a secret is read by another user
# than its owner here, so the files may be read by anyone who can get at them: only the owner of their
# folder can, and root.
set -eu

here=$(dirname "$0")
settings=${1:-$here/../.env}
secrets=${2:-$here/secrets}
umask 077

random() { od -An -v -tx1 -N24 /dev/urandom | tr -d ' \n'; }

# keep FILE: puts what it reads into a file that is not there yet, whole or not at all.
keep() {
  cat >"$1.new"
  chmod "$2" "$1.new"
  mv "$1.new" "$1"
  echo "made $1"
}

secret() { [ -e "$secrets/$1" ] || keep "$secrets/$1" 644; }

mkdir -p "$secrets"
chmod 700 "$secrets"

[ -e "$settings" ] || keep "$settings" 600 <"$here/env.example"
for name in records_db_admin records_db_owner temporal_db_admin temporal_db_owner grafana_admin; do
  random | secret "$name"
done
printf 'postgresql://aftercare:%s@records-db/aftercare' "$(cat "$secrets/records_db_owner")" | secret records_url
# Whoever may read payloads in the Temporal UI has a name and a token of their own.
printf '{"operator": "%s"}\n' "$(random)" | secret codec_operators
# Filled in by hand, where they are needed: the mail server's password, Temporal Cloud's API key.
for name in smtp_password temporal_api_key; do
  : | secret "$name"
done
echo "now fill in what is empty in $settings"

#!/bin/sh
# Makes the namespace the workflows live in, and registers the search attributes they set.
#
# Changes nothing when they are there. Waits for the server, and for the namespace to be known everywhere:
# a server knows a new one only after some seconds. Where the server is, and how to prove who asks, is read
# by the `temporal` command itself: TEMPORAL_ADDRESS, TEMPORAL_TLS…, TEMPORAL_API_KEY.
set -eu

here=$(dirname "$0")
# shellcheck source=deploy/temporal/patiently.sh
. "$here/patiently.sh"

: "${TEMPORAL_ADDRESS:?host:port of the Temporal frontend}"
: "${TEMPORAL_NAMESPACE:?name of the namespace}"
: "${RETENTION:=30d}"

operator() { temporal --command-timeout 15s operator "$@"; }

namespace_is_there() {
  operator namespace describe --namespace "$TEMPORAL_NAMESPACE" && return
  # Another may make it at the same moment: the next attempt finds it.
  operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
}

attribute_is_there() {
  said=$(operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$1" --type "$2" 2>&1) \
    && return
  printf '%s\n' "$said"
  case $said in
    # Whose the name is, only a person can settle.
    *'different type'*) return "$HOPELESS" ;;
  esac
  return 1
}

patiently "the Temporal server at $TEMPORAL_ADDRESS" operator cluster health
patiently "namespace $TEMPORAL_NAMESPACE" namespace_is_there
while read -r name type; do
  case $name in '' | '#'*) continue ;; esac
  patiently "search attribute $name ($type)" attribute_is_there "$name" "$type"
done <"$here/search-attributes"
say "namespace $TEMPORAL_NAMESPACE is ready"

# shellcheck shell=sh
# Read by the scripts beside it. Everything they do may be done again, so what fails is tried again.

HOPELESS=3

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# patiently WHAT COMMAND…: tries the command ATTEMPTS times, PAUSE seconds apart, then says what it waited
# for and what was answered last, and ends the script. At once when the command answers HOPELESS.
patiently() {
  what=$1
  shift
  attempt=1
  while :; do
    status=0
    answer=$("$@" 2>&1) || status=$?
    if [ "$status" -eq 0 ]; then
      return
    elif [ "$status" -eq "$HOPELESS" ]; then
      say "$what: $answer"
      exit 1
    elif [ "$attempt" -ge "${ATTEMPTS:-90}" ]; then
      say "gave up on $what after $attempt attempts; the last answer: $answer"
      exit 1
    elif [ "$attempt" -eq 1 ]; then
      say "waiting for $what"
    fi
    attempt=$((attempt + 1))
    sleep "${PAUSE:-2}"
  done
}

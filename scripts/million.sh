#!/usr/bin/env bash
# Holds a million connections of the product on this machine, everyone in a call, for five minutes, and
# prints what that takes. CONNECTIONS=, SECONDS_HELD= and arguments of `liveloop-bench hold` change it.
# It stops by itself: every phase has an end, and whatever it started ends with it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target="$(realpath -m "${CARGO_TARGET_DIR:-target}")"
connections="${CONNECTIONS:-1000000}"
held="${SECONDS_HELD:-300}"
# Both ends of a connection take some 10 kB of kernel memory, the product 0.5 kB.
needed=$((connections * 11 / 1000))
available=$(($(sed -n 's/^MemAvailable: *\([0-9]*\) kB$/\1/p' /proc/meminfo) / 1000))
if [[ $available -lt $needed ]]; then
  echo "$connections connections need some $needed MB of memory, and $available MB are available: give fewer, as CONNECTIONS=…" >&2
  exit 1
fi
ulimit -n "$(ulimit -Hn)"

# The data folders of nodes that were killed are nobody's otherwise.
TMPDIR="$(mktemp -d)"
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
timeout --kill-after=10 $((held + 600 + connections / 250)) \
  "$target/release/liveloop-bench" hold --connections "$connections" --seconds "$held" --heartbeat 120 \
  --server "$target/release/liveloop" "$@"

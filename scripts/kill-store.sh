#!/usr/bin/env bash
# Visitors of a group and of calls talk, and what they are told is written down, while the server is killed
# ROUNDS times on the same data; then while syncs of its disk fail, and while its disk is full. Each time
# the store must have everything that anybody was told, exactly once and without a hole; and a server on
# the same data must tell every reader the same.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bin="$(realpath -m "${CARGO_TARGET_DIR:-target}")/${1:-release}"
rounds="${ROUNDS:-100}"
faults="$(( rounds < 10 ? rounds : 10 ))"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

talk() {
  "$bin/liveloop-bench" durable --server "$bin/liveloop" --data "$1" --book "$folder/book" "${@:2}"
}

hold() {
  "$bin/liveloop-bench" recall --server "$bin/liveloop" --data "$1" --book "$folder/book"
  "$bin/examples/held" "$1" "$folder/book"
}

echo "killed $rounds times:"
talk "$folder/killed" --rounds "$rounds"
hold "$folder/killed"

echo 'syncs that fail:'
talk "$folder/syncs" --rounds "$faults" --trouble sync
hold "$folder/syncs"

echo 'a full disk:'
small="$folder/small"
mkdir "$small"
export -f talk hold
export bin folder small faults
# The small disk is seen by this shell and its children alone.
namespace=(unshare --mount)
[ "$(id -u)" = 0 ] || namespace+=(--user --map-root-user)
if ! "${namespace[@]}" mount -t tmpfs -o size=1m tmpfs "$small"; then
  echo 'a full disk is NOT TESTED: this account may not mount a small disk, even in a namespace of its own' >&2
  # Nobody would read that there.
  [ -z "${CI:-}" ] || exit 1
  exit 0
fi
# On a full one no server starts, so each round has a disk of its own.
"${namespace[@]}" bash -euo pipefail -c '
  for round in $(seq "$faults"); do
    mount -t tmpfs -o size=1m tmpfs "$small"
    talk "$small/data" --rounds 1 --trouble full
    # To be looked at it needs room again.
    cp -r "$small/data" "$folder/full-$round"
    umount "$small"
    hold "$folder/full-$round"
  done'

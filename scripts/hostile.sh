#!/usr/bin/env bash
# Attacks a server as hostile clients do, and measures what that does to the others on it. The first
# argument is `release` or `debug`, the rest goes to `liveloop-bench hostile`. It runs in a network of its
# own, in which clients can vanish and nothing else is attacked by mistake, and stops by itself.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bin="$(realpath -m "${CARGO_TARGET_DIR:-target}")/$1"
shift
ulimit -n "$(ulimit -Hn)"
# Whoever is not root is it in there; where that is not allowed, sudo may help if it asks for nothing.
apart=(unshare --net)
[[ $(id -u) -eq 0 ]] || apart=(unshare --user --map-root-user --net)
"${apart[@]}" true 2>/dev/null || apart=(sudo -n --preserve-env=TMPDIR unshare --net)
if ! "${apart[@]}" true 2>/dev/null; then
  echo 'a network of its own needs root, or user namespaces (sysctl kernel.unprivileged_userns_clone=1)' >&2
  exit 1
fi
# The data folders of servers that were killed are nobody's otherwise.
TMPDIR="$(mktemp -d)"
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
timeout --kill-after=10 1800 "${apart[@]}" --kill-child --fork bash -c \
  'ip link set lo up && exec "$@"' hostile "$bin/liveloop-bench" hostile --server "$bin/liveloop" "$@"

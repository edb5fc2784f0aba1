#!/usr/bin/env bash
# The bench in small, as a test: a few connections held over two nodes, and one pair that meets again
# and again. No time decides, only what is lost and the ratio to the bare loop.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bin="$(realpath -m "${CARGO_TARGET_DIR:-target}")/debug"
TMPDIR="$(mktemp -d)"
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
timeout 180 "$bin/liveloop-bench" hold --server "$bin/liveloop" --connections 2000 --nodes 2 --loaders 3 \
  --seconds 10 --heartbeat 3 --fresh 200 --rounds 1
# With Nagle's algorithm on, or a wake-up that is lost, it is below 0.01.
timeout 120 "$bin/liveloop-bench" run pair --server "$bin/liveloop" --seconds 2 --at-least 0.03

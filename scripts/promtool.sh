#!/usr/bin/env bash
# Makes sure that there is a promtool, which knows what Prometheus accepts.
set -euo pipefail
command -v promtool >/dev/null && exit 0
exec "$(dirname "${BASH_SOURCE[0]}")/apt.sh" prometheus

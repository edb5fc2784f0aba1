#!/usr/bin/env bash
# Makes sure that there is a slowhttptest, which holds connections as slowly as it can.
set -euo pipefail
command -v slowhttptest >/dev/null && exit 0
exec "$(dirname "${BASH_SOURCE[0]}")/apt.sh" slowhttptest

#!/usr/bin/env bash
# Makes sure that there is a Chromium for the tests in real browsers.
set -euo pipefail
if [[ -n ${CHROMIUM:-} ]]; then
  [[ -x $CHROMIUM ]] && exit 0
  echo "CHROMIUM is set to $CHROMIUM, which cannot be run: correct or unset it." >&2
  exit 1
fi
command -v chromium >/dev/null && exit 0
exec "$(dirname "${BASH_SOURCE[0]}")/apt.sh" chromium

#!/usr/bin/env bash
# Installs the npm packages of a folder exactly as its lock file says, unless they are there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../$1"

stamp=node_modules/.installed-from
lock="$(sha256sum package-lock.json)"
if [[ -f $stamp && "$(cat "$stamp")" == "$lock" ]]; then
  exit 0
fi
echo "installing the npm packages of $1 …"
npm ci --no-audit --no-fund --loglevel=error
echo "$lock" >"$stamp"

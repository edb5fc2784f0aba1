#!/usr/bin/env bash
# Builds the page into web/dist, unless what is there was built from just these sources.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../web"

sources() {
  find . \( -name node_modules -o -name dist \) -prune -o \
    -type f ! -name '*.tsbuildinfo' ! -name '*.test.*' -print0 | LC_ALL=C sort -z
}
digest() { sources | xargs -0 sha256sum | sha256sum; }

stamp=dist/.sources
if [[ -f dist/index.html && -f $stamp && "$(cat "$stamp")" == "$(digest)" ]]; then
  exit 0
fi
../scripts/npm-packages.sh web
echo 'building the page …'
npm run build --silent
digest >"$stamp"

#!/usr/bin/env bash
# Starts the server given as argument, lets AsyncAPI's parser read its events, and lets schemathesis
# ask of its REST interface whatever the OpenAPI document allows or forbids.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

server="$1"
version=4.32.5
# Absolute, for schemathesis runs in a folder that is removed.
place="$(realpath -m "${CARGO_TARGET_DIR:-target}")/schemathesis"

python3 -c 'import ensurepip, venv' 2>/dev/null || scripts/apt.sh python3 python3-venv
if [[ "$(cat "$place/version" 2>/dev/null)" != "$version" ]] || ! "$place/bin/python" -c ''; then
  echo "installing schemathesis $version …"
  rm -rf "$place"
  python3 -m venv "$place"
  "$place/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version"
  echo "$version" >"$place/version"
fi

folder="$(mktemp -d)"
serving=
stop() {
  [[ -z $serving ]] || { kill "$serving" && wait "$serving"; } 2>/dev/null || true
  rm -rf "$folder"
}
trap stop EXIT

# It asks more than one visitor may, and is to hear what is said of its questions, not of their number.
for limit in rest_per_address_per_second users_per_address_per_minute groups_per_address_per_minute \
  exports_per_address_per_minute groups_per_visitor; do
  export "LIVELOOP_LIMITS_${limit^^}=0"
done
mkfifo "$folder/out"
"$server" serve --listen 127.0.0.1:0 --data "$folder/data" --log-level warn >"$folder/out" &
serving=$!
read -r line <"$folder/out"
address="${line##* }"

node scripts/asyncapi/check.mjs "$address/asyncapi.json"

visitor() {
  "$place/bin/python" - "$address" <<'PYTHON'
import json, sys, urllib.request

request = urllib.request.Request(sys.argv[1] + "/api/users", data=b"{}", method="POST")
request.add_header("Content-Type", "application/json")
print(json.load(urllib.request.urlopen(request))["token"])
PYTHON
}

# The visitor with this token asks whatever the document allows or forbids of these operations.
ask() {
  local token="$1"
  shift
  timeout 170 "$place/bin/schemathesis" run openapi.json --url "$address" --checks all \
    --header "Authorization: Bearer $token" --max-examples "${EXAMPLES:-40}" --seed "${SEED:-1}" \
    --generation-database none --no-color "$@"
}

cd "$folder"
# From a file, for it asks nothing of the route that it has read a document from.
"$place/bin/python" -c 'import sys, urllib.request; urllib.request.urlretrieve(*sys.argv[1:])' \
  "$address/openapi.json" openapi.json
# Whoever is erased may ask nothing more: that is asked by somebody else, at the end.
ask "$(visitor)" --exclude-operation-id erase
ask "$(visitor)" --include-operation-id erase

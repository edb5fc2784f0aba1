#!/usr/bin/env bash
# Starts the server given as argument and lets promtool read its metrics.
set -euo pipefail

folder="$(mktemp -d)"
server=
stop() {
  [[ -z $server ]] || { kill "$server" && wait "$server"; } 2>/dev/null || true
  rm -rf "$folder"
}
trap stop EXIT

mkfifo "$folder/out"
"$1" serve --listen 127.0.0.1:0 --data "$folder/data" --log-level warn >"$folder/out" &
server=$!
read -r line <"$folder/out"
address="${line##*/}"
exec 3<>"/dev/tcp/${address%:*}/${address#*:}"
printf 'GET /metrics HTTP/1.0\r\nHost: %s\r\nConnection: close\r\n\r\n' "$address" >&3
sed '1,/^\r$/d' <&3 >"$folder/metrics"
[[ -s $folder/metrics ]] || { echo 'the server told no metrics' >&2; exit 1; }
promtool check metrics <"$folder/metrics"

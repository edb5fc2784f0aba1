#!/usr/bin/env bash
# Installs servers on other stacks that do the same work, and measures them in one series with ours
# and the bare loop. Arguments go to `liveloop-bench run`; without modes among them: all.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target="$(realpath -m "${CARGO_TARGET_DIR:-target}")"
peers=crates/bench/peers
ready=()
log="$(mktemp)"
trap 'rm -f "$log"' EXIT

# Takes a peer into the series if it can be installed, and says why otherwise.
install() {
  local name="$1"
  shift
  if "$@" >"$log" 2>&1; then
    ready+=(--peer "$name")
  else
    echo "$name is left out, it cannot be installed here: $(tail -n 1 "$log")" >&2
  fi
}
npm_peer() { scripts/npm-packages.sh "$peers/$1"; }
bun_peer() { npm_peer bun && "$peers/bun/node_modules/.bin/bun" --version; }
axum_peer() {
  cargo build --release --locked --manifest-path "$peers/axum/Cargo.toml" --target-dir "$peers/axum/target"
}
fastapi_peer() {
  local venv="$peers/fastapi/.venv"
  if ! cmp -s "$peers/fastapi/requirements.txt" "$venv/.installed-from"; then
    python3 -m venv --clear "$venv" || return 1
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
      -r "$peers/fastapi/requirements.txt" || return 1
    cp "$peers/fastapi/requirements.txt" "$venv/.installed-from"
  fi
}

echo 'installing the peers …'
install bun bun_peer
install axum axum_peer
install tasks axum_peer
install node-ws npm_peer node-ws
install node-socketio npm_peer node-socketio
install fastapi fastapi_peer

modes=(idle storm match relay rate heartbeat)
if [[ ${1:-} == [a-z]* ]]; then modes=(); fi
"$target/release/liveloop-bench" run "${modes[@]}" "$@" \
  --server "$target/release/liveloop" --peers "$peers" "${ready[@]}"

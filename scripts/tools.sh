#!/usr/bin/env bash
# Says in one sentence each what a build lacks on this machine.
set -euo pipefail

missing=0
lacks() {
  echo "$1" >&2
  missing=1
}

rust_min="$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$(dirname "${BASH_SOURCE[0]}")/../Cargo.toml")"
if command -v cargo >/dev/null && command -v rustc >/dev/null; then
  rust="$(rustc --version | cut -d ' ' -f 2)"
  [[ "$(printf '%s\n' "$rust_min" "$rust" | sort -V | head -n 1)" == "$rust_min" ]] ||
    lacks "Rust $rust is too old: version $rust_min or newer is needed (rustup update)."
else
  lacks "Rust is missing: install version $rust_min or newer from https://rustup.rs."
fi
command -v cc >/dev/null ||
  lacks 'A C compiler is missing: install one (Debian and Ubuntu: apt install gcc libc6-dev; macOS: xcode-select --install).'
if command -v node >/dev/null && command -v npm >/dev/null; then
  recent='const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)'
  node -e "$recent" ||
    lacks "Node $(node --version) is too old: version 20.19 or newer is needed, from https://nodejs.org."
else
  lacks 'Node with npm is missing: install version 20.19 or newer from https://nodejs.org.'
fi
exit "$missing"

#!/usr/bin/env bash
# Runs the tests of the event loops, where the one module with unsafe code is, under AddressSanitizer.
# What the kernel reads it cannot see; so freed memory is overwritten, and a buffer that was given back
# too early reaches the other end as bytes that the tests know to be nobody's.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# No toolchain is installed behind anybody's back.
export RUSTUP_AUTO_INSTALL=0
if ! cargo +nightly --version >/dev/null 2>&1; then
  echo 'the sanitizer is SKIPPED: it needs a nightly toolchain of Rust, and there is none here'
  exit 0
fi
host=$(rustc +nightly -vV | sed -n 's/^host: //p')
export ASAN_OPTIONS=max_free_fill_size=1073741824:free_fill_byte=254
RUSTFLAGS='-Zsanitizer=address' CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/sanitized" \
  cargo +nightly test --locked --target "$host" -p liveloop-gateway --lib plane::

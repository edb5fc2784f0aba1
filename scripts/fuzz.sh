#!/usr/bin/env bash
# Fuzzes what reads from outside: each target, or those that are named, for SECONDS_EACH (30), or for
# RUNS executions. What was found interesting is kept in crates/protocol/fuzz/corpus.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../crates/protocol"

# No toolchain is installed behind anybody's back.
export RUSTUP_AUTO_INSTALL=0
if ! cargo +nightly --version >/dev/null 2>&1; then
  echo 'fuzzing is SKIPPED: it needs a nightly toolchain of Rust, and there is none here'
  exit 0
fi
command -v c++ >/dev/null || ../../scripts/apt.sh g++
if ! cargo fuzz --version >/dev/null 2>&1; then
  echo 'installing cargo-fuzz …'
  cargo install --quiet cargo-fuzz --locked --version 0.13.2
fi

if [[ $# -eq 0 ]]; then set -- websocket client_frame; fi
if [[ -n ${RUNS:-} ]]; then bound="-runs=$RUNS"; else bound="-max_total_time=${SECONDS_EACH:-30}"; fi
for target in "$@"; do
  echo "fuzzing $target …"
  dictionary="fuzz/fuzz_targets/$target.dict"
  options=("$bound" -max_len=1000 -verbosity=0 -print_final_stats=1)
  if [[ -f $dictionary ]]; then options+=("-dict=$dictionary"); fi
  # There is no unsafe code that a sanitizer could watch, and without one it is twice as fast.
  cargo +nightly fuzz run --sanitizer none "$target" -- "${options[@]}" 2>&1 | sed '/ # Uses: /d'
done

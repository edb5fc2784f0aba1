#!/bin/sh
# Holds the simulator against bugs that are known to be there: each patch of crates/sim/planted goes into a copy of the
# sources, and must be found within SEEDS seeds. With names, those alone. Some minutes a patch: each is built anew.
set -eu
cd "$(dirname "$0")/.."

seeds=${SEEDS:-1000}
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
# One folder for all of them, so that what they do not touch is built once.
CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}/planted"
export CARGO_TARGET_DIR
[ $# -gt 0 ] || set -- $(cd crates/sim/planted && ls -- *.patch | sed 's/\.patch$//')
missed=0
for name in "$@"; do
    rm -rf "$copy"/*
    cp -R Cargo.toml Cargo.lock crates "$copy"
    patch -s -p1 -d "$copy" <"crates/sim/planted/$name.patch" ||
        { echo "$name: the patch does not apply any more: renew it" >&2; exit 1; }
    (cd "$copy" && cargo build --quiet --locked --profile sim -p liveloop-sim)
    if "$CARGO_TARGET_DIR/sim/liveloop-sim" --seeds "0..$seeds" >"$copy/found" 2>"$copy/progress"; then
        echo "$name: NOT FOUND within $seeds seeds" >&2
        missed=$((missed + 1))
    else
        # The last line tells seed, rule, and how many of the steps are left.
        printf '%s: found, %s\n' "$name" "$(sed -n 's/ --only .*//; $p' "$copy/found")"
    fi
done
[ "$missed" -eq 0 ] || { echo "$missed planted bugs were not found" >&2; exit 1; }

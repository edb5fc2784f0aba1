#!/bin/sh
# What a match costs the Lobby alone: instructions by how many wait (counted by callgrind, so that a busy
# machine does not matter), then time, memory, and whom it pairs.
set -eu
cd "$(dirname "$0")/.."

command -v valgrind >/dev/null || { echo 'valgrind is missing: apt-get install valgrind' >&2; exit 1; }
bench=$(cargo bench --locked -p liveloop-core --bench lobby --no-run 2>&1 | sed -n 's/.*Executable.*(\(.*\))/\1/p')
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

matches=20000
counted() {
    valgrind --tool=callgrind --callgrind-out-file="$out/profile" --toggle-collect='*measured*' "$bench" "$@" 2>&1 |
        sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

printf '%10s %22s\n' waiting 'instructions a match'
for waiting in ${WAITING:-100 1000 10000 100000 1000000}; do
    printf '%10s %22s\n' "$waiting" "$(($(counted instructions "$waiting" $matches) / matches))"
done
printf '%10s %22s\n' plain "$(($(counted plain $matches) / matches))"
echo
"$bench"

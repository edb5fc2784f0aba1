#!/usr/bin/env bash
# Examines the example server, whose binary is the argument, with Autobahn's cases for RFC 6455 as
# kosoku plays them. Compression (12 and 13) is left out: it is not offered.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

example="$1"
version=0.1.0
cases=301
place="${CARGO_TARGET_DIR:-target}/kosoku"
report="$place/report"

python3 -c 'import ensurepip, venv' 2>/dev/null || scripts/apt.sh python3 python3-venv
if [[ "$(cat "$place/version" 2>/dev/null)" != "$version" ]] || ! "$place/bin/python" -c ''; then
  echo "installing kosoku $version …"
  rm -rf "$place"
  python3 -m venv "$place"
  "$place/bin/pip" install --quiet --disable-pip-version-check "kosoku==$version"
  echo "$version" >"$place/version"
fi

exec {lines}< <(PORT=0 exec "$example")
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
read -r _ _ address <&"$lines" || {
  echo "the example server $example does not start" >&2
  exit 1
}

rm -rf "$report"
outcome=0
timeout 170 "$place/bin/kosoku" "$address/echo" -x '12.*' -x '13.*' -o "$report" || outcome=$?
# One by one, for what is tolerated elsewhere (NON-STRICT) is a failure here.
"$place/bin/python" - "$report/index.json" "$cases" <<'PYTHON' || outcome=1
import collections, json, sys

path, expected = sys.argv[1], int(sys.argv[2])
(cases,) = json.load(open(path)).values()
groups, bad = collections.defaultdict(collections.Counter), []
for case, result in cases.items():
    verdicts = {result["behavior"], result["behaviorClose"]}
    passed = verdicts <= {"OK", "INFORMATIONAL"}
    groups[int(case.split(".")[0])]["passed" if passed else "failed"] += 1
    if not passed:
        bad.append(f"case {case}: {result['behavior']}, close {result['behaviorClose']}")
for group, counts in sorted(groups.items()):
    print(f"  cases {group}.*:", ", ".join(f"{n} {what}" for what, n in counts.items()))
if len(cases) < expected:
    bad.append(f"only {len(cases)} of {expected} cases were played")
print("\n".join(bad) or f"all {len(cases)} cases passed")
sys.exit(bool(bad))
PYTHON
[[ $outcome -eq 0 ]] || echo "the reports of all cases are in $report/index.html" >&2
exit "$outcome"

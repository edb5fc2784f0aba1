#!/usr/bin/env bash
# Installs Debian packages, or says in one sentence why that cannot be done here.
set -euo pipefail

as_root=()
if [[ $(id -u) -ne 0 ]]; then
  # Only where somebody is there to type a password may sudo ask for one.
  if [[ -t 0 && -t 2 ]]; then as_root=(sudo); else as_root=(sudo -n); fi
fi
if ! command -v apt-get >/dev/null; then
  echo "These are missing and apt-get is not here to install them: $*. Install them by hand." >&2
  exit 1
fi
if [[ ${#as_root[@]} -gt 0 ]] && ! { command -v sudo >/dev/null && "${as_root[@]}" true; }; then
  echo "These are missing and only root can install them: $*. Run: apt-get install $*" >&2
  exit 1
fi
echo "installing $* with apt-get …"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null

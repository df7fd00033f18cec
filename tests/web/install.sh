#!/usr/bin/env bash
# Installs the npm development tools of tests/web/package-lock.json beside it, without running any
# package's scripts, and a Node.js 20 in tests/web/node20 where the machine's own is older. Does
# nothing when the lock files have not changed since. Exit 0 also when there is no network: the
# tests that need the tools are then skipped and say so.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"

say() { printf '%s\n' "$*" >&2; }

# install FOLDER: npm ci there unless its stamp has the lock's hash.
install() {
  local hash log
  hash=$(sha256sum "$1/package-lock.json" | cut -d' ' -f1)
  [ "$(cat "$1/node_modules/.lock-hash" 2>/dev/null)" = "$hash" ] && return 0
  say "installing npm packages into tests/web${1#.}/node_modules"
  log=$(mktemp)
  if (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --prefer-offline >"$log" 2>&1); then
    echo "$hash" > "$1/node_modules/.lock-hash"
    rm -f "$log"
    return 0
  fi
  # A half-filled folder would look like an installed one.
  rm -rf "$1/node_modules"
  grep -m3 -E 'npm (ERR|error)' "$log" >&2 || tail -3 "$log" >&2
  rm -f "$log"
  say "npm could not install (no network?): tests of the web parts will be skipped; run ./dev test again when there is one"
  return 1
}

if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
  say "no node or npm on this machine: tests of the web parts will be skipped"
  exit 0
fi
# Playwright and Vite want Node.js 20; Debian 12's own is 18, whose npm is good enough to fetch one.
if [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 20 ]; then
  install ./node20 || exit 0
fi
install . || exit 0

#!/bin/sh
# Ours and the peer of `oidc` side by side, three runs: bench/oidc.sh [log-ins of the peer]. See bench/oidc.md.
set -eu
cd "$(dirname "$0")/.."
count="${1:-2000}"
cargo build --release -q -p tegata
(cd bench/oidc_peer && npm ci --silent --no-audit --no-fund)
uptime
for _round in 1 2 3; do
    target/release/tegata bench oidc --town towns/mutsu --json
    node bench/oidc_peer/bench.mjs "$count"
done
uptime

#!/bin/sh
# Ours and npm web-push by turns, three rounds; then a notice to a city. usage: bench/push.sh [recipients]. See bench/push.md.
set -eu
cd "$(dirname "$0")/.."
cargo build --release -q -p tegata
(cd bench/push_peer && npm ci --silent --no-audit --no-fund)
uptime
for _round in 1 2 3; do
    target/release/tegata bench push --json
    node bench/push_peer/bench.mjs
done
target/release/tegata bench notice --town towns/mutsu --json --n "${1:-500000}"
uptime

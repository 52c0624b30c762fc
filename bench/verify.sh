#!/bin/sh
# Ours, the limit and the peer of `verify` side by side: bench/verify.sh [cards]. See bench/verify.md.
set -eu
cd "$(dirname "$0")/.."
cards="${1:-5000}"
cargo build --quiet --release -p credential --example verify_bench
(cd bench/verify_peer && npm ci --silent --no-audit --no-fund)
for _round in 1 2 3; do
    "${CARGO_TARGET_DIR:-target}/release/examples/verify_bench" "$cards"
    node bench/verify_peer/bench.mjs "$((cards / 2))"
done

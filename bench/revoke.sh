#!/bin/sh
# From bundle to no, and decisions while a large bundle is applied, release build; `bench/revoke.md` says what they mean.
# usage: bench/revoke.sh [residents of the large town]
set -eu
cd "$(dirname "$0")/.."
cargo build --release -q -p tegata
uptime
target/release/tegata bench revoke --town towns/mutsu --json
target/release/tegata bench revoke --town towns/mutsu --undisturbed --json --residents "${1:-100000}"
uptime

#!/bin/sh
# Three runs of the online decision, release build; `bench/present.md` says what they mean. Arguments go to `tegata bench present`.
set -eu
cd "$(dirname "$0")/.."
cargo build --release -q -p tegata
uptime
for round in 1 2 3; do
    target/release/tegata bench present --town towns/mutsu --json "$@"
done
uptime

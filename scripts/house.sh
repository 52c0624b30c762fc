# Sourced by ./run and ./test: what is needed on this machine, and the browser side that goes into the binary.
# shellcheck shell=bash

WASM=target/wasm32-unknown-unknown/wasm/credential_wasm.wasm

fail() {
    printf '\n%s\n' "$*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "This needs an administrator: $*"
    fi
}

# Installs Debian packages; the list of packages is fetched once.
install_packages() {
    command -v apt-get >/dev/null || fail "Please install these first: $*"
    echo "installing $*"
    if [ -z "${packages_listed:-}" ]; then
        as_root apt-get update -qq
        packages_listed=yes
    fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

need_tools() {
    [ -d "$HOME/.cargo/bin" ] && PATH="$PATH:$HOME/.cargo/bin"
    command -v cargo >/dev/null || fail "Rust is missing. Install it from https://rustup.rs and start again."
    command -v cc >/dev/null || install_packages gcc libc6-dev
    # What the card reader is built with; elsewhere the system has it.
    if [ "$(uname)" = Linux ] && ! pkg-config --exists libpcsclite 2>/dev/null; then install_packages pkg-config libpcsclite-dev; fi
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        fail "Node.js 20 or newer with npm is missing. Install it and start again."
    fi
    local major
    major=$(node -p 'process.versions.node.split(".")[0]')
    [ "$major" -ge 20 ] || fail "Node.js is of version $major; version 20 or newer is needed."
    if [ ! -d "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown" ]; then
        command -v rustup >/dev/null || fail "The Rust target wasm32-unknown-unknown is missing; with rustup: rustup target add wasm32-unknown-unknown"
        rustup target add wasm32-unknown-unknown
    fi
}

# The cards and the offline verifier, for browsers. Cargo skips what has not changed.
build_wasm() {
    CARGO_TARGET_DIR=$PWD/target cargo build --quiet --locked -p credential-wasm --target wasm32-unknown-unknown --profile wasm
}

# npm ci, unless the lock file is the one that was installed last.
install_npm() {
    local folder=$1 lock stamp
    lock=$(sha256sum <"$folder/package-lock.json")
    stamp=$folder/node_modules/.installed
    if [ "$(cat "$stamp" 2>/dev/null)" != "$lock" ]; then
        # Said here, because callers' `||` switches `set -e` off; npm's own words say what was wrong.
        (cd "$folder" && npm ci --loglevel=error --no-audit --no-fund >/dev/null) || {
            echo "npm could not install what $folder/package-lock.json names" >&2
            return 1
        }
        printf '%s\n' "$lock" >"$stamp"
    fi
}

# Pages' styles, scripts and pictures into ui/dist, unless nothing they are made of is newer.
build_ui() {
    install_npm ui || return 1
    local built=ui/dist/manifest.json changed=yes
    if [ -f "$built" ]; then
        changed=$(find ui/src ui/css ui/icons ui/build.mjs ui/package-lock.json "$WASM" -newer "$built" -print -quit)
    fi
    if [ -n "$changed" ]; then
        (cd ui && npm run --silent build)
        # A release build takes these files into the binary: cargo has to look again.
        touch crates/web/src/assets.rs
    fi
}

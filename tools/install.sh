#!/usr/bin/env bash
# Installs what `make check` needs beside the toolchain into target/tools. Unoptimised: they run for seconds, and building is most of it.
set -euo pipefail
cd "$(dirname "$0")/.."
deny=0.20.2 machete=0.9.2
export PATH="$PWD/target/tools/bin:$PATH"
have() { # NAME VERSION
    command -v "cargo-$1" >/dev/null && [ "$("cargo-$1" --version 2>/dev/null | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1)" = "$2" ]
}
install() { # NAME VERSION
    have "$1" "$2" || CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --debug --locked --root target/tools "cargo-$1@$2"
}
install machete "$machete"
install deny "$deny"

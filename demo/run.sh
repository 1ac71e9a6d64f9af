#!/usr/bin/env bash
# From raw logs to an answer with proof: builds muster, takes demo/logs in, responds to the indicator of demo/truth.yaml, writes the
# brief as a page (target/demo/brief.html), exports its evidence and has both verifiers judge it. Stops at the first thing that does not hold.
set -euo pipefail
cd "$(dirname "$0")/.."

indicator=$(sed -nE 's/^indicator: *"?([^"#]*[^"# ])"? *(#.*)?$/\1/p' demo/truth.yaml | head -n 1)
[ -n "$indicator" ] || { echo "demo: demo/truth.yaml names no indicator" >&2; exit 3; }

cargo build --quiet --locked -p muster
muster=${CARGO_TARGET_DIR:-target}/debug/muster
store=target/demo/store
team=(--registry demo/registry --plan demo/plan --store "$store")
rm -rf target/demo && mkdir -p target/demo

step() { printf '\n$ %s\n' "${*/#$muster/muster}"; "$@"; }
step "$muster" ingest demo/logs --store "$store"
step "$muster" respond "$indicator" "${team[@]}"
step "$muster" respond "$indicator" "${team[@]}" --format html --out target/demo/brief.html
step "$muster" evidence export "$indicator" --store "$store" --out target/demo/evidence.zip
step "$muster" evidence verify target/demo/evidence.zip
step python3 tools/verify.py target/demo/evidence.zip

#!/usr/bin/env bash
# All tests: with nextest where it is installed (doc tests apart, which it does not run), else with cargo's own runner.
# Closes with what was skipped: tests print a line `skipped: …` for what they could not look at.
set -uo pipefail
cd "$(dirname "$0")/.."
log=target/test.log
mkdir -p target
# The readers of strangers, where `tools/python.sh` has installed them.
if [ -x target/python/bin/python ]; then export MUSTER_TEST_PYTHON="${MUSTER_TEST_PYTHON:-$PWD/target/python/bin/python}"; fi
if cargo nextest --version >/dev/null 2>&1; then
    { cargo nextest run --workspace --locked --no-fail-fast --success-output final && cargo test --workspace --locked --doc --quiet; } 2>&1 | tee "$log"
else
    cargo test --workspace --locked --no-fail-fast -- --show-output 2>&1 | tee "$log"
fi
code=${PIPESTATUS[0]}
echo
echo "== skipped"
grep -hE '^ *(skipped: |test .* ignored)' "$log" | sort -u || echo "nothing"
exit "$code"

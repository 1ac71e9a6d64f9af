#!/usr/bin/env bash
# A Python environment under target/ with the strangers' readers that tests and bench compare with.
# Prints the interpreter's path last.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=target/python
if ! "$venv/bin/python" -c 'import duckdb, deltalake, pyarrow; assert duckdb.__version__.startswith("2.0.")' 2>/dev/null; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check 'duckdb==2.0.*' deltalake pyarrow
fi
echo "$venv/bin/python"

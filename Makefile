# What can be done here. `make` alone lists it.
.DEFAULT_GOAL := help
.PHONY: help demo test check bench bench-formats fuzz release tools fidelity

CARGO ?= cargo
FUZZ_SECONDS ?= 1800
FUZZ_TARGETS ?=
export PATH := $(CURDIR)/target/tools/bin:$(PATH)

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 15

demo: ## from raw logs to an answer with proof: ingest, respond, export, verify twice (target/demo)
	@bash demo/run.sh

test: ## all tests, doc tests included; says what it skips
	@bash tools/test.sh

check: ## formatting, lints, layout, dependencies
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(CARGO) xtask tidy
	@command -v cargo-deny >/dev/null || { echo "check: cargo-deny is not installed; run 'make tools'" >&2; exit 3; }
	$(CARGO) deny --locked check bans licenses sources
	@command -v cargo-machete >/dev/null || { echo "check: cargo-machete is not installed; run 'make tools'" >&2; exit 3; }
	cargo-machete --skip-target-dir .

bench: ## rate, memory and size of an ingest beside DuckDB, on a scaled-up real corpus
	$(CARGO) build --release --locked -p muster -p xtask
	$${CARGO_TARGET_DIR:-target}/release/xtask bench

bench-formats: ## rate of every format from bytes to columns on one core, beside peers that are installed
	$(CARGO) build --release --locked -p xtask
	$${CARGO_TARGET_DIR:-target}/release/xtask bench-formats

fidelity: ## what the parsers keep of the facts that independent readers found
	$(CARGO) test --locked -p formats -p detect --test main -- --nocapture oracle facts corpus

fuzz: ## coverage-guided fuzzing of every framing and format (FUZZ_SECONDS=1800 in all; FUZZ_TARGETS=… for some), resumable
	$(CARGO) xtask fuzz $(FUZZ_SECONDS) $(FUZZ_TARGETS)

release: ## the fast program: target/release/muster
	$(CARGO) build --release --locked -p muster

tools: ## what `check` needs beside the toolchain, into target/tools
	@bash tools/install.sh

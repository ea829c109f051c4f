# All there is to do with a checkout. Everything is built in the release profile: one build tree, and the
# tests run the code that is measured. Nothing here needs Docker.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help brokers demo test bench example clean

WEIGHBRIDGE := ./target/release/weighbridge

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

brokers: ## install redis-server and nats-server where they are missing
	@./scripts/install-brokers.sh

demo: brokers ## measure all transports for some seconds each, and say where the report is
	cargo build --release --locked
	$(WEIGHBRIDGE) run quickstart

# The quick checks first, so that a slip shows before the long ones start.
test: brokers ## every check: format, lints, documentation, tests
	cargo fmt --check
	cargo clippy --all-targets --release --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --release --locked
	cargo test --release --locked

bench: brokers ## measure the parts that a request passes through, one by one
	cargo bench --locked

# What is worth keeping of the run goes to reports/example.
example: brokers ## renew reports/example with a quickstart run
	cargo build --release --locked
	$(WEIGHBRIDGE) run quickstart
	@mkdir -p reports/example
	@cp reports/latest/report.html reports/latest/result.json reports/latest/scenario.toml reports/example/
	@echo "reports/example/report.html"

clean: ## delete what was built; reports and installed brokers stay
	cargo clean

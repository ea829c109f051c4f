# All there is to do with a checkout. Everything is built in the release profile: one build tree, and the
# tests run the code that is measured. Nothing here needs Docker.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help brokers browser witness demo test fuzz simulate planted bench peers example pictures fixtures clean

WEIGHBRIDGE := ./target/release/weighbridge

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

brokers: ## install redis-server and nats-server where they are missing
	@./scripts/install-brokers.sh

browser: ## install Chromium and chromedriver where they are missing
	@./scripts/install-browser.sh

witness: ## install the Python packages that hear the wire and read scrapes in tests, where they are missing
	@./scripts/install-witness.sh

demo: brokers ## measure all transports for some seconds each, and say where the report is
	cargo build --release --locked
	$(WEIGHBRIDGE) run quickstart

# The quick checks first, so that a slip shows before the long ones start.
test: brokers browser witness ## every check: format, lints, documentation, tests
	cargo fmt --all --check
	./scripts/planted-bugs.py --check
	cargo clippy --workspace --all-targets --release --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --release --locked
	cargo test --workspace --release --locked

# Ten million inputs: those that cost little by the million.
fuzz: ## hand in ten million broken scenario files, records, ids and URLs
	cargo test --release --locked --test fuzz --no-run
	@for target in scenario_file:300000 record:20000 correlation_id:5000000 url:4680000; do \
		FUZZ_INPUTS=$${target#*:} nice -n 19 \
			cargo test --release --locked --test fuzz -- "no_$${target%:*}_makes"; done

simulate: ## run a million simulated trials against the oracle
	SIMULATIONS=1000000 cargo test --release --locked --test simulation every_run -- --nocapture

planted: ## plant bugs in a copy of the sources, and see that the tests catch each
	@./scripts/planted-bugs.py

bench: brokers ## measure the parts that a request passes through, one by one
	cargo bench --locked

# The yardstick in Go needs Debian's Go compiler and client library.
peers: brokers ## hold Weighbridge against redis-benchmark and a plain Go client, in turn
	@command -v go >/dev/null && command -v redis-benchmark >/dev/null && test -d /usr/share/gocode/src/github.com/nats-io/nats.go || \
		{ apt-get update -q && apt-get install -y -q redis-tools golang-go golang-github-nats-io-go-nats-dev; }
	cargo build --release --locked --bins --example async_nats_alone
	@mkdir -p target/peers
	GO111MODULE=off GOPATH=/usr/share/gocode go build -o target/peers/natspeer peers/natspeer.go
	@./scripts/peers.py

# Three repetitions, so that differences are judged and repetitions drawn. What is worth keeping of the run
# goes to reports/example.
example: brokers browser ## renew reports/example with a quickstart run, and the pictures with it
	cargo build --release --locked
	$(WEIGHBRIDGE) run quickstart --repeat 3
	@mkdir -p reports/example
	@cp reports/latest/{report.html,result.json,scenario.toml,badge.svg} reports/example/
	@echo "reports/example/report.html"
	@$(MAKE) --no-print-directory pictures

pictures: browser ## take the pictures of README and docs from reports/example
	@cargo test --release --locked --quiet --test browser take_the_pictures -- --ignored --nocapture | grep '^docs/'

fixtures: brokers ## measure the records that the tests make pages of
	cargo build --release --locked
	@./scripts/renew-fixtures.sh

clean: ## delete what was built; reports and installed brokers stay
	cargo clean

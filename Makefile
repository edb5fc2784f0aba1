# Live Loop: `make run` starts it, `make test` tests all of it, `make` lists the rest.

MAKEFLAGS += --no-print-directory
TARGET := $(or $(CARGO_TARGET_DIR),target)
SERVER := $(abspath $(TARGET))/debug/liveloop

.DEFAULT_GOAL := help
.PHONY: help run page test sim sim-long sim-planted sim-binary test-rust test-web test-metrics test-api test-bench test-hostile test-kill-store kill-store conformance e2e fuzz sanitize \
        check lint-rust lint-web ci generated screenshots bench bench-lobby bench-store bench-peers bench-binaries million hostile clean tools

help: ## list what can be made
	@echo 'make TARGET, where TARGET is one of'
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile
	@echo 'For example: make run PORT=9000 ARGS="--log-level debug"'

run: page ## build what has changed and serve on http://localhost:8000 (PORT=, ARGS=)
	@echo 'building the server …'
	@cargo build --locked -p liveloop
	@exec '$(SERVER)' serve $(if $(PORT),--listen 127.0.0.1:$(PORT)) $(ARGS)

page: tools ## build the page, if its sources have changed
	@scripts/page.sh

test: test-rust sim conformance test-web test-metrics test-api test-bench test-hostile test-kill-store e2e ## install what the tests need, then run all of them

test-rust: page ## test the Rust crates, the binary among them
	@# With it the store's tests let syncs fail.
	@command -v strace >/dev/null || scripts/apt.sh strace
	@echo 'testing the server …'
	cargo test --locked --workspace
	@echo 'testing the gateway once more, with its sends through io_uring …'
	LIVELOOP_TEST_IO_URING=1 cargo test --locked -p liveloop-gateway --test '*'

sim: sim-binary ## simulate 200 lives of a node, from fixed seeds (SEEDS=0..200, STEPS=, ARGS=)
	@echo 'simulating …'
	'$(abspath $(TARGET))/sim/liveloop-sim' --seeds $(or $(SEEDS),0..200) $(if $(STEPS),--steps $(STEPS)) $(ARGS)

sim-long: sim-binary ## simulate 100,000 lives (an hour or less)
	'$(abspath $(TARGET))/sim/liveloop-sim' --seeds 0..100000 --all $(ARGS)

sim-planted: ## hold the simulator against bugs that are known to be there (NAMES=, SEEDS=1000; half an hour)
	SEEDS='$(or $(SEEDS),1000)' scripts/sim-planted.sh $(NAMES)

sim-binary:
	@cargo build --locked --profile sim -p liveloop-sim

conformance: tools ## examine the WebSocket with Autobahn's cases for RFC 6455
	@cargo build --locked -p liveloop-gateway --example conformance
	@echo 'examining the WebSocket …'
	@scripts/kosoku.sh '$(abspath $(TARGET))/debug/examples/conformance'

fuzz: tools ## feed the decoders what nobody would think of (SECONDS_EACH=30 or RUNS=, TARGETS=)
	@SECONDS_EACH='$(SECONDS_EACH)' RUNS='$(RUNS)' scripts/fuzz.sh $(TARGETS)

sanitize: page ## test the event loops, where the unsafe code is, under AddressSanitizer
	@echo 'testing the event loops under AddressSanitizer …'
	scripts/sanitize.sh

test-web: tools ## test the page's logic
	@scripts/npm-packages.sh web
	@echo 'testing the page …'
	cd web && npm test

test-bench: page ## hold a few connections over two nodes, and watch one pair
	@cargo build --locked -p liveloop -p liveloop-bench
	@echo 'testing the bench in small …'
	scripts/bench-small.sh

test-hostile: page ## attack a server with a few hundred hostile clients
	@scripts/slowhttptest.sh
	@cargo build --locked -p liveloop -p liveloop-bench
	@echo 'attacking a server …'
	scripts/hostile.sh debug --small --rounds 1 --seconds 4

test-kill-store: page ## kill a server under chat, let its disk fail, and look for what was acknowledged
	@command -v strace >/dev/null || scripts/apt.sh strace
	@cargo build --locked -p liveloop -p liveloop-bench
	@cargo build --locked -p liveloop-sqlite --example held
	@echo 'killing a server that keeps what is said …'
	ROUNDS=3 scripts/kill-store.sh debug

kill-store: page ## the same at length (ROUNDS=100)
	@command -v strace >/dev/null || scripts/apt.sh strace
	@cargo build --locked --release -p liveloop -p liveloop-bench
	@cargo build --locked --release -p liveloop-sqlite --example held
	ROUNDS='$(or $(ROUNDS),100)' scripts/kill-store.sh release

test-metrics: page ## let promtool read the metrics of the built server
	@scripts/promtool.sh
	@cargo build --locked -p liveloop
	@echo 'checking the metrics …'
	scripts/check-metrics.sh '$(SERVER)'

test-api: page ## hold the server against its own OpenAPI and AsyncAPI documents (EXAMPLES=40, SEED=1)
	@scripts/npm-packages.sh scripts/asyncapi
	@cargo build --locked -p liveloop
	@echo 'holding the server against its documents …'
	EXAMPLES='$(EXAMPLES)' SEED='$(SEED)' scripts/test-api.sh '$(SERVER)'

e2e: page ## test the whole with real browsers
	@scripts/chromium.sh
	@scripts/npm-packages.sh e2e
	@cargo build --locked -p liveloop
	@echo 'testing with real browsers …'
	cd e2e && LIVELOOP_BIN='$(SERVER)' npm test

check: lint-rust lint-web ## format, lints, documentation, and whether generated files are current

lint-rust: page
	@echo 'checking the server …'
	cargo fmt --all --check
	cargo fmt --manifest-path crates/bench/peers/axum/Cargo.toml --check
	cargo fmt --manifest-path crates/protocol/fuzz/Cargo.toml --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --no-deps --document-private-items
	cargo test --locked -p liveloop-protocol typescript
	cargo test --locked -p liveloop --bin liveloop document

lint-web: tools
	@scripts/npm-packages.sh web
	@scripts/npm-packages.sh e2e
	@echo 'checking the page …'
	cd web && npm run lint
	cd e2e && npm run lint

ci: check test sanitize fuzz ## everything that must hold for a change to land

generated: tools ## renew the page's wire types and docs/configuration.md
	UPDATE_GENERATED=1 cargo test --locked -p liveloop-protocol typescript
	@scripts/page.sh
	UPDATE_GENERATED=1 cargo test --locked -p liveloop --bin liveloop document

screenshots: page ## take the pictures of docs/images with a real browser
	@scripts/chromium.sh
	@scripts/npm-packages.sh e2e
	@cargo build --locked -p liveloop
	cd e2e && LIVELOOP_BIN='$(SERVER)' npm run screenshots

bench: bench-binaries ## measure the release build beside a bare epoll loop (some minutes)
	'$(abspath $(TARGET))/release/liveloop-bench' run idle storm match pair relay rate room heartbeat \
		--server '$(abspath $(TARGET))/release/liveloop' $(ARGS)

bench-peers: bench-binaries ## the same beside servers on other stacks, which it installs (half an hour)
	scripts/bench-peers.sh $(ARGS)

bench-lobby: ## measure the Lobby alone: instructions, time and memory a match, and whom it pairs
	@scripts/bench-lobby.sh

million: bench-binaries ## hold a million connections on this machine (CONNECTIONS=, some ten minutes)
	scripts/million.sh $(ARGS)

hostile: bench-binaries ## attack a server, and measure what the others on it notice (ten minutes)
	@scripts/slowhttptest.sh
	scripts/hostile.sh release $(ARGS)

bench-store: ## measure the store alone: durable messages/s, latency, pages, bytes a message (MESSAGES=1000000)
	cargo bench --locked -p liveloop-sqlite --bench store -- --messages $(or $(MESSAGES),1000000) $(ARGS)

bench-binaries: page
	@echo 'building for release …'
	@cargo build --locked --release -p liveloop -p liveloop-bench

clean: ## remove everything that was built or installed here
	cargo clean
	rm -rf crates/protocol/fuzz/target crates/protocol/fuzz/corpus
	rm -rf web/dist web/node_modules e2e/node_modules e2e/output scripts/asyncapi/node_modules
	rm -rf crates/bench/peers/*/node_modules crates/bench/peers/axum/target crates/bench/peers/fastapi/.venv

tools:
	@scripts/tools.sh

# Every target works as the first command after a clone: it sets up what is missing.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
# nats-server may be where only root looks.
export PATH := $(CURDIR)/toolchain/node_modules/.bin:$(CURDIR)/node_modules/.bin:$(PATH):/usr/sbin
# What Node has compiled once it need not compile again for each of the processes a system consists of.
export NODE_COMPILE_CACHE ?= $(CURDIR)/node_modules/.cache/node

.DEFAULT_GOAL := help
.PHONY: help setup start demo stop test simulate check format contracts conformance bench profile

help: ## Shows this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Installs Node 24, pnpm, the packages and nats-server where they are missing
	@./infra/setup.sh

start: setup ## Starts the whole system with the nine cities seeded; Ctrl-C stops it (TONGDUI_DATA, TONGDUI_PORT)
	@exec node infra/development/system.ts start

stop: setup ## Stops a system that `make start` left running
	@exec node infra/development/system.ts stop

demo: setup ## Plays two months of orders between nine cities, settles them and proves the books (DETAIL=1, ORDERS=500, TONGDUI_DATA)
	@exec node demo/run.ts

test: check ## Runs every check and every test
	@exec vitest run

simulate: setup ## Plays histories while everything fails: SEED=7 one of them exactly, SEEDS=20000 many with a summary
	@exec node simulation/run.ts

check: setup ## Types, lint, format, import rules, contracts in step, dead code
	@tsc --noEmit
	@tsc --noEmit -p tsconfig.domain.json
	@biome check --error-on-warnings .
	@oxlint --type-aware --deny-warnings
	@depcruise --config .dependency-cruiser.cjs contracts packages services infra demo e2e simulation bench
	@node contracts/src/generate.ts --check
	@knip
	@echo "All checks are clean."

format: setup ## Formats the code and sorts imports
	@biome check --write .

contracts: setup ## Regenerates the OpenAPI and AsyncAPI documents from the schemas
	@node contracts/src/generate.ts

conformance: setup ## Runs the event-store suite; EVENTSTOREDB_URL=esdb://… names a live server
	@exec vitest run --project unit packages/event-store

bench: setup ## Measures the whole path and prints the table of docs/benchmarks.md (BENCH_QUICK=1, BENCH_REDEMPTIONS, EVENTSTOREDB_URL)
	@exec node bench/run.ts

profile: setup ## Writes a flame graph of every service under load to bench/profiles
	@exec node bench/profile.ts

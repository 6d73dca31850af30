# `make` alone lists the targets. CI runs the same ones: see .ci/run.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

CARGO_TARGET_DIR ?= target
AGAPE := $(CARGO_TARGET_DIR)/debug/agape
# `S=auth` narrows a target to one service or crate.
PACKAGES := $(if $(S),-p $(S),--workspace)

.PHONY: help
help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z0-9-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##
.PHONY: setup build up down restart doctor seed demo
setup: ## Install what is missing on this machine (Debian)
	@.ci/setup

build: setup ## Compile the command that holds all services
	@cargo build -p agape

up: build ## Start everything, on private ports and below .agape/; Ctrl-C stops it
	@exec $(AGAPE) up

down: ## Stop what `make up` started in this tree
	@[ ! -x $(AGAPE) ] || $(AGAPE) down

restart: build ## Replace running services with what was built since (S=auth for one)
	@$(AGAPE) restart $(if $(S),$(S),--all)

doctor: build ## Check this set-up and say what to do about what is wrong
	@$(AGAPE) doctor

seed: build ## Fill the running tree with something to try (USERS=1000 or PRODUCTS=1000 makes that many)
	@$(AGAPE) seed $(if $(USERS),--users $(USERS)) $(if $(PRODUCTS),--products $(PRODUCTS))

demo: build ## Buy something from the running tree, and show every step
	@$(AGAPE) demo

.PHONY: backup restore
backup: build ## Copy the running tree's database, so that it can be restored to any moment from then on
	@$(AGAPE) backup

restore: build ## Check the database as it was, on a copy (AT=2026-01-12T10:20:30Z)
	@$(AGAPE) restore $(if $(AT),--at $(AT))

.PHONY: test test-unit test-integration test-e2e coverage mutants bench bench-faults prove
test: setup ## Run all tests against real servers (S=auth for one package)
	@cargo test $(PACKAGES)

test-unit: setup ## Only the tests beside the code
	@cargo test $(PACKAGES) --lib

test-integration: setup ## Only the services' and crates' tests against real servers
	@cargo test $(PACKAGES) --test it

test-e2e: setup ## Only the tests of a whole running system
	@cargo test -p agape --test e2e

coverage: setup ## Measure test coverage and check the thresholds (S=auth for one package)
	@.ci/coverage $(if $(S),-p $(S))

mutants: ## Break the rules of orders, payments and stock one by one, and see that a test notices (S=orders for one)
	@.ci/mutants $(S)

bench: setup ## Measure speed, release build, nginx beside it (installs nginx and wrk)
	@.ci/setup nginx wrk
	@deploy/bench/run

bench-faults: setup ## Kill and replace everything while people buy, and see what fails and for how long; half an hour
	@deploy/bench/faults

prove: build ## See that nothing is lost or doubled: a million simulated sales, a crash at every failpoint, ten minutes of storm (SEED=, SECONDS=)
	@seed=$(or $(SEED),$$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')); echo "SEED=$$seed"; \
	$(AGAPE) prove simulate --seed $$seed; \
	export STORM_SEED=$$seed STORM_SECONDS=$(or $(SECONDS),600); \
	cargo test -p agape --test e2e a_process_that_dies_at_any_point -- --ignored --nocapture; \
	cargo test -p agape --test e2e a_storm_loses_and_doubles_nothing -- --ignored --nocapture

.PHONY: migration migrate migrate-down generate
migration: ## Begin a migration: S=auth N=add_something
	@: $${S:?S= names the service} $${N:?N= names the effect, such as add_nickname}; \
	[ -d services/$(S) ] || { echo "there is no service $(S)" >&2; exit 1; }; \
	[[ '$(N)' =~ ^[a-z][a-z0-9_]*$$ ]] || { echo "N= is lower case with underscores" >&2; exit 1; }; \
	folder=migrations/$(S)/$$(date -u +%Y-%m-%d-%H%M%S)_$(N); \
	mkdir -p "$$folder"; \
	echo '-- Why this change, and what the previous release does while it is half rolled out.' > "$$folder/up.sql"; \
	echo '-- Undoes up.sql completely.' > "$$folder/down.sql"; \
	ls "$$folder"/*.sql

migrate: build ## Bring schemas up to date (S=auth for one)
	@$(AGAPE) migrate $(S)

migrate-down: build ## Take back the newest migration: S=auth
	@: $${S:?S= names the service}; $(AGAPE) migrate $(S) --down

generate: build ## Rewrite schema.rs, the API documents and the event schemas
	@$(AGAPE) generate

.PHONY: check fmt lint docs tidy generated
check: fmt-check lint docs generated tidy ## Everything CI checks beside the tests

fmt: ## Format the code
	@cargo fmt --all

.PHONY: fmt-check
fmt-check: ## Check the format
	@cargo fmt --all --check

lint: setup ## Run clippy; a warning is an error
	@cargo clippy --workspace --all-targets -- -D warnings

docs: setup ## Build the code's documentation; a warning is an error
	@RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --workspace

generated: build ## Check that generated files are what `make generate` writes
	@.ci/generated

tidy: setup ## Check the rules of the code base that no compiler knows
	@cargo test -p tidy

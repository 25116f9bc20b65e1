# One recipe per habit. Every target does all its own set-up; `make` alone is what CI runs.
# A machine needs git, make and a Python 3.11 or later with venv and pip; uv is fetched into the checkout.

.DEFAULT_GOAL := all
.NOTPARALLEL:
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

UV_VERSION := 0.13.9
UV := .tools/bin/uv
UV_READY := .tools/.uv-$(UV_VERSION)
READY := .venv/.ready
BIN := .venv/bin

# The machine's python3, or a newer one beside it. A Python is never downloaded.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null && { command -v "$$python"; break; }; done)
export UV_PYTHON_DOWNLOADS := never

# More arguments for pytest: make test ARGS="tests/scim -k filter".
ARGS ?=
# Processes that share the tests.
WORKERS ?= 2
# make test COVERAGE=yes measures what the tests reach, as CI does. It takes half as long again.
COVERAGE ?=

.PHONY: all help setup demo test nightly bench format format-check lint types imports docs browser picture lock clean

all: format-check lint types imports docs test ## What CI runs, which also measures coverage

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

setup: $(READY) ## The environment alone: .venv with every locked package, and the command .venv/bin/musterbook

demo: $(READY) ## A server on SQLite and a simulated OneLogin that provisions people while you watch
	$(BIN)/musterbook demo $(ARGS)

test: $(READY) browser ## Every test but the long ones: SQLite, PostgreSQL, browser
	$(BIN)/pytest -n $(WORKERS) --dist worksteal $(if $(COVERAGE),--cov --cov-report=term-missing:skip-covered) $(ARGS)

nightly: $(READY) browser ## The long tests
	$(BIN)/pytest -m nightly $(ARGS)

bench: $(READY) ## Our speed beside the limits of this machine: make bench ARGS="--seconds 5 --json figures.json"
	$(BIN)/python -m bench $(ARGS)

format: $(READY) ## Format the code and sort its imports
	$(BIN)/ruff check --quiet --fix-only --select I .
	$(BIN)/ruff format .

format-check: $(READY)
	$(BIN)/ruff format --check .

lint: $(READY) ## ruff, every rule on, each exception with its reason in pyproject.toml
	$(BIN)/ruff check .

types: $(READY) ## mypy, strict, source and tests
	$(BIN)/mypy

imports: $(READY) ## The direction between the rooms, their doors, and the budgets
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/architecture

docs: $(READY) ## The documentation: links lead somewhere, examples parse
	$(BIN)/pytest -q tests/architecture/test_docs.py

picture: $(READY) ## docs/demo.svg anew, after a change of what the demo prints
	$(BIN)/python -m tests.cli.recording docs/demo.svg

lock: $(UV_READY) ## Write uv.lock anew after a change of the dependencies
	$(UV) lock --no-config --python "$(PYTHON)"

clean: ## Remove the environment and everything that tools left behind
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist .coverage .coverage.*

# A test that needs a browser must never be left out in silence, so a missing browser is installed or is an error.
browser:
	@command -v chromium > /dev/null || { \
		[ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null \
		|| { echo "The tests need Chromium: apt-get install chromium" >&2; exit 1; }; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium > /dev/null; }

$(READY): pyproject.toml uv.lock $(UV_READY)
	$(UV) sync --locked --quiet --python "$(PYTHON)"
	@touch $@

$(UV_READY):
	@test -n "$(PYTHON)" || { echo "Musterbook needs Python 3.11 or later, as python3 or python3.11 to python3.14." >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2> /dev/null \
		|| { echo "$(PYTHON) cannot make an environment: apt-get install python3-venv python3-pip" >&2; exit 1; }
	rm -rf .tools
	"$(PYTHON)" -m venv .tools
	.tools/bin/pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	@touch $@

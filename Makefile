# One recipe per habit. `make` is what CI runs; `make setup`, `make demo` and `make test` do all their own set-up.
# A machine needs git, make and a Python 3.11 or later that has venv and pip; uv is fetched into the checkout.

.DEFAULT_GOAL := all
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

UV_VERSION := 0.13.9
UV := .tools/bin/uv
BIN := .venv/bin

# The python3 of the machine, or a newer one beside it. A Python is never downloaded.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v $$python; break; }; done)
export UV_PYTHON_DOWNLOADS := never

.PHONY: all setup lock clean
all: setup

setup: .venv/.synced ## The environment: .venv with every locked package, and the command .venv/bin/musterbook

.tools/.uv-$(UV_VERSION):
	@test -n "$(PYTHON)" || { echo "Musterbook needs Python 3.11 or later as python3 (or python3.11 to python3.14); none was found." >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) has no venv; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	rm -rf .tools
	"$(PYTHON)" -m venv .tools
	.tools/bin/pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	@touch $@

.venv/.synced: pyproject.toml uv.lock .tools/.uv-$(UV_VERSION)
	$(UV) sync --locked --quiet --python "$(PYTHON)"
	@touch $@

lock: .tools/.uv-$(UV_VERSION) ## Write uv.lock anew after a change of the dependencies in pyproject.toml
	$(UV) lock --python "$(PYTHON)" --no-config --default-index https://pypi.org/simple

clean: ## Remove the environment and everything that tools left behind
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist htmlcov .coverage .coverage.*

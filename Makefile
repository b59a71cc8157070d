# What one does with this project. Works with GNU make 3.81, which macOS ships.

PYTHON ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup test check demo screenshots bench fmt lock deploy-env clean

help: ## say what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

setup: $(READY) ## make .venv with everything in it; does nothing when nothing changed

# Hashes are checked for everything but the project itself. uv comes first, by its own hash, because it
# installs the rest in seconds; it does not read pip's configuration, so where packages come from a mirror
# that only pip knows, pip does it all.
$(READY): requirements.lock pyproject.toml
	@rm -f $(READY)
	@$(BIN)/python -c '' 2>/dev/null || { \
	  python= ; \
	  for candidate in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14; do \
	    if $$candidate -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	    then python=$$candidate; break; fi; \
	  done; \
	  if [ -z "$$python" ]; then \
	    echo 'aftercare needs Python 3.11 or newer with its venv module, and none was found.' >&2; \
	    echo 'Install one (Debian, Ubuntu: apt-get install python3 python3-venv; macOS: brew install python),' >&2; \
	    echo 'or name it: make setup PYTHON=/path/to/python3' >&2; \
	    exit 1; \
	  fi; \
	  echo "Making $(VENV) with $$($$python --version)"; \
	  rm -rf $(VENV) && $$python -m venv $(VENV); \
	}
	@awk '/^uv==/ { uv = 1 } uv { print } uv && !/\\$$/ { exit }' requirements.lock > $(VENV)/uv.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
	  --only-binary :all: -r $(VENV)/uv.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --only-binary :all: \
	    -r requirements.lock \
	  || { echo 'uv could not install; trying with pip, which reads your pip configuration.' >&2; \
	       $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	         --only-binary :all: -r requirements.lock; }
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --offline --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q contract workflows # the sandbox loads them for every workflow
	@touch $(READY)

test: setup ## run the tests; ARGS='…' is passed to pytest and chooses among them
	@$(BIN)/python -m tests $(ARGS)

check: setup ## lint, types, imports, licences, examples, and the commands in README and docs
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/uv pip check --quiet --python $(BIN)/python
	@$(BIN)/python -m checks.licences
	@$(BIN)/aftercare terms check examples/*.yaml
	@$(BIN)/python -m checks.readme_commands
	@$(BIN)/python -m checks.docs

demo: setup ## live one agreement from offer to end, in about two minutes
	@$(BIN)/aftercare demo $(ARGS)

screenshots: setup ## make the pictures in docs/images again; needs Chromium
	@mkdir -p docs/images && SCREENSHOTS=1 $(BIN)/python -m tests tests/pages -q

bench: setup ## run the benchmarks; ARGS='…' chooses among them
	@$(BIN)/python -m bench $(ARGS)

fmt: setup ## format, and put right what lint can
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

LOCK = $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate \
  --custom-compile-command 'make lock' --quiet

# ARGS=--upgrade takes the newest of everything; ARGS='--upgrade-package NAME' of one. The image's two locks
# are parts of the first.
lock: setup ## make the locks again from pyproject.toml
	@$(LOCK) pyproject.toml --extra engine --extra tracing --extra einvoice --group dev --output-file requirements.lock $(ARGS)
	@$(LOCK) pyproject.toml --extra tracing --extra einvoice --constraints requirements.lock --output-file deploy/requirements.lock
	@$(LOCK) --group build --constraints requirements.lock --output-file deploy/build.lock

deploy-env: ## make .env and the passwords that docker-compose.yml wants; keeps what is there
	@sh deploy/make-env.sh

clean: ## remove .venv and everything the tools left
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

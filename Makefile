# Commands for people; each says what it does in the list that a bare `make` prints.

.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
# The interpreter's own pip fills the environment, which saves the seconds of giving it a pip; --no-deps, because the
# lock files name everything.
PIP = $$([ -x $(BIN)/pip ] && echo $(BIN)/python -m pip || echo "$(PYTHON)" -m pip --python $(BIN)/python) \
	--disable-pip-version-check install --quiet --no-input --no-deps
RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed
PYTHON := $(shell for p in $(PYTHON) python3.11 python3.12 python3.13 python3.14 python3; do \
	"$$p" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)

.PHONY: help up rush doctor test again load overload soak hall faults history mutants cluster bench profile shots check format lock clean

help: ## list the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

up: $(RUNTIME) ## start everything on this machine and say what to open; Ctrl-C stops it
	@$(BIN)/usher up

rush: $(RUNTIME) ## send 20,000 fans to 20 showtimes of what `make up` runs, then prove that all is well
	@$(BIN)/usher rush --fans 20000 --showtimes 20

doctor: $(RUNTIME) ## look for what is wrong with what runs
	@$(BIN)/usher doctor

test: $(DEV) ## run all tests against engines of their own
	@$(BIN)/pytest

again: $(DEV) ## run once more the tests that failed in the last run
	@$(BIN)/pytest --last-failed --last-failed-no-failures none

load: $(DEV) ## let Locust's fans and bots loose: WORKERS=n SHAPE=spike|presale|storm USERS=n SECONDS=n
	@$(BIN)/python -m loadtests $(if $(WORKERS),--workers $(WORKERS)) $(if $(SHAPE),--shape $(SHAPE)) \
	$(if $(USERS),--users $(USERS)) $(if $(SECONDS),--seconds $(SECONDS))

hall: $(DEV) ## draw and move a hall of 8,000 seats on a processor made slow; 1 when a limit is passed
	@$(BIN)/python -m tests.hall_speed

bench: $(DEV) ## measure ratios against limits and peers, charts into charts/: NAMES="hold join" BENCH_JSON=file
	@$(BIN)/python -m benchmarks $(NAMES)

profile: $(DEV) ## find what costs most in an API worker, the writer and Valkey, into profiles/
	@$(BIN)/python -m benchmarks.profile

overload: $(DEV) ## find the peak of one API process and send five times as much, open loop; 1 when a limit is missed
	@$(BIN)/python -m loadtests.overload $(if $(SECONDS),--seconds $(SECONDS)) $(if $(RATE),--rate $(RATE))

soak: $(DEV) ## 70 % of the peak for SECONDS=3600: memory, descriptors and errors, into reports/; 1 when something grew
	@$(BIN)/python -m loadtests.soak $(if $(SECONDS),--seconds $(SECONDS)) $(if $(RATE),--rate $(RATE))

faults: $(DEV) ## kill, stop, cut off, starve and mislead everything during rushes: FAULTS=n SEED=n; 1 for anything lost
	@$(BIN)/python -m tests.faults $(if $(FAULTS),--faults $(FAULTS)) $(if $(SEED),--seed $(SEED))

cluster: $(DEV) ## rush on a Valkey Cluster of its own, three masters and three replicas, one master killed: FANS=n
	@$(BIN)/python -m tests.cluster_rush $(if $(FANS),--fans $(FANS))

history: $(DEV) ## check OPERATIONS=1000000 concurrent decisions, the store being killed meanwhile, against a model
	@$(BIN)/python -m tests.history $(OPERATIONS) $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED))

mutants: $(DEV) ## plant bugs in copies of the code, one at a time, and name the test that catches each: NAMES="pass gate"
	@$(BIN)/python -m tests.mutants $(NAMES)

shots: $(DEV) ## take pictures of every page into shots/, or with README=1 the two of the README
	@$(BIN)/python -m tests.shots $(if $(README),--readme)

check: $(DEV) ## formatting, lint, types, imports, Lua, sizes
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@if command -v luacheck >/dev/null; then luacheck --quiet store allocator waiting_room; \
	else echo "luacheck is not installed: the Lua files were not linted (Debian: apt install lua-check)"; fi
	@$(BIN)/pytest tests/test_size_ratchet.py tests/test_*lua_contract*.py

format: $(DEV) ## format the code and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: $(VENV) ## write the lock files anew from pyproject.toml
	@$(BIN)/python -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install --quiet uv
	@echo "setuptools>=77" | $(LOCKED) pyproject.toml - -o requirements.lock
	@echo "setuptools>=77" | $(LOCKED) --extra dev -c requirements.lock pyproject.toml - -o requirements-dev.lock
	@rm -rf $(VENV)/lock

LOCKED = UV_CUSTOM_COMPILE_COMMAND="make lock" $(VENV)/lock/bin/uv pip compile --quiet --upgrade --universal \
	--python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links

clean: ## remove the environment and the caches; the data folder stays
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .benchmarks usher.egg-info
	@find . -name __pycache__ -not -path './data/*' -prune -exec rm -rf {} +

$(VENV):
	@test -n "$(PYTHON)" || { echo "Usher needs Python 3.11 or newer with its venv module (Debian: apt install python3-venv), or PYTHON=/path/to/python"; exit 1; }
	@"$(PYTHON)" -m venv --without-pip $(VENV)
	@"$(PYTHON)" -m pip --python $(BIN)/python --version >/dev/null 2>&1 || "$(PYTHON)" -m venv --clear $(VENV)

$(RUNTIME): requirements.lock pyproject.toml | $(VENV)
	@echo "Installing what Usher runs on ..."
	@$(PIP) --require-hashes --no-compile -r requirements.lock
	@$(PIP) --no-build-isolation --no-compile -e .
	@touch $@

$(DEV): requirements-dev.lock $(RUNTIME)
	@echo "Installing what Usher is tested with ..."
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

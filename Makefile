# Two commands: `make serve` runs the product, `make test` proves it. Both set up everything they need.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LAN ?=
PORT =
ANSWERS ?= tests/fixtures/answers-bakery.json
OUT ?= rehearsal
EXTERN ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: serve rehearse test check accept bench bench-quick bench-peers setup clean doctor

setup: $(VENV)/.ready

SITE_LOCK := orchestration/adapters/website/vite/project/package-lock.json

$(VENV)/.ready: requirements.lock setup.cfg pyproject.toml .ci/setup $(SITE_LOCK)
	PYTHON=$(PYTHON) VENV=$(VENV) bash .ci/setup
	touch $@

$(VENV)/.dev-ready: $(VENV)/.ready package-lock.json
	WITH=browser PYTHON=$(PYTHON) VENV=$(VENV) bash .ci/setup
	touch $@

serve: setup
	$(if $(PORT),MOENTREPRISE_PORT=$(PORT)) $(BIN)/moentreprise serve $(if $(LAN),--lan)

doctor: setup
	$(if $(PORT),MOENTREPRISE_PORT=$(PORT)) $(BIN)/moentreprise doctor

rehearse: setup
	$(BIN)/moentreprise rehearse --answers $(ANSWERS) --out $(OUT)

check: $(VENV)/.dev-ready
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy --config-file tests/accept/mypy.ini --cache-dir .mypy_cache/accept tests/accept
	$(BIN)/lint-imports --config setup.cfg
	$(BIN)/python tests/house.py
	node_modules/.bin/tsc --project client/jsconfig.json

# Two workers: whole sessions in real time go through one, while the other computes (tests/conftest.py).
# A hundred processes are started; each would compile the house again where bytecode must not be kept.
# Of Python's development mode, what checks each piece of memory is left out: it takes a tenth of the time.
test: export PYTHONDONTWRITEBYTECODE :=
test: export PYTHONMALLOC := pymalloc
test: check
	$(BIN)/python -m pytest -m "not accept" --dist loadfile --no-loadscope-reorder \
		--tx "2*popen//python=$(BIN)/python -X dev"

$(VENV)/.accept-ready: $(VENV)/.dev-ready tests/accept/requirements.lock
	$(BIN)/pip install -q -r tests/accept/requirements.lock
	$(BIN)/pip check
	touch $@

accept: $(VENV)/.accept-ready
	$(BIN)/python -m pytest -m accept -p no:cacheprovider --timeout 1200 tests/accept tests/scenarios tests/media

# The product beside other servers on one core: half an hour, alone on the machine. EXTERN='name=command' brings another.
bench: $(VENV)/.ready
	$(BIN)/python -m tests.bench.run $(if $(EXTERN),--extern "$(value EXTERN)")

bench-quick: $(VENV)/.ready
	$(BIN)/python -m tests.bench.run --quick $(if $(EXTERN),--extern "$(value EXTERN)")

bench-peers:
	PYTHON=$(PYTHON) bash tests/bench/peers/setup.sh

clean:
	rm -rf $(VENV) node_modules rehearsal data

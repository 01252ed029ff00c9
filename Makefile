# Everything from nothing but Python 3.11 or later and make.
PYTHON ?= python3
BIN = .venv/bin
STAMP = .venv/.installed

.PHONY: demo check test test-long bench lint clean

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("calltools needs Python 3.11 or later, this is " + sys.version) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP)
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh samples/demo.sh

# While one works: lint, and what is not slow, with few examples for each law.
check: lint
	HYPOTHESIS_PROFILE=quick $(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow"

# Three at a time on two cores: some tests wait for a service.
test: $(STAMP)
	$(BIN)/python -m pytest -n 3 --dist worksteal --cov --cov-report=term --cov-fail-under=95

# SIGKILL at every step of an upload instead of some of them; hours.
test-long: $(STAMP)
	CALLTOOLS_LONG=1 $(BIN)/python -m pytest --timeout 0 tests/uploading tests/ledger tests/metrica tests/reports/test_memory.py

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/typos

bench: $(STAMP)
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/many.py

clean:
	rm -rf .venv dist build

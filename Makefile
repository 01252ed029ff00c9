# Everything from nothing but Python 3.11 or later and make.
PYTHON ?= python3
BIN = .venv/bin
STAMP = .venv/.installed
PEERS = benchmarks/peers/.venv

.PHONY: demo check test test-long bench bench-peers lint clean

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

# Three at a time on two cores: some tests wait for a service. A command at a terminal of its own counts as covered,
# too; what else only a process of its own reaches (readers of workbooks) does not.
test: $(STAMP)
	$(BIN)/python -m pytest -n 3 --dist worksteal --cov --cov-report=term --cov-fail-under=95

# SIGKILL at every step of a job and of an upload instead of some of them, then two computers for a million steps; hours.
# The first line waits for a service much of its time, the second takes two cores.
test-long: $(STAMP)
	CALLTOOLS_LONG=1 $(BIN)/python -m pytest -n 4 --dist worksteal --timeout 0 tests/jobs/test_crashes.py tests/uploading tests/ledger tests/metrica tests/ui/test_kills.py tests/guide/test_question_law.py tests/reports/test_memory.py
	PYTHONWARNINGS=ignore $(BIN)/python -m tests.uploading.random_runs --steps 1000000 --processes 2

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/typos

bench: $(STAMP)
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/many.py
	$(BIN)/python benchmarks/jobs.py

# The same rules by other programs, in an environment of their own; an hour. OPTIONS="--sizes 10M --rounds 1": a part.
bench-peers: $(STAMP) $(PEERS)/.installed
	$(BIN)/python -m benchmarks.peers.run $(OPTIONS)

$(PEERS)/.installed: benchmarks/peers/requirements.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/peers/requirements.txt
	@touch $@

clean:
	rm -rf .venv $(PEERS) dist build

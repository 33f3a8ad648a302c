# One virtual environment, .venv; a stamp in it for each set of extras, renewed when pyproject.toml changes.
PYTHON ?= python3
ARGS ?=
SEEDS ?= 100
RACE_S ?= 100
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help demo story test test-race test-calendar simulate check docs bench bench-short clean
.DELETE_ON_ERROR:

help:  ## say what there is to make
	@awk -F ':.*## *' '/^[a-z-]+:.*##/ { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.demo  ## export real data and watch it; options go in ARGS="--exit"
	$(BIN)/tickwire demo $(ARGS)

story: $(VENV)/.examples  ## run the examples of a shop's workbook, one after the other
	$(BIN)/python examples/story.py $(ARGS)

# One worker more than small machines have cores, since scenarios wait for their servers half of the time.
test: $(VENV)/.test  ## run the tests; options of pytest go in ARGS
	$(BIN)/python -m pytest -n 3 --dist loadgroup $(ARGS)

test-race: $(VENV)/.test  ## let two servers race for the same due times, one of them killed again and again, RACE_S=100 seconds
	TICKWIRE_TEST_RACE_S=$(RACE_S) $(BIN)/python -m pytest tests/scenarios/test_schedules.py $(ARGS)

test-calendar: $(VENV)/.test  ## compare all due times of forty zones and forty years with two calendars, half an hour
	CALENDAR=full $(BIN)/python -m pytest -n auto tests/server/core/test_occurrences_calendar.py $(ARGS)

simulate: $(VENV)/.test  ## live through bad days in virtual time; SEEDS=300 of them, or SEEDS=7-7
	$(BIN)/python -m server.virtual --seeds $(SEEDS) $(ARGS)

check: $(VENV)/.dev  ## lint, formatting, types, and the arrows between modules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.demo  ## write docs/reference from the tables in the code
	$(BIN)/python docs/generate.py

bench: $(VENV)/.bench  ## measure against other systems, an hour; ARGS="--docs" writes docs/performance.md
	$(BIN)/python tests/bench $(ARGS)

bench-short: $(VENV)/.bench  ## try the bench in under a minute; its figures say little
	$(BIN)/python tests/bench --short $(ARGS)

clean:  ## remove the environment, caches and builds; data of a server stays
	rm -rf $(VENV) .bench dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "error: $(PYTHON) is not Python 3.11 or newer. Name one that is: make PYTHON=python3.12 ..."; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.%: pyproject.toml | $(BIN)/python
	$(INSTALL) --editable '.[$*]'
	@touch $@

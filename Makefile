# One virtual environment, .venv; a stamp in it for each set of extras, renewed when pyproject.toml changes.
PYTHON ?= python3
ARGS ?=
SEEDS ?= 100
EXAMPLES ?= 50
RACE_S ?= 100
VENV := .venv
NODE := tests/compat/node tests/browser/types
CONSOLE := tests/console
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help demo story test test-javascript test-race test-calendar node console console-check console-vendor console-speed console-gallery contract simulate check docs bench bench-short clean
.DELETE_ON_ERROR:

help:  ## say what there is to make
	@awk -F ':.*## *' '/^[a-z-]+:.*##/ { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.demo  ## export real data and watch it; options go in ARGS="--exit"
	$(BIN)/tickwire demo $(ARGS)

story: $(VENV)/.examples  ## run the examples of a shop's workbook, one after the other
	$(BIN)/python examples/story.py $(ARGS)

# Twice as many workers as small machines have cores, since scenarios wait for their servers half of the time.
test: $(VENV)/.test  ## run the tests but those of JavaScript; options of pytest go in ARGS
	$(BIN)/python -m pytest -n 4 --dist loadgroup -m "not javascript" $(ARGS)

test-javascript: $(VENV)/.test  ## run the tests in Chromium and Node, of which those that are missing are skipped; "make node console" installs packages
	$(BIN)/python -m pytest -n 3 --dist loadgroup -m javascript $(ARGS)

test-race: $(VENV)/.test  ## let two servers race for the same due times, one of them killed again and again, RACE_S=100 seconds
	TICKWIRE_TEST_RACE_S=$(RACE_S) $(BIN)/python -m pytest tests/scenarios/test_schedules.py $(ARGS)

test-calendar: $(VENV)/.test  ## compare all due times of forty zones and forty years with two calendars, half an hour
	CALENDAR=full $(BIN)/python -m pytest -n auto tests/server/core/test_occurrences_calendar.py $(ARGS)

node: $(NODE:%=%/node_modules/.package-lock.json)  ## install Flatfile's Node packages and TypeScript, which the tests then run too

console: $(CONSOLE)/node_modules/.package-lock.json  ## install what the console is checked with

console-check: console  ## check the types of the console, and that what it has of others is what they have made
	cd $(CONSOLE) && npm run --silent types
	cd $(CONSOLE) && npm run --silent vendor | cmp - ../../server/console/vendor/htm-preact-standalone.js

console-vendor: console  ## make the console's view library anew
	cd $(CONSOLE) && npm run --silent vendor > ../../server/console/vendor/htm-preact-standalone.js

console-speed: $(VENV)/.test  ## measure the console in Chromium, a quarter of an hour; ARGS="--short" tries it in under a minute
	$(BIN)/python tests/console/speed $(ARGS)

console-gallery: $(VENV)/.test  ## take a picture of every page of the console and say what is wrong in it, a quarter of an hour; ARGS="--only job* --width 390" takes some
	$(BIN)/python tests/console/gallery $(ARGS)

contract: $(VENV)/.contract  ## try every route with what its description allows and forbids, EXAMPLES=50 each
	$(BIN)/python tests/contract --examples $(EXAMPLES) $(ARGS)

simulate: $(VENV)/.test  ## live through bad days in virtual time; SEEDS=300 of them, or SEEDS=7-7
	$(BIN)/python -m server.virtual --seeds $(SEEDS) $(ARGS)

check: $(VENV)/.dev  ## lint, formatting, types, and the arrows between modules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.demo  ## write docs/reference from the tables in the code, and record docs/vectors
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/record.py

bench: $(VENV)/.bench  ## measure against other systems, an hour; ARGS="--docs" writes docs/performance.md
	$(BIN)/python tests/bench $(ARGS)

bench-short: $(VENV)/.bench  ## try the bench in under a minute; its figures say little
	$(BIN)/python tests/bench --short $(ARGS)

clean:  ## remove the environment, caches and builds; data of a server stays
	rm -rf $(VENV) .bench .gallery $(NODE:%=%/node_modules) $(CONSOLE)/node_modules dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "error: $(PYTHON) is not Python 3.11 or newer. Name one that is: make PYTHON=python3.12 ..."; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.%: pyproject.toml | $(BIN)/python
	$(INSTALL) --editable '.[$*]'
	@touch $@

%/node_modules/.package-lock.json: %/package.json %/package-lock.json
	cd $* && npm ci --loglevel=error
	@touch $@

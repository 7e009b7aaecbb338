# Two commands: `make crawl` runs the main job, `make test` proves it. Both set everything up first.
#
#   make crawl                 crawl the bundled newsroom, lose some of its posts, read them all the same
#   make crawl URL=https://…   crawl a real article (several, in quotes, are fine)
#   make test                  lint, types, tests
#   make real                  judge real saved pages, crawl saved articles, capture saved posts (needs ../shared)
#   make serve                 read the archive in a browser
#   make bench                 what we claim about speed; results go to bench/results/
#   make docs                  the documentation as a site, in docs/_build/site
#   make release               sdist and wheel, checked and tried as a user without rights would
#   make mutate                deliberate mistakes in the platforms' files: how many does conformance notice?

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
TOOLS  := $(VENV)/tools/.ready
ARCHIVE ?= archive

# Tests start our commands hundreds of times: without compiled files, which pip makes of what it installs but not of a checkout,
# each of them would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: docs release crawl test tools lint types real serve bench mutate peers sweep fuzz slow played strangers clean

crawl: $(READY)
ifdef URL
	$(BIN)/embedarchive crawl $(URL) -a $(ARCHIVE)
else
	$(BIN)/embedarchive demo -a $(ARCHIVE)
endif

# The types are judged beside the tests: that takes one core for a minute.
test: lint $(READY) $(TOOLS)
	@$(BIN)/mypy & types=$$!; \
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder; tests=$$?; \
	wait $$types && exit $$tests

lint: $(READY)
	$(BIN)/ruff check src tests bench docs packaging
	$(BIN)/ruff format --check src tests bench docs packaging

types: $(READY)
	$(BIN)/mypy

real: $(READY)
	$(BIN)/python bench/saved.py
	$(BIN)/python bench/real.py

serve: $(READY)
	$(BIN)/embedarchive serve -a $(ARCHIVE)

bench: $(READY)
	$(BIN)/python bench/find.py
	$(BIN)/python bench/capture.py
	$(BIN)/python bench/recover.py

# Two minutes: every platform in a browser in every state, each of the faults that all of them can have included.
played: $(READY)
	PLAY_EVERY_FAULT=1 $(BIN)/python -m pytest tests/test_conformance_played.py

# Every command that reads, with every table spoiled in every way, and with each of them missing.
strangers: $(READY)
	TRY_EVERY_PAIR=1 $(BIN)/python -m pytest -n 2 tests/test_strangers.py tests/test_damaged.py

# Ten minutes: a browser records every state of every platform once, then each mistake is put to the suite.
mutate: $(READY)
	$(BIN)/python bench/mutate.py --log
	(echo '# Conformance: platform × check, and what is known to be wrong'; echo; \
	  $(BIN)/python -m embedarchive.conformance | sed 's/^/    /') > bench/results/conformance.md

# The same posts with another tool, from the registries, beside ours.
peers: $(READY)
	$(BIN)/python bench/peers.py

# Hours: kills and fails the writer at every system call, then 10,000 times at random, then the real command at its calls.
sweep: $(READY)
	$(BIN)/python bench/kill.py
	$(BIN)/python bench/sweep.py

# An hour and a quarter on two cores: made-up and spoiled input for whatever reads what others wrote, ten minutes each.
fuzz: $(READY)
	$(BIN)/python bench/fuzz.py --lanes 3 --log

# Half an hour: crawls from slow servers, from servers that stall, and beside twenty busy processes.
slow: $(READY)
	$(BIN)/python bench/slow.py

docs: $(READY) $(TOOLS)
	$(VENV)/tools/docs/bin/sphinx-build -W --keep-going -q -b dirhtml docs docs/_build/site
	@echo "docs/_build/site/index.html"

# Nothing is uploaded.
release: $(READY) $(TOOLS)
	$(BIN)/python packaging/release.py

clean:
	rm -rf $(VENV) docs/_build build dist .pytest_cache .mypy_cache .ruff_cache

# The virtual environment, every version pinned and hashed, and a browser.
$(READY): requirements/lock.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "embedarchive needs Python 3.11 or newer: make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/lock.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q src
	$(BIN)/embedarchive install
	touch $@

# Tools that others made and tests ask (a newer Datasette, a validator, a player …), before any test's time runs. One that
# cannot be had now is tried again the next time; its tests are skipped and say so.
tools: $(TOOLS)

$(TOOLS): tests/tools.py | $(READY)
	-$(BIN)/python tests/tools.py && touch $@

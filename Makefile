# The commands of the project. `make demo` and `make test` do all the set-up themselves.
.PHONY: demo test lint check format docs coverage-table release bench constraints clean

RUN ?= demo-run
# Two test files at a time, each whole in one process: files share a Firefox or a Spark among their tests.
# Of the whole suite the coverage is measured, too, and held to its floor (pyproject.toml).
PYTEST ?= -n 2 --dist loadfile --cov --cov-report=markdown:build/coverage.md
BIN := .venv/bin
# Images of Python forbid it bytecode, and a process of ours then takes three times as long to begin. It is written here
# and in .venv alone. Empty is as good as not set.
export PYTHONDONTWRITEBYTECODE :=
# Not what other benches use, nor soak.py and fleet.py, which take half an hour alone.
BENCHES = $(filter-out %/generate.py %/etl_peers.py %/analyses_study.py %/analyses_calls.py %/likeness.py %/soak.py %/fleet.py, $(wildcard bench/*.py))

demo: ## the whole pipeline on the demo web; ends by naming the report
	@scripts/setup.sh demo
	@$(BIN)/overscripted demo $(RUN)

test: ## install what the tests need, check the code, run the tests
	@scripts/setup.sh test
	@$(MAKE) --no-print-directory check
	@$(BIN)/python -m pytest $(PYTEST)

lint: ## ruff, mypy, and the rule of which part may import which; of JavaScript prettier, ESLint and the types
	@scripts/setup.sh test
	@$(MAKE) --no-print-directory check

check:
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/codespell
	@$(BIN)/mypy
	@$(BIN)/lint-imports >.lint-imports.log || { cat .lint-imports.log; exit 1; }
	@$(BIN)/python -m scripts.commits
	@if [ -f node_modules/.installed ]; then npm run --silent check; \
	else echo "JavaScript is not checked: its tools are missing (npm ci)" >&2; fi

format: ## lay out Python and JavaScript as `check` wants them
	@scripts/setup.sh test
	@$(BIN)/ruff format --quiet .
	@npm run --silent format

docs: ## write the generated pages again, build the site in build/site
	@scripts/setup.sh test
	@$(BIN)/python -m scripts.docs.cli > docs/reference/cli.md
	@$(BIN)/python -m scripts.docs.settings > docs/reference/settings.md
	@$(BIN)/python -m scripts.docs.outcomes > docs/reference/outcomes.md
	@$(BIN)/python -m overscripted.dictionary > docs/reference/tables.md
	@$(BIN)/python -m scripts.docs.protocol > docs/reference/protocol.md
	@$(BIN)/python -m scripts.docs.protocol types > scripts/js/protocol.d.ts
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "docs: build/site/index.html"

coverage-table: ## visit every kind of document with our instrument and OpenWPM's, write docs/reference/coverage.md
	@scripts/setup.sh test
	@$(BIN)/python -m tests.crawl.instrument.coverage

release: ## check everything, build the source distribution and the wheel in dist/, look into both
	@scripts/setup.sh test
	@$(MAKE) --no-print-directory check docs
	@rm -rf dist
	@$(BIN)/python -m build --outdir dist . > /dev/null
	@$(BIN)/python -m scripts.release dist

bench: ## the measurements against peers, one after the other (an hour)
	@scripts/setup.sh bench
	@for script in $(BENCHES); do echo "== $$script"; $(BIN)/python $$script || exit 1; done

constraints: ## pin the versions that are installed now; run it with the oldest Python supported (3.11.2)
	@$(BIN)/python -m pip freeze --exclude-editable --exclude overscripted > constraints.txt

clean:
	rm -rf .venv node_modules build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage*

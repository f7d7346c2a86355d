# The commands of the project. `make demo` and `make test` install everything that they need.
.PHONY: demo test lint check format docs coverage-table release bench constraints clean

RUN ?= demo-run
# Each test file runs in one process, because its tests share a Firefox or a Spark. tests/sharing.py gives the files to
# processes: two at a time drive Firefox, and two behind them use the CPU that those leave. tests/conftest.py says which
# files begin.
# tests/measured.py measures the coverage of the whole suite, which must not fall below the limit in pyproject.toml.
# tests/costs.py writes what each file cost.
PYTEST ?= -n 4 --no-loadscope-reorder -p tests.sharing -p tests.measured -p tests.costs
BIN := .venv/bin
# Container images of Python often turn bytecode off; then each of our processes takes three times as long to start.
# Bytecode is written only here and in .venv. An empty variable counts as not set.
export PYTHONDONTWRITEBYTECODE :=
# Without the modules that other benchmarks import, and without soak.py and fleet.py, which take half an hour each.
BENCHES = $(filter-out %/generate.py %/generate_crawl.py %/etl_peers.py %/analyses_study.py %/analyses_calls.py %/likeness.py %/soak.py %/fleet.py, $(wildcard bench/*.py))

demo: ## run the whole pipeline on the demo web and print the path of the report
	@scripts/setup.sh demo
	@$(BIN)/overscripted demo $(RUN)

test: ## install what the tests need, check the code, run the tests
	@scripts/setup.sh test
	@$(MAKE) --no-print-directory check
	@mkdir -p build
	@$(BIN)/python -m pytest $(PYTEST)

lint: ## check Python (ruff, mypy, import rules) and JavaScript (prettier, ESLint, types)
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
	else echo "JavaScript is not checked, because its tools are missing; remedy: npm ci" >&2; fi

format: ## format Python and JavaScript as `check` requires
	@scripts/setup.sh test
	@$(BIN)/ruff format --quiet .
	@npm run --silent format

docs: ## generate the reference pages again, then build the site in build/site
	@scripts/setup.sh test
	@$(BIN)/python -m scripts.docs.cli > docs/reference/cli.md
	@$(BIN)/python -m scripts.docs.python > docs/reference/python.md
	@$(BIN)/python -m scripts.docs.settings > docs/reference/settings.md
	@$(BIN)/python -m scripts.docs.outcomes > docs/reference/outcomes.md
	@$(BIN)/python -m scripts.docs.import_tables > docs/reference/import_tables.md
	@$(BIN)/python -m overscripted.dictionary > docs/reference/tables.md
	@$(BIN)/python -m scripts.docs.protocol > docs/reference/protocol.md
	@$(BIN)/python -m scripts.docs.protocol types > scripts/js/protocol.d.ts
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "docs: build/site/index.html"

coverage-table: ## visit every kind of document with our instrument and OpenWPM's; writes docs/reference/coverage.md
	@scripts/setup.sh test
	@$(BIN)/python -m tests.crawl.instrument.coverage

release: ## check everything, build the source distribution and the wheel in dist/, inspect both
	@scripts/setup.sh test
	@$(MAKE) --no-print-directory check docs
	@rm -rf dist
	@$(BIN)/python -m build --outdir dist . > /dev/null
	@$(BIN)/python -m scripts.release dist

bench: ## run all benchmarks against peers, one after the other (takes an hour)
	@scripts/setup.sh bench
	@for script in $(BENCHES); do echo "== $$script"; $(BIN)/python $$script || exit 1; done

constraints: ## pin the installed versions; use the oldest supported Python (3.11.2)
	@$(BIN)/python -m pip freeze --exclude-editable --exclude overscripted > constraints.txt

clean:
	rm -rf .venv node_modules build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage*

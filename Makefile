# The verbs of the project, the same for people and for CI. `make help` lists them.
PYTHON ?= python3
LISTEN ?= 127.0.0.1:50051
HTTP ?= 127.0.0.1:8080
VENV := .venv
BIN := $(VENV)/bin
ENVIRONMENT := $(VENV)/.complete
GENERATED := service/camcover/gen/__init__.py
PEERS := build/peers
AUDIT := build/audit
SAVED := build/bench.json
RATIOS := benchmarks/ratios.json
DRAWN := tests/oracle/test_agreement.py tests/oracle/test_completions.py tests/engine/test_carrying_on.py
CORE_TESTS := $(addprefix tests/,rulebook engine oracle workflow bulk examples test_calendar.py test_kinds.py test_line_amounts.py)
DATA ?= ../shared/data
INSTALL := pip install --quiet --disable-pip-version-check --require-hashes --requirement
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q
COMMITTED = $(shell git log -1 --format=%ct 2> /dev/null || echo 315532800)
PROTOS := $(shell find protos -name '*.proto') protos/generate.py

# Tests start Python some hundred times; without compiled modules on disk each start would compile its imports anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo serve test test-all lint bench bench-rpc bench-bulk bench-impact bench-following bench-rules bench-peers
.PHONY: bench-commands bench-imported bench-pages bench-compare bench-keep proto breaking wheel client coverage nightly node
.PHONY: fuzz chaos soak overload editor browser screenshots image-steps deploy-checks engines limit format docs sbom audit lock clean

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(ENVIRONMENT) ## start the service, send it a well-being plan over gRPC, print the estimate and where its pages are
	@$(BIN)/python docs/examples/demo.py

serve: $(ENVIRONMENT) ## serve the shipped rules on LISTEN (127.0.0.1:50051), and pages on HTTP (127.0.0.1:8080)
	$(BIN)/camcover serve --rules rules --listen $(LISTEN) --http $(HTTP)

test: $(ENVIRONMENT) ## run every test, and the tests that stand in the rule files
	$(BIN)/pytest -q -n auto --dist=worksteal --durations=20
	$(BIN)/camcover rules test rules --no-coverage

test-all: ## the same with new random examples, which Hypothesis draws and shrinks, for a change of the engine
	CAMCOVER_TESTS=all $(MAKE) test

lint: $(ENVIRONMENT) ## style, types, layers, docstrings, protos, rule files, generated pages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/interrogate -q service/camcover
	cd protos && ../$(BIN)/buf lint
	$(BIN)/python protos/breaking.py
	$(BIN)/camcover rules check rules
	$(BIN)/camcover rules fmt --check rules
	$(BIN)/camcover rules schema --check rules/schema
	$(BIN)/python docs/generate_diagnostics.py --check
	$(BIN)/python docs/generate_api.py --check

breaking: $(ENVIRONMENT) ## compare the contract with the last release, or with the revision AGAINST: what would break callers
	$(BIN)/python protos/breaking.py $(AGAINST)

bench: $(ENVIRONMENT) ## measure the kernel beside its translation to C, one plan, reading; nothing is asserted
	$(BIN)/pytest benchmarks -q -p no:xdist --benchmark-only --benchmark-columns=min,median,rounds --benchmark-json=$(SAVED)

bench-compare: $(ENVIRONMENT) ## measure anew and compare with the last saved run, else with the ratios that are kept
	$(BIN)/python benchmarks/compare.py $(or $(wildcard $(SAVED)),$(RATIOS))

bench-keep: $(ENVIRONMENT) ## measure anew and keep the ratios to the yardsticks, with which bench-compare compares
	$(BIN)/python benchmarks/compare.py --keep $(RATIOS)

bench-rpc: $(ENVIRONMENT) ## measure calls to a server beside an echo on the same server, workers, a reload under load
	PYTHONPATH=benchmarks $(BIN)/python benchmarks/rpc/run.py 4 $(wildcard $(DATA))

bench-bulk: $(ENVIRONMENT) ## measure Parquet to Parquet
	$(BIN)/python benchmarks/bulk.py
	$(BIN)/python benchmarks/bulk_rows.py

bench-impact: $(ENVIRONMENT) ## measure a million members under two rule sets beside pricing them once
	PYTHONPATH=benchmarks $(BIN)/python benchmarks/impact.py

bench-rules: $(ENVIRONMENT) ## measure 20,000 plan files: reading, compiling, starting, memory, one estimate (DATA=folder of the tables)
	$(BIN)/python benchmarks/many_rules.py $(DATA)

bench-imported: $(ENVIRONMENT) ## measure real plans from the import to a price (DATA=folder of the tables, PLANS=how many)
	$(BIN)/python benchmarks/imported_rules.py $(DATA) $(PLANS)

bench-following: $(ENVIRONMENT) ## measure how long services take to follow an activation, on SQLite and PostgreSQL
	$(BIN)/python benchmarks/following.py

bench-pages: $(ENVIRONMENT) ## measure the pages for patients: weight, keystroke to new price (needs chromium), 200 at once
	$(BIN)/python benchmarks/patient_pages.py

bench-commands: $(ENVIRONMENT) ## measure what commands cost to start, CPU seconds
	$(BIN)/python benchmarks/commands.py

bench-peers: $(ENVIRONMENT) $(PEERS)/.installed ## compare with what a user would pick instead
	$(BIN)/python benchmarks/peers/workload.py --plans 10000 --out $(PEERS)/workload.json
	$(PEERS)/venv/bin/python benchmarks/peers/run.py $(PEERS)/workload.json --json $(PEERS)/table.json

proto: $(GENERATED) ## build the Python modules of protos/

# The wheel is the same to the byte for the same commit: its files have the commit's time.
wheel: $(ENVIRONMENT) ## build the source distribution, and the wheel from it, into dist/
	rm -rf dist
	$(BIN)/python -c 'from setuptools import build_meta; build_meta.build_sdist("dist")' > /dev/null
	SOURCE_DATE_EPOCH=$(COMMITTED) $(BIN)/pip wheel --quiet --disable-pip-version-check --no-deps --no-index \
	  --no-build-isolation --wheel-dir dist dist/camcover-*.tar.gz
	@ls dist

client: $(ENVIRONMENT) ## build the wheel of the Python client into dist/
	SOURCE_DATE_EPOCH=$(COMMITTED) $(BIN)/pip wheel --quiet --disable-pip-version-check --no-deps --no-index \
	  --no-build-isolation --wheel-dir dist clients/python
	@rm -rf clients/python/build clients/python/*.egg-info
	@ls dist

coverage: $(ENVIRONMENT) ## branch coverage of rulebook/ and engine/, measured without compilation
	$(BIN)/coverage erase
	COVERAGE_PROCESS_START=pyproject.toml PYTHONPATH=tests NUMBA_DISABLE_JIT=1 HYPOTHESIS_PROFILE=few \
		$(BIN)/pytest -q -p measured -n auto --dist=worksteal -m "not processes" $(CORE_TESTS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

limit: $(ENVIRONMENT) ## compare the kernel with its translation to C, byte for byte (where there is a C compiler)
	$(BIN)/pytest -q benchmarks/limit

nightly: $(ENVIRONMENT) ## 20,000 random examples of each drawn property, the staff guide on PostgreSQL, coverage, ten minutes of fuzz, speed
	$(MAKE) coverage
	CAMCOVER_TESTS=nightly $(BIN)/pytest -q -n auto $(DRAWN) tests/examples/test_staff_guide.py tests/cli/test_replicas.py
	CAMCOVER_TESTS=nightly $(BIN)/pytest -q -n auto benchmarks/limit
	FUZZ_SECONDS=600 $(MAKE) fuzz
	-$(BIN)/python benchmarks/compare.py $(RATIOS)

fuzz: $(ENVIRONMENT) ## send broken requests, read broken files, for FUZZ_SECONDS (60); FUZZ_SEED draws the same ones again
	PYTHONPATH=tests $(BIN)/python tests/fuzz/run.py

chaos: $(ENVIRONMENT) ## kill processes under load, take database and disk away, move the clock, change certificates
	CAMCOVER_CHAOS=1 $(BIN)/pytest -q -p no:xdist tests/chaos

soak: $(ENVIRONMENT) ## an even load for SOAK_MINUTES (30): memory and descriptors every minute
	PYTHONPATH=tests $(BIN)/python tests/chaos/soak.py

overload: $(ENVIRONMENT) ## begin ten times the calls that a service takes: what is refused, and how long calls take
	PYTHONPATH=tests $(BIN)/python tests/chaos/overload.py

browser: $(ENVIRONMENT) tests/web_browser/node_modules clients/editor/node_modules ## look at the pages in Debian's chromium, with axe-core
	$(BIN)/pytest -q -p no:xdist tests/web_browser

screenshots: $(ENVIRONMENT) ## take the pictures of docs/screenshots (needs chromium)
	$(BIN)/python docs/screenshots.py

editor: clients/editor/node_modules ## bundle the editor of the pages for staff into service/camcover/web/static/
	npm run --prefix clients/editor --silent build

node: tests/node/node_modules clients/node/dist ## install what the tests of Node need, and build the TypeScript client

engines: $(VENV)/.engines ## install what the tests of bulk on Spark, Polars and DuckDB need (Java 17 besides)

format: $(ENVIRONMENT) ## format Python and rule files
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/camcover rules fmt rules

docs: $(ENVIRONMENT) ## write the generated pages and schemas anew
	$(BIN)/python docs/generate_diagnostics.py
	$(BIN)/python docs/generate_api.py
	$(BIN)/camcover rules schema rules/schema

sbom: $(VENV)/.installed ## write the bill of materials of requirements.lock (CycloneDX) to build/sbom.json
	@mkdir -p build
	$(BIN)/python docs/generate_sbom.py > build/sbom.json

audit: $(VENV)/.installed ## hold requirements.lock to known advisories (pip-audit), where an advisory service answers
	@$(MAKE) -s $(AUDIT)/.installed 2> /dev/null || true
	@$(BIN)/python docs/audit_packages.py $(AUDIT)/venv/bin/pip-audit

image-steps: ## build, install, compile and serve as the image does, without containers (Linux, as root; tracked files)
	deploy/try_image.sh

deploy-checks: build/deploy/.installed $(ENVIRONMENT) ## render the Helm chart by Helm's code, validate it by the schemas of Kubernetes
	build/deploy/venv/bin/python deploy/check_chart.py $(BIN)/camcover

lock: ## resolve the dependencies of pyproject.toml anew into the lock files (needs uv)
	$(LOCK) pyproject.toml --extra bulk --extra http --extra letters --extra oidc --extra telemetry -o requirements.lock
	$(LOCK) pyproject.toml --extra bulk --extra http --extra letters --extra oidc --extra telemetry --group dev -c requirements.lock -o requirements-dev.lock
	$(LOCK) pyproject.toml --extra bulk --group engines -c requirements-dev.lock -o requirements-engines.lock
	$(LOCK) --group audit -o requirements-audit.lock
	cd benchmarks/peers && $(LOCK) requirements.in -o requirements.lock
	cd deploy && $(LOCK) requirements.in -o requirements.lock

clean: ## remove the environment and everything built
	rm -rf $(VENV) service/camcover/gen service/*.egg-info tests/node/node_modules tests/web_browser/node_modules clients/editor/node_modules build dist .coverage
	rm -rf clients/node/node_modules clients/node/dist clients/node/src/gen clients/python/build
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks .import_linter_cache
	find service tests docs protos benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# The kernel is compiled once here, into a cache beside its source, so that no first call waits for it.
$(ENVIRONMENT): requirements-dev.lock pyproject.toml setup.py $(GENERATED)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/camcover estimate docs/examples/request.json --rules rules > /dev/null
	touch $@

$(GENERATED): $(PROTOS) $(VENV)/.installed
	$(BIN)/python protos/generate.py

$(VENV)/.installed: requirements-dev.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/$(INSTALL) $<
	touch $@

$(VENV)/.engines: requirements-engines.lock $(VENV)/.installed
	$(BIN)/$(INSTALL) $<
	touch $@

# An environment of its own for each of these, from its lock file.
$(PEERS)/.installed: benchmarks/peers/requirements.lock
$(AUDIT)/.installed: requirements-audit.lock
$(AUDIT)/.installed: export PIP_RETRIES = 1
$(AUDIT)/.installed: export PIP_TIMEOUT = 20
build/deploy/.installed: deploy/requirements.lock
$(PEERS)/.installed $(AUDIT)/.installed build/deploy/.installed:
	$(PYTHON) -m venv $(@D)/venv
	$(@D)/venv/bin/$(INSTALL) $<
	touch $@

tests/web_browser/node_modules clients/editor/node_modules: %/node_modules: %/package-lock.json
	npm ci --prefix $* --no-audit --no-fund --ignore-scripts --silent
	touch $@

clients/node/dist: clients/node/package-lock.json $(wildcard clients/node/src/*.ts) $(PROTOS) $(VENV)/.installed
	npm ci --prefix clients/node --no-audit --no-fund --ignore-scripts --silent
	cd clients/node && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent build
	touch $@

tests/node/node_modules: tests/node/package-lock.json
	npm ci --prefix tests/node --no-audit --no-fund --ignore-scripts --silent
	touch $@

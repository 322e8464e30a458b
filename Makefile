# Every target sets up what it needs on a fresh machine: Python 3.11+, make, package registries.
PYTHON ?= python3
BIN := .venv/bin
SERVER_BIN := .venv-argilla/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONDONTWRITEBYTECODE := 1

.NOTPARALLEL:
.PHONY: help setup browser postgres demo test test-long lint conformance bench bench-models bench-logging bench-large bench-annotators bench-hub bench-entities bench-topics bench-worth bench-prediction bench-instructions bench-resolve bench-suggestions bench-gazetteer bench-ledger bench-order bench-label-errors bench-page desk-page clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup: $(BIN)/.ready $(SERVER_BIN)/.ready ## Product environment and the Argilla server's own

$(BIN)/.ready: pins/product.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Copydesk needs Python 3.11 or newer; run make PYTHON=python3.11 setup")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	# torch first and alone: resolved together with the rest, pip may prefer a CUDA build.
	$(BIN)/pip install --quiet --progress-bar off $(shell grep '^torch==' pins/product.txt)
	$(BIN)/pip install --quiet --progress-bar off -r pins/product.txt
	$(BIN)/pip install --quiet --no-deps --editable .
	@touch $@

# argilla-server pins pydantic and typer below what Prefect needs: two environments, one project.
$(SERVER_BIN)/.ready: pins/argilla-server.txt pyproject.toml
	test -x $(SERVER_BIN)/python || $(PYTHON) -m venv .venv-argilla
	$(SERVER_BIN)/pip install --quiet --progress-bar off -r pins/argilla-server.txt
	$(SERVER_BIN)/pip install --quiet --no-deps --editable .
	@touch $@

browser: ## Install the browser of the UI tests (root on Debian or Ubuntu; else they skip)
	@if command -v chromium >/dev/null || command -v chromium-browser >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	else echo "No chromium and no root: the browser tests will be skipped. Install chromium to run them."; fi

postgres: ## Install Postgres and Redis for the tests of the team's stack, starting neither (root on Debian or Ubuntu)
	@if { command -v initdb || ls /usr/lib/postgresql/*/bin/initdb; } >/dev/null 2>&1 && command -v redis-server >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  mkdir -p /etc/postgresql-common/createcluster.d && \
	  echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/copydesk.conf && \
	  kept=$$(test -e /usr/sbin/policy-rc.d && echo yes || true) && \
	  { test -n "$$kept" || { printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d; }; } && \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql redis-server >/dev/null; \
	    done=$$?; test -n "$$kept" || rm -f /usr/sbin/policy-rc.d; exit $$done; }; \
	else echo "No Postgres or Redis of the system, and no root: tests of the team's stack may be skipped. Install postgresql and redis-server to run them."; fi

demo: setup ## Two rounds on the sample desk; services stay up (make demo ARGS="--set review.seed=1")
	$(BIN)/copydesk demo $(ARGS)

PYTEST = $(BIN)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder --durations=25

test: setup browser lint ## Lint and the tests of everything, in two processes
	$(PYTEST) -m "not long" $(ARGS)

test-long: setup postgres ## Kills at every step, crowds, several processes, the team's stack, instruction models round by round
	$(PYTEST) -m long $(ARGS)

lint: setup ## ruff, mypy, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

conformance: setup ## Argilla's and huggingface_hub's own suites, the engine's properties (ARGS="--examples 400", "--only hub")
	PYTHONPATH=. $(BIN)/python -m tests.conformance $(ARGS)

bench: bench-logging bench-large bench-annotators bench-hub bench-suggestions bench-ledger $(if $(DATA),bench-models bench-topics bench-entities bench-prediction bench-worth bench-instructions bench-resolve bench-gazetteer bench-order bench-label-errors) bench-page ## All measurements of docs/benchmarks.md, 15 minutes; with DATA=folder the models', too

bench-logging: setup ## Logging: our launcher against the stock one
	$(BIN)/python -m benchmarks.logging_speed $(ARGS)

bench-large: setup browser ## What the UI asks of 100,000 records; takes the pictures anew
	$(BIN)/python -m benchmarks.large_review --pictures docs/images $(ARGS)

bench-annotators: setup ## 20 annotators while records are logged; the same with kill -9
	$(BIN)/python -m benchmarks.annotators $(ARGS)

bench-ledger: setup ## What pulling 30,000 records costs: at first, unchanged, with 100 new answers
	$(BIN)/python -m benchmarks.ledger $(ARGS)

bench-hub: setup ## The embedded Hub: large files, many files, many writers, memory
	$(BIN)/python -m benchmarks.hub_speed $(ARGS)

bench-models: setup ## Whole rounds on real corpora: make bench-models DATA=folder
	$(BIN)/python -m benchmarks.models $(if $(DATA),--data $(DATA))

bench-topics: setup ## Topic models against SetFit's own trainer, an hour: make bench-topics DATA=folder
	$(BIN)/python -m benchmarks.topic_ladder $(if $(DATA),--data $(DATA)) $(ARGS)

bench-entities: setup ## Entity models beside a CRF and a plain fine-tuning: make bench-entities DATA=folder
	$(BIN)/python -m benchmarks.entity_models $(if $(DATA),--data $(DATA)) $(ARGS)

bench-prediction: setup ## Topics and entities in one pass against two pipelines: make bench-prediction DATA=folder
	$(BIN)/python -m benchmarks.prediction $(if $(DATA),--data $(DATA)) $(ARGS)

bench-worth: setup ## What four times the labels bring, told from the first quarter: DATA=folder
	$(BIN)/python -m benchmarks.worth $(if $(DATA),--data $(DATA)) $(ARGS)

bench-suggestions: setup ## How well the pull of suggestions is found, on made-up reviews: a minute
	$(BIN)/python -m benchmarks.suggestion_pull $(ARGS)

bench-instructions: setup ## Instruction models against base and classifiers, half an hour: DATA=folder
	$(BIN)/python -m benchmarks.instructions $(if $(DATA),--data $(DATA)) $(ARGS)

bench-resolve: setup ## Agreement of real crowds and the rules that resolve them, a minute: DATA=folder
	$(BIN)/python -m benchmarks.resolve $(if $(DATA),--data $(DATA)) $(ARGS)

bench-gazetteer: setup ## Suggestions by reviewed names, a minute: make bench-gazetteer DATA=folder
	$(BIN)/python -m benchmarks.gazetteer $(if $(DATA),--data $(DATA)) $(ARGS)

bench-order: setup ## How many answers each order of review needs, ten minutes: DATA=folder
	$(BIN)/python -m benchmarks.review_order --pictures docs/images $(if $(DATA),--data $(DATA)) $(ARGS)

bench-label-errors: setup ## Wrong labels of real people, found by cleanlab and by the model: DATA=folder
	$(BIN)/python -m benchmarks.label_errors $(if $(DATA),--data $(DATA)) $(ARGS)

bench-page: setup ## docs/benchmarks.md from bench-results/
	$(BIN)/python -m benchmarks.page

desk-page: setup ## docs/desk.md from the models that check a desk
	$(BIN)/copydesk desk-keys > docs/desk.md

clean: ## Remove environments and caches; data in .copydesk stays
	rm -rf .venv .venv-argilla .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build *.egg-info

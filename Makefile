.DEFAULT_GOAL := help
SHELL := /bin/bash
VENV := .venv
PYTHON := $(VENV)/bin/python
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export DO_NOT_TRACK := 1

RAW ?=
OUT ?=
AS_OF ?=
AT ?=
VERSION ?=
MINUTES ?= 60
VARS ?=
PERSON = $(if $(EMAIL),--email '$(EMAIL)') $(if $(KEY),--customer-key '$(KEY)') $(if $(OUT),--out '$(OUT)')
HORIZON ?= 90
CUSTOMERS ?= 3000

.PHONY: help setup build test lint triggers versions changes rollback erase person prove backtest soak dev sample bench lock clean

help: ## List the verbs
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(VENV)/.installed ## Install the locked dependencies into .venv

$(VENV)/.installed: requirements.lock
	@echo "Installing locked dependencies into $(VENV) ..."
	@test -x $(PYTHON) || python3 -m venv $(VENV)
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(VENV)/bin/uv pip sync --quiet --require-hashes requirements.lock
	@touch $@

build: setup ## Build and publish. RAW=<folder|.duckdb> OUT=<folder> AS_OF=<day> VARS='<json>'
	@$(if $(RAW),,$(MAKE) --no-print-directory data/sample_raw)
	@$(PYTHON) -m orchestration $(if $(RAW),--raw '$(RAW)') $(if $(OUT),--out '$(OUT)') \
		$(if $(AS_OF),--as-of $(AS_OF)) $(if $(VARS),--vars '$(VARS)')

data/sample_raw:
	@$(PYTHON) -m crm_warehouse.sample --customers $(CUSTOMERS) --out $@

sample: setup ## Write the sample shop's raw tables again. CUSTOMERS=<n>
	@rm -rf data/sample_raw && $(MAKE) --no-print-directory data/sample_raw

test: setup ## Run every test: lint, types, library, dbt unit tests, whole builds
	@$(PYTHON) -m pytest

lint: setup ## Only the linters and the type checker
	@$(PYTHON) -m pytest tests/python/test_code_style.py -q

triggers: setup ## Publish who is due for which journey now, without a build. RAW=, OUT=, AT=<time, UTC> VARS=
	@$(PYTHON) -m crm_warehouse.journeys $(if $(RAW),--raw '$(RAW)') $(if $(OUT),--out '$(OUT)') \
		$(if $(AT),--at '$(AT)') $(if $(VARS),--vars '$(VARS)')

versions: setup ## List the published versions. OUT=<folder>
	@$(if $(OUT),CRM_OUT='$(OUT)') $(PYTHON) -m crm_warehouse.publish versions

changes: setup ## List what changed in the schema from version to version. OUT=<folder>
	@$(if $(OUT),CRM_OUT='$(OUT)') $(PYTHON) -m crm_warehouse.publish changes

rollback: setup ## Let readers see an earlier version again. VERSION=<version> OUT=<folder>
	@$(if $(OUT),CRM_OUT='$(OUT)') $(PYTHON) -m crm_warehouse.publish rollback $(VERSION)

erase: setup ## Ask for a person to be gone from the next build on. EMAIL=<address> or KEY=<customer_key> OUT=<folder>
	@$(PYTHON) -m crm_warehouse.privacy erase $(PERSON)

person: setup ## Write everything known about a person. EMAIL=<address> or KEY=<customer_key> TO=<file> OUT=<folder>
	@$(PYTHON) -m crm_warehouse.privacy export $(PERSON) --to '$(TO)'

prove: setup ## Look for an address in every table and file. EMAIL=<address> OUT=<folder>
	@$(PYTHON) -m crm_warehouse.privacy prove $(PERSON)

backtest: setup ## Build as of AS_OF=<day>, score against the HORIZON=<days> that followed. RAW=, OUT=, VARS=
	@$(if $(RAW),,$(MAKE) --no-print-directory data/sample_raw)
	@$(PYTHON) -m crm_warehouse.backtest --as-of $(AS_OF) --horizon $(HORIZON) $(if $(RAW),--raw '$(RAW)') \
		$(if $(OUT),--out '$(OUT)') $(if $(VARS),--vars '$(VARS)')

soak: setup ## Kill builds at random for MINUTES=60 while readers read, then run the fault table
	@$(PYTHON) -m tests.soak --minutes $(MINUTES)

dev: setup ## Open the Dagster UI on http://localhost:3000
	@$(PYTHON) -m orchestration.dev

bench: setup ## Build a 1 M-customer shop beside plain queries over the same files. RAW=<folder> of an earlier one
	@$(PYTHON) -m benchmarks.build $(if $(RAW),--raw '$(RAW)')

lock: setup ## Resolve pyproject.toml again into requirements.lock
	@$(VENV)/bin/uv pip compile --quiet --generate-hashes --python-version 3.11 --extra dev pyproject.toml -o requirements.lock

clean: ## Remove the environment and everything built
	@rm -rf $(VENV) data target logs

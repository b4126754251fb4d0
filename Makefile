STACK ?= local
PYTHON := .venv/bin/python
SETUP := python3 tools/setup.py
CACHE := $(or $(ORDER_PIPELINES_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/order-pipelines)
ON_PATH := PATH="$(CURDIR)/.venv/bin:$(CURDIR)/.local/engine:$$PATH"
PULUMI := $(ON_PATH) pulumi
# Runs a command on the stack: $(call on-stack,command,options that only a stack on AWS needs)
on-stack = $(if $(filter local,$(STACK)),$(PYTHON) -m local $(1),$(PULUMI) $(1) --stack $(STACK) $(2))

# Set but empty, so that Python keeps its bytecode: without it imports take several times as long.
export PYTHONDONTWRITEBYTECODE :=
export PULUMI_SKIP_UPDATE_CHECK := 1

.PHONY: help setup demo test up preview policy watch destroy stop check docs format clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Make ready what is missing: uv, Python packages, the emulator, the Pulumi engine
	@$(SETUP)

demo: setup ## Deploy, prove and destroy everything on the local emulator (KEEP=1 leaves it up)
	@$(PYTHON) -m local demo $(if $(KEEP),--keep)

# All of them in four processes, as half of the time they wait; some of them in one, where nothing starts four times.
test: ## Run the tests (ARGS='-k name' goes to pytest)
	@$(SETUP) --engine-optional
	@$(PYTHON) -m pytest $(or $(ARGS),-n 4)

up: setup ## Deploy the stack (STACK=name for one on AWS; local by default)
	@$(call on-stack,up,--policy-pack policy/pack)

preview: setup ## Show what `up` would change (STACK=name as above)
	@$(call on-stack,preview,--policy-pack policy/pack)

policy: setup ## Judge a preview by the policy pack (STACK=name as above; ARGS='--format markdown' goes to it)
	@$(if $(filter local,$(STACK)),$(PYTHON) -m local check,$(ON_PATH) $(PYTHON) -m policy check --stack $(STACK)) $(ARGS)

watch: ## Show the running pipelines of the local stack (ARGS='--every 5' goes to it)
	@$(SETUP) python
	@$(PYTHON) -m local watch $(ARGS)

destroy: setup ## Destroy what `up` deployed (STACK=name as above)
	@$(call on-stack,destroy)

stop: ## Stop the local emulator
	@$(SETUP) python
	@$(PYTHON) -m local stop

check: ## Check style, types, spelling and lock files
	@$(SETUP) python
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/basedpyright
	@.venv/bin/codespell
	@.local/uv lock --check --quiet
	@.local/uv lock --check --quiet --project local/emulator
	@.local/uv lock --check --quiet --project bench/peers
	@$(PYTHON) tools/reference.py --check

docs: ## Write the reference pages from the docstrings
	@$(SETUP) python
	@$(PYTHON) tools/reference.py

format: ## Format the code and mend what the linter can
	@$(SETUP) python
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

clean: ## Stop the emulator and remove all that was made in this checkout
	@-if [ -x $(PYTHON) ]; then $(PYTHON) -m local stop; fi
	@rm -rf .local .venv local/emulator/.venv .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "Left for other checkouts: $(CACHE)"

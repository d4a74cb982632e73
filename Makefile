# Livedesk: `make run` starts the desk, `make test` proves it.
HOST ?= 127.0.0.1
PORT ?= 8000

PY := .venv/bin/python
STATIC := $(or $(VAR_DIR),var)/static.$(or $(STATIC_STORAGE),default)

.DEFAULT_GOAL := help
.PHONY: help run test soak check types rules lock shots quality drill bench

help: ## what can be made
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

run: .venv/.run ## the desk on http://HOST:PORT, with its data in var/
	@$(PY) manage.py migrate --verbosity 0
	@$(PY) manage.py seed_demo
	@$(MAKE) --no-print-directory $(STATIC)
	@$(PY) manage.py serve --with-desk --host $(HOST) --port $(PORT)

test: check ## everything that proves it: the checks, then every test
	@tools/test-services
	@.venv/bin/pytest -n 3 --dist loadscope --no-loadscope-reorder

check: .venv/.dev ## lint, no secret, types, the import law, Django's own checks, no missing migration
	@$(MAKE) --no-print-directory --jobs 2 types rules

# Side by side: mypy takes one core most of the time
types:
	@.venv/bin/mypy apps config

rules:
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@$(PY) -m tools.leaks
	@.venv/bin/lint-imports --no-cache
	@$(PY) manage.py check
	@$(PY) manage.py makemigrations --check --dry-run

soak: .venv/.dev ## every fault, again and again, under load (MINUTES=30 FAULT_SEED=20261124)
	@tools/test-services
	@SOAK_MINUTES=$(or $(MINUTES),30) .venv/bin/pytest tests/faults/soak.py -q -s

lock: .venv/.dev ## compile requirements*.in again, with hashes, and ask whether anything in them is known to be unsafe
	@$(PY) -m uv pip compile --quiet --generate-hashes --python-version 3.11 --no-emit-index-url --upgrade \
		--custom-compile-command "make lock" requirements.in -o requirements.txt
	@$(PY) -m uv pip compile --quiet --generate-hashes --python-version 3.11 --no-emit-index-url --upgrade \
		--custom-compile-command "make lock" -c requirements.txt requirements-dev.in -o requirements-dev.txt
	@$(PY) -m uv pip compile --quiet --generate-hashes --python-version 3.11 --no-emit-index-url --upgrade \
		--custom-compile-command "make lock" -c requirements.txt requirements-kms.in -o requirements-kms.txt
	@$(PY) -m pip_audit --strict --disable-pip --require-hashes --progress-spinner off \
		-r requirements.txt -r requirements-dev.txt -r requirements-kms.txt

shots: .venv/.dev ## take README's screenshots again
	@$(PY) -m tools.shots

quality: .venv/.dev ## Lighthouse (desktop and mobile) and axe (both themes)
	@$(PY) -m tools.quality

drill: .venv/.dev ## break a real deployment in turn, and see who notices and when it is over (ONLY=redis,desk)
	@tools/test-services
	@$(PY) -m tools.drill $(if $(ONLY),--only $(ONLY))

bench: $(if $(filter clone,$(ONLY)),,.venv/.dev) ## beside socket.io (ONLY=quotes-100k ROUNDS=3 WRITE=1); by themselves ONLY=order, page, clone
	@$(or $(BENCH_$(ONLY)),$(PY) -m bench $(if $(ONLY),--only $(ONLY)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(WRITE),--write) $(if $(LINES),--lines))

# From the POST of an order to its toast in a browser; the desk page: time, queries, weight; a fresh clone to the first page
BENCH_order := $(PY) -m tools.bench_order
BENCH_page := $(PY) -m tools.bench_page
BENCH_clone := python3 -m tools.bench_clone

# Files that say what is installed and collected; each is made again when what it was made from changes
.venv/.run: requirements.txt tools/venv
	@tools/venv requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt requirements.txt tools/venv
	@tools/venv requirements-dev.txt
	@touch $@ .venv/.run

$(STATIC): $(shell find static config/settings.py) requirements.txt $(wildcard .env)
	@rm -rf $(@D)/static $(@D)/static.*
	@$(PY) manage.py collectstatic --no-input --verbosity 0
	@touch $@

# PACS2go: `make run` sets everything up and serves http://127.0.0.1:8000/ (docs/install.md).
PYTHON ?= python3
BIN := .venv/bin
PACKAGES := manage.py pacs_portal converter pseudonymizer infra

.PHONY: run setup test check bench lock clean

run: setup
	@exec $(BIN)/python -m infra.local run

setup: .venv/.ready

.venv/.ready: requirements.txt
	@$(PYTHON) -m infra.local venv requirements.txt
	@touch $@

.venv/.ready-dev: .venv/.ready requirements-dev.txt
	@$(PYTHON) -m infra.local venv requirements.txt requirements-dev.txt
	@touch $@

# Both start hundreds of processes, and measure some: with compiled modules, as a user has them.
test bench: export PYTHONDONTWRITEBYTECODE =

test: .venv/.ready-dev
	@PACS2GO_DATA=var $(BIN)/python -m infra.local test-setup
	PACS2GO_OHIF=$(CURDIR)/var/ohif/current $(BIN)/python -m pytest

check: .venv/.ready-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(PACKAGES)
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run

# Measures our commands beside their peers, and how patients are recognized (docs/benchmarks.md).
# The large sets: BENCH="--count 10000", RECOGNITION="--large 1000000".
bench: .venv/.ready-dev
	@$(BIN)/python -m tests.bench --write docs/benchmarks.md $(BENCH)
	@$(BIN)/python -m tests.bench.conversion --write docs/benchmarks.md $(CONVERSION)
	@$(BIN)/python -m tests.bench.identifiers --write docs/benchmarks.md
	@$(BIN)/python -m tests.bench.recognize --write docs/benchmarks.md $(RECOGNITION)
	@$(BIN)/python -m tests.bench.text_detection --write docs/benchmarks.md
	@find var/bench -type d -name spent -prune -exec rm -rf {} +

# Writes the locked files anew from the .in files; needs uv.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-find-links --custom-compile-command "make lock" -o requirements.txt requirements.in
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-find-links --custom-compile-command "make lock" -o requirements-dev.txt requirements-dev.in

# Removes what the tools made; never the data folder.
clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './var/*' -prune -exec rm -rf {} +

# The two commands of a fresh machine. Both make .venv; PYTHON picks the interpreter, VENV the folder.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# the tests start thousands of processes, and compiling anew for each of them would be half of their time
export PYTHONDONTWRITEBYTECODE =

.PHONY: demo test docs

demo: $(VENV)/installed
	$(BIN)/fxrun examples/eurusd-weekday.yaml --simulate --from 2025-01-01 --until 2026-01-01

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet .
	touch $@

$(VENV)/tested: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $@

# the site of docs/, in build/docs; a link that leads nowhere is an error
docs: $(VENV)/tested
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going docs build/docs

test: $(VENV)/tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@# beside each other: types, and the tables of clients and conformance, which workers cannot print
	@$(BIN)/mypy > $(VENV)/types.txt 2>&1 & types=$$!; \
	$(BIN)/pytest tests/clients tests/conformance; tables=$$?; \
	wait $$types; types=$$?; cat $(VENV)/types.txt; exit $$((tables || types))
	$(BIN)/pytest --numprocesses 6 --dist loadgroup --ignore tests/clients --ignore tests/conformance --ignore tests/reliability
	@# what waits more than it works
	$(BIN)/pytest --numprocesses 9 --dist loadgroup tests/reliability
	$(BIN)/python -m tests.reliability.catalogue
	$(BIN)/python -m tests.release.audit

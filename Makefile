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
	$(BIN)/mypy
	$(BIN)/pytest tests/clients tests/conformance
	$(BIN)/pytest --numprocesses 6 --dist loadgroup --ignore tests/clients --ignore tests/conformance
	$(BIN)/python -m tests.reliability.catalogue
	$(BIN)/python -m tests.release.audit

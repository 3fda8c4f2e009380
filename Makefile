# make test: installs what the tests need, then runs them all. See README.md.

PYTHON ?= python3
VENV   := .venv
export HULPLIJN_TEST_PYTHON := $(CURDIR)/$(VENV)/bin/python

.PHONY: test lint bless
test: lint $(VENV)/installed
	cargo test --locked

lint:
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings

# The provider's official library signs requests to our server and builds documents for our reader.
$(VENV)/installed: tests/requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	touch $@

# Writes what the stories hear now into their files; read the difference before you commit it.
bless:
	BLESS=1 cargo test --locked --test stories

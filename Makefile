# make test: installs what the tests need, then runs them all. See README.md.

PYTHON ?= python3
VENV   := .venv
export HULPLIJN_TEST_PYTHON := $(CURDIR)/$(VENV)/bin/python

.PHONY: test lint bless kannel
test: lint kannel $(VENV)/installed
	cargo test --locked

lint:
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings

# The provider's official library signs requests to our server and builds documents for our reader.
$(VENV)/installed: tests/requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	touch $@

# The real Kannel, with its fake SMS centre, brings texts to our program.
FAKESMSC := /usr/lib/kannel/test/fakesmsc
kannel:
	@if command -v bearerbox >/dev/null && command -v smsbox >/dev/null && test -x $(FAKESMSC); then :; \
	elif test "$$(id -u)" = 0 && command -v apt-get >/dev/null; then \
	  apt-get update -q && apt-get install -yq --no-install-recommends kannel kannel-extras; \
	else \
	  echo "Kannel is missing: sudo apt-get install -y --no-install-recommends kannel kannel-extras" >&2; exit 1; \
	fi

# Writes what the stories hear now into their files; read the difference before you commit it.
bless:
	BLESS=1 cargo test --locked --test stories

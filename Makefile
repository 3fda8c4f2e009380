# make test: installs what the tests need, then runs them all. See README.md.

PYTHON ?= python3
VENV   := .venv
export HULPLIJN_TEST_PYTHON := $(CURDIR)/$(VENV)/bin/python

# Tools of the tests that are Rust programs, in the versions that were tried. Quick to build matters, quick to run does not.
TOOLS  := .tools
export PATH := $(CURDIR)/$(TOOLS)/bin:$(PATH)

.PHONY: test lint supply package deb bless kannel faketime chromium espeak bench coverage llvm voices sounds wer
test: lint supply kannel faketime chromium espeak $(VENV)/installed $(VENV)/axe-0.1.8
	cargo test --locked
	$(MAKE) package

lint:
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings

# What may come into the program: licences, sources, nothing twice. The list of known weaknesses lives on another
# server and is not asked here: `cargo deny check advisories` before a release.
supply: $(TOOLS)/cargo-deny-0.20.2
	cargo fetch --locked --quiet
	cargo deny --offline check bans licenses sources

# The Debian package, and what it holds.
package: deb
	packaging/check target/package/hulplijn.deb
	target/release/hulplijn walk menus
deb: $(TOOLS)/cargo-deb-3.8.0
	packaging/build-release
	packaging/build-deb

$(TOOLS)/cargo-%:
	name=$$(echo cargo-$* | sed 's/-[0-9.]*$$//') && \
	  cargo install --quiet --locked --debug --root $(TOOLS) --target-dir $(TOOLS)/target $$name@$$(echo $* | sed 's/.*-//')
	rm -rf $(TOOLS)/target
	touch $@

# The provider's official library signs requests to our server and builds documents for our reader.
$(VENV)/installed: tests/requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	touch $@

# axe-core (MPL-2.0) looks at the web phone in the tests; this package is a folder around its one file.
$(VENV)/axe-%: | $(VENV)/installed
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps axe-playwright-python==$*
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

# The clock of one program is set wrong while calls go on.
faketime:
	@if ls /usr/lib/*-linux-gnu/faketime/libfaketimeMT.so.1 >/dev/null 2>&1; then :; \
	elif test "$$(id -u)" = 0 && command -v apt-get >/dev/null; then \
	  apt-get update -q && apt-get install -yq --no-install-recommends libfaketime; \
	else \
	  echo "libfaketime is missing: sudo apt-get install -y --no-install-recommends libfaketime" >&2; exit 1; \
	fi

# A browser without a screen calls on the web phone. Both in one go, so that their versions fit.
chromium:
	@if command -v chromium >/dev/null && command -v chromedriver >/dev/null; then :; \
	elif test "$$(id -u)" = 0 && command -v apt-get >/dev/null; then \
	  apt-get update -q && apt-get install -yq --no-install-recommends chromium chromium-driver; \
	else \
	  echo "Chromium is missing: sudo apt-get install -y --no-install-recommends chromium chromium-driver" >&2; exit 1; \
	fi

# The voice program that the tests of sound use.
espeak:
	@if command -v espeak-ng >/dev/null; then :; \
	elif test "$$(id -u)" = 0 && command -v apt-get >/dev/null; then \
	  apt-get update -q && apt-get install -yq --no-install-recommends espeak-ng; \
	else \
	  echo "espeak-ng is missing: sudo apt-get install -y --no-install-recommends espeak-ng" >&2; exit 1; \
	fi

# The sounds in audio/: what is missing or stale is made, and nothing else. The voices: audio/README.md.
VOICES := audio/voices/.venv
voices: espeak $(VOICES)/installed
$(VOICES)/installed: audio/voices/requirements.txt
	$(PYTHON) -m venv $(VOICES)
	$(VOICES)/bin/pip install --quiet --disable-pip-version-check -r audio/voices/requirements.txt
	touch $@
sounds: voices
	cargo run --locked --release --quiet -- audio render --config audio/voices/hulplijn.toml --prune

# How many words of the sounds a speech recogniser understands: 0.6 GB to install, minutes to run. docs/audio.md.
WER := audio/voices/.wer
wer: $(WER)/installed
	cargo run --locked --release --quiet -- audio script --all --lang en > $(WER)/en.txt
	cargo run --locked --release --quiet -- audio script --all --lang nl > $(WER)/nl.txt
	$(WER)/bin/python tests/wer.py audio $(WER)
$(WER)/installed: tests/wer-requirements.txt
	$(PYTHON) -m venv $(WER)
	$(WER)/bin/pip install --quiet --disable-pip-version-check -r tests/wer-requirements.txt
	touch $@

# How fast it is, beside baselines; wants a machine with nothing else to do. docs/speed.md says what it means.
bench:
	cargo bench --locked

# How much of the program the tests run, by file; docs/proof.md has the last table. It builds everything once more.
LLVM := 19
coverage: $(TOOLS)/cargo-llvm-cov-0.9.1 llvm kannel faketime chromium espeak $(VENV)/installed $(VENV)/axe-0.1.8
	LLVM_COV=/usr/bin/llvm-cov-$(LLVM) LLVM_PROFDATA=/usr/bin/llvm-profdata-$(LLVM) \
	  cargo llvm-cov --locked --summary-only --failure-mode all
llvm:
	@if test -x /usr/bin/llvm-cov-$(LLVM); then :; \
	elif test "$$(id -u)" = 0 && command -v apt-get >/dev/null; then \
	  apt-get update -q && apt-get install -yq --no-install-recommends llvm-$(LLVM); \
	else \
	  echo "LLVM's tools are missing: sudo apt-get install -y --no-install-recommends llvm-$(LLVM)" >&2; exit 1; \
	fi

# Writes what the stories hear now into their files; read the difference before you commit it.
bless:
	BLESS=1 cargo test --locked --test stories

# Everything a newcomer runs. `make demo` and `make test` install what they need on Debian and
# Ubuntu; elsewhere they say what is missing.

SHELL := /bin/bash
CARGO ?= cargo
# apt-get needs root: directly as root, through sudo otherwise.
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
APT := $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get
DEMO := samples/ffmpeg-nginx.pcap
BENCH_DATA ?= target/bench-data

.PHONY: demo build test lint bench screenshots samples build-tools test-tools bench-tools picture-tools clean

## Build the program and open the dashboard on a bundled capture (the report without a terminal).
demo: build
	@./target/release/rtmpscope $(DEMO)

build: build-tools
	$(CARGO) build --release

## Run all tests.
test: build-tools test-tools
	$(CARGO) test --all-targets
	$(CARGO) test --doc
	$(CARGO) build --no-default-features

## What continuous integration checks besides the tests.
lint: build-tools
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings
	$(CARGO) clippy --no-default-features -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --document-private-items
	@if $(CARGO) deny --version >/dev/null 2>&1; then \
		$(CARGO) deny --offline check bans licenses sources; \
	else echo "cargo-deny is not installed: licences and sources of dependencies are not checked"; fi

## Measure against cat, tcpdump and tshark in one run; makes its captures on first use (2.7 GB).
bench: build bench-tools
	$(CARGO) bench --bench make_captures -- $(abspath $(BENCH_DATA))
	python3 benches/compare.py --data $(BENCH_DATA) --program target/release/rtmpscope

## Draw the pictures in screenshots/ again from real frames of the dashboard on the samples.
screenshots: build-tools picture-tools
	$(CARGO) run --release --example screenshots -- screenshots

## Make the captures in samples/ again with the real software (root, Debian; see samples/README.md).
samples:
	samples/make.sh

build-tools:
	@if ! command -v cc >/dev/null || ! [ -e /usr/include/pcap/pcap.h -o -e /usr/local/include/pcap/pcap.h -o -e /opt/homebrew/include/pcap/pcap.h -o "$$(uname)" = Darwin ]; then \
		$(call install,gcc libc6-dev libpcap-dev); fi

test-tools:
	@missing=""; for tool in tshark tcpdump jq python3; do command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	if [ -n "$$missing" ]; then $(call install,$$missing); fi

bench-tools:
	@missing=""; for tool in tshark tcpdump python3; do command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	[ -x /usr/bin/time ] || missing="$$missing time"; \
	if [ -n "$$missing" ]; then $(call install,$$missing); fi

picture-tools:
	@missing=""; command -v rsvg-convert >/dev/null || missing="librsvg2-bin"; \
	fc-list 2>/dev/null | grep -q 'DejaVu Sans Mono' || missing="$$missing fonts-dejavu-core fontconfig"; \
	if [ -n "$$missing" ]; then $(call install,$$missing); fi

clean:
	$(CARGO) clean

define install
if command -v apt-get >/dev/null; then \
	echo "installing:" $(1); $(APT) update -qq && $(APT) install -qq -y --no-install-recommends $(1) >/dev/null; \
else echo "please install:" $(1) >&2; exit 1; fi
endef

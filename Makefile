# Everything a newcomer runs. `make demo` and `make test` install what they need on Debian and
# Ubuntu; elsewhere they say what is missing.

SHELL := /bin/bash
CARGO ?= cargo
# apt-get needs root: directly as root, through sudo otherwise.
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
# Somebody else may be installing something at the moment, and a mirror may fail once.
APT := $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3
DEMO := samples/ffmpeg-nginx.pcap
BENCH_DATA ?= target/bench-data

# Seconds of a soak, and connections that begin in each.
SOAK_TIME ?= 3600
SOAK_RATE ?= 150

# Seconds that each fuzz target runs, and which ones do.
FUZZ_TIME ?= 180
FUZZ_TARGETS ?= $(patsubst fuzz/fuzz_targets/%.rs,%,$(wildcard fuzz/fuzz_targets/*.rs))

.PHONY: demo build test lint bench bench-stages bench-dashboard bench-live soak fuzz screenshots samples clean \
	build-tools test-tools monitor-tools bench-tools live-tools fuzz-tools picture-tools

## Build the program and open the dashboard on a bundled capture (the report without a terminal).
demo: build
	@./target/release/rtmpscope $(DEMO)

build: build-tools
	$(CARGO) build --release

## Run all tests, and name those that were skipped for want of a folder or a tool.
test: build-tools test-tools
	@set -o pipefail; $(CARGO) test --all-targets -- --show-output 2>&1 | awk -f tests/skipped.awk
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
## Then each stage by itself.
bench: build bench-tools
	$(CARGO) bench --bench make_captures -- $(abspath $(BENCH_DATA))
	python3 benches/compare.py --data $(BENCH_DATA) --program target/release/rtmpscope
	$(MAKE) bench-stages

## Measure each stage of the decoding by itself, in memory (a minute).
bench-stages: build-tools
	$(CARGO) bench --bench stages

## Measure how soon the dashboard shows something and answers a key while a gigabyte is read (a minute).
bench-dashboard: build bench-tools
	$(CARGO) bench --bench make_captures -- $(abspath $(BENCH_DATA)) mtu1500 flows10k
	python3 benches/dashboard.py --data $(BENCH_DATA) --program target/release/rtmpscope

## Measure live capture beside tcpdump across a pair of virtual interfaces (some minutes; root).
## Makes its capture of 1.1 GB on first use.
bench-live: build live-tools
	$(CARGO) bench --bench make_captures -- $(abspath $(BENCH_DATA)) mtu1500
	python3 benches/live/load.py --data $(BENCH_DATA)/mtu1500.pcap --program target/release/rtmpscope

## Let connections come and go for SOAK_TIME seconds while a sensor watches, and judge its memory.
soak: build live-tools
	python3 benches/live/soak.py --seconds $(SOAK_TIME) --rate $(SOAK_RATE) --program target/release/rtmpscope

## Run every fuzz target for FUZZ_TIME seconds, from inputs cut out of the samples.
## FUZZ_TARGETS chooses: make fuzz FUZZ_TARGETS=decoder FUZZ_TIME=600
# Leaks are not looked for: a reader that is dropped early leaves a thread that still decompresses for
# a moment, whose memory would be taken for one. What really grows reaches the limit of memory.
fuzz: build-tools fuzz-tools
	$(CARGO) run --example fuzz_corpus -- fuzz/corpus
	@for target in $(FUZZ_TARGETS); do \
		echo "== $$target"; \
		ASAN_OPTIONS=detect_leaks=0 RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run $$target -- -max_total_time=$(FUZZ_TIME) -timeout=20 -detect_leaks=0 -print_final_stats=1 || exit 1; \
	done

## Draw the pictures in screenshots/ and the recording again from real frames of the dashboard on
## the samples (SVG, PNG, GIF).
screenshots: build-tools picture-tools
	$(CARGO) run --release --example screenshots -- screenshots

## Make the captures in samples/ again with the real software (root, Debian; see samples/README.md).
samples:
	samples/make.sh

build-tools:
	@if ! command -v cc >/dev/null || ! [ -e /usr/include/pcap/pcap.h -o -e /usr/local/include/pcap/pcap.h -o -e /opt/homebrew/include/pcap/pcap.h -o "$$(uname)" = Darwin ]; then \
		$(call install,gcc libc6-dev libpcap-dev); fi

test-tools:
	@missing=""; for tool in tshark tcpdump jq python3 ffmpeg nginx rtmpdump zsh fish; do command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	[ -e /usr/lib/nginx/modules/ngx_rtmp_module.so ] || missing="$$missing libnginx-mod-rtmp"; \
	command -v gst-launch-1.0 >/dev/null || missing="$$missing gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly"; \
	command -v ip >/dev/null || missing="$$missing iproute2"; \
	command -v ping >/dev/null || missing="$$missing iputils-ping"; \
	command -v setcap >/dev/null || missing="$$missing libcap2-bin"; \
	command -v setpriv >/dev/null || missing="$$missing util-linux"; \
	command -v script >/dev/null || missing="$$missing bsdutils"; \
	command -v tmux >/dev/null || missing="$$missing tmux"; \
	command -v pkill >/dev/null || missing="$$missing procps"; \
	command -v systemd-analyze >/dev/null || missing="$$missing systemd"; \
	if [ -n "$$missing" ]; then $(call install,$$missing); fi

# Its package starts a service, which is not for `make test` to do on somebody's machine: the tests that
# ask a real Prometheus skip with a word where there is none.
monitor-tools:
	@command -v prometheus >/dev/null || { $(call install,prometheus); }

bench-tools:
	@missing=""; for tool in tshark tcpdump python3; do command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	[ -x /usr/bin/time ] || missing="$$missing time"; \
	if [ -n "$$missing" ]; then $(call install,$$missing); fi

live-tools:
	@missing=""; for tool in tcpdump python3 ethtool; do command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	command -v ip >/dev/null || missing="$$missing iproute2"; \
	command -v unshare >/dev/null || missing="$$missing util-linux"; \
	if [ -n "$$missing" ]; then $(call install,$$missing); fi

# The sanitizers are switched on by unstable flags, which the stable compiler takes with
# RUSTC_BOOTSTRAP; libFuzzer is C++.
fuzz-tools:
	@command -v c++ >/dev/null || { $(call install,g++); }
	@$(CARGO) fuzz --version >/dev/null 2>&1 || $(CARGO) install cargo-fuzz --locked

picture-tools:
	@missing=""; command -v rsvg-convert >/dev/null || missing="librsvg2-bin"; \
	command -v ffmpeg >/dev/null || missing="$$missing ffmpeg"; \
	fc-list 2>/dev/null | grep -q 'DejaVu Sans Mono' || missing="$$missing fonts-dejavu-core fontconfig"; \
	if [ -n "$$missing" ]; then $(call install,$$missing); fi

## Remove everything that was built, measured on or found.
clean:
	$(CARGO) clean
	rm -rf fuzz/target fuzz/corpus fuzz/artifacts fuzz/coverage

define install
if command -v apt-get >/dev/null; then \
	echo "installing:" $(1); $(APT) update -qq && $(APT) install -qq -y --no-install-recommends $(1) >/dev/null; \
else echo "please install:" $(1) >&2; exit 1; fi
endef

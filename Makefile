# Targets and what they do: make help.

PREFIX  ?= /usr/local
DESTDIR ?=
BINDIR   = $(DESTDIR)$(PREFIX)/bin
MANDIR   = $(DESTDIR)$(PREFIX)/share/man
BASHDIR  = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
ZSHDIR   = $(DESTDIR)$(PREFIX)/share/zsh/site-functions
FISHDIR  = $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d

# Where the C library goes: beside the system's libzmq, never in its place.
LIBDIR     ?= $(PREFIX)/lib/ztools
INCLUDEDIR ?= $(PREFIX)/include/ztools

# Where the tools are built.
BIN = bin

# The installed name of zcat. gzip owns the short one on most systems.
ZCAT ?= zmqcat

TOOLS := $(notdir $(wildcard cmd/*))
PAGES := $(notdir $(wildcard man/*.[1-9]))

# The name that a file of zcat's is installed under: zcat.1 as zmqcat.1.
installed = $(patsubst zcat%,$(ZCAT)%,$(1))

FUZZTIME ?= 10s
CELL ?=
PEERS ?=
RUNS ?=
TIME ?=

.DEFAULT_GOAL := help
.PHONY: help build demo lib asan test test-vm race bench compare figures fuzz install install-lib uninstall-lib examples uninstall fmt clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## put the tools into bin/
	go build -trimpath -o "$(BIN)/" ./cmd/...

demo: build ## send real messages between zcats, and to libzmq where it is installed
	@testdata/demo/demo.sh "$(BIN)/zcat"

lib: ## build libzmq.so.5, ztools' C interface, in bin/lib/ (Linux, gcc)
	@scripts/build-lib.sh "$(CURDIR)/bin/lib"

test: ## fetch the test peers, then run every check and every test
	@scripts/test.sh

test-vm: ## test vsock, vmci, tipc, and loss by netem, in a virtual machine (slow; qemu, no rights needed)
	@scripts/test-vm.sh

asan: ## run the C programs on the C library under AddressSanitizer
	ZTOOLS_ASAN=1 go test -count=1 -run TestPrograms ./lib/libzmq

race: ## run all tests under the race detector
	go test -race ./...

bench: ## run the benchmarks of the packages
	go test -run '^$$' -bench . -benchmem ./...

.PHONY: man
man: ## write man/ztools-options.7 from the table of options
	go test ./lib/cli -run TestOptionsPage -update

compare: ## measure side by side with libzmq and others (CELL=, PEERS=, RUNS=, TIME=)
	@CELL="$(CELL)" PEERS="$(PEERS)" RUNS="$(RUNS)" TIME="$(TIME)" testdata/peers/run.sh

figures: ## measure beside libzmq and write the table into README.md (CELL=, RUNS=3, TIME=300ms)
	@CELL="$(CELL)" PEERS=libzmq,libzmq-drafts RUNS="$(or $(RUNS),3)" TIME="$(or $(TIME),300ms)" testdata/peers/run.sh -readme README.md

fuzz: ## run each fuzz target for FUZZTIME (10s)
	@scripts/fuzz.sh $(FUZZTIME)

install: build ## install under PREFIX, zcat as zmqcat (ZCAT=zcat keeps the short name)
	install -d "$(BINDIR)" "$(MANDIR)" "$(BASHDIR)" "$(ZSHDIR)" "$(FISHDIR)"
	@set -e; $(foreach t,$(TOOLS),install -m 755 "$(BIN)/$(t)" "$(BINDIR)/$(call installed,$(t))";) true
	@scripts/install-pages.sh "$(MANDIR)" "$(ZCAT)" $(PAGES:%=man/%)
	@set -e; for t in $(call installed,$(TOOLS)); do \
		"$(BINDIR)/$$t" completion bash > "$(BASHDIR)/$$t"; \
		"$(BINDIR)/$$t" completion zsh > "$(ZSHDIR)/_$$t"; \
		"$(BINDIR)/$$t" completion fish > "$(FISHDIR)/$$t.fish"; \
	done

install-lib: lib ## install the C library in LIBDIR, INCLUDEDIR; never over another
	@DESTDIR="$(DESTDIR)" scripts/install-lib.sh bin/lib "$(LIBDIR)" "$(INCLUDEDIR)"

uninstall-lib: ## remove what install-lib put there (same PREFIX, DESTDIR, LIBDIR and INCLUDEDIR)
	@DESTDIR="$(DESTDIR)" scripts/install-lib.sh - "$(LIBDIR)" "$(INCLUDEDIR)"

examples: ## run programs in C, C++, Python, Perl and Ruby on the C library
	go test -count=1 -v -run TestBindings ./lib/libzmq

uninstall: ## remove what install put there (same PREFIX, DESTDIR and ZCAT)
	@for t in $(call installed,$(TOOLS)); do \
		rm -f "$(BINDIR)/$$t" "$(BASHDIR)/$$t" "$(ZSHDIR)/_$$t" "$(FISHDIR)/$$t.fish"; \
	done
	@for p in $(call installed,$(PAGES)); do rm -f "$(MANDIR)/man$${p##*.}/$$p"; done

fmt: ## format all Go files
	gofmt -w $$(git ls-files '*.go')

clean: ## remove what was built
	rm -rf bin

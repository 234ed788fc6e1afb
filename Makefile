# Two commands matter: `make demo` and `make test`. Each installs what it needs, prints one line a step, and shows the full
# log of a step that fails. `make help` lists the rest.

SHELL := bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

STEP := @Scripts/step
# Seconds that `make fuzz` spends on each target.
FUZZ_SECONDS ?= 30
# What the formatter looks after.
SWIFT := Package.swift $(wildcard Sources Examples Tests Fuzz Benchmarks/Package.swift Benchmarks/Sources)
STATIC := --static-swift-stdlib
# Tests look inside modules, which an optimised build allows only when told to: a build of its own, beside the one we ship.
RELEASE_TESTS := -c release -Xswiftc -enable-testing --scratch-path .weir-build/release-tests
# Built for the thread sanitizer, which sees a race whether or not it does harm in this run.
THREAD_TESTS := --sanitize thread --scratch-path .weir-build/thread-tests

# A program for the tests that start one.
WEIR := .build/debug/weir
# Agents' side of the gateway is held by a program of its own, where there is one.
TEST_MCP := $(wildcard Tests/Conformance/MCP/run)
# What the tests of the gateway close with.
COUNTS := [0-9]+ passed, [0-9]+ failed

.PHONY: help demo tour test test-release test-threads test-web test-browser test-node test-openapi test-mcp build-debug \
  bench fuzz windows interop mcp-client portability format lint boundaries clean

help:
	@echo 'make demo         install what is missing, build, and show the main job on real input'
	@echo 'make tour         the demo, then the tour of README.md as it stands there'
	@echo 'make test         install what is missing and run every test (debug)'
	@echo 'make test-release the unit tests again, optimised'
	@echo 'make test-threads the loop and the channels again, under the thread sanitizer'
	@echo 'make test-web     the gateway: web page, JavaScript client, description, agents'
	@echo '                  (test-browser, test-node, test-openapi, test-mcp: each alone)'
	@echo 'make windows      the platform contract and weir.exe, both under Wine'
	@echo 'make interop      compare with upstream programs on the same files, under Wine'
	@echo 'make mcp-client   talk to weir mcp with the official client, which is fetched from PyPI'
	@echo 'make portability  compile the platform layer for macOS, FreeBSD, Linux and Windows'
	@echo 'make fuzz         fuzz every parser of outside bytes (FUZZ_SECONDS=30 for each)'
	@echo 'make bench        measure against limits and peers in one run (WEIR_BENCH=--json for a program)'
	@echo 'make format       format the Swift sources; make lint and make boundaries only look'
	@echo 'make clean        remove everything that was built'

demo:
	@Scripts/install-dependencies build demo
	$(STEP) 'build the command' swift build -c release $(STATIC) --product weir
	@Scripts/demo .build/release/weir

tour: demo
	$(STEP) 'the tour of README.md' Scripts/tour

test:
	@Scripts/install-dependencies build test
	$(STEP) 'build (debug)' swift build --build-tests
	$(STEP) --show '[0-9]+ tests? in [0-9]+ suites? passed' 'unit tests' swift test --skip-build
	@Scripts/platform-contract
	$(STEP) --show '[0-9]+ passed' 'transcripts' Scripts/transcripts --weir .build/debug/weir

test-release:
	@Scripts/install-dependencies build
	$(STEP) 'build (release)' swift build $(RELEASE_TESTS) --build-tests
	$(STEP) --show '[0-9]+ tests? in [0-9]+ suites? passed' 'unit tests (release)' swift test $(RELEASE_TESTS) --skip-build

test-threads:
	@Scripts/install-dependencies build test
	$(STEP) 'build (thread sanitizer)' swift build $(THREAD_TESTS) --build-tests
	$(STEP) --show '[0-9]+ tests? in [0-9]+ suites? passed' 'unit tests (thread sanitizer)' \
	  swift test $(THREAD_TESTS) --skip-build --filter 'ReactorTests|ChannelsTests|ChannelsAsyncTests'

# What is tested through a running gateway, each with a program of its own.
test-web: test-browser test-node test-openapi $(if $(TEST_MCP),test-mcp)

build-debug:
	@Scripts/install-dependencies build web
	$(STEP) 'build the command (debug)' swift build --product weir

test-browser: build-debug
	$(STEP) --show '$(COUNTS)' 'web page in a browser' Scripts/test-browser --weir $(WEIR)

test-node: build-debug
	$(STEP) --show '$(COUNTS)' 'JavaScript client' Scripts/test-node --weir $(WEIR)

test-openapi: build-debug
	$(STEP) --show '$(COUNTS)' 'gateway against its description' Tests/OpenAPI/run --weir $(WEIR)

test-mcp: build-debug
	$(if $(TEST_MCP),$(STEP) --show '$(COUNTS)' 'MCP against its own tests' $(TEST_MCP) --weir $(WEIR),@echo 'test-mcp: there is no Tests/Conformance/MCP/run')

windows:
	@Scripts/install-dependencies build test windows
	@Scripts/windows-contract
	@Scripts/windows-build
	$(STEP) --show '[0-9]+ passed' 'transcripts on weir.exe under Wine' Scripts/transcripts --wine --weir .weir-build/windows/weir.exe

interop:
	@Scripts/install-dependencies build windows
	$(STEP) 'build the command (debug)' swift build --product weir
	@Scripts/windows-build
	@Scripts/upstream-interop

mcp-client:
	@Scripts/install-dependencies build test
	$(STEP) 'build the command (debug)' swift build --product weir
	$(STEP) --show '([0-9]+ passed|skipped)' 'the official MCP client' Tests/Conformance/MCP/run

portability:
	@Scripts/install-dependencies portability
	@Scripts/portability

fuzz:
	@Scripts/install-dependencies fuzz
	@Scripts/fuzz $(FUZZ_SECONDS)

bench:
	@Scripts/install-dependencies build bench
	@Scripts/bench $(WEIR_BENCH)

format:
	@swift format format --in-place --recursive $(SWIFT)

lint:
	$(STEP) 'swift format lint' swift format lint --strict --recursive $(SWIFT)

boundaries:
	@Scripts/install-dependencies test
	$(STEP) 'boundaries' Scripts/check-boundaries

clean:
	@rm -rf .build .weir-build Benchmarks/.build

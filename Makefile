# make test is all there is to know: it installs the servers that the tests
# need, then vets, lints and tests everything with the race detector.

GO       ?= go
LINT      = $(GO) tool -modfile=.ci/tools.mod golangci-lint
PACKAGES  = redis-server redis-sentinel python3 chromium nginx-light python3-pyramid

.PHONY: test servers lint race docs fuzz

test: servers lint race

# A Debian machine is served from its own packages; elsewhere the programs must
# be on the PATH already.
servers:
	@.ci/servers $(PACKAGES)

lint:
	$(GO) vet ./...
	$(LINT) run ./...

# With this variable set, a test whose server is missing fails instead of
# being skipped.
race:
	REDISSESSIONS_REQUIRE_SERVERS=1 $(GO) test -race ./...

# docs/settings.md is made from the key table.
docs:
	$(GO) generate ./settings

# Each fuzz target for FUZZTIME, one after another.
FUZZTIME ?= 1m
fuzz:
	@.ci/fuzz $(FUZZTIME)

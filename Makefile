# make test is what CI runs: it installs the servers that the tests need, then
# vets, lints and tests the modules: the library, internal/e2e, bench and MODULES.

GO       ?= go
LINT      = $(GO) tool -modfile=$(CURDIR)/.ci/tools.mod golangci-lint
RACE      = GO=$(GO) $(CURDIR)/.ci/race
# With this variable set, a test whose server is missing fails instead of being
# skipped.
REQUIRED  = REDISSESSIONS_REQUIRE_SERVERS=1
# Small modules, so that the library's users do not get what these need.
MODULES   = session/sessionotel session/adapter/gin session/adapter/fiber examples/frameworks examples/moving cmd/redissessions internal/release
PACKAGES  = redis-server redis-sentinel python3 chromium nginx-light python3-pyramid prometheus

.PHONY: test servers lint race test-e2e test-bench test-modules $(MODULES) docs man fuzz bench bench-quick bench-record bench-users release-check release

test: servers lint race test-e2e test-bench test-modules

# A Debian machine is served from its own packages; elsewhere the programs must
# be on the PATH already. Valkey 9 and Redis 8 are unpacked into a cache folder.
servers:
	@.ci/servers $(PACKAGES)
	@.ci/newer-servers

lint:
	$(GO) vet ./...
	$(LINT) run ./...

# A test of encode that measures one goroutine is not built with the race detector.
race:
	$(REQUIRED) $(RACE) ./...
	$(GO) test ./encode

# The tests that need a browser, a damaging proxy or porcupine are a module, so
# that no user of the library gets these.
# They build and start programs, whose changes the test cache does not see.
test-e2e:
	cd internal/e2e && $(GO) vet ./... && $(LINT) run ./...
	cd internal/e2e && $(REQUIRED) $(RACE) -count=1 ./...

# The comparison with other libraries is a module for the same reason.
# docs/performance.md tells how it measures.
test-bench:
	cd bench && $(GO) vet ./... && $(LINT) run ./...
	cd bench && $(REQUIRED) $(GO) test ./...

# Some of these tests build and start programs or read docs/ as well.
test-modules: $(MODULES)

$(MODULES):
	cd $@ && $(GO) vet ./... && $(LINT) run ./...
	cd $@ && $(REQUIRED) $(RACE) -count=1 ./...

# docs/settings.md is made from the key table.
docs:
	$(GO) generate ./settings

# The manual pages of cmd/redissessions, and its completion for bash, zsh and fish.
MAN ?= $(CURDIR)/dist
man:
	cd cmd/redissessions && $(GO) run ./internal/man $(MAN)

# Whether the version in CHANGELOG.md can be released, one line for each check: the exported
# API since the last tag, licences, vulnerabilities, golden records, go.mod files, and what a
# new user gets. CONTRIBUTING.md has the steps of a release.
release-check:
	@cd internal/release && $(GO) run . check

# Makes the commit and the tags of that version, and publishes nothing.
release: release-check
	@cd internal/release && $(GO) run . tag

# Each fuzz target for FUZZTIME, one after another.
FUZZTIME ?= 1m
fuzz:
	@.ci/fuzz $(FUZZTIME)

# Compares this library with its recorded run, by benchstat: all figures of one request at a time,
# then those that became worse by more than 5 %, in red, and the goals. It never fails for them.
bench:
	cd bench && $(GO) run . -record testdata/new.txt
	cd bench && $(GO) tool benchstat -table goos,goarch,cpu -row .name,/via,/server,/keys,/app \
		-filter '.unit:(ratio OR allocs/op) /at-once:1 /sliding:no /app:/redissessions.*/' \
		testdata/last.txt testdata/new.txt
	cd bench && $(GO) run . against testdata/last.txt testdata/new.txt

bench-quick:
	cd bench && $(GO) run . -quick

# Records a run and makes the figures of docs/performance.md of it. It wants a
# machine with nothing else to do, for about a quarter of an hour.
bench-record:
	cd bench && $(GO) run . -record testdata/last.txt
	cd bench && $(GO) run . growth -record testdata/growth.txt
	cd bench && $(GO) run . cluster -record testdata/cluster.txt
	cd bench && $(GO) run . users -record testdata/users.txt
	cd bench && $(GO) run . report

# Of that, the part about the sessions of users. It logs 100,000 users in five times
# each, twice, which takes some minutes.
bench-users:
	cd bench && $(GO) run . users -record testdata/users.txt
	cd bench && $(GO) run . report

# `make` alone lists the targets.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

BIN        := $(CURDIR)/.local/bin
LOCALSTACK := $(BIN)/localstack
TOOL       := go tool -modfile=$(CURDIR)/tools/go.mod
FUZZTIME   ?= 2s
ARGS       ?=

# Tests and `ess dev` start the local Temporal server from here.
export ESS_LOCALSTACK := $(LOCALSTACK)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: needs $(LOCALSTACK) ## start everything on this machine and print where it is; ARGS="..." are for `ess dev`
	@echo "building ess"
	@go build -o $(BIN)/ess ./cmd/ess
	@exec $(BIN)/ess dev $(ARGS)

.PHONY: simulate
simulate: OUT ?= .local/simulation
simulate: needs $(LOCALSTACK) ## live a day with virtual phones and judge it; ARGS="--reports 500 --speed 120 …" are for `ess simulate`, OUT is the folder
	@go build -o $(BIN)/ess ./cmd/ess
	@$(BIN)/ess simulate --out $(OUT) $(ARGS)
	@go run ./cmd/ess/prove $(OUT)

.PHONY: test
test: needs $(LOCALSTACK) ## all tests, on a real PostgreSQL and a real Temporal, and a little fuzzing
	@# The tests of promises wait more than they compute: four of them at a time.
	go test -timeout 20m -parallel 4 ./...
	go run ./postgres/pgserver/withpg go test -C localstack -timeout 10m ./...
	go test -C chaos -timeout 15m ./...
	@$(MAKE) --no-print-directory fuzz

.PHONY: chaos
chaos: needs $(LOCALSTACK) ## break everything on purpose and check what was promised; writes docs/faults.md; ARGS="--seed 7 …" are for chaos
	go run -C chaos . --doc ../docs/faults.md $(ARGS)

.PHONY: stack
stack: $(LOCALSTACK) ## build only the local Temporal server and UI

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME each
	@sh tools/fuzz.sh $(FUZZTIME)

.PHONY: bench
bench: needs $(LOCALSTACK) ## measure ours beside the floor on this machine; writes docs/benchmarks.md
	go run ./bench $(ARGS)

.PHONY: generate
generate: ## generate code again: SQL (sqlc) and the REST server (oapi-codegen)
	go generate ./...

.PHONY: check
check: needs ## what no reviewer should have to say: format, vet, linters, generated code
	@test -z "$$(gofmt -l . | tee /dev/stderr)" || { echo 'not formatted: gofmt -w .' >&2; exit 1; }
	go vet ./...
	go vet -tags faults ./fault
	go vet -C localstack ./...
	go vet -C chaos ./...
	$(TOOL) staticcheck $$(go list ./... | grep -v /internal/db)
	cd localstack && $(TOOL) staticcheck ./...
	cd chaos && $(TOOL) staticcheck ./...
	$(TOOL) workflowcheck ./...
	@# Left out: what runs on a developer's machine only and starts programs by design.
	$(TOOL) gosec -quiet -exclude-generated -exclude-dir=localstack -exclude-dir=chaos -exclude-dir=postgres/pgserver ./...
	@sh tools/generated.sh

.PHONY: clean
clean: ## remove what was built; the data of `ess dev` stays
	rm -rf $(BIN)

.PHONY: needs
needs:
	@sh tools/needs.sh

$(LOCALSTACK): $(wildcard localstack/*.go) localstack/go.mod localstack/go.sum
	@sh tools/localstack.sh $@

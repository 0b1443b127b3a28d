# Two commands matter: "make demo" plays the main story, "make test" runs every test.
GO ?= go
BIN := bin/pintail
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

.PHONY: build demo test vet generate coverage bench clean

build: ## build bin/pintail
	@mkdir -p bin
	$(GO) build -ldflags "-s -w -X pintail/internal/cli.Version=$(VERSION)" -o $(BIN) ./cmd/pintail

demo: ## build, start on the embedded stores in a temporary folder, play the story from untouched clients
	@echo "Building pintail (the first build compiles the embedded databases' bindings and takes a minute or two) ..."
	@$(MAKE) --no-print-directory build
	@scripts/deps demo
	@node clients/demo/demo.mjs $(BIN)

test: build ## every test: Go, the generator's own module, the real clients in Node and Chromium
	@scripts/deps test
	$(GO) vet ./...
	$(GO) test ./...
	cd internal/awsgen && $(GO) vet ./... && $(GO) test ./...
	npm --prefix clients test

generate: ## regenerate internal/gen from AWS's models and the overlay
	cd internal/awsgen && $(GO) run . -out ../gen

coverage: ## rewrite docs/coverage.md
	$(GO) test ./internal/app -run TestCoveragePage -update

bench: ## benchmarks and a load run, each figure beside its floor
	scripts/bench

clean:
	rm -rf bin

// Command awsgen writes the packages under internal/gen from AWS's own service
// models, so that every name, type, binding, constraint and error that Pintail
// speaks is AWS's and none is typed by hand.
//
// The models are the api-2.json files of module github.com/aws/aws-sdk-go; its
// last version describes the services as of 2024. Files overlay/SERVICE.*.json
// complete them. An overlay has the format of api-2.json and is merged over
// the model by the rules of JSON Merge Patch (RFC 7396): objects merge, null
// removes, everything else replaces. A list under "errors+" is appended to the
// one under "errors", and so with any name. There are two overlays a service:
//
//   - SERVICE.access.json, written by hand: how the service is called and by
//     whom (see type access), and the resource of every operation
//   - SERVICE.newer.json: operations, members and values that AWS has added
//     since the model's version; the tests of this module compare the result
//     with today's clients: operations, members, enum values, required
//     members, errors, and which operations need no signature
//
// AWS's protocol tests become package internal/gen/protocoltest.
//
// Run it in its own folder, as "make generate" does. With -check it writes
// nothing and fails when the files differ from what it would write.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	out := flag.String("out", "../gen", "folder of the generated packages")
	check := flag.Bool("check", false, "compare with the files there instead of writing them")
	flag.Parse()
	if err := run(*out, *check); err != nil {
		fmt.Fprintln(os.Stderr, "awsgen:", err)
		os.Exit(1)
	}
}

func run(out string, check bool) error {
	models, err := modelsFolder()
	if err != nil {
		return err
	}
	packages, err := generate(models)
	if err != nil {
		return err
	}
	if check {
		return packages.compare(out)
	}
	return packages.write(out)
}

// modelsFolder finds the models in the module cache.
func modelsFolder() (string, error) {
	if err := exec.Command("go", "mod", "download", "github.com/aws/aws-sdk-go").Run(); err != nil {
		return "", fmt.Errorf("go mod download: %w", err)
	}
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go").Output()
	if err != nil {
		return "", fmt.Errorf("go list: %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(dir)), "models"), nil
}

// generate returns every generated file.
func generate(models string) (output, error) {
	all := output{}
	for _, s := range services {
		files, err := generateService(models, s.id, s.pkg)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.id, err)
		}
		all[s.pkg] = files
	}
	files, err := generateProtocolTests(models)
	if err != nil {
		return nil, fmt.Errorf("protocol tests: %w", err)
	}
	all["protocoltest"] = files
	return all, nil
}

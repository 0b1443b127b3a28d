package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed overlay/*.json
var overlays embed.FS

// services are the models that become packages: AWS's directory and ours.
var services = []struct{ id, pkg string }{
	{"cognito-idp", "cognitoidp"},
	{"cognito-identity", "cognitoidentity"},
	{"iam", "iam"},
	{"sts", "sts"},
	{"pinpoint", "pinpoint"},
	{"mobileanalytics", "mobileanalytics"},
}

// loadService reads a service's newest model and merges its overlays, in the
// order of their names.
func loadService(models, id string) (*api, error) {
	versions, err := filepath.Glob(filepath.Join(models, "apis", id, "*", "api-2.json"))
	if err != nil || len(versions) == 0 {
		return nil, errors.Join(fmt.Errorf("no model of %s in %s", id, models), err)
	}
	text, err := os.ReadFile(slices.Max(versions))
	if err != nil {
		return nil, err
	}
	tree, err := parseTree(text)
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(overlays, "overlay/"+id+".*.json")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := applyOverlay(tree, name); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	a, err := parseAPI(tree)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", id, err)
	}
	return a, a.checkAccess()
}

func applyOverlay(tree *object, name string) error {
	text, err := overlays.ReadFile(name)
	if err != nil {
		return err
	}
	overlay, err := parseTree(text)
	if err != nil {
		return err
	}
	return patch(tree, overlay)
}

// generateService returns the Go files of one service.
func generateService(models, id, pkg string) (map[string][]byte, error) {
	a, err := loadService(models, id)
	if err != nil {
		return nil, err
	}
	service, err := a.serviceTable(id)
	if err != nil {
		return nil, err
	}
	operations, err := a.operationTable()
	if err != nil {
		return nil, err
	}
	types, err := a.types()
	if err != nil {
		return nil, err
	}
	enums, err := a.enums()
	if err != nil {
		return nil, err
	}
	checks, err := a.validation()
	if err != nil {
		return nil, err
	}
	sources := map[string]*source{
		"operations.go": operations, "types.go": types, "enums.go": enums, "errors.go": a.errorTypes(), "validate.go": checks,
	}
	files := map[string][]byte{}
	for name, s := range sources {
		if s == nil || s.body.Len() == 0 {
			continue
		}
		if files[name], err = s.file(pkg, ""); err != nil {
			return nil, err
		}
	}
	files["service.go"], err = service.file(pkg, packageDoc(pkg, a.Metadata.ServiceFullName))
	return files, err
}

func packageDoc(pkg, name string) string {
	return strings.Join([]string{
		"// Package " + pkg + " describes " + name + ": its operations, their",
		"// inputs and outputs with AWS's constraints, and the errors they declare.",
		"// Package model explains the vocabulary. The generator is internal/awsgen.",
		"",
	}, "\n")
}

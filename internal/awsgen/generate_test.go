package main

import (
	"bytes"
	"maps"
	"strings"
	"testing"
)

func generated(t *testing.T) output {
	t.Helper()
	models, err := modelsFolder()
	if err != nil {
		t.Fatal(err)
	}
	all, err := generate(models)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestUpToDate: what lies in internal/gen is what the generator writes.
func TestUpToDate(t *testing.T) {
	t.Parallel()
	if err := generated(t).compare("../gen"); err != nil {
		t.Errorf("run \"make generate\":\n%v", err)
	}
}

func TestDeterministic(t *testing.T) {
	t.Parallel()
	first, second := generated(t), generated(t)
	for pkg, files := range first {
		if !maps.EqualFunc(files, second[pkg], bytes.Equal) {
			t.Errorf("package %s differs from run to run", pkg)
		}
	}
}

func TestWriteAndCompare(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old := output{"p": {"a.go": []byte(header + "\npackage p\n"), "b.go": []byte(header + "\npackage p\n")}}
	if err := old.write(dir); err != nil {
		t.Fatal(err)
	}
	next := output{"p": {"a.go": []byte(header + "\npackage p // changed\n")}}
	err := next.compare(dir)
	if err == nil || !strings.Contains(err.Error(), "a.go differs") || !strings.Contains(err.Error(), "b.go is not generated any more") {
		t.Errorf("compare before write: %v", err)
	}
	if err := next.write(dir); err != nil {
		t.Fatal(err)
	}
	if err := next.compare(dir); err != nil {
		t.Errorf("compare after write: %v", err)
	}
}

// TestNames pins the rules by which names become Go names.
func TestNames(t *testing.T) {
	t.Parallel()
	a := &api{Operations: map[string]*operation{"CreateThing": {}}}
	for shape, want := range map[string]string{
		"statusType": "StatusType", "__EndpointTypesElement": "EndpointTypesElement",
		"CreateThing": "CreateThingShape", "ADMMessage": "ADMMessage",
	} {
		if got := a.typeName(shape); got != want {
			t.Errorf("typeName(%s) = %s, want %s", shape, got, want)
		}
	}
	for value, want := range map[string]string{
		"SMS_MFA": "ESmsMfa", "text/csv": "ETextCsv", "aws-managed": "EAwsManaged", "V1_0": "EV10",
		"AWSManagedPolicy": "EAWSManagedPolicy", "explicitDeny": "EExplicitDeny", "OFF": "EOff",
	} {
		if got := constantName("E", value); got != want {
			t.Errorf("constantName(%s) = %s, want %s", value, got, want)
		}
	}
}

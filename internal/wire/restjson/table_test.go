package restjson

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pintail/internal/gen/mobileanalytics"
	"pintail/internal/gen/model"
	"pintail/internal/gen/pinpoint"
)

// operations are all that speak this protocol.
var operations = slices.Concat(pinpoint.Service.Operations, mobileanalytics.Service.Operations)

func TestTableFindsEveryOperation(t *testing.T) {
	t.Parallel()
	table := NewTable(operations)
	for _, op := range operations {
		path := strings.NewReplacer("{", "a%2F", "}", "%25").Replace(op.Path)
		found, labels, known := table.Match(op.Method, path)
		if found != op || !known {
			t.Errorf("%s %s: found %v", op.Method, path, found)
			continue
		}
		for name, value := range labels {
			if value != "a/"+name+"%" {
				t.Errorf("%s: %s is %q", op.Name, name, value)
			}
		}
		if want := strings.Count(op.Path, "{"); len(labels) != want {
			t.Errorf("%s: %d labels, want %d", op.Name, len(labels), want)
		}
	}
}

func TestTableMatch(t *testing.T) {
	t.Parallel()
	table := NewTable([]*model.Operation{
		{Name: "GetApp", Method: "GET", Path: "/v1/apps/{application-id}"},
		{Name: "GetNewest", Method: "GET", Path: "/v1/apps/newest"},
		{Name: "GetEndpoint", Method: "GET", Path: "/v1/apps/{application-id}/endpoints/{endpoint-id}"},
		{Name: "PutEndpoint", Method: "PUT", Path: "/v1/apps/{application-id}/endpoints/{endpoint-id}"},
		{Name: "GetFile", Method: "GET", Path: "/files/{name}/{path+}"},
		{Name: "ListTags", Method: "GET", Path: "/v1/tags/{resource-arn}"},
		{Name: "Root", Method: "GET", Path: "/"},
		{Name: "WithQuery", Method: "GET", Path: "/q?abc=mno"},
	})
	const arn = "arn:aws:mobiletargeting:us-east-1:1:apps/a/campaigns/c"
	for _, c := range []struct {
		method, path, op string
		labels           map[string]string
		known            bool
	}{
		{"GET", "/v1/apps/a", "GetApp", map[string]string{"application-id": "a"}, true},
		{"GET", "/v1/apps/newest", "GetNewest", map[string]string{}, true},
		{"GET", "/v1/apps/newest/endpoints/e", "GetEndpoint", map[string]string{"application-id": "newest", "endpoint-id": "e"}, true},
		{"GET", "/v1/%61pps/a", "GetApp", map[string]string{"application-id": "a"}, true},
		{"PUT", "/v1/apps/a/endpoints/x%2Fy%20z+%C3%A9", "PutEndpoint", map[string]string{"application-id": "a", "endpoint-id": "x/y z+é"}, true},
		{"GET", "/v1/apps/a/endpoints/..", "GetEndpoint", map[string]string{"application-id": "a", "endpoint-id": ".."}, true},
		{"GET", "/files/n/a/b%2Fc/", "GetFile", map[string]string{"name": "n", "path": "a/b/c/"}, true},
		{"GET", "/v1/tags/" + arn, "ListTags", map[string]string{"resource-arn": arn}, true},
		{"GET", "/v1/tags/" + strings.NewReplacer(":", "%3A", "/", "%2F").Replace(arn), "ListTags", map[string]string{"resource-arn": arn}, true},
		{"GET", "/", "Root", map[string]string{}, true},
		{"GET", "/q", "WithQuery", map[string]string{}, true},
		{"DELETE", "/v1/apps/a", "", nil, true},
		{"POST", "/v1/tags/" + arn, "", nil, true},
		{"PUT", "/v1/apps/a", "", nil, true},
		{"GET", "/v1/apps", "", nil, false},
		{"GET", "/v1/apps/", "", nil, false},
		{"GET", "/v1/apps/a/", "", nil, false},
		{"GET", "/v1/apps//endpoints/e", "", nil, false},
		{"GET", "//v1/apps/a", "", nil, false},
		{"GET", "/v1/apps/a/endpoints/x/y", "", nil, false},
		{"GET", "/files/n", "", nil, false},
		{"GET", "/files/n/", "", nil, false},
		{"GET", "/v1/apps/%zz", "", nil, false},
		{"GET", "", "", nil, false},
		{"GET", "*", "", nil, false},
	} {
		op, labels, known := table.Match(c.method, c.path)
		name := ""
		if op != nil {
			name = op.Name
		}
		if name != c.op || known != c.known {
			t.Errorf("%s %s: got %q, known %t", c.method, c.path, name, known)
		}
		if diff := cmp.Diff(c.labels, labels); diff != "" {
			t.Errorf("%s %s: -want +got\n%s", c.method, c.path, diff)
		}
	}
}

func TestNewTablePanics(t *testing.T) {
	t.Parallel()
	for _, paths := range [][]string{
		{"relative"}, {""}, {"/a/{b"}, {"/a/{}"}, {"/a/{b+}/c"}, {"/a/{b}", "/a/{c}"}, {"/a/{b+}", "/a/{c-arn}"},
	} {
		t.Run(strings.Join(paths, " "), func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			var ops []*model.Operation
			for _, path := range paths {
				ops = append(ops, &model.Operation{Method: "GET", Path: path})
			}
			NewTable(ops)
		})
	}
}

func BenchmarkMatch(b *testing.B) {
	table := NewTable(operations)
	b.ReportAllocs()
	for b.Loop() {
		if op, _, _ := table.Match("PUT", "/v1/apps/4fd13a0b6a7e4c0f9f4d2f7f1c9c2b11/endpoints/b1f5c6ae-0b7a-4f6f-9c2d-6a8f2f0c1d11"); op == nil {
			b.Fatal("not found")
		}
	}
}

// FuzzMatch looks for paths that panic or leave a label empty.
func FuzzMatch(f *testing.F) {
	f.Add("GET", "/v1/apps/a/endpoints/b%2Fc")
	f.Add("DELETE", "/v1/tags/arn:aws:x/y//")
	f.Add("GET", "//%")
	table := NewTable(operations)
	f.Fuzz(func(t *testing.T, method, path string) {
		op, labels, known := table.Match(method, path)
		if op != nil && !known {
			t.Errorf("%s %q: found but unknown", method, path)
		}
		for name, value := range labels {
			if value == "" {
				t.Errorf("%s %q: %s is empty", method, path, name)
			}
		}
	})
}

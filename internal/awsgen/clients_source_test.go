package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// clientModules are AWS's current clients by the service they speak to.
var clientModules = map[string]string{
	"cognito-idp":      "cognitoidentityprovider",
	"cognito-identity": "cognitoidentity",
	"iam":              "iam",
	"sts":              "sts",
	"pinpoint":         "pinpoint",
}

// eachClient runs a subtest per client with our model and the client's source.
func eachClient(t *testing.T, test func(t *testing.T, a *api, source string)) {
	t.Parallel()
	models, err := modelsFolder()
	if err != nil {
		t.Fatal(err)
	}
	for id, name := range clientModules {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			a, err := loadService(models, id)
			if err != nil {
				t.Fatal(err)
			}
			dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/"+name).Output()
			if err != nil {
				t.Fatal(err)
			}
			test(t, a, strings.TrimSpace(string(dir)))
		})
	}
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	errorFunc   = regexp.MustCompile(`(?s)func \w+_deserializeOpError(\w+)\(.*?\n}\n`)
	errorCase   = regexp.MustCompile(`strings\.EqualFold\("([^"]+)", errorCode\)`)
	anonymousOp = regexp.MustCompile(`(?s)"(\w+)": func\(params \*AuthResolverParameters\) \[\]\*smithyauth\.Option \{\s+return \[\]\*smithyauth\.Option\{\s+\{SchemeID: smithyauth\.SchemeIDAnonymous\}`)
)

// TestErrorsMatchTheClients compares the errors that operations declare with
// those that the clients tell apart.
func TestErrorsMatchTheClients(t *testing.T) {
	eachClient(t, func(t *testing.T, a *api, source string) {
		found := 0
		for _, f := range errorFunc.FindAllStringSubmatch(read(t, source, "deserializers.go"), -1) {
			o := a.Operations[f[1]]
			if o == nil {
				t.Errorf("operation %s is missing", f[1])
				continue
			}
			found++
			var want, got []string
			for _, c := range errorCase.FindAllStringSubmatch(f[0], -1) {
				want = append(want, c[1])
			}
			for _, e := range o.Errors {
				got = append(got, a.errorCode(e.Shape))
			}
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(want, got) {
				t.Errorf("%s declares %v, the client knows %v", o.Name, got, want)
			}
		}
		if all := published(a); found != all {
			t.Errorf("found the errors of %d operations of %d", found, all)
		}
	})
}

// TestUnsignedOperationsMatchTheClients: the operations that clients call
// without a signature are those that ask for none.
func TestUnsignedOperationsMatchTheClients(t *testing.T) {
	eachClient(t, func(t *testing.T, a *api, source string) {
		var want, got []string
		for _, m := range anonymousOp.FindAllStringSubmatch(read(t, source, "auth.go"), -1) {
			want = append(want, m[1])
		}
		for _, o := range a.operations() {
			if g, err := a.grantOf(o); err != nil {
				t.Error(err)
			} else if g.scheme != "sigv4" {
				got = append(got, o.Name)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(want, got) {
			t.Errorf("unsigned here: %v\nunsigned there: %v", got, want)
		}
	})
}

// TestRequiredMembersMatchTheClients compares the required members of every
// structure that operations use.
// itemByItem are the structures of Pinpoint's PutEvents whose required members
// the overlay frees: an item without one is refused alone, by its room, and must
// not cost the whole request.
var itemByItem = map[string]bool{"Event": true, "EventsBatch": true, "Session": true}

func TestRequiredMembersMatchTheClients(t *testing.T) {
	eachClient(t, func(t *testing.T, a *api, source string) {
		required := requiredMembers(t, source)
		shapes := map[string]string{}
		for _, o := range a.Operations {
			for suffix, r := range map[string]*ref{"Input": o.Input, "Output": o.Output} {
				if r != nil {
					shapes[o.Name+suffix] = r.Shape
				}
			}
		}
		for _, name := range a.structures() {
			shapes[goName(name)] = name
		}
		compared := 0
		for name, want := range required {
			shape, ok := shapes[name]
			if !ok {
				continue // an error, or one that only a union's variant uses
			}
			compared++
			var got []string
			for _, m := range a.Shapes[shape].Required {
				got = append(got, goName(m))
			}
			slices.Sort(want)
			slices.Sort(got)
			if itemByItem[shape] {
				want = nil
			}
			if !slices.Equal(want, got) {
				t.Errorf("%s requires %v, the client %v", shape, got, want)
			}
		}
		if least := len(a.structures()) * 9 / 10; compared < least {
			t.Errorf("compared %d structures, want at least %d", compared, least)
		}
	})
}

// requiredMembers reads the client's structures and which of their members the
// comments call required.
func requiredMembers(t *testing.T, source string) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(source, "api_op_*.go"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for _, name := range append(files, filepath.Join(source, "types", "types.go")) {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for node := range ast.Preorder(file) {
			spec, ok := node.(*ast.TypeSpec)
			if !ok {
				continue
			}
			structure, ok := spec.Type.(*ast.StructType)
			if !ok {
				continue
			}
			all[spec.Name.Name] = nil
			for _, f := range structure.Fields.List {
				if strings.Contains(f.Doc.Text(), "This member is required.") {
					all[spec.Name.Name] = append(all[spec.Name.Name], f.Names[0].Name)
				}
			}
		}
	}
	return all
}

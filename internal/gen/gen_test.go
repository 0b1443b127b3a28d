// Package gen_test checks what must hold for every generated package.
package gen_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/iam"
	"pintail/internal/gen/mobileanalytics"
	"pintail/internal/gen/model"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/gen/protocoltest"
	"pintail/internal/gen/sts"
)

var services = []*model.Service{
	cognitoidp.Service, cognitoidentity.Service, iam.Service, sts.Service, pinpoint.Service, mobileanalytics.Service,
}

// eachOperation runs test for every operation of every service.
func eachOperation(t *testing.T, test func(t *testing.T, o *model.Operation)) {
	t.Parallel()
	for _, s := range services {
		for _, o := range s.Operations {
			t.Run(s.ID+"/"+o.Name, func(t *testing.T) { test(t, o) })
		}
	}
}

func TestServices(t *testing.T) {
	t.Parallel()
	operations := map[string]int{
		"cognito-idp": 126, "cognito-identity": 23, "iam": 180, "sts": 11, "mobileanalytics": 1,
		"pinpoint": 123, // the model's 122 and the beacon
	}
	for _, s := range services {
		if len(s.Operations) != operations[s.ID] {
			t.Errorf("%s has %d operations, want %d", s.ID, len(s.Operations), operations[s.ID])
		}
		if s.Name == "" || s.APIVersion == "" || s.SigningName == "" || s.IAMPrefix == "" || s.EndpointPrefix == "" {
			t.Errorf("%s lacks a name: %+v", s.ID, s)
		}
		if (s.Protocol == model.JSONRPC) != (s.TargetPrefix != "") || (s.Protocol == model.Query) != (s.XMLNamespace != "") {
			t.Errorf("%s: target prefix %q and namespace %q do not suit protocol %s", s.ID, s.TargetPrefix, s.XMLNamespace, s.Protocol)
		}
		sorted := slices.IsSortedFunc(s.Operations, func(a, b *model.Operation) int {
			return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
		})
		if !sorted {
			t.Errorf("the operations of %s are not in order", s.ID)
		}
	}
}

var (
	variable    = regexp.MustCompile(`\$\{[^}]*\}`)
	placeholder = regexp.MustCompile(`\{[^}]*\}`)
)

// TestAccess: every operation has a scheme, an action and a resource, and the
// resource can be filled in.
func TestAccess(t *testing.T) {
	eachOperation(t, func(t *testing.T, o *model.Operation) {
		if o.Auth != model.SigV4 && o.Auth != model.Public && o.Auth != model.AccessToken {
			t.Errorf("auth is %d", o.Auth)
		}
		name := o.Name
		if name == "PutLegacyEvents" { // the beacon is PutEvents by another way
			name = "PutEvents"
		}
		if o.Action != o.Service.IAMPrefix+":"+name {
			t.Errorf("action is %q", o.Action)
		}
		if len(o.Resources) == 0 {
			t.Error("no resource")
		}
		for _, r := range o.Resources {
			for _, v := range variable.FindAllString(r, -1) {
				if v != "${Partition}" && v != "${Region}" && v != "${Account}" {
					t.Errorf("resource %q names %s", r, v)
				}
			}
			for _, p := range placeholder.FindAllString(variable.ReplaceAllString(r, ""), -1) {
				if kind := kindOf(o, strings.Trim(p, "{}")); kind != reflect.String {
					t.Errorf("resource %q: %s is a %s in the input", r, p, kind)
				}
			}
		}
	})
}

// kindOf follows a path of members through an operation's input.
func kindOf(o *model.Operation, path string) reflect.Kind {
	at := reflect.TypeOf(o.NewInput())
	for name := range strings.SplitSeq(path, ".") {
		if at.Kind() == reflect.Pointer {
			at = at.Elem()
		}
		f, ok := at.FieldByName(name)
		if !ok {
			return reflect.Invalid
		}
		at = f.Type
	}
	return at.Kind()
}

// TestBinding: every operation can be routed and answered.
func TestBinding(t *testing.T) {
	eachOperation(t, func(t *testing.T, o *model.Operation) {
		rest := o.Service.Protocol == model.RESTJSON
		if !rest && (o.Method != http.MethodPost || o.Path != "/" || o.Status != http.StatusOK) {
			t.Errorf("bound to %s %s, %d", o.Method, o.Path, o.Status)
		}
		if rest && (!strings.HasPrefix(o.Path, "/") || http.StatusText(o.Status) == "" || o.Status >= 300) {
			t.Errorf("bound to %s %s, %d", o.Method, o.Path, o.Status)
		}
		if query := o.Service.Protocol == model.Query; (o.Wrapper != "") != (query && !o.NoOutput) {
			t.Errorf("wrapper %q, no output: %t", o.Wrapper, o.NoOutput)
		}
		labels := pathLabels(reflect.TypeOf(o.NewInput()).Elem())
		for _, p := range placeholder.FindAllString(o.Path, -1) {
			if !slices.Contains(labels, strings.Trim(p, "{}+")) {
				t.Errorf("no member is bound to %s of %s", p, o.Path)
			}
		}
	})
}

func pathLabels(in reflect.Type) []string {
	var labels []string
	for f := range in.Fields() {
		if label, ok := strings.CutPrefix(f.Tag.Get("http"), "uri="); ok {
			labels = append(labels, label)
		}
	}
	return labels
}

func TestErrors(t *testing.T) {
	eachOperation(t, func(t *testing.T, o *model.Operation) {
		for i, e := range o.Errors {
			if e.Name == "" || e.Code == "" || http.StatusText(e.Status) == "" || e.Server != (e.Status >= 500) {
				t.Errorf("%+v", e)
			}
			if slices.Contains(o.Errors[:i], e) {
				t.Errorf("%s is declared twice", e.Name)
			}
			if o.ErrorNamed(e.Code) != e || !o.Declares(e) {
				t.Errorf("%s is not found", e.Code)
			}
			cognito := strings.HasPrefix(o.Service.ID, "cognito-")
			if cognito && e.Status != http.StatusBadRequest && !e.Server {
				t.Errorf("%s has status %d; Cognito answers 400", e.Name, e.Status)
			}
		}
	})
}

// TestAbsentMembersAreLeftOut: a zero input or output is an empty document.
func TestAbsentMembersAreLeftOut(t *testing.T) {
	eachOperation(t, func(t *testing.T, o *model.Operation) {
		if o.Service.Protocol == model.Query {
			t.Skip("no JSON")
		}
		text, err := json.Marshal(o.NewInput())
		if err != nil || string(text) != "{}" {
			t.Errorf("%s, %v", text, err)
		}
	})
}

// FuzzValidate feeds arbitrary documents to the checks of every input.
func FuzzValidate(f *testing.F) {
	f.Add(`{"UserPoolId":"x","Username":"","UserAttributes":[{},{"Name":""}],"ClientMetadata":{"":"v"}}`)
	f.Add(`{"Logins":{"a":""},"RoleMappings":{"p":{"Type":"?","RulesConfiguration":{"Rules":[{}]}}}}`)
	f.Add(`{"Tags":[{"Key":"","Value":"\u0000"}],"MaxItems":-1,"Path":"x"}`)
	heading := regexp.MustCompile(`^(\d+) validation errors? detected: (?s:.+)$`)
	f.Fuzz(func(t *testing.T, document string) {
		for _, s := range services {
			for _, o := range s.Operations {
				in := o.NewInput()
				v, ok := in.(model.Validator)
				if !ok || json.Unmarshal([]byte(document), in) != nil {
					continue
				}
				var c model.Checks
				v.Validate(&c)
				if c.OK() != (c.Err() == "") {
					t.Errorf("%s: OK is %t, the message %q", o.Name, c.OK(), c.Err())
				}
				if !c.OK() && !heading.MatchString(c.Err()) {
					t.Errorf("%s: %s", o.Name, c.Err())
				}
			}
		}
	})
}

func TestProtocolCases(t *testing.T) {
	t.Parallel()
	counts := map[string]int{}
	names := map[string]bool{}
	for direction, cases := range map[string][]protocoltest.Case{"input": protocoltest.Inputs, "output": protocoltest.Outputs} {
		for _, c := range cases {
			counts[fmt.Sprint(direction, " ", c.Protocol)]++
			if names[direction+c.Name] {
				t.Errorf("two cases are named %s", c.Name)
			}
			names[direction+c.Name] = true
			if c.Op.Service.Protocol != c.Protocol || !json.Valid([]byte(c.Value)) || reflect.TypeOf(c.New()).Kind() != reflect.Pointer {
				t.Errorf("%s is not complete", c.Name)
			}
		}
	}
	want := map[string]int{
		"input json": 17, "input rest-json": 47, "input query": 28,
		"output json": 7, "output rest-json": 12, "output query": 17,
	}
	if !maps.Equal(counts, want) {
		t.Errorf("got %v cases, want %v", counts, want)
	}
}

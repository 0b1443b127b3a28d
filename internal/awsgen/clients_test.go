package main

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// TestNothingNewerThanTheOverlay walks AWS's current clients: every operation,
// member and enum value that they know must be in our models.
func TestNothingNewerThanTheOverlay(t *testing.T) {
	clients := map[string]reflect.Type{
		"cognito-idp":      reflect.TypeFor[*cognitoidentityprovider.Client](),
		"cognito-identity": reflect.TypeFor[*cognitoidentity.Client](),
		"iam":              reflect.TypeFor[*iam.Client](),
		"sts":              reflect.TypeFor[*sts.Client](),
		"pinpoint":         reflect.TypeFor[*pinpoint.Client](),
	}
	eachClient(t, func(t *testing.T, a *api, _ string) {
		w := &walk{api: a, t: t, seen: map[reflect.Type]bool{}}
		id := strings.TrimPrefix(t.Name(), "TestNothingNewerThanTheOverlay/")
		if count, ours := w.client(clients[id]), published(a); count != ours {
			t.Errorf("we have %d operations, the client has %d", ours, count)
		}
	})
}

// ahead are members that the clients do not have: those that AWS's documentation has
// already, which are password hashes in a user import (Cognito developer guide,
// "Importing users with password hashes"), and our own, by which analytics is asked for
// more than the original answered.
var ahead = []string{
	"CreateUserImportJob input.PasswordHashingAlgorithm",
	"CreateUserImportJob output.UserImportJob.PasswordHashingAlgorithm",
	"GetApplicationDateRangeKpi input.Actor",
	"GetApplicationDateRangeKpi input.Filter",
	"GetApplicationDateRangeKpi input.GroupBy",
	"GetApplicationDateRangeKpi input.Interval",
	"GetApplicationDateRangeKpi input.Limit",
	"GetApplicationDateRangeKpi input.Metric",
	"GetApplicationDateRangeKpi input.Steps",
	"GetApplicationDateRangeKpi input.TimeZone",
	"GetApplicationDateRangeKpi input.Window",
	"GetApplicationDateRangeKpi output.ApplicationDateRangeKpiResponse.DroppedGroups",
}

// unpublished are operations that only clients older than the SDK call: Amplify's beacon.
var unpublished = []string{"PutLegacyEvents"}

// published counts the operations that AWS's clients have.
func published(a *api) (count int) {
	for name := range a.Operations {
		if !slices.Contains(unpublished, name) {
			count++
		}
	}
	return count
}

// walk compares a client's types with a model.
type walk struct {
	*api
	t    *testing.T
	seen map[reflect.Type]bool
}

// client walks the methods that are operations and counts them.
func (w *walk) client(client reflect.Type) int {
	count := 0
	for m := range client.Methods() {
		if m.Type.NumIn() != 4 || m.Type.In(1) != reflect.TypeFor[context.Context]() || m.Type.NumOut() != 2 {
			continue
		}
		count++
		o := w.Operations[m.Name]
		if o == nil {
			w.t.Errorf("operation %s is missing", m.Name)
			continue
		}
		w.argument(o.Input, m.Type.In(2).Elem(), m.Name+" input")
		w.argument(o.Output, m.Type.Out(0).Elem(), m.Name+" output")
	}
	return count
}

func (w *walk) argument(r *ref, have reflect.Type, where string) {
	if r != nil {
		w.compare(r.Shape, have, where)
		return
	}
	for f := range have.Fields() {
		if f.IsExported() && f.Name != "ResultMetadata" {
			w.t.Errorf("%s: member %s is missing", where, f.Name)
		}
	}
}

// compare compares a shape with the client's type for it.
func (w *walk) compare(name string, have reflect.Type, where string) {
	if have.Kind() == reflect.Pointer {
		have = have.Elem()
	}
	s := w.Shapes[name]
	switch s.Type {
	case "structure":
		if have != reflect.TypeFor[time.Time]() && have.Kind() == reflect.Struct {
			w.structure(s, have, where)
		}
	case "list":
		w.compare(s.Member.Shape, have.Elem(), where+"[]")
	case "map":
		w.compare(s.Value.Shape, have.Elem(), where+"{}")
	case "string":
		w.enum(name, s, have)
	}
}

func (w *walk) structure(s *shape, have reflect.Type, where string) {
	if w.seen[have] {
		return
	}
	w.seen[have] = true
	known := map[string]string{}
	for _, m := range s.Members {
		known[goName(m.Name)] = m.Shape
	}
	for f := range have.Fields() {
		if !f.IsExported() || f.Name == "ResultMetadata" {
			continue
		}
		shape, ok := known[f.Name]
		if !ok {
			w.t.Errorf("%s (%s): member %s %s is missing", where, have.Name(), f.Name, f.Type)
			continue
		}
		delete(known, f.Name)
		w.compare(shape, f.Type, where+"."+f.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if !slices.Contains(ahead, where+"."+name) {
			w.t.Errorf("%s: the client has no member %s", where, name)
		}
	}
}

// enum compares the values of a named string type; clients list them in a
// method Values.
func (w *walk) enum(name string, s *shape, have reflect.Type) {
	list, ok := have.MethodByName("Values")
	if !ok {
		if len(s.Enum) > 0 {
			w.t.Errorf("%s is an enum of ours only", name)
		}
		return
	}
	values := list.Func.Call([]reflect.Value{reflect.Zero(have)})[0]
	for i := range values.Len() {
		if v := fmt.Sprint(values.Index(i)); !slices.Contains(s.Enum, v) {
			w.t.Errorf("%s lacks the value %q", name, v)
		}
	}
}

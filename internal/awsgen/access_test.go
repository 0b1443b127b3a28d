package main

import (
	"slices"
	"strings"
	"testing"
)

// thing is a model of one operation, CreateThing, whose input has a member
// PoolId and a structure Owner with a member Name.
func thing(access access, o operation) (*api, *operation) {
	o.Name = "CreateThing"
	o.Input = &ref{Shape: "In"}
	a := &api{
		Metadata:   metadata{IAMPrefix: "things"},
		Access:     access,
		Operations: map[string]*operation{"CreateThing": &o},
		Shapes: map[string]*shape{
			"In":     {Type: "structure", Members: members{{"PoolId", ref{Shape: "String"}}, {"Owner", ref{Shape: "Owner"}}}},
			"Owner":  {Type: "structure", Members: members{{"Name", ref{Shape: "String"}}}},
			"String": {Type: "string"},
		},
	}
	return a, &o
}

func TestGrants(t *testing.T) {
	t.Parallel()
	rules := []resourceRule{{"Other", "other/{Other}"}, {"PoolId", "pool/{PoolId}"}, {"Owner", "owner"}}
	tests := []struct {
		name      string
		access    access
		operation operation
		want      grant
	}{
		{"first rule that fits", access{Resources: rules}, operation{}, grant{"sigv4", "things:CreateThing", []string{"pool/{PoolId}"}}},
		{"own word wins", access{Resources: rules}, operation{Action: "x:Y", Resources: []string{"a/{Owner.Name}"}}, grant{"sigv4", "x:Y", []string{"a/{Owner.Name}"}}},
		{"unscoped", access{Resources: rules, Unscoped: []string{"CreateThing"}}, operation{}, grant{"sigv4", "things:CreateThing", []string{"*"}}},
		{"public", access{Public: []string{"CreateThing"}}, operation{}, grant{"public", "things:CreateThing", []string{"*"}}},
		{"access token", access{AccessToken: []string{"CreateThing"}}, operation{}, grant{"accessToken", "things:CreateThing", []string{"*"}}},
	}
	for _, test := range tests {
		a, o := thing(test.access, test.operation)
		got, err := a.grantOf(o)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if got.scheme != test.want.scheme || got.action != test.want.action || !slices.Equal(got.resources, test.want.resources) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

// TestNoGrantByDefault: an operation that the overlay says nothing about, or
// nonsense, is never generated.
func TestNoGrantByDefault(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]operation{
		"no resource rule covers it": {},
		`access "maybe"`:             {Access: "maybe", Resources: []string{"*"}},
		"the input has no {Missing}": {Resources: []string{"a/{Missing}"}},
		"has no {Owner.Age}":         {Resources: []string{"a/{Owner.Age}"}},
		"unknown variable ${User}":   {Resources: []string{"a/${User}"}},
	} {
		a, o := thing(access{}, o)
		if _, err := a.grantOf(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	for _, list := range []access{{Public: []string{"Gone"}}, {Unscoped: []string{"Gone"}}, {Public: []string{"CreateThing"}, AccessToken: []string{"CreateThing"}}} {
		if a, _ := thing(list, operation{}); a.checkAccess() == nil {
			t.Errorf("%+v must be refused", list)
		}
	}
}

package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// access is the overlay's word on who may call what: the exceptions by name,
// everything else by rule.
type access struct {
	Public      []string       `json:"public"`      // operations that need no credentials
	AccessToken []string       `json:"accessToken"` // operations that carry an access token
	Resources   []resourceRule `json:"resources"`   // the first rule whose member the input has
	Unscoped    []string       `json:"unscoped"`    // operations without a resource type: "*"
}

// resourceRule gives the ARN of the operations whose input has a member.
type resourceRule struct {
	Member string `json:"member"`
	ARN    string `json:"arn"`
}

// grant is what a caller must hold to call an operation.
type grant struct {
	scheme    string // a key of schemes
	action    string
	resources []string
}

// grantOf decides an operation's grant. There is none by default: an
// operation that no rule covers stops the generator.
func (a *api) grantOf(o *operation) (grant, error) {
	g := grant{scheme: o.Access, action: o.Action, resources: o.Resources}
	if g.scheme == "" {
		g.scheme = a.schemeOf(o)
	}
	if schemes[g.scheme] == "" {
		return g, fmt.Errorf("access %q", g.scheme)
	}
	if g.action == "" {
		g.action = a.Metadata.IAMPrefix + ":" + o.Name
	}
	if len(g.resources) == 0 {
		g.resources = a.resourcesOf(o, g.scheme)
	}
	if len(g.resources) == 0 {
		return g, fmt.Errorf("no resource rule covers it")
	}
	for _, r := range g.resources {
		if err := a.checkTemplate(o, r); err != nil {
			return g, err
		}
	}
	return g, nil
}

func (a *api) schemeOf(o *operation) string {
	switch {
	case slices.Contains(a.Access.Public, o.Name):
		return "public"
	case slices.Contains(a.Access.AccessToken, o.Name):
		return "accessToken"
	}
	return "sigv4"
}

func (a *api) resourcesOf(o *operation, scheme string) []string {
	if slices.Contains(a.Access.Unscoped, o.Name) {
		return []string{"*"}
	}
	if scheme == "sigv4" {
		for _, rule := range a.Access.Resources {
			if a.hasMember(o.Input, rule.Member) {
				return []string{rule.ARN}
			}
		}
		return nil
	}
	return []string{"*"} // nobody is asked
}

func (a *api) hasMember(r *ref, name string) bool {
	return r != nil && slices.ContainsFunc(a.Shapes[r.Shape].Members, func(m member) bool { return goName(m.Name) == name })
}

var placeholder = regexp.MustCompile(`\$?\{[^}]*\}`)

// checkTemplate makes sure that a resource template names only what exists.
func (a *api) checkTemplate(o *operation, template string) error {
	for _, p := range placeholder.FindAllString(template, -1) {
		if strings.HasPrefix(p, "$") {
			if p != "${Partition}" && p != "${Region}" && p != "${Account}" {
				return fmt.Errorf("resource %q: unknown variable %s", template, p)
			}
			continue
		}
		at := o.Input
		for name := range strings.SplitSeq(strings.Trim(p, "{}"), ".") {
			if !a.hasMember(at, name) {
				return fmt.Errorf("resource %q: the input has no %s", template, p)
			}
			members := a.Shapes[at.Shape].Members
			at = &members[slices.IndexFunc(members, func(m member) bool { return goName(m.Name) == name })].ref
		}
	}
	return nil
}

// checkAccess makes sure that the overlay's lists name operations that exist,
// once each.
func (a *api) checkAccess() error {
	seen := map[string]bool{}
	for _, name := range slices.Concat(a.Access.Public, a.Access.AccessToken) {
		if a.Operations[name] == nil {
			return fmt.Errorf("access: no operation %s", name)
		}
		if seen[name] {
			return fmt.Errorf("access: %s is listed twice", name)
		}
		seen[name] = true
	}
	for _, name := range a.Access.Unscoped {
		if a.Operations[name] == nil {
			return fmt.Errorf("access: no operation %s", name)
		}
	}
	return nil
}

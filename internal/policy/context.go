package policy

import (
	"maps"
	"slices"
)

// Context holds the condition keys of a request and their values. Key names are
// case-insensitive, tag keys within them included; values are not. The zero
// value is empty and ready. Copies share their keys; Clone makes an independent one.
type Context struct{ values map[string][]string }

// Set gives a key its values, replacing earlier ones. With no values the key is
// present but empty, which every operator treats like an absent key.
func (c *Context) Set(key string, values ...string) {
	if c.values == nil {
		c.values = make(map[string][]string)
	}
	c.values[fold(key)] = slices.Clone(values)
}

// Delete makes a key absent.
func (c *Context) Delete(key string) { delete(c.values, fold(key)) }

// Get returns a key's values and whether the key is present at all.
func (c Context) Get(key string) (values []string, present bool) { return c.lookup(fold(key)) }

// Clone returns a context that can be changed without changing c.
func (c Context) Clone() Context { return Context{values: maps.Clone(c.values)} }

func (c Context) lookup(folded string) ([]string, bool) {
	v, ok := c.values[folded]
	return v, ok
}

// single returns the value of a key that has exactly one.
func (c Context) single(folded string) (string, bool) {
	if v := c.values[folded]; len(v) == 1 {
		return v[0], true
	}
	return "", false
}

// SetPrincipal sets the keys that say who is asking and removes those that do
// not apply to this kind of principal, so that nothing stale or smuggled in
// from elsewhere can pose as the caller (IAM User Guide, "Request information
// that you can use for policy variables").
func (c *Context) SetPrincipal(p Principal) {
	for _, key := range principalKeys {
		c.Delete(key)
	}
	c.Set("aws:PrincipalIsAWSService", "false")
	switch p.Type {
	case Anonymous:
		c.Set("aws:PrincipalType", Anonymous.String())
		return
	case WebIdentity:
		c.Set("aws:PrincipalType", Anonymous.String())
		c.Set("aws:FederatedProvider", p.Federated)
		return
	case Service:
		c.Set("aws:PrincipalIsAWSService", "true")
		c.Set("aws:PrincipalServiceName", p.Service)
		return
	case User:
		c.Set("aws:username", p.userName())
	}
	c.Set("aws:PrincipalType", p.Type.String())
	c.Set("aws:PrincipalAccount", p.Account)
	c.Set("aws:PrincipalArn", p.policyARN())
	c.Set("aws:userid", p.ID)
}

// principalKeys are the keys that only SetPrincipal may set.
// aws:FederatedProvider is not among them: it also comes with credentials.
var principalKeys = []string{
	"aws:PrincipalType", "aws:PrincipalAccount", "aws:PrincipalArn", "aws:userid",
	"aws:username", "aws:PrincipalServiceName",
}

// fold lowers A to Z and nothing else. Full Unicode folding would make distinct
// keys collide (the Kelvin sign lowers to k), and IAM's own names are ASCII.
func fold(s string) string {
	i := 0
	for i < len(s) && !isUpper(s[i]) {
		i++
	}
	if i == len(s) {
		return s
	}
	b := []byte(s)
	for ; i < len(b); i++ {
		if isUpper(b[i]) {
			b[i] += 'a' - 'A'
		}
	}
	return string(b)
}

func isUpper(b byte) bool { return 'A' <= b && b <= 'Z' }

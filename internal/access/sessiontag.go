package access

import (
	"slices"
	"strings"

	"pintail/internal/gen/iam"
	"pintail/internal/gen/sts"
	"pintail/internal/policy"
	"pintail/internal/wire"
)

// sessionTags are the tags that a session is to have: those of the request, and those
// that the caller's own session passes on.
type sessionTags struct {
	given      map[string]string
	all        map[string]string
	transitive map[string]string
	passedOn   []string // keys that the request makes transitive
}

// sessionTags reads the tags of a request (IAM user guide, "Pass session tags in AWS STS").
func (c *assumeCall) sessionTags(tags []sts.Tag, transitive []string) (t sessionTags, err error) {
	t = sessionTags{given: map[string]string{}, all: map[string]string{}, transitive: map[string]string{}, passedOn: transitive}
	inherited := map[string]string{}
	if c.Caller != nil && c.Caller.Session != nil {
		inherited = c.Caller.Session.Transitive
	}
	for key, value := range inherited {
		t.all[key], t.transitive[key] = value, value
	}
	for _, tag := range tags {
		if _, twice := lookUp(t.given, tag.Key); twice {
			return t, wire.InvalidParameterValue.New("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		if strings.HasPrefix(strings.ToLower(tag.Key), "aws:") {
			return t, wire.InvalidParameterValue.New("Tag keys must not begin with aws:, which is reserved.")
		}
		if _, fixed := lookUp(inherited, tag.Key); fixed {
			return t, wire.InvalidParameterValue.New("One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
		}
		t.given[tag.Key], t.all[tag.Key] = tag.Value, tag.Value
	}
	for _, key := range transitive {
		value, ok := lookUp(t.given, key)
		if !ok {
			return t, wire.InvalidParameterValue.New("The specified transitive tag key must be included in the requested tags.")
		}
		t.transitive[key] = value
	}
	if len(t.all) > maxTags {
		return t, wire.InvalidParameterValue.Newf("A session can have %d tags.", maxTags)
	}
	return t, nil
}

// lookUp finds a tag regardless of the case of its key.
func lookUp(tags map[string]string, key string) (value string, ok bool) {
	for have, value := range tags {
		if strings.EqualFold(have, key) {
			return value, true
		}
	}
	return "", false
}

// request adds the condition keys that the tags make in the request.
func (t sessionTags) request(keys *policy.Context) {
	var names []string
	for key, value := range t.given {
		keys.Set("aws:RequestTag/"+key, value)
		names = append(names, key)
	}
	slices.Sort(names)
	if len(names) > 0 {
		keys.Set("aws:TagKeys", names...)
	}
	if len(t.passedOn) > 0 {
		keys.Set("sts:TransitiveTagKeys", t.passedOn...)
	}
}

// hold adds the condition keys that stay with the session.
func (t sessionTags) hold(keys map[string][]string) {
	for key, value := range t.all {
		keys["aws:PrincipalTag/"+key] = []string{value}
	}
}

// resourceTags adds the condition keys of the tags of what is acted upon.
func resourceTags(keys *policy.Context, tags []iam.Tag) {
	for _, tag := range tags {
		keys.Set("aws:ResourceTag/"+tag.Key, tag.Value)
		keys.Set("iam:ResourceTag/"+tag.Key, tag.Value)
	}
}

package audience_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint/types"
	"pgregory.net/rapid"

	"pintail/internal/job"
)

const (
	ofAttributes     = "endpoint-custom-attributes"
	ofMetrics        = "endpoint-metric-attributes"
	ofUserAttributes = "endpoint-user-attributes"
)

// remove sends RemoveAttributes and returns the names that it answers.
func (s *server) remove(t testing.TB, app, use string, patterns ...string) ([]string, error) {
	t.Helper()
	out, err := s.RemoveAttributes(t.Context(), &pinpoint.RemoveAttributesInput{
		ApplicationId: &app, AttributeType: &use, UpdateAttributesRequest: &types.UpdateAttributesRequest{Blacklist: patterns},
	})
	if err != nil {
		return nil, err
	}
	if r := out.AttributesResource; *r.ApplicationId != app || *r.AttributeType != use {
		t.Errorf("answered of %s %s", *r.ApplicationId, *r.AttributeType)
	}
	return out.AttributesResource.Attributes, nil
}

// removed waits for the job of one removal.
func (s *server) removed(t testing.TB) {
	t.Helper()
	for {
		select {
		case e := <-s.ended:
			if e.Kind != "audience.removal" {
				continue
			}
			if e.Outcome != job.Done {
				t.Fatalf("%s: %v", e.Outcome, e.Err)
			}
			return
		case <-time.After(time.Minute):
			t.Fatal("no removal has ended")
		}
	}
}

func rich(user string) *types.EndpointRequest {
	return &types.EndpointRequest{
		Attributes: map[string][]string{"plan": {"gold"}, "shop_a": {"1"}, "shop_b": {"2"}, "both": {"x"}},
		Metrics:    map[string]float64{"visits": 1, "shop_a": 2, "both": 3},
		User:       &types.EndpointUser{UserId: &user, UserAttributes: map[string][]string{"tier": {"one"}, "shop_u": {"3"}, "both": {"y"}}},
	}
}

// TestRemoveAttributes: the names are gone from endpoints and users of the one
// project at once, and stay gone when the job has been through; what is said
// after the call stays, before the job has come by and afterwards.
func TestRemoveAttributes(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, s *server) {
		app, other := s.app(t), s.app(t)
		for _, a := range []string{app, other} {
			for _, id := range []string{"kept", "told"} {
				must(t, s.update(t.Context(), a, id, rich("u")))
			}
		}
		must(t, s.update(t.Context(), app, "unclaimed", &types.EndpointRequest{
			User: &types.EndpointUser{UserAttributes: map[string][]string{"shop_u": {"3"}, "tier": {"two"}}},
		}))
		for use, want := range map[string][]string{ofAttributes: {"both", "shop_a", "shop_b"}, ofMetrics: {"both", "shop_a"}, ofUserAttributes: {"both", "shop_u"}} {
			got, err := s.remove(t, app, use, "shop_*", "bot?", "no such name")
			must(t, err)
			same(t, got, want)
		}
		again, err := s.remove(t, app, ofMetrics, "shop_*", "bot?")
		must(t, err)
		same(t, again, []string{})
		must(t, s.update(t.Context(), app, "told", &types.EndpointRequest{
			Attributes: map[string][]string{"shop_a": {"again"}},
			User:       &types.EndpointUser{UserAttributes: map[string][]string{"shop_u": {"again"}}},
		}))
		must(t, s.update(t.Context(), app, "new", rich("new user")))
		code, _ := s.raw(t, "POST", "/v1/apps/"+app+"/events", `{"BatchItem":{"kept":{"Endpoint":{"Metrics":{"both":3}},"Events":{}}}}`)
		if code != 202 {
			t.Fatal(code)
		}
		expect := func(when string) {
			t.Helper()
			kept, told := s.endpoint(t, app, "kept"), s.endpoint(t, app, "told")
			same(t, kept.Attributes, map[string][]string{"plan": {"gold"}})
			same(t, kept.Metrics, map[string]float64{"visits": 1, "both": 3})
			same(t, told.Attributes, map[string][]string{"plan": {"gold"}, "shop_a": {"again"}})
			same(t, told.Metrics, map[string]float64{"visits": 1})
			for _, e := range []*types.EndpointResponse{kept, told} {
				same(t, e.User.UserAttributes, map[string][]string{"tier": {"one"}, "shop_u": {"again"}})
			}
			all, err := s.user(t, app, "u")
			must(t, err)
			same(t, all, []types.EndpointResponse{*kept, *told})
			same(t, s.endpoint(t, app, "new").Attributes, rich("").Attributes)
			same(t, s.endpoint(t, app, "new").User.UserAttributes, rich("").User.UserAttributes)
			same(t, s.endpoint(t, app, "unclaimed").User.UserAttributes, map[string][]string{"tier": {"two"}})
			if t.Failed() {
				t.Fatal(when)
			}
		}
		expect("before the job")
		s.work(t)
		for range 3 { // there was nothing to remove again
			s.removed(t)
		}
		expect("after the job")
		whole := rich("u")
		e := s.endpoint(t, other, "kept")
		same(t, e.Attributes, whole.Attributes)
		same(t, e.Metrics, whole.Metrics)
		same(t, e.User.UserAttributes, whole.User.UserAttributes)
	})
}

// TestRemovalIsEverywhere: more endpoints than one transaction looks at, written
// before and while the job runs, on another node; afterwards the stored
// documents themselves are without the name.
func TestRemovalIsEverywhere(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, s *server) {
		app := s.app(t)
		for i := range 5 {
			var items []types.EndpointBatchItem
			for j := range 100 {
				id := fmt.Sprintf("e%03d", 100*i+j)
				items = append(items, types.EndpointBatchItem{Id: &id, Attributes: map[string][]string{"old": {"v"}, "kept": {"v"}}})
			}
			_, err := s.batch(t, app, items...)
			must(t, err)
		}
		_, err := s.remove(t, app, ofAttributes, "old")
		must(t, err)
		must(t, s.update(t.Context(), app, "e499", attributes("old", "new value")))
		other := node(t, s.db, s.events)
		other.work(t)
		other.removed(t)
		var with, kept int
		for i := range 500 {
			e := other.endpoint(t, app, fmt.Sprintf("e%03d", i))
			if len(e.Attributes["old"]) > 0 {
				with++
			}
			if len(e.Attributes["kept"]) > 0 {
				kept++
			}
		}
		if with != 1 || kept != 500 {
			t.Errorf("%d endpoints have the name and %d the other one, want 1 and 500", with, kept)
		}
	})
}

// TestRemovalAmongUpdates: a removal and updates of the same endpoints and
// users at once; none of the updates is lost, and the name is gone.
func TestRemovalAmongUpdates(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, s *server) {
		app := s.app(t)
		const n = 30
		id := func(i int) string { return fmt.Sprintf("e%02d", i) }
		for i := range n {
			must(t, s.update(t.Context(), app, id(i), rich(id(i))))
		}
		s.work(t)
		var all sync.WaitGroup
		for worker := range 4 {
			all.Go(func() {
				for i := range n {
					at, key := id((i+worker*7)%n), fmt.Sprintf("k%d", worker)
					if err := s.update(t.Context(), app, at, &types.EndpointRequest{
						Metrics: map[string]float64{key: 1}, User: &types.EndpointUser{UserAttributes: map[string][]string{key: {"v"}}},
					}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		for _, use := range []string{ofAttributes, ofUserAttributes} {
			_, err := s.remove(t, app, use, "shop_*", "both")
			must(t, err)
		}
		all.Wait()
		s.removed(t)
		s.removed(t)
		for i := range n {
			e := s.endpoint(t, app, id(i))
			same(t, e.Attributes, map[string][]string{"plan": {"gold"}})
			same(t, e.Metrics, map[string]float64{"visits": 1, "shop_a": 2, "both": 3, "k0": 1, "k1": 1, "k2": 1, "k3": 1})
			same(t, e.User.UserAttributes, map[string][]string{"tier": {"one"}, "k0": {"v"}, "k1": {"v"}, "k2": {"v"}, "k3": {"v"}})
		}
	})
}

// TestRemovalFreesNames: a project that is full has room again at once.
func TestRemovalFreesNames(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	many := map[string][]string{}
	for i := range 250 {
		many[fmt.Sprintf("n%03d", i)] = []string{"v"}
	}
	must(t, s.update(t.Context(), app, "e", &types.EndpointRequest{Attributes: many}))
	must(t, s.update(t.Context(), app, "e", &types.EndpointRequest{Metrics: map[string]float64{"n001": 1}}))
	refused(t, s.update(t.Context(), app, "e", attributes("more")), "BadRequestException", "Too many custom attributes")
	freed, err := s.remove(t, app, ofAttributes, "n00?")
	must(t, err)
	if len(freed) != 10 {
		t.Errorf("freed %v", freed)
	}
	// n001 is a metric's name too, so nine are free.
	nine := map[string][]string{}
	for i := range 9 {
		nine[fmt.Sprintf("m%d", i)] = []string{"v"}
	}
	must(t, s.update(t.Context(), app, "e", &types.EndpointRequest{Attributes: nine}))
	refused(t, s.update(t.Context(), app, "e", attributes("more")), "BadRequestException", "Too many custom attributes")
}

func TestRemoveAttributesRefuses(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	for _, test := range []struct {
		use      string
		patterns []string
		message  string
	}{
		{"attributes", []string{"a"}, "attribute-type must be endpoint-custom-attributes, endpoint-metric-attributes or endpoint-user-attributes."},
		{ofMetrics, []string{}, "Blacklist must have 1 to 250 names."},
		{ofMetrics, make([]string, 251), "Blacklist must have 1 to 250 names."},
		{ofMetrics, []string{""}, "A name in Blacklist must have 1 to 100 characters."},
		{ofMetrics, []string{long(101)}, "A name in Blacklist must have 1 to 100 characters."},
		{ofMetrics, []string{"\x00"}, "A name in Blacklist must have 1 to 100 characters."},
	} {
		_, err := s.remove(t, app, test.use, test.patterns...)
		refused(t, err, "BadRequestException", test.message)
	}
	unknown := strings.Repeat("f", 32)
	_, err := s.remove(t, unknown, ofMetrics, "a")
	refused(t, err, "NotFoundException", fmt.Sprintf("No application with the id %q was found.", unknown))
	for range 20 {
		_, err := s.remove(t, app, ofMetrics, "spelled out")
		must(t, err)
	}
	_, err = s.remove(t, app, ofMetrics, "a")
	refused(t, err, "TooManyRequestsException", "20 removals of attributes are under way.")
	// The job of a project that is gone has nothing to do.
	_, err = s.DeleteApp(t.Context(), &pinpoint.DeleteAppInput{ApplicationId: &app})
	must(t, err)
	s.work(t)
	for range 20 {
		s.removed(t)
	}
}

// TestGlobs holds patterns against a naive matcher.
func TestGlobs(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	words := []string{"a", "b", "ab", "ba", "aab", "a.b", "a*b", "ä", "aä", "(a", "a|b", "a\nb", "$"}
	rapid.Check(t, func(r *rapid.T) {
		pattern := rapid.StringOfN(rapid.RuneFrom([]rune("ab*?.ä(|\n$")), 1, 5, -1).Draw(r, "pattern")
		all := map[string]float64{}
		want := []string{}
		for _, w := range words {
			all[w] = 1
			if glob([]rune(pattern), []rune(w)) {
				want = append(want, w)
			}
		}
		app := s.app(t)
		must(t, s.update(t.Context(), app, "e", &types.EndpointRequest{Metrics: all}))
		got, err := s.remove(t, app, ofMetrics, pattern)
		must(t, err)
		for _, w := range want {
			delete(all, w)
		}
		if len(got) != len(want) {
			r.Fatalf("%q takes %q, want %q", pattern, got, want)
		}
		if left := s.endpoint(t, app, "e").Metrics; text(left) != text(all) && len(left)+len(all) > 0 {
			r.Fatalf("%q leaves %v, want %v", pattern, left, all)
		}
	})
}

func glob(pattern, name []rune) bool {
	switch {
	case len(pattern) == 0:
		return len(name) == 0
	case pattern[0] == '*':
		return glob(pattern[1:], name) || len(name) > 0 && glob(pattern, name[1:])
	case len(name) == 0:
		return false
	}
	return (pattern[0] == '?' || pattern[0] == name[0]) && glob(pattern[1:], name[1:])
}

package event

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint/types"
	"github.com/google/go-cmp/cmp"

	"pintail/internal/eventstore"
	genpinpoint "pintail/internal/gen/pinpoint"
)

func TestActivity(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app, other := s.app(t), s.app(t)
	day := func(d int) time.Time { return time.Date(2026, 3, d, 0, 0, 0, 0, time.UTC) }
	for i, e := range []struct {
		app, endpoint, user, kind string
		day                       int
	}{
		{app, "phone", "ann", "open", 1}, {app, "phone", "ann", "open", 1}, {app, "web", "ann", "buy", 1},
		{app, "guest", "", "open", 1}, {app, "web", "ann", "open", 2}, {app, "late", "bob", "open", 3}, {other, "x", "eve", "open", 1},
	} {
		if e.user != "" {
			s.update(t, e.app, e.endpoint, &types.EndpointRequest{User: &types.EndpointUser{UserId: aws.String(e.user)}})
		}
		s.accept(t, e.app, e.endpoint, fmt.Sprintf(`{"BatchItem":{%q:{"Endpoint":{},"Events":{"%d":{"EventType":%q,"Timestamp":%q}}}}}`,
			e.endpoint, i, e.kind, day(e.day).Add(time.Hour).Format(time.RFC3339)))
	}
	got, err := s.room.Activity(t.Context(), app, day(1), day(3))
	must(t, err)
	want := &Activity{
		Events:    []eventstore.TypeCount{{Type: "buy", Count: 1}, {Type: "open", Count: 4}},
		Endpoints: []eventstore.DayCount{{Day: day(1), Count: 3}, {Day: day(2), Count: 1}},
		Users:     []eventstore.DayCount{{Day: day(1), Count: 1}, {Day: day(2), Count: 1}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := s.room.Activity(t.Context(), "none", day(1), day(3)); !errors.Is(err, genpinpoint.NotFoundException.New("")) {
		t.Errorf("an unknown project: %v", err)
	}
}

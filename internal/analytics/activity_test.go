package analytics

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pintail/internal/eventstore"
	genpinpoint "pintail/internal/gen/pinpoint"
)

func TestActivity(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *server) {
		day := func(d int) time.Time { return time.Date(2026, 3, d, 0, 0, 0, 0, time.UTC) }
		did := func(endpoint, user, kind string, d int) eventstore.Event {
			return eventstore.Event{EndpointID: endpoint, UserID: user, Type: kind, Timestamp: day(d).Add(time.Hour)}
		}
		app := s.app
		s.record(t, did("phone", "ann", "open", 1), did("phone", "ann", "open", 1), did("web", "ann", "buy", 1),
			did("guest", "", "open", 1), did("web", "ann", "open", 2), did("late", "bob", "open", 3))
		s.app = s.newApp(t)
		s.record(t, did("x", "eve", "open", 1))
		got, err := s.room.Activity(t.Context(), app, day(1), day(3))
		must(t, err)
		want := &Activity{
			Events:    []TypeCount{{"buy", 1}, {"open", 4}},
			Endpoints: []DayCount{{day(1), 3}, {day(2), 1}},
			Users:     []DayCount{{day(1), 1}, {day(2), 1}},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if _, err := s.room.Activity(t.Context(), "none", day(1), day(3)); !errors.Is(err, genpinpoint.NotFoundException.New("")) {
			t.Errorf("an unknown project: %v", err)
		}
	})
}

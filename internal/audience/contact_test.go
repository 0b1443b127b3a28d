package audience_test

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint/types"

	"pintail/internal/audience"
	genpinpoint "pintail/internal/gen/pinpoint"
	"pintail/internal/wire"
)

var (
	createContact = audience.Keeping{Create: true}
	updateContact = audience.Keeping{}
	reviveContact = audience.Keeping{Revive: true}
)

// An address that another room keeps is made once, changed in place, and what others did
// with its endpoint stays.
func TestContacts(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(testing.TB) *server{"SQLite": func(t testing.TB) *server { return newServer(t) }, "PostgreSQL": newPostgresServer} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			app := s.app(t)
			ada := audience.Contact{EndpointID: "mail-of-ada", UserID: "ada", ChannelType: genpinpoint.ChannelTypeEmail, Address: "ada@example.org"}
			keep := func(c audience.Contact, how audience.Keeping) {
				t.Helper()
				must(t, s.room.KeepContact(t.Context(), &wire.Call{Time: s.clock.Now(), RequestID: "r"}, app, c, how))
			}
			show := func() *types.EndpointResponse {
				t.Helper()
				out, err := s.GetEndpoint(t.Context(), &pinpoint.GetEndpointInput{ApplicationId: &app, EndpointId: &ada.EndpointID})
				if errors.As(err, new(*types.NotFoundException)) {
					return nil
				}
				must(t, err)
				return out.EndpointResponse
			}
			is := func(status, address, optOut string) {
				t.Helper()
				if e := show(); e == nil || *e.EndpointStatus != status || *e.Address != address || *e.OptOut != optOut || *e.User.UserId != "ada" {
					t.Errorf("the endpoint is %+v, want %s %s %s", e, status, address, optOut)
				}
			}
			writes := func(fn func()) uint64 {
				before := s.db.Stats().Updates
				fn()
				return s.db.Stats().Updates - before
			}

			keep(ada, updateContact)
			keep(ada, reviveContact)
			must(t, s.room.SuspendContact(t.Context(), app, ada.EndpointID, ""))
			must(t, s.room.RemoveContact(t.Context(), app, ada.EndpointID))
			if e := show(); e != nil {
				t.Errorf("made where nothing was to be made: %+v", e)
			}
			keep(ada, createContact)
			is("ACTIVE", "ada@example.org", "NONE")
			must(t, s.update(t.Context(), app, ada.EndpointID, &types.EndpointRequest{OptOut: aws.String("ALL"), Attributes: map[string][]string{"plan": {"gold"}}}))
			if n := writes(func() { keep(ada, createContact); keep(ada, reviveContact) }); n != 0 {
				t.Errorf("%d transactions to change nothing", n)
			}
			must(t, s.room.SuspendContact(t.Context(), app, ada.EndpointID, "ada@example.org"))
			is("ACTIVE", "ada@example.org", "ALL")
			must(t, s.room.SuspendContact(t.Context(), app, ada.EndpointID, "other@example.org"))
			is("INACTIVE", "ada@example.org", "ALL")
			keep(ada, createContact)
			is("INACTIVE", "ada@example.org", "ALL")
			keep(ada, reviveContact)
			is("ACTIVE", "ada@example.org", "ALL")
			must(t, s.room.SuspendContact(t.Context(), app, ada.EndpointID, ""))
			ada.Address = "countess@example.org"
			keep(ada, updateContact)
			is("ACTIVE", "countess@example.org", "ALL")
			if e := show(); len(e.Attributes["plan"]) != 1 {
				t.Errorf("attributes %v", e.Attributes)
			}
			// Of one address one endpoint is active.
			must(t, s.update(t.Context(), app, "another", &types.EndpointRequest{ChannelType: "EMAIL", Address: aws.String("countess@example.org")}))
			is("INACTIVE", "countess@example.org", "ALL")

			must(t, s.room.RemoveContact(t.Context(), app, ada.EndpointID))
			if e := show(); e != nil {
				t.Errorf("still there: %+v", e)
			}
			keep(ada, createContact)
			is("ACTIVE", "countess@example.org", "NONE")
		})
	}
}

// What cannot be is refused as UpdateEndpoint would refuse it.
func TestContactsThatCannotBe(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	c := &wire.Call{Time: time.Now(), RequestID: "r"}
	unknown, bad := genpinpoint.NotFoundException.New(""), genpinpoint.BadRequestException.New("")
	keep := func(app, id string) error {
		contact := audience.Contact{EndpointID: id, UserID: "ada", ChannelType: genpinpoint.ChannelTypeEmail, Address: "a@example.org"}
		return s.room.KeepContact(t.Context(), c, app, contact, createContact)
	}
	for what, err := range map[string]error{
		"keep": keep("nowhere", "x"), "suspend": s.room.SuspendContact(t.Context(), "nowhere", "x", ""), "remove": s.room.RemoveContact(t.Context(), "nowhere", "x"),
	} {
		if !errors.Is(err, unknown) {
			t.Errorf("%s in a project that does not exist: %v", what, err)
		}
	}
	if err := keep(app, "${x}"); !errors.Is(err, bad) {
		t.Errorf("an impossible id: %v", err)
	}
	if arn, err := s.room.ProjectARN(t.Context(), "nowhere"); arn != "" || err != nil {
		t.Errorf("%q, %v", arn, err)
	}
	if arn, err := s.room.ProjectARN(t.Context(), app); arn != "arn:aws:mobiletargeting:"+region+":"+account+":apps/"+app || err != nil {
		t.Errorf("%q, %v", arn, err)
	}
}

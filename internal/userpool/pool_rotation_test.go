package userpool_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/keys"
	"pintail/internal/userpool"
)

// keyIDs are the keys that a pool's jwks.json lists.
func (w *world) keyIDs(pool *types.UserPoolType) (list []string) {
	w.t.Helper()
	var set keys.JWKS
	if status := w.get("/"+*pool.Id+"/.well-known/jwks.json", &set); status != 200 {
		w.t.Fatalf("status %d", status)
	}
	for _, key := range set.Keys {
		list = append(list, key.Kid)
	}
	return list
}

func (w *world) rotate(pool *types.UserPoolType) {
	w.t.Helper()
	if err := w.service.RotateKeys(w.t.Context(), *pool.Id); err != nil {
		w.t.Fatal(err)
	}
}

// holds tells whether both tokens of a sign-in are taken for what they are.
func (w *world) holds(pool *types.UserPoolType, tokens *types.AuthenticationResultType) error {
	_, err := w.GetUser(w.t.Context(), &idp.GetUserInput{AccessToken: tokens.AccessToken})
	_, err2 := w.service.VerifyIDToken(w.t.Context(), *pool.Id, *tokens.IdToken)
	return errors.Join(err, err2)
}

// New keys sign from a rotation on, and the old ones are good for as long as what
// they signed can live.
func TestRotateKeys(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p, other := w.pool(), w.pool()
		app := w.app(p)
		w.member(app, "ada")
		before := w.signIn(app, "ada")
		first, others := w.keyIDs(p), w.keyIDs(other)
		w.rotate(p)
		after := w.signIn(app, "ada")
		for name, tokens := range map[string]*types.AuthenticationResultType{"old": before, "new": after} {
			if err := w.holds(p, tokens); err != nil {
				t.Errorf("%s tokens: %v", name, err)
			}
		}
		second := w.keyIDs(p)
		if len(second) != 4 || !slices.Contains(second, first[0]) || !slices.Contains(second, first[1]) {
			t.Errorf("keys %v after a rotation of %v", second, first)
		}
		_, accessKey := w.claimsOf(p.Id, after.AccessToken)
		_, idKey := w.claimsOf(p.Id, after.IdToken)
		if slices.Contains(first, accessKey) || slices.Contains(first, idKey) || accessKey == idKey {
			t.Error("the old keys still sign")
		}
		if !slices.Equal(others, w.keyIDs(other)) {
			t.Error("the keys of another pool were rotated")
		}
		w.start() // all of it survives a restart
		for name, tokens := range map[string]*types.AuthenticationResultType{"old": before, "new": after} {
			if err := w.holds(p, tokens); err != nil {
				t.Errorf("%s tokens after a restart: %v", name, err)
			}
		}
	})
}

// A day and a little later the old keys are gone.
func TestRetiredKeysEnd(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	app := w.app(p)
	w.member(app, "ada")
	before := w.signIn(app, "ada")
	first := w.keyIDs(p)
	w.rotate(p)
	if err := w.holds(p, before); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(24*time.Hour - time.Minute)
	if list := w.keyIDs(p); !slices.Contains(list, first[0]) || !slices.Contains(list, first[1]) {
		t.Errorf("keys %v a day later, want those of %v among them", list, first)
	}
	w.clock.Advance(2 * time.Minute)
	if list := w.keyIDs(p); len(list) != 2 || slices.Contains(list, first[0]) || slices.Contains(list, first[1]) {
		t.Errorf("keys %v, of which %v should have ended", list, first)
	}
	if _, err := w.service.VerifyIDToken(t.Context(), *p.Id, *before.IdToken); !errors.Is(err, userpool.ErrIDToken) {
		t.Errorf("the old ID token: %v", err)
	}
}

// A token of a key that another node made a moment ago is taken at once.
func TestRotationOnAnotherNode(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	app := w.app(p)
	w.member(app, "ada")
	here, there := w.service, w.Client
	w.start()
	elsewhere := w.service
	if err := w.holds(p, w.signIn(app, "ada")); err != nil { // and the node remembers the pool
		t.Fatal(err)
	}
	w.clock.Advance(200 * time.Millisecond)
	if err := here.RotateKeys(t.Context(), *p.Id); err != nil {
		t.Fatal(err)
	}
	w.Client = there
	tokens := w.signIn(app, "ada")
	if _, err := elsewhere.VerifyIDToken(t.Context(), *p.Id, *tokens.IdToken); err != nil {
		t.Error(err)
	}
}

func TestRotateKeysRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	if err := w.service.RotateKeys(t.Context(), "us-east-1_Nowhere00"); !errors.Is(err, cognitoidp.ResourceNotFoundException.New("")) {
		t.Errorf("of no pool: %v", err)
	}
	for range 10 {
		w.rotate(p)
	}
	if err := w.service.RotateKeys(t.Context(), *p.Id); !errors.Is(err, cognitoidp.LimitExceededException.New("")) {
		t.Errorf("for the eleventh time: %v", err)
	}
	w.clock.Advance(25 * time.Hour)
	w.rotate(p)
	if list := w.keyIDs(p); len(list) != 4 {
		t.Errorf("%d keys", len(list))
	}
}

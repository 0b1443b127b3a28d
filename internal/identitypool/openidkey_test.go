package identitypool_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"pintail/internal/config"
	"pintail/internal/testkit/pgtest"
)

// rotate asks for new keys as the owner, who is anybody on this machine in developer mode.
func (w *world) rotate(pool string) int {
	w.t.Helper()
	response, err := http.Post(w.URL()+"/_pintail/pools/"+pool+"/rotate-keys", "application/json", nil)
	must(w.t, err)
	response.Body.Close()
	return response.StatusCode
}

// published counts the keys that verifiers are told of.
func (w *world) published() int {
	w.t.Helper()
	response, err := http.Get(w.URL() + "/.well-known/jwks_uri")
	must(w.t, err)
	defer response.Body.Close()
	var set struct{ Keys []any }
	must(w.t, json.NewDecoder(response.Body).Decode(&set))
	return len(set.Keys)
}

func TestRotateKeys(t *testing.T) {
	t.Parallel()
	for name, engine := range map[string]func(*config.Config){
		"sqlite": func(*config.Config) {}, "postgres": func(c *config.Config) { c.DatabaseURL = pgtest.Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := boot(t, engine, func(c *config.Config) { c.Dev = true })
			w.developers()
			_, before := w.vouched("", "ada-1")
			old := before["cognito-identity.amazonaws.com"]
			if status := w.rotate(w.p.IdentityPool); status != http.StatusOK {
				t.Fatalf("status %d", status)
			}
			_, after := w.vouched("", "ada-1")
			fresh := after["cognito-identity.amazonaws.com"]
			if header := func(token string) string { return strings.Split(token, ".")[0] }; header(old) == header(fresh) {
				t.Error("the old key signs")
			}
			for _, token := range []string{old, fresh} {
				w.verifyByKeySet(token)
				_, err := w.assume(token)
				must(t, err)
			}
			if n := w.published(); n != 2 {
				t.Errorf("%d keys are published", n)
			}
			if status := w.rotate("us-east-1:11111111-2222-3333-4444-555555555555"); status != http.StatusBadRequest {
				t.Errorf("a pool that is not: status %d", status)
			}
			w.Clock.Advance(25 * time.Hour)
			if n := w.published(); n != 1 {
				t.Errorf("%d keys are published after a day", n)
			}
		})
	}
}

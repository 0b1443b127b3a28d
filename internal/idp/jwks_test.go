package idp_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"pintail/internal/clock"
	"pintail/internal/idp"
	"pintail/internal/idp/idptest"
)

func TestKeysAreKept(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		cacheControl string
		fresh        time.Duration
	}{
		{"", time.Hour},
		{"public", time.Hour},
		{"public, max-age=7200, must-revalidate", 2 * time.Hour},
		{"max-age=1", 5 * time.Minute},
		{"max-age=0", 5 * time.Minute},
		{"no-store", 5 * time.Minute},
		{"no-cache, max-age=7200", 5 * time.Minute},
		{"max-age=nonsense", 5 * time.Minute},
		{"max-age=-1", 5 * time.Minute},
		{"MAX-AGE=7200", 2 * time.Hour},
		{"max-age=31536000", 24 * time.Hour},
		{"max-age=99999999999999999999", 5 * time.Minute},
	} {
		t.Run(test.cacheControl, func(t *testing.T) {
			t.Parallel()
			c := clock.Fixed(noon)
			p := idptest.NewOIDC(t, c, "ES256")
			p.CacheControl(test.cacheControl)
			v := validator(t, c)
			asked := func(want int) {
				t.Helper()
				accept(t, v, p, p.Token("app", "anna"))
				if got := p.Asked(); got != want {
					t.Errorf("asked %d times, want %d", got, want)
				}
			}
			asked(1)
			asked(1)
			c.Advance(test.fresh - time.Second)
			asked(1)
			c.Advance(time.Second)
			asked(2)
			asked(2)
		})
	}
}

func TestKeysRotate(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewOIDC(t, c, "ES256")
	v := validator(t, c)
	old := p.Token("app", "anna")
	accept(t, v, p, old)
	p.Rotate("RS256", "ES256")
	refuses(t, v, p, p.Token("app", "anna"), idp.ErrSignature) // too soon to ask again
	if got := p.Asked(); got != 1 {
		t.Errorf("asked %d times", got)
	}
	accept(t, v, p, old)
	c.Advance(10 * time.Second)
	accept(t, v, p, p.Token("app", "anna"))
	if got := p.Asked(); got != 2 {
		t.Errorf("asked %d times", got)
	}
	refuses(t, v, p, old, idp.ErrSignature)
}

func TestUnknownKeysAreNotAskedForAgain(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewOIDC(t, c, "ES256")
	v := validator(t, c)
	for n := range 100 {
		refuses(t, v, p, p.Sign(p.Claims("app", "anna"), map[string]any{"kid": fmt.Sprint("made up ", n)}), idp.ErrSignature)
	}
	if got := p.Asked(); got != 1 {
		t.Errorf("asked %d times", got)
	}
	c.Advance(10 * time.Second)
	for n := range 100 {
		refuses(t, v, p, p.Sign(p.Claims("app", "anna"), map[string]any{"kid": fmt.Sprint("made up ", n)}), idp.ErrSignature)
	}
	if got := p.Asked(); got != 2 {
		t.Errorf("asked %d times", got)
	}
}

func TestStaleKeys(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewOIDC(t, c, "ES256")
	v := validator(t, c)
	accept(t, v, p, p.Token("app", "anna"))
	p.Fail(idptest.Broken)
	c.Advance(time.Hour)
	accept(t, v, p, p.Token("app", "anna"))
	asked := p.AskedAtAll()
	for range 10 { // no flood while it is down
		accept(t, v, p, p.Token("app", "anna"))
	}
	if again := p.AskedAtAll(); again != asked {
		t.Errorf("asked %d times more", again-asked)
	}
	refuses(t, v, p, p.Sign(p.Claims("app", "anna"), map[string]any{"kid": "new"}), idp.ErrUnreachable)
	c.Advance(6*time.Hour - time.Second)
	accept(t, v, p, p.Token("app", "anna"))
	c.Advance(time.Second)
	refuses(t, v, p, p.Token("app", "anna"), idp.ErrUnreachable)
	p.Fail(idptest.None)
	refuses(t, v, p, p.Token("app", "anna"), idp.ErrUnreachable)
	c.Advance(10 * time.Second)
	accept(t, v, p, p.Token("app", "anna"))
}

func TestIssuersThatMisbehave(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]idptest.Fault{
		"silent": idptest.Silent, "huge": idptest.Huge, "broken": idptest.Broken, "garbage": idptest.Garbage,
		"wrong issuer": idptest.WrongIssuer, "elsewhere": idptest.Elsewhere, "no keys": idptest.NoKeys,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := clock.Fixed(noon)
			p := idptest.NewOIDC(t, c, "ES256")
			p.Fail(fault)
			v := validator(t, c, func(config *idp.Config) {
				if fault == idptest.Silent {
					config.Fetch.Timeout = time.Second
				}
			})
			refuses(t, v, p, p.Token("app", "anna"), idp.ErrUnreachable)
			asked := p.AskedAtAll()
			refuses(t, v, p, p.Token("app", "anna"), idp.ErrUnreachable)
			if p.AskedAtAll() != asked {
				t.Error("asked again at once")
			}
			p.Fail(idptest.None)
			c.Advance(10 * time.Second)
			accept(t, v, p, p.Token("app", "anna"))
		})
	}
}

func TestTooManyKeys(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewOIDC(t, c, "ES256")
	for range 63 {
		p.ListKey(`{"kty":"new"}`)
	}
	v := validator(t, c)
	accept(t, v, p, p.Token("app", "anna"))
	p.ListKey(`{"kty":"new"}`)
	refuses(t, validator(t, c), p, p.Token("app", "anna"), idp.ErrUnreachable)
}

func TestManyCallersAskOnce(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewOIDC(t, c, "ES256")
	v := validator(t, c)
	token := p.Token("app", "anna")
	release := p.Hold()
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if _, err := v.OIDC(context.Background(), provider(p), token); err != nil {
				t.Error(err)
			}
		})
	}
	release()
	group.Wait()
	if got := p.Asked(); got != 1 {
		t.Errorf("asked %d times", got)
	}
}

// A caller who goes away does not take the answer away from those who wait.
func TestCallerGoesAway(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewOIDC(t, c, "ES256")
	v := validator(t, c)
	release := p.Hold()
	defer release()
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	token := p.Token("app", "anna")
	_, err := v.OIDC(gone, provider(p), token)
	wants(t, err, idp.ErrUnreachable, token)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	release()
	accept(t, v, p, token)
	if got := p.Asked(); got != 1 {
		t.Errorf("asked %d times", got)
	}
}

func TestConcurrentRotation(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	issuers := []*idptest.OIDC{idptest.NewOIDC(t, c, "ES256"), idptest.NewOIDC(t, c, "ES384")}
	v := validator(t, c)
	var group sync.WaitGroup
	for n := range 16 {
		p := issuers[n%2]
		group.Go(func() {
			for i := range 20 {
				if n < 2 && i%5 == 4 {
					p.Rotate("ES256")
					c.Advance(time.Minute)
				}
				_, err := v.OIDC(context.Background(), provider(p), p.Token("app", "anna"))
				if err != nil && !errors.Is(err, idp.ErrSignature) && !errors.Is(err, idp.ErrNotYetValid) {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	c.Advance(time.Minute)
	for _, p := range issuers {
		accept(t, v, p, p.Token("app", "anna"))
	}
}

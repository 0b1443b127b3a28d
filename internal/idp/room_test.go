package idp_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"pintail/internal/clock"
	"pintail/internal/idp"
	"pintail/internal/idp/idptest"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

var kinds = []error{
	idp.ErrMalformed, idp.ErrForeignIssuer, idp.ErrSignature, idp.ErrExpired, idp.ErrNotYetValid,
	idp.ErrAudience, idp.ErrUnreachable, idp.ErrRejected, idp.ErrReplayed, idp.ErrUnsupported,
}

// validator returns one that may reach this machine.
func validator(t testing.TB, c *clock.Clock, change ...func(*idp.Config)) *idp.Validator {
	t.Helper()
	config := idp.Config{Clock: c, Fetch: idp.FetchConfig{AllowLoopback: true}}
	for _, f := range change {
		f(&config)
	}
	v, err := idp.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

// wants checks that an error is a refusal of exactly one kind, which does not tell any of
// the secrets, nor a long piece of one.
func wants(t testing.TB, err, kind error, secrets ...string) {
	t.Helper()
	var refusal *idp.Error
	if !errors.As(err, &refusal) || !errors.Is(err, kind) {
		t.Errorf("error is %v, want %v", err, kind)
		return
	}
	for _, other := range kinds {
		if other != kind && errors.Is(err, other) {
			t.Errorf("%v is also of kind %v", err, other)
		}
	}
	if refusal.Detail == "" {
		t.Error("no detail")
	}
	for _, secret := range secrets {
		for len(secret) > 0 {
			piece := secret[:min(len(secret), 40)]
			secret = secret[len(piece):]
			if len(piece) > 8 && strings.Contains(err.Error(), piece) {
				t.Errorf("the error tells the secret: %v", err)
			}
		}
	}
}

// provider is an issuer of which clients "app" and "other" are trusted.
func provider(p *idptest.OIDC) idp.OIDCProvider {
	return idp.OIDCProvider{Issuer: p.Issuer(), Clients: idp.Clients{IDs: []string{"app", "other"}}}
}

// accept demands that a token is accepted.
func accept(t testing.TB, v *idp.Validator, p *idptest.OIDC, token string) *idp.Identity {
	t.Helper()
	who, err := v.OIDC(context.Background(), provider(p), token)
	if err != nil {
		t.Fatal(err)
	}
	return who
}

// refuses demands that a token is refused.
func refuses(t testing.TB, v *idp.Validator, p *idptest.OIDC, token string, kind error) {
	t.Helper()
	who, err := v.OIDC(context.Background(), provider(p), token)
	wants(t, err, kind, strings.Split(token, ".")...)
	if who != nil {
		t.Error("a refused token has an identity")
	}
}

package idp

import (
	"context"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// Google judges an ID token of Google, which spells its issuer with and without the
// scheme. Tokens of Google's SDK for Android name the app as authorized party and the
// server as audience; the app is the client then.
func (v *Validator) Google(ctx context.Context, clients Clients, token string) (*Identity, error) {
	return v.idToken(ctx, trustedIssuer{
		keysOf: v.google, spelled: v.googleSpelled(),
		algorithms: []jose.SignatureAlgorithm{jose.RS256}, clients: clients,
	}, token)
}

// googleSpelled is how Google spells itself.
func (v *Validator) googleSpelled() []string {
	_, bare, _ := strings.Cut(v.google, "://")
	return []string{v.google, bare}
}

// IsGoogle tells whether an issuer, as a token spells it, is Google.
func (v *Validator) IsGoogle(issuer string) bool { return slices.Contains(v.googleSpelled(), issuer) }

package idp

import (
	"context"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// Google judges an ID token of Google, which spells its issuer with and without the
// scheme. Tokens of Google's SDK for Android name the app as authorized party and the
// server as audience; the app is the client then.
func (v *Validator) Google(ctx context.Context, clients Clients, token string) (*Identity, error) {
	_, bare, _ := strings.Cut(v.google, "://")
	return v.idToken(ctx, trustedIssuer{
		keysOf: v.google, spelled: []string{v.google, bare},
		algorithms: []jose.SignatureAlgorithm{jose.RS256}, clients: clients,
	}, token)
}

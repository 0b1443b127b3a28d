package idp

import (
	"context"

	"github.com/go-jose/go-jose/v4"
)

// Apple judges an identity token of Sign in with Apple. Clients are bundle ids and
// services ids.
func (v *Validator) Apple(ctx context.Context, clients Clients, token string) (*Identity, error) {
	return v.idToken(ctx, trustedIssuer{
		keysOf: v.apple, spelled: []string{v.apple},
		algorithms: []jose.SignatureAlgorithm{jose.RS256, jose.ES256}, clients: clients,
	}, token)
}

package idp

import (
	"context"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// OIDCProvider is an OpenID Connect issuer that a caller trusts.
type OIDCProvider struct {
	Issuer  string // exactly as its tokens and its discovery document spell it
	Clients Clients
}

// OIDC judges an ID token of an issuer.
func (v *Validator) OIDC(ctx context.Context, p OIDCProvider, token string) (*Identity, error) {
	return v.idToken(ctx, trustedIssuer{keysOf: p.Issuer, spelled: []string{p.Issuer}, clients: p.Clients}, token)
}

// trustedIssuer is an issuer with what its ID tokens may be like.
type trustedIssuer struct {
	keysOf     string   // the issuer of the discovery document
	spelled    []string // as tokens spell it
	algorithms []jose.SignatureAlgorithm
	clients    Clients
}

func (v *Validator) idToken(ctx context.Context, trusted trustedIssuer, token string) (*Identity, error) {
	t, err := parseJWT(token)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(trusted.spelled, t.claims.issuer) {
		return nil, refuse(ErrForeignIssuer, "of %s", shown(t.claims.issuer))
	}
	if trusted.algorithms != nil && !slices.Contains(trusted.algorithms, t.header.Alg) {
		return nil, refuse(ErrSignature, "algorithm %s is not this issuer's", t.header.Alg)
	}
	key, err := v.keys.find(ctx, wanted{trusted.keysOf, t.header.Kid, t.header.Alg})
	if err != nil {
		return nil, err
	}
	if _, err := t.signed.Verify(key.key); err != nil {
		return nil, refuse(ErrSignature, "not signed by key %s", shown(key.id))
	}
	return t.claims.identity(v, trusted.clients)
}

// identity believes claims whose signature was verified.
func (c *claims) identity(v *Validator, trusted Clients) (*Identity, error) {
	if err := c.at(v.clock.Now()); err != nil {
		return nil, err
	}
	client, err := c.client(trusted)
	if err != nil {
		return nil, err
	}
	return &Identity{
		Issuer: c.issuer, Subject: c.subject, ClientID: client,
		Audience: c.audience, AuthorizedParty: c.azp,
		Expires: c.expires, AMR: c.amr, Claims: c.all,
	}, nil
}

// UnverifiedIssuer returns the issuer that an ID token claims to be of, so that a caller
// who trusts several can look for the one to ask about it. Nothing else follows from it.
func UnverifiedIssuer(token string) (string, error) {
	t, err := parseJWT(token)
	if err != nil {
		return "", err
	}
	return t.claims.issuer, nil
}

package idp

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// AmazonName is the provider's name: Login with Amazon's access tokens name no issuer.
const AmazonName = "www.amazon.com"

// Amazon judges an access token of Login with Amazon by asking Amazon. Clients are
// client ids (amzn1.application-oa2-client...) and app ids (amzn1.application...).
func (v *Validator) Amazon(ctx context.Context, clients Clients, token string) (*Identity, error) {
	if err := checkAccessToken(token); err != nil {
		return nil, err
	}
	got, err := v.fetch.ask(ctx, v.amazon+"/auth/o2/tokeninfo", url.Values{"access_token": {token}})
	if err != nil {
		return nil, err
	}
	var told struct {
		UserID  string `json:"user_id"`
		Client  string `json:"aud"`
		App     string `json:"app_id"`
		Seconds int64  `json:"exp"` // that are left
	}
	if err := decodeAnswer(got, "Amazon", &told); err != nil {
		return nil, err
	}
	client := told.Client
	if !clients.trust(client) {
		client = told.App
	}
	const year = 365 * 24 * 60 * 60
	switch {
	case told.UserID == "" || told.Client == "":
		return nil, refuse(ErrRejected, "Amazon names no user or no client")
	case told.Seconds <= 0:
		return nil, refuse(ErrExpired, "Amazon says that no time is left")
	case !clients.trust(client):
		return nil, refuse(ErrAudience, "made for %s and %s", shown(told.Client), shown(told.App))
	}
	found := &Identity{Subject: told.UserID, ClientID: client}
	found.Expires = v.clock.Now().Add(time.Duration(min(told.Seconds, year)) * time.Second)
	return found.named(AmazonName), nil
}

// named completes what is known of the bearer of an access token. Role mappings see iss,
// aud and sub of such providers, and no other claim.
func (i *Identity) named(provider string) *Identity {
	i.Issuer, i.Audience = provider, []string{i.ClientID}
	i.Claims = map[string]any{"iss": provider, "aud": i.ClientID, "sub": i.Subject}
	return i
}

// checkAccessToken refuses what is no access token, before a provider is bothered. They
// are opaque; what they are made of are the characters of RFC 6750, section 2.1, and "|".
func checkAccessToken(token string) error {
	if token == "" || len(token) > maxToken {
		return refuse(ErrMalformed, "empty or longer than %d bytes", maxToken)
	}
	for _, c := range []byte(token) {
		if c <= ' ' || c > '~' {
			return refuse(ErrMalformed, "not the characters of an access token")
		}
	}
	return nil
}

// decodeAnswer reads what a provider says of an access token, and sorts its refusals:
// a 4xx is about the token, everything else about the provider.
func decodeAnswer(got answer, provider string, into any) error {
	switch {
	case got.status == http.StatusTooManyRequests, got.status == http.StatusRequestTimeout, got.status >= 500:
		return refuse(ErrUnreachable, "%s answered with status %d", provider, got.status)
	case got.status >= 400:
		return refuse(ErrRejected, "%s answered with status %d", provider, got.status)
	case got.status != http.StatusOK || json.Unmarshal(got.body, into) != nil:
		return refuse(ErrUnreachable, "%s gave no answer that can be read (status %d)", provider, got.status)
	}
	return nil
}

// Package idp judges what other identity providers say about somebody: ID tokens of
// Google, Apple and any OpenID Connect issuer, access tokens of Facebook and of Login
// with Amazon, and SAML responses.
//
// Its callers are rooms that let people in by such a token: identity pools, where the
// Logins of GetId and its neighbours name a provider; STS, for AssumeRoleWithWebIdentity
// and AssumeRoleWithSAML; and the sign-in pages of user pools. They know which providers
// their owner trusts and under which client ids, ask one [Validator] about one token, and
// get whom it speaks for or an [Error] of one of a few kinds, which they put in the words
// of their operation. The package knows nothing of AWS's errors, keeps nothing in a store,
// and serves nothing.
//
// A token is an argument of somebody who is not trusted yet, so the order is always the
// same: read it within limits, compare whose it says it is with the provider that the
// caller trusts, find that provider's keys, verify, and only then believe what it says.
// Keys of OpenID Connect issuers are fetched and kept for a while (jwks.go); everything
// that is fetched goes through a client that no token and no configuration can lead into
// the owner's own network (fetch.go, guard.go). Nothing that a token says about its own
// keys is followed. SAML claims are read from the very bytes that were verified
// (samlsignature.go), never from the document that arrived.
package idp

import (
	"strings"
	"time"

	"pintail/internal/clock"
)

// Where the well-known providers are.
const (
	defaultGoogle   = "https://accounts.google.com"
	defaultApple    = "https://appleid.apple.com"
	defaultFacebook = "https://graph.facebook.com"
	defaultAmazon   = "https://api.amazon.com"
)

// skew is by how much another's clock may be ahead of ours.
const skew = 5 * time.Minute

// Config says how providers are reached. The zero value is for production.
type Config struct {
	Clock *clock.Clock // nil: the machine's
	Fetch FetchConfig

	// Bases of the well-known providers, where stand-ins take their place. For Google
	// and Apple it is also the issuer.
	Google, Apple, Facebook, Amazon string

	// Replays remembers used SAML assertions. Nil is a memory of this process's own.
	Replays Replays
}

// Validator judges tokens. It is safe for concurrent use.
type Validator struct {
	clock                           *clock.Clock
	fetch                           *fetcher
	keys                            *keyCache
	replays                         Replays
	google, apple, facebook, amazon string
}

// New returns a validator. It fails if the configuration is wrong.
func New(c Config) (*Validator, error) {
	fetch, err := newFetcher(c.Fetch)
	if err != nil {
		return nil, err
	}
	v := &Validator{
		clock: c.Clock, fetch: fetch, replays: c.Replays,
		google:   base(c.Google, defaultGoogle),
		apple:    base(c.Apple, defaultApple),
		facebook: base(c.Facebook, defaultFacebook),
		amazon:   base(c.Amazon, defaultAmazon),
	}
	if v.clock == nil {
		v.clock = new(clock.Clock)
	}
	if v.replays == nil {
		v.replays = NewReplayMemory(v.clock)
	}
	for _, at := range []string{v.google, v.apple, v.facebook, v.amazon} {
		if err := CheckIssuer(at); err != nil {
			return nil, err
		}
	}
	v.keys = newKeyCache(v.clock, fetch)
	return v, nil
}

// Close lets go of the connections to providers that are kept open.
func (v *Validator) Close() { v.fetch.close() }

func base(configured, standard string) string {
	if configured == "" {
		return standard
	}
	return strings.TrimSuffix(configured, "/")
}

// Identity is whom a verified token speaks for.
type Identity struct {
	Issuer  string // as the token spells it; for Facebook and Amazon the provider's name
	Subject string
	// ClientID is the client, among those that the caller trusts, for which the token
	// was made: its authorized party if it names one, else its audience.
	ClientID        string
	Audience        []string // all of them, as the token says
	AuthorizedParty string   // azp, or ""
	Expires         time.Time
	AMR             []string // how the issuer authenticated the subject
	// Claims are all claims of the token. Values are those of encoding/json, with
	// numbers as json.Number. A nonce is for the caller to compare, who knows which one it
	// asked for.
	Claims map[string]any
}

// Clients are the clients of a provider that a caller trusts.
type Clients struct {
	IDs []string
	// Any takes tokens for every client of the provider. It is for callers that judge
	// Identity.ClientID themselves, as a role's trust policy does.
	Any bool
}

func (c Clients) trust(id string) bool {
	if id == "" {
		return false
	}
	if c.Any {
		return true
	}
	for _, known := range c.IDs {
		if known == id {
			return true
		}
	}
	return false
}

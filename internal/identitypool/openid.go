package identitypool

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"pintail/internal/access"
	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/wire"
)

// issuer is that of every identity pool's tokens: one key set serves all pools,
// and verifiers pin the audience.
const issuer = "https://" + access.CognitoIdentity

// openIDFor is how long a token of GetOpenIdToken lasts.
const openIDFor = 10 * time.Minute

// openIDClaims are the claims of an OpenID token.
type openIDClaims struct {
	Issuer   string   `json:"iss"`
	Audience string   `json:"aud"` // identity pool id
	Subject  string   `json:"sub"` // identity id
	AMR      []string `json:"amr"`
	IssuedAt int64    `json:"iat"`
	Expires  int64    `json:"exp"`
	PoolARN  string   `json:"https://cognito-identity.amazonaws.com/identity-pool-arn"`
	Tags     *tagging `json:"https://aws.amazon.com/tags,omitempty"`
}

// tagging is how STS reads session tags in a token (IAM user guide, "Passing session tags
// using AssumeRoleWithWebIdentity").
type tagging struct {
	Principal map[string][]string `json:"principal_tags"`
}

// identity is what the claims say to STS.
func (o *openIDClaims) identity() access.WebIdentity {
	who := access.WebIdentity{Provider: access.CognitoIdentity, Audience: o.Audience, Subject: o.Subject, AMR: o.AMR}
	if o.Tags != nil {
		who.Tags = map[string]string{}
		for key, values := range o.Tags.Principal {
			who.Tags[key] = values[0]
		}
	}
	return who
}

// openIDToken makes a token that says who somebody is.
func (s *Service) openIDToken(ctx context.Context, c *wire.Call, who access.WebIdentity, lasts time.Duration) (string, error) {
	claims := openIDClaims{
		Issuer: issuer, Audience: who.Audience, Subject: who.Subject, AMR: who.AMR,
		IssuedAt: c.Time.Unix(), Expires: c.Time.Add(lasts).Unix(), PoolARN: s.poolARN(who.Audience),
	}
	if len(who.Tags) > 0 {
		claims.Tags = &tagging{Principal: map[string][]string{}}
		for key, value := range who.Tags {
			claims.Tags.Principal[key] = []string{value}
		}
	}
	text, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	ring, err := s.keys.current(ctx)
	if err != nil {
		return "", err
	}
	return ring.signing.SignRS512(text)
}

// getOpenIDToken implements GetOpenIdToken, the classic flow.
func (s *Service) getOpenIDToken(ctx context.Context, c *wire.Call, in *cognitoidentity.GetOpenIdTokenInput) (*cognitoidentity.GetOpenIdTokenResponse, error) {
	i, p, err := s.stored(ctx, in.IdentityId)
	if err != nil {
		return nil, err
	}
	if !isTrue(p.AllowClassicFlow) {
		return nil, invalid("Basic (classic) flow is not enabled, please use enhanced flow.")
	}
	if err := withoutSAML(in.Logins); err != nil {
		return nil, err
	}
	b, err := s.authenticate(ctx, c, p, i, in.IdentityId, in.Logins)
	if err != nil {
		return nil, err
	}
	token, err := s.openIDToken(ctx, c, b.WebIdentity, openIDFor)
	return &cognitoidentity.GetOpenIdTokenResponse{IdentityId: b.identity.ID, Token: token}, err
}

// ofDeveloper tells whether the pool's own developer vouches in the token.
func (o *openIDClaims) ofDeveloper(p *pool) bool {
	return p.DeveloperProviderName != "" && slices.Contains(o.AMR[1:], p.DeveloperProviderName)
}

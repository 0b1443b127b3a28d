package access

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"pintail/internal/gen/sts"
	"pintail/internal/idp"
	"pintail/internal/store"
)

// Providers that roles can trust without being made known to IAM first.
const (
	googleName   = "accounts.google.com"
	facebookName = "graph.facebook.com"
	amazonName   = "www.amazon.com"
)

// readOutside judges a token of a provider outside of this server: an access token of the
// one that the caller names, or an ID token of Google or of an OpenID Connect provider of
// the account.
func (s *Service) readOutside(ctx context.Context, token, providerID string) (WebIdentity, error) {
	switch providerID {
	case "":
		return s.readIDToken(ctx, token)
	case facebookName:
		id, err := s.providers.Facebook(ctx, idp.FacebookApp{Any: true}, token)
		return accessIdentity(facebookName, ":id", id), webRefusal(err)
	case amazonName:
		id, err := s.providers.Amazon(ctx, idp.Clients{Any: true}, token)
		return accessIdentity(amazonName, ":user_id", id), webRefusal(err)
	}
	return WebIdentity{}, sts.InvalidIdentityTokenException.Newf("Unknown provider: %s", providerID)
}

// accessIdentity is what an access token says, in the condition keys of its provider.
func accessIdentity(provider, subjectKey string, id *idp.Identity) WebIdentity {
	if id == nil {
		return WebIdentity{}
	}
	return WebIdentity{
		Provider: provider, Audience: id.ClientID, Subject: id.Subject,
		Keys: map[string][]string{provider + ":app_id": {id.ClientID}, provider + subjectKey: {id.Subject}},
	}
}

// readIDToken judges an ID token by whoever it says that it is of, if that is somebody
// whom the account trusts.
func (s *Service) readIDToken(ctx context.Context, token string) (WebIdentity, error) {
	issuer, err := idp.UnverifiedIssuer(token)
	if err != nil {
		return WebIdentity{}, sts.InvalidIdentityTokenException.New("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	if s.providers.IsGoogle(issuer) {
		id, err := s.providers.Google(ctx, idp.Clients{Any: true}, token)
		if err != nil {
			return WebIdentity{}, webRefusal(err)
		}
		return openIdentity(googleName, googleName, id), nil
	}
	p, err := s.trustedIssuer(ctx, issuer)
	if err != nil {
		return WebIdentity{}, err
	}
	if p == nil {
		return WebIdentity{}, sts.InvalidIdentityTokenException.Newf("No OpenIDConnect provider found in your account for %s", issuer)
	}
	id, err := s.providers.OIDC(ctx, idp.OIDCProvider{Issuer: issuer, Clients: idp.Clients{IDs: p.ClientIDs}}, token)
	if err != nil {
		return WebIdentity{}, webRefusal(err)
	}
	return openIdentity(s.arn(openIDPrefix+p.URL), p.URL, id), nil
}

// trustedIssuer returns the account's provider for an issuer, nil if it has none. Whoever
// spells the scheme otherwise than it was registered is another issuer.
func (s *Service) trustedIssuer(ctx context.Context, issuer string) (p *openIDProvider, err error) {
	_, where, _ := strings.Cut(issuer, "://")
	err = s.db.View(ctx, func(tx store.Tx) error {
		p, err = openIDProviders.Get(tx, s.account.String(), strings.TrimSuffix(where, "/"))
		return err
	})
	if errors.Is(err, store.ErrNotFound) || err == nil && p.issuer() != strings.TrimSuffix(issuer, "/") {
		return nil, nil
	}
	return p, err
}

// openIdentity is what an ID token says. The provider is how trust policies name it, the
// prefix how condition keys do.
func openIdentity(provider, prefix string, id *idp.Identity) WebIdentity {
	w := WebIdentity{
		Provider: provider, Audience: id.ClientID, Subject: id.Subject, AMR: id.AMR,
		Keys: map[string][]string{prefix + ":aud": {id.ClientID}, prefix + ":sub": {id.Subject}},
	}
	if len(id.AMR) > 0 {
		w.Keys[prefix+":amr"] = id.AMR
	}
	if provider == googleName {
		w.Keys[prefix+":oaud"] = slices.Clone(id.Audience)
	}
	w.Tags, w.Transitive = tokenTags(id.Claims)
	w.SourceIdentity, _ = id.Claims[sourceIdentityClaim].(string)
	return w
}

// Claims that shape a session (IAM user guide, "Pass session tags in AWS STS").
const (
	tagsClaim           = "https://aws.amazon.com/tags"
	sourceIdentityClaim = "https://aws.amazon.com/source_identity"
)

// tokenTags reads the session tags of a token. Tags of several values are none.
func tokenTags(claims map[string]any) (tags map[string]string, transitive []string) {
	text, err := json.Marshal(claims[tagsClaim])
	if err != nil {
		return nil, nil
	}
	var said struct {
		Principal  map[string][]string `json:"principal_tags"`
		Transitive []string            `json:"transitive_tag_keys"`
	}
	if json.Unmarshal(text, &said) != nil {
		return nil, nil
	}
	tags = make(map[string]string)
	for key, values := range said.Principal {
		if len(values) == 1 {
			tags[key] = values[0]
		}
	}
	return tags, said.Transitive
}

// webRefusal is STS's answer to a token that is not believed.
func webRefusal(err error) error {
	refused, ok := errors.AsType[*idp.Error](err)
	if !ok {
		return err
	}
	switch {
	case errors.Is(err, idp.ErrExpired):
		return sts.ExpiredTokenException.New("The web identity token that was passed is expired.").WithReason(refused.Detail)
	case errors.Is(err, idp.ErrUnreachable):
		return sts.IDPCommunicationErrorException.New("The identity provider could not be reached.").WithReason(refused.Detail)
	case errors.Is(err, idp.ErrRejected):
		return sts.IDPRejectedClaimException.New("The identity provider refused the token.").WithReason(refused.Detail)
	case errors.Is(err, idp.ErrAudience):
		return sts.InvalidIdentityTokenException.New("Incorrect token audience").WithReason(refused.Detail)
	}
	return sts.InvalidIdentityTokenException.New("The web identity token that was passed could not be validated.").WithReason(refused.Detail)
}

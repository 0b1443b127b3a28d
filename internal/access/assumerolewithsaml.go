package access

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"pintail/internal/gen/sts"
	"pintail/internal/idp"
	"pintail/internal/policy"
	"pintail/internal/wire"
)

// What AWS wants of assertions that are made for it (IAM user guide, "Configure SAML
// assertions for the authentication response").
const (
	samlAudience  = "urn:amazon:webservices"
	samlRecipient = "https://signin.aws.amazon.com/saml"
)

const assumeWithSAML = "sts:AssumeRoleWithSAML"

// samlRecipients are the places that an assertion may be sent to: AWS's, in this region or
// in none.
func samlRecipients(region string) []string {
	return []string{samlRecipient, "https://" + region + ".signin.aws.amazon.com/saml"}
}

// assumeRoleWithSAML implements AssumeRoleWithSAML: the caller has no credentials, and an
// assertion names the role that its bearer may take.
func (s *Service) assumeRoleWithSAML(ctx context.Context, c *wire.Call, in *sts.AssumeRoleWithSAMLRequest) (*sts.AssumeRoleWithSAMLResponse, error) {
	metadata, err := s.SAMLProvider(ctx, in.PrincipalArn)
	if err != nil {
		return nil, err
	}
	if metadata == nil {
		return nil, sts.InvalidIdentityTokenException.New("Specified provider doesn't exist")
	}
	assertion, err := s.providers.SAML(ctx, idp.SAMLProvider{
		Metadata: metadata, Audiences: []string{samlAudience, samlRecipient}, Recipients: samlRecipients(c.Region), Holder: in.RoleArn,
	}, in.SAMLAssertion)
	if err != nil {
		return nil, samlRefusal(err)
	}
	session, err := assertion.Session()
	if err != nil {
		return nil, samlRefusal(err)
	}
	a, err := s.samlCall(c, in.PrincipalArn, assertion, session)
	if err != nil {
		return nil, err
	}
	if err := offered(assertion, in.RoleArn, in.PrincipalArn); err != nil {
		return nil, wire.AccessDenied.New("Not authorized to perform " + assumeWithSAML).WithReason(err.Error())
	}
	narrowed, err := s.narrow(ctx, in.Policy, in.PolicyArns)
	if err != nil {
		return nil, err
	}
	r, err := s.trusting(ctx, a, in.RoleArn)
	if err != nil {
		return nil, err
	}
	granted, err := s.grant(a, r, session.Name, samlLifetime(c.Time, in.DurationSeconds, session, assertion), narrowed.policies)
	if err != nil {
		return nil, err
	}
	return &sts.AssumeRoleWithSAMLResponse{
		Credentials: granted.show(), AssumedRoleUser: granted.user(), PackedPolicySize: narrowed.packed(), SourceIdentity: a.sourceIdentity,
		Subject: assertion.NameID.Value, SubjectType: subjectType(assertion), Issuer: assertion.Issuer, Audience: assertion.Recipient,
		NameQualifier: s.nameQualifier(assertion.Issuer, in.PrincipalArn),
	}, nil
}

// offered refuses a role that the assertion does not name together with the provider.
func offered(a *idp.Assertion, roleARN, providerARN string) error {
	roles, err := a.Roles()
	if err != nil {
		return err
	}
	for _, r := range roles {
		if r.RoleARN == roleARN && r.ProviderARN == providerARN {
			return nil
		}
	}
	return errors.New("the assertion does not name the role with the provider")
}

// samlCall is a request for a role's session by the bearer of an assertion.
func (s *Service) samlCall(c *wire.Call, providerARN string, a *idp.Assertion, session *idp.SAMLSession) (*assumeCall, error) {
	c.Bearer = &wire.Bearer{Provider: s.nameQualifier(a.Issuer, providerARN), Subject: a.NameID.Value}
	call := &assumeCall{
		Call: c, action: assumeWithSAML, who: policy.Principal{Type: policy.WebIdentity, Federated: providerARN},
		sourceIdentity: session.SourceIdentity, setsIdentity: session.SourceIdentity != "",
		keys: map[string][]string{
			"aws:FederatedProvider": {providerARN},
			"saml:aud":              {a.Recipient}, "saml:iss": {a.Issuer}, "saml:sub": {a.NameID.Value}, "saml:sub_type": {subjectType(a)},
			"saml:namequalifier": {s.nameQualifier(a.Issuer, providerARN)}, "saml:doc": {s.account.String() + "/" + lastSegment(providerARN)},
			"sts:RoleSessionName": {session.Name},
		},
	}
	var tags []sts.Tag
	for _, tag := range session.Tags {
		tags = append(tags, sts.Tag{Key: tag.Key, Value: tag.Value})
	}
	var err error
	call.tags, err = call.sessionTags(tags, session.TransitiveKeys)
	return call, err
}

// samlLifetime is how long the session lasts: as long as the caller asks for, or else the
// assertion, and no longer than the provider lets the sign-in last.
func samlLifetime(now time.Time, asked *int32, session *idp.SAMLSession, a *idp.Assertion) time.Duration {
	lasts := lifetime(asked, defaultSession*time.Second)
	if session.Duration > 0 && (asked == nil || session.Duration < lasts) {
		lasts = session.Duration
	}
	if !a.SessionEnds.IsZero() {
		lasts = min(lasts, a.SessionEnds.Sub(now))
	}
	return lasts
}

// subjectType is the format of the subject's name in short.
func subjectType(a *idp.Assertion) string {
	return strings.TrimPrefix(a.NameID.Format, "urn:oasis:names:tc:SAML:2.0:nameid-format:")
}

// nameQualifier tells one provider's subjects from those of another (STS API reference,
// AssumeRoleWithSAML).
func (s *Service) nameQualifier(issuer, providerARN string) string {
	sum := sha1.Sum([]byte(issuer + s.account.String() + "/" + lastSegment(providerARN)))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// samlRefusal is STS's answer to an assertion that is not believed.
func samlRefusal(err error) error {
	refused, ok := errors.AsType[*idp.Error](err)
	if !ok {
		return err
	}
	invalid := func(message string) error {
		return sts.InvalidIdentityTokenException.New(message).WithReason(refused.Detail)
	}
	switch {
	case errors.Is(err, idp.ErrNoSessionName):
		return invalid("RoleSessionName is required in AuthnResponse")
	case errors.Is(err, idp.ErrBadSessionName):
		return invalid("RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}")
	case errors.Is(err, idp.ErrExpired):
		return sts.ExpiredTokenException.New("Token must be redeemed within 5 minutes of issuance").WithReason(refused.Detail)
	case errors.Is(err, idp.ErrRejected):
		return sts.IDPRejectedClaimException.New("The identity provider refused the sign-in.").WithReason(refused.Detail)
	case errors.Is(err, idp.ErrForeignIssuer):
		return invalid("Issuer not present in specified provider")
	case errors.Is(err, idp.ErrAudience):
		return invalid("Response does not contain the required audience")
	case errors.Is(err, idp.ErrSignature):
		return invalid("Response signature invalid")
	}
	return invalid("The SAML assertion could not be validated.")
}

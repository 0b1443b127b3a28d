package idp

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// maxResponse is the longest response that is looked at, in characters of base64. STS
// takes 100,000.
const maxResponse = 256 << 10

const (
	statusSuccess = "urn:oasis:names:tc:SAML:2.0:status:Success"
	entityFormat  = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
)

// SAMLProvider is a SAML identity provider that a caller trusts, and what its responses
// have to be like for this caller.
type SAMLProvider struct {
	Metadata *SAMLMetadata
	// Audiences are our entity ids: AWS's is urn:amazon:webservices, a user pool's is
	// urn:amazon:cognito:sp:POOLID. At least one has to be named by the assertion.
	Audiences []string
	// Recipients are our URLs that a response may be sent to.
	Recipients []string
	// InResponseTo is the id of the request that is answered. "" takes any response, and
	// leaves it to the caller what Assertion.InResponseTo may be.
	InResponseTo string
	// Holder is who may show the assertion again until it expires, such as the identity
	// pool whose GetId and GetCredentialsForIdentity both get it. "" is nobody: the
	// assertion counts once.
	Holder string
	// AllowSHA1 takes signatures that use SHA-1, which can be forged by the well-funded.
	AllowSHA1 bool
}

// Assertion is what a SAML identity provider says about somebody.
type Assertion struct {
	ID           string
	Issuer       string // the provider's entity id
	NameID       NameID
	Audiences    []string
	Recipient    string // where it was sent: saml:aud
	InResponseTo string // "" if it was not asked for
	// Expires is from when the assertion is not accepted any more.
	Expires time.Time
	// SessionEnds is until when the provider lets a session last; zero if it does not say.
	SessionEnds  time.Time
	SessionIndex string
	Attributes   []SAMLAttribute

	// usable is from when no confirmation can make the assertion count any more.
	usable time.Time
}

// NameID names a subject.
type NameID struct{ Value, Format, NameQualifier, SPNameQualifier string }

// SAMLAttribute is an attribute with its values, in the order of the assertion.
type SAMLAttribute struct {
	Name, FriendlyName string
	Values             []string
}

// SAML judges a response, in base64 as browsers post it.
func (v *Validator) SAML(ctx context.Context, p SAMLProvider, response string) (*Assertion, error) {
	now := v.clock.Now()
	if until := p.Metadata.ValidUntil; !until.IsZero() && !now.Before(until) {
		return nil, refuse(ErrSignature, "the provider's metadata is valid until %s only", until.Format(time.RFC3339))
	}
	arrived, err := parseResponse(response)
	if err != nil {
		return nil, err
	}
	// Judged before the signature only so that the refusal tells the better reason; what
	// is believed is judged again below.
	if err := p.checkIssuers(arrived); err != nil {
		return nil, err
	}
	signed, err := verifier{p.Metadata.Certificates, now, p.AllowSHA1}.verify(arrived)
	if err != nil {
		return nil, err
	}
	if err := p.checkResponse(signed.response); err != nil {
		return nil, err
	}
	if err := p.checkIssuers(signed); err != nil {
		return nil, err
	}
	a, err := p.readAssertion(signed.assertion, now)
	if err != nil {
		return nil, err
	}
	if r := attribute(signed.response, "InResponseTo"); p.InResponseTo != "" && r != p.InResponseTo {
		return nil, refuse(ErrMalformed, "the response answers another request")
	}
	fine, err := v.replays.Claim(ctx, a.Issuer+"\x00"+a.ID, p.Holder, a.usable)
	if err != nil {
		return nil, err
	}
	if !fine {
		return nil, refuse(ErrReplayed, "assertion %s of %s", shown(a.ID), shown(a.Issuer))
	}
	return a, nil
}

// UnverifiedSAMLIssuer returns the entity id that a response claims to come from, so that
// a caller who trusts several providers can look for the one to ask about it.
func UnverifiedSAMLIssuer(response string) (string, error) {
	arrived, err := parseResponse(response)
	if err != nil {
		return "", err
	}
	return issuerOf(arrived.assertion)
}

func parseResponse(response string) (*envelope, error) {
	if len(response) > maxResponse {
		return nil, refuse(ErrMalformed, "longer than %d bytes", maxResponse)
	}
	document, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(response), ""))
	if err != nil {
		return nil, refuse(ErrMalformed, "not in base64")
	}
	root, err := parseXML(document, responseLimits)
	if err != nil {
		return nil, err
	}
	// A failed sign-in has a status instead of an assertion.
	if isElement(root, nsProtocol, "Response") && len(children(root, nsAssertion, "Assertion")) == 0 {
		if err := checkStatus(root); err != nil {
			return nil, err
		}
	}
	return openEnvelope(root)
}

// issuerOf returns the entity id in the Issuer of a response or an assertion.
func issuerOf(e *etree.Element) (string, error) {
	issuer, err := required(e, nsAssertion, "Issuer")
	if err != nil {
		return "", err
	}
	if format := attribute(issuer, "Format"); format != "" && format != entityFormat {
		return "", refuse(ErrMalformed, "an issuer in format %s", shown(format))
	}
	return text(issuer)
}

// checkIssuers demands the provider's entity id of the assertion and, where it names an
// issuer, of the response.
func (p *SAMLProvider) checkIssuers(v *envelope) error {
	for _, e := range []*etree.Element{v.response, v.assertion} {
		if e == v.response && len(children(e, nsAssertion, "Issuer")) == 0 {
			continue
		}
		issuer, err := issuerOf(e)
		if err != nil {
			return err
		}
		if issuer != p.Metadata.EntityID {
			return refuse(ErrForeignIssuer, "of %s", shown(issuer))
		}
		if version := attribute(e, "Version"); version != "2.0" {
			return refuse(ErrMalformed, "SAML version %s", shown(version))
		}
	}
	return nil
}

// checkResponse judges what stands around the assertion. It need not be signed, and is
// only a reason to refuse.
func (p *SAMLProvider) checkResponse(response *etree.Element) error {
	if err := checkStatus(response); err != nil {
		return err
	}
	if to := attribute(response, "Destination"); to != "" && !slices.Contains(p.Recipients, to) {
		return refuse(ErrAudience, "sent to %s", shown(to))
	}
	return nil
}

func checkStatus(response *etree.Element) error {
	status, err := required(response, nsProtocol, "Status")
	if err != nil {
		return err
	}
	code, err := required(status, nsProtocol, "StatusCode")
	if err != nil {
		return err
	}
	if value := attribute(code, "Value"); value != statusSuccess {
		detail := shown(value)
		if second, _ := child(code, nsProtocol, "StatusCode"); second != nil {
			detail += " " + shown(attribute(second, "Value"))
		}
		return refuse(ErrRejected, "the provider answers %s", detail)
	}
	return nil
}

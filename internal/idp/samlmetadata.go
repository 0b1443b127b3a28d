package idp

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"time"

	"github.com/beevik/etree"
)

const (
	maxEntityID     = 1024 // OASIS SAML 2.0 core, section 8.3.6
	maxCertificates = 16
	maxEndpoints    = 100
)

// SAMLMetadata is what the metadata document of a SAML identity provider says of it.
type SAMLMetadata struct {
	EntityID string
	// ValidUntil is from when the document must not be used any more; zero if never.
	ValidUntil time.Time
	// Certificates are those that the provider signs with, at least one. A provider that
	// changes its key lists the old and the new one.
	Certificates []*x509.Certificate
	// SignOn and SignOut are the addresses that requests go to.
	SignOn, SignOut []SAMLEndpoint
	// WantsSignedRequests says that the provider refuses requests without signature.
	WantsSignedRequests bool
}

// SAMLEndpoint is an address with the binding that it speaks.
type SAMLEndpoint struct{ Binding, Location string }

// FetchSAMLMetadata reads a metadata document from where the provider publishes it.
func (v *Validator) FetchSAMLMetadata(ctx context.Context, address string) (*SAMLMetadata, error) {
	got, err := v.fetch.document(ctx, address, maxMetadata)
	if err != nil {
		return nil, err
	}
	return ParseSAMLMetadata(got.body)
}

// ParseSAMLMetadata reads a metadata document of one identity provider, alone or as the
// only identity provider among several entities (OASIS SAML 2.0 metadata, section 2). The
// document comes from the owner: a signature on it is not looked at.
func ParseSAMLMetadata(document []byte) (*SAMLMetadata, error) {
	if len(document) > maxMetadata {
		return nil, refuse(ErrMalformed, "longer than %d bytes", maxMetadata)
	}
	root, err := parseXML(document, metadataLimits)
	if err != nil {
		return nil, err
	}
	entity, role, err := identityProvider(root)
	if err != nil {
		return nil, err
	}
	m := &SAMLMetadata{EntityID: attribute(entity, "entityID")}
	if m.EntityID == "" || len(m.EntityID) > maxEntityID {
		return nil, refuse(ErrMalformed, "no entityID of at most %d bytes", maxEntityID)
	}
	for _, e := range []*etree.Element{root, entity, role} {
		until, err := date(e, "validUntil")
		if err != nil {
			return nil, err
		}
		if !until.IsZero() && (m.ValidUntil.IsZero() || until.Before(m.ValidUntil)) {
			m.ValidUntil = until
		}
	}
	if m.Certificates, err = signingCertificates(role); err != nil {
		return nil, err
	}
	want := attribute(role, "WantAuthnRequestsSigned")
	m.WantsSignedRequests = want == "true" || want == "1"
	m.SignOn = endpoints(role, "SingleSignOnService")
	m.SignOut = endpoints(role, "SingleLogoutService")
	return m, nil
}

// identityProvider finds the entity of an identity provider and its role.
func identityProvider(root *etree.Element) (entity, role *etree.Element, err error) {
	entities := children(root, nsMetadata, "EntityDescriptor")
	switch {
	case isElement(root, nsMetadata, "EntityDescriptor"):
		entities = []*etree.Element{root}
	case !isElement(root, nsMetadata, "EntitiesDescriptor"):
		return nil, nil, refuse(ErrMalformed, "not a SAML 2.0 metadata document")
	}
	for _, e := range entities {
		for _, r := range children(e, nsMetadata, "IDPSSODescriptor") {
			if !strings.Contains(" "+strings.Join(strings.Fields(attribute(r, "protocolSupportEnumeration")), " ")+" ", " "+nsProtocol+" ") {
				continue
			}
			if role != nil {
				return nil, nil, refuse(ErrMalformed, "several identity providers in one document")
			}
			entity, role = e, r
		}
	}
	if role == nil {
		return nil, nil, refuse(ErrMalformed, "no identity provider that speaks SAML 2.0")
	}
	return entity, role, nil
}

// signingCertificates returns those of a role that sign: a KeyDescriptor without use is
// for both.
func signingCertificates(role *etree.Element) ([]*x509.Certificate, error) {
	var found []*x509.Certificate
	for _, descriptor := range children(role, nsMetadata, "KeyDescriptor") {
		if use := attribute(descriptor, "use"); use != "" && use != "signing" {
			continue
		}
		err := walk(descriptor, func(e *etree.Element) error {
			if !isElement(e, nsSignature, "X509Certificate") {
				return nil
			}
			c, err := certificate(e)
			if err == nil && verifies(c) {
				found = append(found, c)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(found) == 0 || len(found) > maxCertificates {
		return nil, refuse(ErrMalformed, "no signing certificate of an RSA key of %d to %d bits, or more than %d",
			minRSABits, maxRSABits, maxCertificates)
	}
	return found, nil
}

func certificate(e *etree.Element) (*x509.Certificate, error) {
	encoded, err := text(e)
	if err != nil {
		return nil, err
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(encoded), ""))
	if err != nil {
		return nil, refuse(ErrMalformed, "a certificate is not in base64")
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, refuse(ErrMalformed, "a certificate cannot be read: %v", err)
	}
	return c, nil
}

// verifies tells whether signatures by a certificate's key are taken: by RSA keys of some
// length. A provider may list others beside it.
func verifies(c *x509.Certificate) bool {
	key, ok := c.PublicKey.(*rsa.PublicKey)
	return ok && key.N.BitLen() >= minRSABits && key.N.BitLen() <= maxRSABits
}

func endpoints(role *etree.Element, tag string) []SAMLEndpoint {
	var found []SAMLEndpoint
	for _, e := range children(role, nsMetadata, tag) {
		if location := attribute(e, "Location"); location != "" && len(found) < maxEndpoints {
			found = append(found, SAMLEndpoint{attribute(e, "Binding"), location})
		}
	}
	return found
}

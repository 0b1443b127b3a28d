package idp

import (
	"crypto/x509"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"
)

// What a signature may be made of. Exclusive canonicalisation is what SAML recommends
// (OASIS SAML 2.0 core, section 5.4.3) and what identity providers use.
const (
	exclusive         = "http://www.w3.org/2001/10/xml-exc-c14n#"
	exclusiveComments = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments"
	enveloped         = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
)

var (
	signatureMethods = []string{
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
	}
	digestMethods = []string{
		"http://www.w3.org/2001/04/xmlenc#sha256",
		"http://www.w3.org/2001/04/xmldsig-more#sha384",
		"http://www.w3.org/2001/04/xmlenc#sha512",
	}
	weakSignatureMethod = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
	weakDigestMethod    = "http://www.w3.org/2000/09/xmldsig#sha1"
)

// envelope is a response with its one assertion.
type envelope struct {
	response, assertion *etree.Element
}

// openEnvelope finds the assertion of a response and refuses whatever could make one
// reader find another than the next: that is how signatures are wrapped around. There is
// one response, which is the document, one assertion, which is its child, signatures stand
// in these two only, and no id occurs twice.
func openEnvelope(root *etree.Element) (*envelope, error) {
	if !isElement(root, nsProtocol, "Response") {
		return nil, refuse(ErrMalformed, "not a SAML 2.0 response")
	}
	found := &envelope{response: root}
	ids := make(map[string]bool)
	err := walk(root, func(e *etree.Element) error {
		for _, a := range e.Attr {
			if !strings.EqualFold(a.Key, "id") || a.Space != "" {
				continue
			}
			if ids[a.Value] {
				return refuse(ErrSignature, "an id stands twice")
			}
			ids[a.Value] = true
		}
		return found.place(e)
	})
	switch {
	case err != nil:
		return nil, err
	case found.assertion == nil:
		return nil, refuse(ErrMalformed, "no assertion in the response")
	case !xmlID.MatchString(attribute(root, "ID")) || !xmlID.MatchString(attribute(found.assertion, "ID")):
		return nil, refuse(ErrMalformed, "the response or the assertion has no id")
	}
	return found, nil
}

// place judges where an element stands.
func (v *envelope) place(e *etree.Element) error {
	parent := e.Parent()
	switch e.Tag {
	case "EncryptedAssertion", "EncryptedID", "EncryptedAttribute", "NewEncryptedID", "EncryptedData":
		return refuse(ErrUnsupported, "it holds an %s", e.Tag)
	case "Response":
		if e != v.response {
			return refuse(ErrSignature, "a response in the response")
		}
	case "Assertion":
		if v.assertion != nil || parent != v.response || !isElement(e, nsAssertion, "Assertion") {
			return refuse(ErrSignature, "there has to be one assertion, in the response")
		}
		v.assertion = e
	case "Signature":
		if parent != v.response && (parent == nil || parent != v.assertion) || !isElement(e, nsSignature, "Signature") {
			return refuse(ErrSignature, "a signature where none belongs")
		}
	}
	return nil
}

// verifier verifies signatures of an identity provider.
type verifier struct {
	certificates []*x509.Certificate
	now          time.Time
	sha1         bool // is taken
}

// verify verifies every signature of an envelope, of which there has to be one, and
// returns the envelope as it was signed. Its assertion is read from the bytes that a
// digest was made of. Its response is that only if the response was signed.
func (v verifier) verify(arrived *envelope) (*envelope, error) {
	signed := *arrived
	verified := false
	if sig, err := v.signatureOf(arrived.response); err != nil {
		return nil, err
	} else if sig != nil {
		root, err := v.validate(arrived.response, sig)
		if err != nil {
			return nil, err
		}
		again, err := openEnvelope(root)
		if err != nil {
			return nil, err
		}
		signed, verified = *again, true
	}
	if sig, err := v.signatureOf(signed.assertion); err != nil {
		return nil, err
	} else if sig != nil {
		assertion, err := v.validate(signed.assertion, sig)
		if err != nil {
			return nil, err
		}
		if !isElement(assertion, nsAssertion, "Assertion") || len(children(assertion, nsSignature, "Signature")) > 0 {
			return nil, refuse(ErrSignature, "what is signed is not the assertion")
		}
		signed.assertion, verified = assertion, true
	}
	if !verified {
		return nil, refuse(ErrSignature, "neither the response nor the assertion is signed")
	}
	return &signed, nil
}

// signatureOf returns the signature of an element, nil if it has none, and refuses one
// that is not exactly what SAML has: over the whole of its element and nothing else.
func (v verifier) signatureOf(e *etree.Element) (*etree.Element, error) {
	found := children(e, nsSignature, "Signature")
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
	default:
		return nil, refuse(ErrSignature, "several signatures in the %s", e.Tag)
	}
	sig := found[0]
	for _, part := range sig.ChildElements() {
		if !slices.Contains([]string{"SignedInfo", "SignatureValue", "KeyInfo"}, part.Tag) || part.NamespaceURI() != nsSignature {
			return nil, refuse(ErrSignature, "a signature with a %s", shown(part.Tag))
		}
	}
	info, err := exactly(sig, "SignedInfo", "CanonicalizationMethod", "SignatureMethod", "Reference")
	if err != nil {
		return nil, err
	}
	reference, err := exactly(info, "Reference", "Transforms", "DigestMethod", "DigestValue")
	if err != nil {
		return nil, err
	}
	if id := attribute(e, "ID"); id == "" || attribute(reference, "URI") != "#"+id {
		return nil, refuse(ErrSignature, "a signature of something else than the %s that it stands in", e.Tag)
	}
	if err := checkTransforms(children(reference, nsSignature, "Transforms")[0]); err != nil {
		return nil, err
	}
	return sig, v.checkMethods(info, reference)
}

// exactly returns the one child of a name, which has to hold one of each of the given
// parts and nothing else.
func exactly(e *etree.Element, tag string, parts ...string) (*etree.Element, error) {
	found := children(e, nsSignature, tag)
	if len(found) != 1 {
		return nil, refuse(ErrSignature, "%d %s in a signature", len(found), tag)
	}
	if len(found[0].ChildElements()) != len(parts) {
		return nil, refuse(ErrSignature, "a %s with more or less than one of each part", tag)
	}
	for _, part := range parts {
		if len(children(found[0], nsSignature, part)) != 1 {
			return nil, refuse(ErrSignature, "a %s with more or less than one %s", tag, part)
		}
	}
	return found[0], nil
}

func checkTransforms(transforms *etree.Element) error {
	steps := transforms.ChildElements()
	if len(steps) != 2 || attribute(steps[0], "Algorithm") != enveloped {
		return refuse(ErrSignature, "transforms other than enveloped signature and exclusive canonicalisation")
	}
	last := attribute(steps[1], "Algorithm")
	if last != exclusive && last != exclusiveComments {
		return refuse(ErrSignature, "transform %s is not taken", shown(last))
	}
	return nil
}

func (v verifier) checkMethods(info, reference *etree.Element) error {
	algorithm := func(e *etree.Element, tag string) string {
		return attribute(children(e, nsSignature, tag)[0], "Algorithm")
	}
	if c := algorithm(info, "CanonicalizationMethod"); c != exclusive && c != exclusiveComments {
		return refuse(ErrSignature, "canonicalisation %s is not taken", shown(c))
	}
	if m := algorithm(info, "SignatureMethod"); !slices.Contains(signatureMethods, m) && !(v.sha1 && m == weakSignatureMethod) {
		return refuse(ErrSignature, "signature method %s is not taken", shown(m))
	}
	if m := algorithm(reference, "DigestMethod"); !slices.Contains(digestMethods, m) && !(v.sha1 && m == weakDigestMethod) {
		return refuse(ErrSignature, "digest method %s is not taken", shown(m))
	}
	return nil
}

// validate verifies an element's signature with each of the provider's certificates, and
// returns the element as it was signed, without the signature. What the signature says of
// its key is taken away first: only the metadata says which keys count.
func (v verifier) validate(e, sig *etree.Element) (*etree.Element, error) {
	detached, err := detach(e)
	if err != nil {
		return nil, err
	}
	bare := children(detached, nsSignature, "Signature")[0]
	for _, key := range children(bare, nsSignature, "KeyInfo") {
		bare.RemoveChild(key)
	}
	reason := ""
	for _, c := range v.certificates {
		context := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{c}})
		context.Clock = dsig.NewFakeClockAt(v.now)
		verified, err := context.Validate(detached)
		if err != nil {
			reason = err.Error()
			continue
		}
		if verified == nil || attribute(verified, "ID") != attribute(e, "ID") {
			return nil, refuse(ErrSignature, "what is signed is not the %s", e.Tag)
		}
		return verified, nil
	}
	return nil, refuse(ErrSignature, "the %s is not signed with a certificate of the provider: %s", e.Tag, shown(reason))
}

// detach copies an element out of its document, with the namespaces that it uses.
func detach(e *etree.Element) (*etree.Element, error) {
	around, err := etreeutils.NSBuildParentContext(e)
	if err == nil {
		var detached *etree.Element
		if detached, err = etreeutils.NSDetatch(around, e); err == nil {
			return detached, nil
		}
	}
	return nil, refuse(ErrMalformed, "namespaces that cannot be read")
}

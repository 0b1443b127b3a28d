package idptest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/google/uuid"
	dsig "github.com/russellhaering/goxmldsig"

	"pintail/internal/clock"
)

// Signed says what of a response is signed.
type Signed int

// What can be signed.
const (
	SignAssertion Signed = iota
	SignResponse
	SignBoth
	SignNothing
)

// SAML is a SAML identity provider.
type SAML struct {
	EntityID string
	// Method is the signature method. "" is RSA with SHA-256.
	Method string

	t     testing.TB
	clock *clock.Clock
	pairs []keyPair // the last one signs
}

type keyPair struct {
	key  *rsa.PrivateKey
	cert []byte
}

// SAMLResponse is a sign-in that a provider tells of. Members that are zero have good
// values.
type SAMLResponse struct {
	Audience, Recipient  string
	NameID, NameIDFormat string
	InResponseTo         string
	Attributes           []SAMLAttribute
	Lifetime             time.Duration // five minutes
	Sign                 Signed
	// Edit changes the response before anything is signed.
	Edit func(response *etree.Element)
}

// SAMLAttribute is an attribute with its values.
type SAMLAttribute struct {
	Name   string
	Values []string
}

// NewSAML returns a provider with one key. It dates by the clock; nil is the machine's.
func NewSAML(t testing.TB, c *clock.Clock) *SAML {
	t.Helper()
	if c == nil {
		c = new(clock.Clock)
	}
	p := &SAML{EntityID: "https://idp.example.com/saml/metadata", t: t, clock: c}
	p.Rotate()
	return p
}

// Rotate makes a new key, which signs from now on. The metadata lists the old ones too.
func (p *SAML) Rotate() {
	p.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		p.t.Fatal(err)
	}
	now := p.clock.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(int64(len(p.pairs) + 1)), Subject: pkix.Name{CommonName: "idp.example.com"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(365 * 24 * time.Hour),
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		p.t.Fatal(err)
	}
	p.pairs = append(p.pairs, keyPair{key, cert})
}

// Metadata returns the provider's metadata document.
func (p *SAML) Metadata() string {
	var keys strings.Builder
	for _, pair := range p.pairs {
		keys.WriteString(`<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>` +
			base64.StdEncoding.EncodeToString(pair.cert) + `</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`)
	}
	return `<?xml version="1.0" encoding="UTF-8"?>
<!-- of a test -->
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + p.EntityID + `">
<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol" WantAuthnRequestsSigned="false">` +
		keys.String() + `
<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>
<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example.com/saml/sso"/>
</md:IDPSSODescriptor></md:EntityDescriptor>`
}

// Respond returns a signed response in base64, as a browser posts it.
func (p *SAML) Respond(r SAMLResponse) string {
	p.t.Helper()
	return Encode(p.t, p.Element(r))
}

// Encode writes a response as a browser posts it.
func Encode(t testing.TB, response *etree.Element) string {
	t.Helper()
	document := etree.NewDocument()
	document.SetRoot(response.Copy())
	text, err := document.WriteToBytes()
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(text)
}

// Element returns a signed response for a test to tamper with.
func (p *SAML) Element(r SAMLResponse) *etree.Element {
	p.t.Helper()
	response := p.build(r)
	if r.Edit != nil {
		r.Edit(response)
	}
	if r.Sign == SignAssertion || r.Sign == SignBoth {
		assertion := response.FindElement("./Assertion")
		at := assertion.Index()
		response.RemoveChildAt(at)
		response.InsertChildAt(at, p.SignElement(assertion))
	}
	if r.Sign == SignResponse || r.Sign == SignBoth {
		response = p.SignElement(response)
	}
	return response
}

// SignElement returns a copy of an element with a signature behind its Issuer.
func (p *SAML) SignElement(e *etree.Element) *etree.Element {
	p.t.Helper()
	pair := p.pairs[len(p.pairs)-1]
	context, err := dsig.NewSigningContext(pair.key, [][]byte{pair.cert})
	if err != nil {
		p.t.Fatal(err)
	}
	context.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	if p.Method != "" {
		if err := context.SetSignatureMethod(p.Method); err != nil {
			p.t.Fatal(err)
		}
	}
	signature, err := context.ConstructSignature(e.Copy(), true)
	if err != nil {
		p.t.Fatal(err)
	}
	signed := e.Copy()
	signed.InsertChildAt(1, signature) // after the Issuer, as the schema wants it
	return signed
}

// Resign lets a test change the SignedInfo of an element's signature, and signs it again, by
// SHA-1 and by inclusive canonicalisation (1.1) if it says so now.
func (p *SAML) Resign(e *etree.Element, change func(signedInfo *etree.Element)) {
	p.t.Helper()
	info, value := e.FindElement("./Signature/SignedInfo"), e.FindElement("./Signature/SignatureValue")
	change(info)
	alone := info.Copy()
	for prefix, namespace := range map[string]string{
		"ds": "http://www.w3.org/2000/09/xmldsig#", "saml": "urn:oasis:names:tc:SAML:2.0:assertion", "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
	} {
		alone.CreateAttr("xmlns:"+prefix, namespace)
	}
	canonicalizer := dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	if info.FindElement("./CanonicalizationMethod").SelectAttrValue("Algorithm", "") == string(dsig.CanonicalXML11AlgorithmId) {
		canonicalizer = dsig.MakeC14N11Canonicalizer()
	}
	canonical, err := canonicalizer.Canonicalize(alone)
	if err != nil {
		p.t.Fatal(err)
	}
	hash := crypto.SHA256
	if info.FindElement("./SignatureMethod").SelectAttrValue("Algorithm", "") == dsig.RSASHA1SignatureMethod {
		hash = crypto.SHA1
	}
	h := hash.New()
	h.Write(canonical)
	signature, err := rsa.SignPKCS1v15(nil, p.pairs[len(p.pairs)-1].key, hash, h.Sum(nil))
	if err != nil {
		p.t.Fatal(err)
	}
	value.SetText(base64.StdEncoding.EncodeToString(signature))
}

func or(value, standard string) string {
	if value == "" {
		return standard
	}
	return value
}

// build writes a response that is not signed yet.
func (p *SAML) build(r SAMLResponse) *etree.Element {
	now := p.clock.Now()
	if r.Lifetime == 0 {
		r.Lifetime = 5 * time.Minute
	}
	r.Recipient = or(r.Recipient, "https://signin.aws.amazon.com/saml")
	until := stamp(now.Add(r.Lifetime))

	response := etree.NewElement("samlp:Response")
	response.CreateAttr("xmlns:samlp", "urn:oasis:names:tc:SAML:2.0:protocol")
	p.head(response)
	response.CreateAttr("Destination", r.Recipient)
	response.CreateElement("samlp:Status").CreateElement("samlp:StatusCode").
		CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:Success")
	if r.InResponseTo != "" {
		response.CreateAttr("InResponseTo", r.InResponseTo)
	}

	assertion := response.CreateElement("saml:Assertion")
	p.head(assertion)
	addSubject(assertion, r, until)
	conditions := assertion.CreateElement("saml:Conditions")
	conditions.CreateAttr("NotBefore", stamp(now))
	conditions.CreateAttr("NotOnOrAfter", until)
	conditions.CreateElement("saml:AudienceRestriction").CreateElement("saml:Audience").
		SetText(or(r.Audience, "urn:amazon:webservices"))
	statement := assertion.CreateElement("saml:AuthnStatement")
	statement.CreateAttr("AuthnInstant", stamp(now))
	statement.CreateAttr("SessionIndex", "session-1")
	statement.CreateElement("saml:AuthnContext").CreateElement("saml:AuthnContextClassRef").
		SetText("urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport")
	addAttributes(assertion, r.Attributes)
	return response
}

func stamp(t time.Time) string { return t.Format("2006-01-02T15:04:05.000Z") }

// head writes what responses and assertions begin with.
func (p *SAML) head(e *etree.Element) {
	e.CreateAttr("xmlns:saml", "urn:oasis:names:tc:SAML:2.0:assertion")
	e.CreateAttr("ID", "_"+uuid.NewString())
	e.CreateAttr("Version", "2.0")
	e.CreateAttr("IssueInstant", stamp(p.clock.Now()))
	e.CreateElement("saml:Issuer").SetText(p.EntityID)
}

func addSubject(assertion *etree.Element, r SAMLResponse, until string) {
	subject := assertion.CreateElement("saml:Subject")
	name := subject.CreateElement("saml:NameID")
	name.CreateAttr("Format", or(r.NameIDFormat, "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"))
	name.SetText(or(r.NameID, "anna"))
	confirmation := subject.CreateElement("saml:SubjectConfirmation")
	confirmation.CreateAttr("Method", "urn:oasis:names:tc:SAML:2.0:cm:bearer")
	data := confirmation.CreateElement("saml:SubjectConfirmationData")
	data.CreateAttr("Recipient", r.Recipient)
	data.CreateAttr("NotOnOrAfter", until)
	if r.InResponseTo != "" {
		data.CreateAttr("InResponseTo", r.InResponseTo)
	}
}

func addAttributes(assertion *etree.Element, all []SAMLAttribute) {
	if len(all) == 0 {
		return
	}
	statement := assertion.CreateElement("saml:AttributeStatement")
	for _, a := range all {
		e := statement.CreateElement("saml:Attribute")
		e.CreateAttr("Name", a.Name)
		for _, v := range a.Values {
			e.CreateElement("saml:AttributeValue").SetText(v)
		}
	}
}

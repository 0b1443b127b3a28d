package idp_test

import (
	"context"
	"crypto"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"pintail/internal/clock"
	"pintail/internal/idp"
	"pintail/internal/idp/idptest"
)

// part returns the one element at a path.
func part(t testing.TB, e *etree.Element, path string) *etree.Element {
	t.Helper()
	found := e.FindElements(path)
	if len(found) != 1 {
		t.Fatalf("%d elements at %s", len(found), path)
	}
	return found[0]
}

// forged makes an assertion, or a response with one, say that its bearer is the
// administrator.
func forged(t testing.TB, e *etree.Element, id string) *etree.Element {
	t.Helper()
	evil := e.Copy()
	evil.CreateAttr("ID", id)
	part(t, evil, ".//NameID").SetText("admin")
	return evil
}

// withoutSignature is a copy without its own signature.
func withoutSignature(t testing.TB, e *etree.Element) *etree.Element {
	t.Helper()
	bare := e.Copy()
	bare.RemoveChild(part(t, bare, "./Signature"))
	return bare
}

// Signature wrapping, in the eight variants of Somorovsky and others, "On Breaking SAML"
// (2012), as SAML Raider numbers them, each with a new id and with the signed one.
func TestAttackSignatureWrapping(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewSAML(t, c)
	v := validator(t, c)
	for _, test := range []struct {
		name string
		sign idptest.Signed
		wrap func(response *etree.Element, id string) *etree.Element
	}{
		{"1: the response in the signature of a forged one", idptest.SignResponse, func(r *etree.Element, id string) *etree.Element {
			evil := forged(t, r, id)
			part(t, evil, "./Signature").AddChild(withoutSignature(t, r))
			return evil
		}},
		{"2: the response before the signature of a forged one", idptest.SignResponse, func(r *etree.Element, id string) *etree.Element {
			evil := forged(t, r, id)
			evil.InsertChildAt(part(t, evil, "./Signature").Index(), withoutSignature(t, r))
			return evil
		}},
		{"3: a forged assertion before the signed one", idptest.SignAssertion, func(r *etree.Element, id string) *etree.Element {
			signed := part(t, r, "./Assertion")
			r.InsertChildAt(signed.Index(), withoutSignature(t, forged(t, signed, id)))
			return r
		}},
		{"4: the signed assertion in a forged one", idptest.SignAssertion, func(r *etree.Element, id string) *etree.Element {
			signed := part(t, r, "./Assertion")
			evil := withoutSignature(t, forged(t, signed, id))
			r.RemoveChild(signed)
			evil.AddChild(signed)
			r.AddChild(evil)
			return r
		}},
		{"5: a forged assertion with the signature, the signed one behind", idptest.SignAssertion, func(r *etree.Element, id string) *etree.Element {
			signed := part(t, r, "./Assertion")
			r.InsertChildAt(signed.Index(), forged(t, signed, id))
			r.AddChild(withoutSignature(t, signed))
			r.RemoveChild(signed)
			return r
		}},
		{"6: a forged assertion with the signature, the signed one in it", idptest.SignAssertion, func(r *etree.Element, id string) *etree.Element {
			signed := part(t, r, "./Assertion")
			evil := forged(t, signed, id)
			part(t, evil, "./Signature").AddChild(withoutSignature(t, signed))
			r.RemoveChild(signed)
			r.AddChild(evil)
			return r
		}},
		{"7: a forged assertion in extensions", idptest.SignAssertion, func(r *etree.Element, id string) *etree.Element {
			signed := part(t, r, "./Assertion")
			extensions := etree.NewElement("samlp:Extensions")
			extensions.AddChild(withoutSignature(t, forged(t, signed, id)))
			r.InsertChildAt(1, extensions)
			return r
		}},
		{"8: the signed assertion in an object of the signature", idptest.SignAssertion, func(r *etree.Element, id string) *etree.Element {
			signed := part(t, r, "./Assertion")
			evil := forged(t, signed, id)
			object := part(t, evil, "./Signature").CreateElement("ds:Object")
			object.AddChild(withoutSignature(t, signed))
			r.RemoveChild(signed)
			r.AddChild(evil)
			return r
		}},
		{"a forged assertion that hides the signed one in an attribute", idptest.SignAssertion, func(r *etree.Element, id string) *etree.Element {
			signed := part(t, r, "./Assertion")
			evil := withoutSignature(t, forged(t, signed, id))
			evil.CreateElement("saml:AttributeStatement").CreateElement("saml:Attribute").CreateElement("saml:AttributeValue").AddChild(signed)
			r.AddChild(evil)
			return r
		}},
		{"a forged assertion of another namespace", idptest.SignAssertion, func(r *etree.Element, id string) *etree.Element {
			evil := withoutSignature(t, forged(t, part(t, r, "./Assertion"), id))
			evil.CreateAttr("xmlns:saml", "urn:example")
			r.InsertChildAt(1, evil)
			return r
		}},
		{"a forged response around a signed one", idptest.SignResponse, func(r *etree.Element, id string) *etree.Element {
			evil := withoutSignature(t, forged(t, r, id))
			evil.AddChild(r)
			return evil
		}},
		{"the signature of the assertion at the response", idptest.SignAssertion, func(r *etree.Element, id string) *etree.Element {
			signed := part(t, r, "./Assertion")
			signature := part(t, signed, "./Signature")
			part(t, signed, "./Subject/NameID").SetText("admin")
			r.InsertChildAt(1, signature)
			return r
		}},
		{"the signature of the response at the assertion", idptest.SignResponse, func(r *etree.Element, id string) *etree.Element {
			signature := part(t, r, "./Signature")
			part(t, r, ".//NameID").SetText("admin")
			part(t, r, "./Assertion").InsertChildAt(1, signature)
			return r
		}},
	} {
		for _, id := range []string{"", "_evil"} {
			t.Run(fmt.Sprintf("%s %q", test.name, id), func(t *testing.T) {
				r := p.Element(idptest.SAMLResponse{Sign: test.sign})
				if id == "" {
					id = part(t, r, "./Assertion").SelectAttrValue("ID", "")
					if test.sign == idptest.SignResponse {
						id = r.SelectAttrValue("ID", "")
					}
				}
				response := idptest.Encode(t, test.wrap(r, id))
				got, err := v.SAML(context.Background(), trusting(t, p), response)
				wants(t, err, idp.ErrSignature, response)
				if got != nil {
					t.Errorf("accepted for %q", got.NameID.Value)
				}
			})
		}
	}
}

func TestAttackSignatures(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p, evil := idptest.NewSAML(t, c), idptest.NewSAML(t, c)
	v := validator(t, c)
	const (
		signature = "./Assertion/Signature"
		info      = signature + "/SignedInfo"
		reference = info + "/Reference"
	)
	for _, test := range []struct {
		name   string
		by     *idptest.SAML
		sign   idptest.Signed
		tamper func(*etree.Element)
	}{
		{"nothing signed", p, idptest.SignNothing, func(*etree.Element) {}},
		{"another's key", evil, idptest.SignAssertion, func(*etree.Element) {}},
		{"another's key, response", evil, idptest.SignResponse, func(*etree.Element) {}},
		{"another name", p, idptest.SignAssertion, write(t, "./Assertion/Subject/NameID", "admin")},
		{"another name in a response", p, idptest.SignResponse, write(t, "./Assertion/Subject/NameID", "admin")},
		{"another destination of a signed response", p, idptest.SignResponse, set(t, ".", "Destination", "https://us-east-1.signin.aws.amazon.com/saml")},
		{"another attribute", p, idptest.SignAssertion, edit(t, "./Assertion", func(e *etree.Element) { e.CreateElement("saml:AttributeStatement") })},
		{"another id", p, idptest.SignAssertion, set(t, "./Assertion", "ID", "_evil")},
		{"another id and reference", p, idptest.SignAssertion, func(r *etree.Element) {
			set(t, "./Assertion", "ID", "_evil")(r)
			set(t, reference, "URI", "#_evil")(r)
		}},
		{"the whole document", p, idptest.SignAssertion, set(t, reference, "URI", "")},
		{"a reference elsewhere", p, idptest.SignAssertion, set(t, reference, "URI", "https://evil.example/assertion")},
		{"no reference", p, idptest.SignAssertion, remove(t, reference)},
		{"two references", p, idptest.SignAssertion, edit(t, info, func(e *etree.Element) { e.AddChild(e.FindElement("./Reference").Copy()) })},
		{"an HMAC", p, idptest.SignAssertion, set(t, info+"/SignatureMethod", "Algorithm", "http://www.w3.org/2000/09/xmldsig#hmac-sha256")},
		{"an elliptic curve", p, idptest.SignAssertion, set(t, info+"/SignatureMethod", "Algorithm", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256")},
		{"no method", p, idptest.SignAssertion, unset(t, info+"/SignatureMethod", "Algorithm")},
		{"a weak digest", p, idptest.SignAssertion, set(t, reference+"/DigestMethod", "Algorithm", "http://www.w3.org/2000/09/xmldsig#sha1")},
		{"MD5", p, idptest.SignAssertion, set(t, reference+"/DigestMethod", "Algorithm", "http://www.w3.org/2001/04/xmldsig-more#md5")},
		{"another canonicalisation", p, idptest.SignAssertion, set(t, info+"/CanonicalizationMethod", "Algorithm", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315")},
		{"an XSLT", p, idptest.SignAssertion, edit(t, reference+"/Transforms", func(e *etree.Element) {
			e.CreateElement("ds:Transform").CreateAttr("Algorithm", "http://www.w3.org/TR/1999/REC-xslt-19991116")
		})},
		{"an XPath", p, idptest.SignAssertion, edit(t, reference+"/Transforms", func(e *etree.Element) {
			e.ChildElements()[1].CreateAttr("Algorithm", "http://www.w3.org/TR/1999/REC-xpath-19991116")
		})},
		{"no transform", p, idptest.SignAssertion, edit(t, reference+"/Transforms", func(e *etree.Element) {
			e.Child = nil
		})},
		{"two digests", p, idptest.SignAssertion, edit(t, reference, func(e *etree.Element) { e.AddChild(e.FindElement("./DigestValue").Copy()) })},
		{"two SignedInfos", p, idptest.SignAssertion, edit(t, signature, func(e *etree.Element) { e.AddChild(e.FindElement("./SignedInfo").Copy()) })},
		{"two signatures", p, idptest.SignAssertion, edit(t, "./Assertion", func(e *etree.Element) { e.AddChild(e.FindElement("./Signature").Copy()) })},
		{"an object", p, idptest.SignAssertion, edit(t, signature, func(e *etree.Element) { e.CreateElement("ds:Object") })},
		{"a signature of another namespace", p, idptest.SignAssertion, set(t, signature, "xmlns:ds", "urn:example")},
		{"a signature in the subject", p, idptest.SignAssertion, edit(t, "./Assertion/Subject", func(e *etree.Element) {
			e.AddChild(e.Parent().FindElement("./Signature").Copy())
		})},
		{"a signature in the status", p, idptest.SignAssertion, func(r *etree.Element) {
			part(t, r, "./Status").AddChild(part(t, r, "./Assertion/Signature").Copy())
		}},
		{"a response in the response", p, idptest.SignAssertion, edit(t, ".", func(e *etree.Element) { e.CreateElement("samlp:Response") })},
		{"a signed assertion elsewhere", p, idptest.SignAssertion, func(r *etree.Element) {
			assertion := part(t, r, "./Assertion")
			r.RemoveChild(assertion)
			r.CreateElement("samlp:Extensions").AddChild(assertion)
		}},
		{"an id twice", p, idptest.SignAssertion, func(r *etree.Element) {
			part(t, r, "./Status").CreateAttr("ID", part(t, r, "./Assertion").SelectAttrValue("ID", ""))
		}},
		{"an id twice in other letters", p, idptest.SignAssertion, func(r *etree.Element) {
			part(t, r, "./Status").CreateAttr("Id", part(t, r, "./Assertion").SelectAttrValue("ID", ""))
		}},
		{"a good assertion in a response of another's", p, idptest.SignAssertion, func(r *etree.Element) {
			signed := evil.SignElement(r)
			r.InsertChildAt(1, signed.FindElement("./Signature"))
		}},
		{"a bad assertion in a good response", p, idptest.SignBoth, func(r *etree.Element) {
			part(t, r, "./Signature").Parent().RemoveChild(part(t, r, "./Signature"))
			part(t, r, "./Assertion/Signature/SignatureValue").SetText("AAAA")
			r.InsertChildAt(1, p.SignElement(r).FindElement("./Signature"))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := test.by.Element(idptest.SAMLResponse{Sign: test.sign})
			test.tamper(r)
			response := idptest.Encode(t, r)
			got, err := v.SAML(context.Background(), trusting(t, p), response)
			wants(t, err, idp.ErrSignature, response)
			if got != nil {
				t.Error("accepted")
			}
		})
	}
}

// Signatures that are good, and are of something else than SAML signs.
func TestAttackSignedInfo(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewSAML(t, c)
	v := validator(t, c)
	digest := func(e *etree.Element, canonicalizer dsig.Canonicalizer, hash crypto.Hash) string {
		bare := withoutSignature(t, e)
		bare.CreateAttr("xmlns:samlp", "urn:oasis:names:tc:SAML:2.0:protocol") // is in scope
		text, err := canonicalizer.Canonicalize(bare)
		if err != nil {
			t.Fatal(err)
		}
		h := hash.New()
		h.Write(text)
		return base64.StdEncoding.EncodeToString(h.Sum(nil))
	}
	for _, test := range []struct {
		name   string
		change func(assertion, info *etree.Element)
		want   error
	}{
		{"as it is", func(_, _ *etree.Element) {}, nil},
		{"canonical with comments", func(_, info *etree.Element) {
			set(t, "./CanonicalizationMethod", "Algorithm", "http://www.w3.org/2001/10/xml-exc-c14n#WithComments")(info)
			part(t, info, "./Reference/Transforms").ChildElements()[1].CreateAttr("Algorithm", "http://www.w3.org/2001/10/xml-exc-c14n#WithComments")
		}, nil},
		{"inclusive namespaces", func(_, info *etree.Element) {
			list := part(t, info, "./Reference/Transforms").ChildElements()[1].CreateElement("ec:InclusiveNamespaces")
			list.CreateAttr("xmlns:ec", "http://www.w3.org/2001/10/xml-exc-c14n#")
			list.CreateAttr("PrefixList", "xs")
		}, nil},
		{"of the whole document", func(_, info *etree.Element) { set(t, "./Reference", "URI", "")(info) }, idp.ErrSignature},
		{"more than SAML signs", func(_, info *etree.Element) { info.CreateElement("ds:Manifest") }, idp.ErrSignature},
		{"another reference first", func(_, info *etree.Element) {
			reference := part(t, info, "./Reference")
			other := reference.Copy()
			other.CreateAttr("URI", "#_other")
			info.InsertChildAt(reference.Index(), other)
		}, idp.ErrSignature},
		{"canonical in another way", func(_, info *etree.Element) {
			set(t, "./CanonicalizationMethod", "Algorithm", "http://www.w3.org/2006/12/xml-c14n11")(info)
		}, idp.ErrSignature},
		{"transformed in another way", func(assertion, info *etree.Element) {
			part(t, info, "./Reference/Transforms").ChildElements()[1].CreateAttr("Algorithm", "http://www.w3.org/2006/12/xml-c14n11")
			part(t, info, "./Reference/DigestValue").SetText(digest(assertion, dsig.MakeC14N11Canonicalizer(), crypto.SHA256))
		}, idp.ErrSignature},
		{"transformed twice", func(_, info *etree.Element) {
			transforms := part(t, info, "./Reference/Transforms")
			transforms.AddChild(transforms.ChildElements()[1].Copy())
		}, idp.ErrSignature},
		{"a signature by SHA-1", func(_, info *etree.Element) {
			set(t, "./SignatureMethod", "Algorithm", "http://www.w3.org/2000/09/xmldsig#rsa-sha1")(info)
		}, idp.ErrSignature},
		{"a digest by SHA-1", func(assertion, info *etree.Element) {
			set(t, "./Reference/DigestMethod", "Algorithm", "http://www.w3.org/2000/09/xmldsig#sha1")(info)
			part(t, info, "./Reference/DigestValue").SetText(digest(assertion, dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList(""), crypto.SHA1))
		}, idp.ErrSignature},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := p.Element(idptest.SAMLResponse{})
			assertion := part(t, r, "./Assertion")
			p.Resign(assertion, func(info *etree.Element) { test.change(assertion, info) })
			response := idptest.Encode(t, r)
			_, err := v.SAML(context.Background(), trusting(t, p), response)
			if test.want != nil {
				wants(t, err, test.want, response)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// What a signature says of its own key changes nothing, for good and for bad.
func TestSAMLKeyInfo(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p, evil := idptest.NewSAML(t, c), idptest.NewSAML(t, c)
	v := validator(t, c)
	r := p.Element(idptest.SAMLResponse{})
	theirs := evil.Element(idptest.SAMLResponse{})
	const certificate = "./Assertion/Signature/KeyInfo/X509Data/X509Certificate"
	part(t, r, certificate).SetText(part(t, theirs, certificate).Text())
	if _, err := v.SAML(context.Background(), trusting(t, p), idptest.Encode(t, r)); err != nil {
		t.Error(err)
	}
	r = p.Element(idptest.SAMLResponse{})
	part(t, r, "./Assertion/Signature").RemoveChild(part(t, r, "./Assertion/Signature/KeyInfo"))
	if _, err := v.SAML(context.Background(), trusting(t, p), idptest.Encode(t, r)); err != nil {
		t.Error(err)
	}
	part(t, theirs, certificate).SetText(part(t, p.Element(idptest.SAMLResponse{}), certificate).Text())
	response := idptest.Encode(t, theirs)
	_, err := v.SAML(context.Background(), trusting(t, p), response)
	wants(t, err, idp.ErrSignature, response)
}

// An assertion may use what the response declares.
func TestSAMLInheritedNamespaces(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewSAML(t, c)
	v := validator(t, c)
	for _, sign := range []idptest.Signed{idptest.SignAssertion, idptest.SignBoth} {
		r := p.Element(idptest.SAMLResponse{Sign: sign})
		if sign == idptest.SignAssertion {
			unset(t, "./Assertion", "xmlns:saml")(r)
		}
		if _, err := v.SAML(context.Background(), trusting(t, p), idptest.Encode(t, r)); err != nil {
			t.Error(err)
		}
	}
}

// xmlResponse rewrites the text of a signed response.
func xmlResponse(t *testing.T, encoded string, old, new string) string {
	t.Helper()
	text, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("no %q in the response", old)
	}
	return base64.StdEncoding.EncodeToString([]byte(strings.Replace(string(text), old, new, 1)))
}

func TestAttackXML(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewSAML(t, c)
	v := validator(t, c)
	const root = "<samlp:Response"
	laughs := `<!DOCTYPE r [<!ENTITY a "ha">`
	for n := 'b'; n < 'l'; n++ {
		laughs += fmt.Sprintf(`<!ENTITY %c "%s">`, n, strings.Repeat(fmt.Sprintf("&%c;", n-1), 10))
	}
	var manyAttributes strings.Builder
	for n := range 65 {
		fmt.Fprintf(&manyAttributes, ` a%d="1"`, n)
	}
	for _, test := range []struct{ name, old, new string }{
		{"a billion laughs", root, laughs + "]>" + root},
		{"a file", root, `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + root},
		{"an outer document type", root, `<!DOCTYPE r SYSTEM "http://127.0.0.1/evil.dtd">` + root},
		{"a document type for ids", root, `<!DOCTYPE r [<!ATTLIST x y ID #IMPLIED>]>` + root},
		{"an undeclared entity", "anna", "&anna;"},
		{"a comment in the name", "anna@example.com", "anna@example.com<!-- -->.evil.example"},
		{"a comment before the name", "anna@example.com", "<!-- -->anna@example.com"},
		{"a comment in an attribute", ">a<", ">a<!---->b<"},
		{"a comment in the issuer", "idp.example.com", "idp.<!-- -->example.com"},
		{"a comment in the audience", "urn:amazon", "urn:<!-- -->amazon"},
		{"a comment in front", root, "<!-- -->" + root},
		{"an instruction in the name", "anna@example.com", "anna@example.com<?evil?>.evil.example"},
		{"an instruction in front", root, `<?xml-stylesheet href="http://127.0.0.1/evil.xsl"?>` + root},
		{"two declarations", root, `<?xml version="1.0"?><?xml version="1.0"?>` + root},
		{"another encoding", root, `<?xml version="1.0" encoding="UTF-7"?>` + root},
		{"an id in a namespace", " ID=", ` samlp:ID="_evil" ID=`},
		{"an xml:id", " ID=", ` xml:id="_evil" ID=`},
		{"an attribute twice", ` Version="2.0"`, ` Version="2.0" Version="2.0"`},
		{"an attribute twice by two prefixes", ` Version="2.0"`, ` xmlns:a="urn:a" xmlns:b="urn:a" a:x="1" b:x="2" Version="2.0"`},
		{"a wrong end", "</samlp:Response>", "</samlp:response>"},
		{"another document behind", "</samlp:Response>", "</samlp:Response><samlp:Response/>"},
		{"text behind", "</samlp:Response>", "</samlp:Response>x"},
		{"a NUL", "anna", "an\x00na"},
		{"no UTF-8", "anna", "an\xffna"},
		{"too deep", "</samlp:Response>", strings.Repeat("<a>", 40) + strings.Repeat("</a>", 40) + "</samlp:Response>"},
		{"too many elements", "</samlp:Response>", strings.Repeat("<a/>", 1000) + "</samlp:Response>"},
		{"too many attributes", ` Version="2.0"`, strings.Repeat(` a="1"`, 65) + ` Version="2.0"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			good := p.Respond(idptest.SAMLResponse{NameID: "anna@example.com", Attributes: []idptest.SAMLAttribute{{Name: "x", Values: []string{"a"}}}})
			response := xmlResponse(t, good, test.old, test.new)
			began := time.Now()
			got, err := v.SAML(context.Background(), trusting(t, p), response)
			wants(t, err, idp.ErrMalformed, response)
			if got != nil {
				t.Error("accepted")
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// Characters that stand for others, and text in CDATA, read as what was signed.
func TestSAMLText(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewSAML(t, c)
	v := validator(t, c)
	for _, spelling := range []string{"anna@example.com", "&#x61;nna@example.com", "<![CDATA[anna]]>@example.com", "\n  anna@example.com\n"} {
		response := xmlResponse(t, p.Respond(idptest.SAMLResponse{NameID: "anna@example.com"}), "anna@example.com", spelling)
		got, err := v.SAML(context.Background(), trusting(t, p), response)
		if strings.HasPrefix(spelling, "\n") { // not what was signed
			wants(t, err, idp.ErrSignature, response)
		} else if err != nil || got.NameID.Value != "anna@example.com" {
			t.Errorf("%q: %v, %v", spelling, got, err)
		}
	}
}

// The error tells nothing that was in a tag.
func TestSAMLErrorsAreShort(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewSAML(t, c)
	v := validator(t, c)
	long := strings.Repeat("https://evil.example/", 1000)
	for _, f := range []func(*etree.Element){
		write(t, "./Assertion/Issuer", long), write(t, "./Assertion/Conditions/AudienceRestriction/Audience", long),
		set(t, ".", "Destination", long), set(t, "./Status/StatusCode", "Value", long), set(t, "./Assertion", "Version", long),
		edit(t, "./Assertion/Conditions", func(e *etree.Element) { e.CreateElement("saml:" + strings.Repeat("a", 10000)) }),
	} {
		_, err := v.SAML(context.Background(), trusting(t, p), p.Respond(idptest.SAMLResponse{Edit: f}))
		if err == nil || len(err.Error()) > 400 {
			t.Errorf("%.500v", err)
		}
	}
}

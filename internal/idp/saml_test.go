package idp_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pintail/internal/clock"
	"pintail/internal/idp"
	"pintail/internal/idp/idptest"
)

// trusting is a provider as STS trusts it.
func trusting(t testing.TB, p *idptest.SAML) idp.SAMLProvider {
	t.Helper()
	m, err := idp.ParseSAMLMetadata([]byte(p.Metadata()))
	if err != nil {
		t.Fatal(err)
	}
	return idp.SAMLProvider{
		Metadata: m, Audiences: []string{"urn:amazon:webservices", "https://signin.aws.amazon.com/saml"},
		Recipients: []string{"https://signin.aws.amazon.com/saml", "https://us-east-1.signin.aws.amazon.com/saml"},
	}
}

// edit returns an edit that does something to the one element at a path.
func edit(t testing.TB, path string, f func(*etree.Element)) func(*etree.Element) {
	return func(response *etree.Element) {
		t.Helper()
		found := response.FindElements(path)
		if len(found) != 1 {
			t.Fatalf("%d elements at %s", len(found), path)
		}
		f(found[0])
	}
}

func set(t testing.TB, path, attribute, value string) func(*etree.Element) {
	return edit(t, path, func(e *etree.Element) { e.CreateAttr(attribute, value) })
}

func unset(t testing.TB, path, attribute string) func(*etree.Element) {
	return edit(t, path, func(e *etree.Element) {
		if e.RemoveAttr(attribute) == nil {
			t.Fatalf("no %s at %s", attribute, path)
		}
	})
}

func write(t testing.TB, path, value string) func(*etree.Element) {
	return edit(t, path, func(e *etree.Element) { e.SetText(value) })
}

func remove(t testing.TB, path string) func(*etree.Element) {
	return edit(t, path, func(e *etree.Element) { e.Parent().RemoveChild(e) })
}

func TestSAML(t *testing.T) {
	t.Parallel()
	for name, signed := range map[string]idptest.Signed{
		"assertion": idptest.SignAssertion, "response": idptest.SignResponse, "both": idptest.SignBoth,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := clock.Fixed(noon)
			p := idptest.NewSAML(t, c)
			v := validator(t, c)
			response := p.Respond(idptest.SAMLResponse{
				Sign: signed, NameID: "anna & <otto>", InResponseTo: "_1",
				Attributes: []idptest.SAMLAttribute{
					{Name: "groups", Values: []string{"a", "b"}}, {Name: "mail", Values: []string{"anna@example.com"}},
					{Name: "empty"}, {Name: "groups", Values: []string{"c"}},
				},
			})
			got, err := v.SAML(context.Background(), trusting(t, p), response)
			if err != nil {
				t.Fatal(err)
			}
			want := &idp.Assertion{
				Issuer:    "https://idp.example.com/saml/metadata",
				NameID:    idp.NameID{Value: "anna & <otto>", Format: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"},
				Audiences: []string{"urn:amazon:webservices"}, Recipient: "https://signin.aws.amazon.com/saml",
				InResponseTo: "_1", Expires: noon.Add(5 * time.Minute), SessionIndex: "session-1",
				Attributes: []idp.SAMLAttribute{{Name: "groups", Values: []string{"a", "b", "c"}}, {Name: "mail", Values: []string{"anna@example.com"}}, {Name: "empty"}},
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(idp.Assertion{}, "ID"), cmpopts.IgnoreUnexported(idp.Assertion{})); diff != "" {
				t.Error(diff)
			}
			if issuer, err := idp.UnverifiedSAMLIssuer(response); err != nil || issuer != p.EntityID {
				t.Errorf("issuer is %q, %v", issuer, err)
			}
		})
	}
}

func TestSAMLRules(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewSAML(t, c)
	v := validator(t, c)
	at := func(d time.Duration) string { return noon.Add(d).Format(time.RFC3339) }
	const (
		assertion    = "./Assertion"
		conditions   = "./Assertion/Conditions"
		restriction  = "./Assertion/Conditions/AudienceRestriction"
		confirmation = "./Assertion/Subject/SubjectConfirmation"
		data         = "./Assertion/Subject/SubjectConfirmation/SubjectConfirmationData"
		statement    = "./Assertion/AuthnStatement"
	)
	several := func(edits ...func(*etree.Element)) func(*etree.Element) {
		return func(e *etree.Element) {
			for _, f := range edits {
				f(e)
			}
		}
	}
	for _, test := range []struct {
		name string
		edit func(*etree.Element)
		want error
	}{
		{"as it is", func(*etree.Element) {}, nil},
		{"a failed sign-in", set(t, "./Status/StatusCode", "Value", "urn:oasis:names:tc:SAML:2.0:status:Responder"), idp.ErrRejected},
		{"a failed sign-in without assertion", several(set(t, "./Status/StatusCode", "Value", "urn:oasis:names:tc:SAML:2.0:status:Responder"), remove(t, assertion)), idp.ErrRejected},
		{"no status", remove(t, "./Status"), idp.ErrMalformed},
		{"no assertion", remove(t, assertion), idp.ErrMalformed},
		{"another destination", set(t, ".", "Destination", "https://evil.example/saml"), idp.ErrAudience},
		{"no destination", unset(t, ".", "Destination"), nil},
		{"another response's issuer", write(t, "./Issuer", "https://evil.example"), idp.ErrForeignIssuer},
		{"no response's issuer", remove(t, "./Issuer"), nil},
		{"another response's version", set(t, ".", "Version", "1.1"), idp.ErrMalformed},

		{"another issuer", write(t, "./Assertion/Issuer", "https://evil.example"), idp.ErrForeignIssuer},
		{"an issuer with a slash", write(t, "./Assertion/Issuer", p.EntityID+"/"), idp.ErrForeignIssuer},
		{"an issuer in capitals", write(t, "./Assertion/Issuer", strings.ToUpper(p.EntityID)), idp.ErrForeignIssuer},
		{"an issuer in another format", set(t, "./Assertion/Issuer", "Format", "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"), idp.ErrMalformed},
		{"an issuer in the usual format", set(t, "./Assertion/Issuer", "Format", "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"), nil},
		{"no issuer", remove(t, "./Assertion/Issuer"), idp.ErrMalformed},
		{"another version", set(t, assertion, "Version", "1.1"), idp.ErrMalformed},
		{"issued by a clock that runs ahead", set(t, assertion, "IssueInstant", at(5*time.Minute)), nil},
		{"issued in the future", set(t, assertion, "IssueInstant", at(5*time.Minute+time.Second)), idp.ErrNotYetValid},
		{"not said when issued", unset(t, assertion, "IssueInstant"), idp.ErrMalformed},
		{"issued on no day", set(t, assertion, "IssueInstant", "today"), idp.ErrMalformed},
		{"no id", unset(t, assertion, "ID"), idp.ErrMalformed},

		{"no conditions", remove(t, conditions), idp.ErrMalformed},
		{"valid by a clock that runs ahead", set(t, conditions, "NotBefore", at(5*time.Minute)), nil},
		{"valid in the future", set(t, conditions, "NotBefore", at(5*time.Minute+time.Second)), idp.ErrNotYetValid},
		{"over now", set(t, conditions, "NotOnOrAfter", at(0)), idp.ErrExpired},
		{"over in a second", set(t, conditions, "NotOnOrAfter", at(time.Second)), nil},
		{"conditions without times", several(unset(t, conditions, "NotBefore"), unset(t, conditions, "NotOnOrAfter")), nil},
		{"for another audience", write(t, restriction+"/Audience", "urn:example"), idp.ErrAudience},
		{"for an audience in capitals", write(t, restriction+"/Audience", "URN:AMAZON:WEBSERVICES"), idp.ErrAudience},
		{"for an empty audience", write(t, restriction+"/Audience", ""), idp.ErrAudience},
		{"for two audiences", edit(t, restriction, func(e *etree.Element) { e.CreateElement("saml:Audience").SetText("urn:example") }), nil},
		{"for no audience", remove(t, restriction+"/Audience"), idp.ErrAudience},
		{"not restricted", remove(t, restriction), idp.ErrAudience},
		{"restricted twice", edit(t, conditions, func(e *etree.Element) {
			e.CreateElement("saml:AudienceRestriction").CreateElement("saml:Audience").SetText("urn:example")
		}), idp.ErrAudience},
		{"for one use", edit(t, conditions, func(e *etree.Element) { e.CreateElement("saml:OneTimeUse") }), nil},
		{"with a condition that nobody knows", edit(t, conditions, func(e *etree.Element) { e.CreateElement("saml:Condition") }), idp.ErrUnsupported},
		{"conditions twice", edit(t, assertion, func(e *etree.Element) { e.CreateElement("saml:Conditions") }), idp.ErrMalformed},

		{"no subject", remove(t, "./Assertion/Subject"), idp.ErrMalformed},
		{"no name", remove(t, "./Assertion/Subject/NameID"), idp.ErrMalformed},
		{"an empty name", write(t, "./Assertion/Subject/NameID", " "), idp.ErrMalformed},
		{"two names", edit(t, "./Assertion/Subject", func(e *etree.Element) { e.CreateElement("saml:NameID").SetText("otto") }), idp.ErrMalformed},
		{"a name in a name", edit(t, "./Assertion/Subject/NameID", func(e *etree.Element) { e.CreateElement("saml:NameID").SetText("otto") }), idp.ErrMalformed},
		{"an encrypted name", edit(t, "./Assertion/Subject", func(e *etree.Element) { e.CreateElement("saml:EncryptedID") }), idp.ErrUnsupported},
		{"no confirmation", remove(t, confirmation), idp.ErrMalformed},
		{"another confirmation", set(t, confirmation, "Method", "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"), idp.ErrMalformed},
		{"a confirmation by key", set(t, confirmation, "Method", "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"), idp.ErrMalformed},
		{"a confirmation of nothing", remove(t, data), idp.ErrMalformed},
		{"a confirmation without end", unset(t, data, "NotOnOrAfter"), idp.ErrMalformed},
		{"a confirmation that is over", set(t, data, "NotOnOrAfter", at(0)), idp.ErrExpired},
		{"a confirmation of later", set(t, data, "NotBefore", at(time.Hour)), idp.ErrNotYetValid},
		{"another recipient", set(t, data, "Recipient", "https://evil.example/saml"), idp.ErrAudience},
		{"a recipient with a slash", set(t, data, "Recipient", "https://signin.aws.amazon.com/saml/"), idp.ErrAudience},
		{"no recipient", unset(t, data, "Recipient"), idp.ErrAudience},
		{"a second confirmation that holds", several(set(t, data, "Recipient", "https://evil.example/saml"), edit(t, "./Assertion/Subject", func(e *etree.Element) {
			second := e.CreateElement("saml:SubjectConfirmation")
			second.CreateAttr("Method", "urn:oasis:names:tc:SAML:2.0:cm:bearer")
			d := second.CreateElement("saml:SubjectConfirmationData")
			d.CreateAttr("Recipient", "https://us-east-1.signin.aws.amazon.com/saml")
			d.CreateAttr("NotOnOrAfter", at(time.Minute))
		})), nil},

		{"no sign-in", remove(t, statement), idp.ErrMalformed},
		{"a session that ended", set(t, statement, "SessionNotOnOrAfter", at(0)), idp.ErrExpired},
		{"a session that goes on", set(t, statement, "SessionNotOnOrAfter", at(time.Hour)), nil},
		{"encrypted", edit(t, ".", func(e *etree.Element) { e.CreateElement("saml:EncryptedAssertion") }), idp.ErrUnsupported},
		{"an attribute without name", edit(t, assertion, func(e *etree.Element) { e.CreateElement("saml:AttributeStatement").CreateElement("saml:Attribute") }), idp.ErrMalformed},
		{"not a response", edit(t, ".", func(e *etree.Element) { e.Tag = "LogoutResponse" }), idp.ErrMalformed},
	} {
		t.Run(test.name, func(t *testing.T) {
			sign := idptest.SignAssertion
			if strings.Contains(test.name, "without assertion") || test.name == "no assertion" {
				sign = idptest.SignNothing
			}
			response := p.Respond(idptest.SAMLResponse{Edit: test.edit, Sign: sign})
			got, err := v.SAML(context.Background(), trusting(t, p), response)
			if test.want != nil {
				wants(t, err, test.want, response)
				if got != nil {
					t.Error("a refused response has an assertion")
				}
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSAMLEnds(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewSAML(t, c)
	v := validator(t, c)
	at := func(d time.Duration) string { return noon.Add(d).Format(time.RFC3339) }
	response := p.Respond(idptest.SAMLResponse{Edit: func(r *etree.Element) {
		set(t, "./Assertion/Conditions", "NotOnOrAfter", at(2*time.Minute))(r)
		set(t, "./Assertion/AuthnStatement", "SessionNotOnOrAfter", at(time.Hour))(r)
	}})
	c.Advance(2*time.Minute - 1)
	got, err := v.SAML(context.Background(), trusting(t, p), response)
	if err != nil || !got.Expires.Equal(noon.Add(2*time.Minute)) || !got.SessionEnds.Equal(noon.Add(time.Hour)) {
		t.Errorf("%+v, %v", got, err)
	}
	c.Advance(1)
	_, err = v.SAML(context.Background(), trusting(t, p), response)
	var refusal *idp.Error
	if !errors.As(err, &refusal) || !refusal.Expired.Equal(noon.Add(2*time.Minute)) {
		t.Errorf("error is %v", err)
	}
}

func TestSAMLRequest(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewSAML(t, c)
	v := validator(t, c)
	ours := trusting(t, p)
	ours.InResponseTo = "_ours"
	for answers, want := range map[string]error{"_ours": nil, "_other": idp.ErrMalformed, "": idp.ErrMalformed} {
		response := p.Respond(idptest.SAMLResponse{InResponseTo: answers})
		if _, err := v.SAML(context.Background(), ours, response); want != nil {
			wants(t, err, want, response)
		} else if err != nil {
			t.Error(err)
		}
	}
	for _, path := range []string{".", "./Assertion/Subject/SubjectConfirmation/SubjectConfirmationData"} {
		response := p.Respond(idptest.SAMLResponse{InResponseTo: "_ours", Edit: set(t, path, "InResponseTo", "_other")})
		_, err := v.SAML(context.Background(), ours, response)
		wants(t, err, idp.ErrMalformed, response)
	}
}

func TestSAMLKeysRotate(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewSAML(t, c)
	v := validator(t, c)
	before := trusting(t, p)
	old := p.Respond(idptest.SAMLResponse{})
	p.Rotate()
	both := trusting(t, p)
	for _, response := range []string{old, p.Respond(idptest.SAMLResponse{})} {
		if _, err := v.SAML(context.Background(), both, response); err != nil {
			t.Error(err)
		}
	}
	response := p.Respond(idptest.SAMLResponse{})
	_, err := v.SAML(context.Background(), before, response)
	wants(t, err, idp.ErrSignature, response)
}

func TestSAMLTimeOfCertificatesAndMetadata(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewSAML(t, c)
	v := validator(t, c)
	ours := trusting(t, p)
	ours.Metadata.ValidUntil = noon.Add(time.Second)
	if _, err := v.SAML(context.Background(), ours, p.Respond(idptest.SAMLResponse{})); err != nil {
		t.Error(err)
	}
	c.Advance(time.Second)
	response := p.Respond(idptest.SAMLResponse{})
	_, err := v.SAML(context.Background(), ours, response)
	wants(t, err, idp.ErrSignature, response)
	c.Advance(366 * 24 * time.Hour)
	response = p.Respond(idptest.SAMLResponse{})
	_, err = v.SAML(context.Background(), trusting(t, p), response)
	wants(t, err, idp.ErrSignature, response)
}

func TestSAMLAlgorithms(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewSAML(t, c)
	v := validator(t, c)
	for method, weak := range map[string]bool{
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256": false,
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha384": false,
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": false,
		"http://www.w3.org/2000/09/xmldsig#rsa-sha1":        true,
	} {
		p.Method = method
		ours := trusting(t, p)
		response := p.Respond(idptest.SAMLResponse{Sign: idptest.SignBoth})
		_, err := v.SAML(context.Background(), ours, response)
		if !weak && err != nil {
			t.Errorf("%s: %v", method, err)
		}
		if weak {
			wants(t, err, idp.ErrSignature, response)
			ours.AllowSHA1 = true
			if _, err := v.SAML(context.Background(), ours, response); err != nil {
				t.Errorf("%s, allowed: %v", method, err)
			}
		}
	}
}

func TestSAMLReplay(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewSAML(t, c)
	v := validator(t, c)
	once := trusting(t, p)
	pool, other := once, once
	pool.Holder, other.Holder = "us-east-1:pool", "us-east-1:other"
	show := func(ours idp.SAMLProvider, response string) error {
		_, err := v.SAML(context.Background(), ours, response)
		return err
	}
	response := p.Respond(idptest.SAMLResponse{})
	if err := show(once, response); err != nil {
		t.Fatal(err)
	}
	wants(t, show(once, response), idp.ErrReplayed, response)
	wants(t, show(pool, response), idp.ErrReplayed, response)

	response = p.Respond(idptest.SAMLResponse{})
	for range 3 {
		if err := show(pool, response); err != nil {
			t.Error(err)
		}
	}
	wants(t, show(once, response), idp.ErrReplayed, response)
	wants(t, show(other, response), idp.ErrReplayed, response)

	// A refused response uses nothing up.
	response = p.Respond(idptest.SAMLResponse{})
	wrong := once
	wrong.Audiences = []string{"urn:example"}
	wants(t, show(wrong, response), idp.ErrAudience, response)
	if err := show(once, response); err != nil {
		t.Error(err)
	}
}

// A second confirmation that lasts longer does not outlive the memory of the first.
func TestSAMLReplayBySecondConfirmation(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewSAML(t, c)
	v := validator(t, c)
	response := p.Respond(idptest.SAMLResponse{Edit: func(r *etree.Element) {
		edit(t, "./Assertion/Subject", func(e *etree.Element) {
			second := e.FindElement("./SubjectConfirmation").Copy()
			second.FindElement("./SubjectConfirmationData").CreateAttr("NotOnOrAfter", noon.Add(time.Hour).Format(time.RFC3339))
			e.AddChild(second)
		})(r)
		unset(t, "./Assertion/Conditions", "NotOnOrAfter")(r)
	}})
	if _, err := v.SAML(context.Background(), trusting(t, p), response); err != nil {
		t.Fatal(err)
	}
	c.Advance(30 * time.Minute)
	_, err := v.SAML(context.Background(), trusting(t, p), response)
	wants(t, err, idp.ErrReplayed, response)
	c.Advance(30 * time.Minute)
	_, err = v.SAML(context.Background(), trusting(t, p), response)
	wants(t, err, idp.ErrExpired, response)
}

// Somebody may be in many groups.
func TestSAMLManyValues(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewSAML(t, c)
	v := validator(t, c)
	groups := make([]string, 900)
	for n := range groups {
		groups[n] = fmt.Sprint("group ", n)
	}
	for _, sign := range []idptest.Signed{idptest.SignAssertion, idptest.SignResponse, idptest.SignBoth} {
		got, err := v.SAML(context.Background(), trusting(t, p), p.Respond(idptest.SAMLResponse{
			Sign: sign, Attributes: []idptest.SAMLAttribute{{Name: "groups", Values: groups}},
		}))
		if err != nil || len(got.Values("groups")) != 900 {
			t.Errorf("%v, %v", got, err)
		}
	}
}

func TestSAMLForm(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewSAML(t, c)
	v := validator(t, c)
	good := p.Respond(idptest.SAMLResponse{})
	for name, response := range map[string]string{
		"nothing": "", "no base64": "*", "no XML": "e30=", "base64url": strings.Repeat("-_-_", 4),
		"too long": strings.Repeat("A", 300<<10), "cut off": good[:len(good)/2/4*4], "a token": "a.b.c",
	} {
		_, err := v.SAML(context.Background(), trusting(t, p), response)
		if wants(t, err, idp.ErrMalformed); t.Failed() {
			t.Fatal(name)
		}
	}
	text, err := base64.StdEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	wrapped := base64.StdEncoding.EncodeToString(append([]byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"), text...))
	if _, err := v.SAML(context.Background(), trusting(t, p), wrapped[:76]+"\r\n"+wrapped[76:]+"\n"); err != nil {
		t.Error(err)
	}
}

package idp_test

import (
	"context"
	"encoding/base64"
	"errors"
	"testing"

	"pintail/internal/clock"
	"pintail/internal/idp"
	"pintail/internal/idp/idptest"
)

// oneKind demands that an error is nil or a refusal of one kind.
func oneKind(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	n := 0
	for _, kind := range kinds {
		if errors.Is(err, kind) {
			n++
		}
	}
	if n != 1 || len(err.Error()) > 2000 {
		t.Errorf("error is of %d kinds: %.2000v", n, err)
	}
}

// splice replaces a piece of a text. What is fuzzed are places and pieces, since every
// process that fuzzes has keys, and so texts, of its own.
func splice(text string, at, cut uint16, piece string) string {
	from := min(int(at), len(text))
	to := min(from+int(cut), len(text))
	return text[:from] + piece + text[to:]
}

// Whatever is done to a token, it is accepted for nobody but whom its issuer named.
func FuzzToken(f *testing.F) {
	c := clock.Fixed(noon)
	p := idptest.NewOIDC(f, c, "ES256", "RS256")
	v := validator(f, c)
	tokens := []string{
		p.Token("app", "anna"), p.SignBy(1, p.Claims("app", "anna"), nil), p.Sign(p.Claims("stranger", "otto"), map[string]any{"kid": nil}),
	}
	for n := range tokens {
		f.Add(byte(n), uint16(0), uint16(0), "")
	}
	f.Add(byte(0), uint16(0), uint16(0xffff), encoded(`{"alg":"none"}`)+"."+encoded(`{"sub":"anna"}`)+".")
	f.Add(byte(1), uint16(0), uint16(0xffff), "a.b.c")
	f.Fuzz(func(t *testing.T, n byte, at, cut uint16, piece string) {
		token := splice(tokens[int(n)%len(tokens)], at, cut, piece)
		who, err := v.OIDC(context.Background(), provider(p), token)
		oneKind(t, err)
		if err == nil && who.Subject != "anna" {
			t.Errorf("accepted for %q", who.Subject)
		}
		_, err = idp.UnverifiedIssuer(token)
		oneKind(t, err)
	})
}

// Whatever is done to a response, it is accepted for nobody but whom its provider named.
func FuzzSAML(f *testing.F) {
	c := clock.Fixed(noon)
	p := idptest.NewSAML(f, c)
	ours := trusting(f, p)
	ours.Holder = "fuzz" // so that the same one counts again
	v := validator(f, c)
	var documents []string
	for n, sign := range []idptest.Signed{idptest.SignAssertion, idptest.SignResponse, idptest.SignBoth, idptest.SignNothing} {
		text, err := base64.StdEncoding.DecodeString(p.Respond(idptest.SAMLResponse{Sign: sign}))
		if err != nil {
			f.Fatal(err)
		}
		documents = append(documents, string(text))
		f.Add(byte(n), uint16(0), uint16(0), "")
		f.Add(byte(n), uint16(len(text)/2), uint16(4), "<!---->")
		f.Add(byte(n), uint16(len(text)-17), uint16(0), "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_1\"/>")
	}
	f.Add(byte(0), uint16(0), uint16(0xffff), `<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>`)
	f.Fuzz(func(t *testing.T, n byte, at, cut uint16, piece string) {
		document := splice(documents[int(n)%len(documents)], at, cut, piece)
		a, err := v.SAML(context.Background(), ours, base64.StdEncoding.EncodeToString([]byte(document)))
		oneKind(t, err)
		if err == nil && a.NameID.Value != "anna" {
			t.Errorf("accepted for %q", a.NameID.Value)
		}
	})
}

func FuzzSAMLMetadata(f *testing.F) {
	document := idptest.NewSAML(f, clock.Fixed(noon)).Metadata()
	f.Add(uint16(0), uint16(0), "")
	f.Add(uint16(0), uint16(0xffff), `<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>`)
	f.Fuzz(func(t *testing.T, at, cut uint16, piece string) {
		m, err := idp.ParseSAMLMetadata([]byte(splice(document, at, cut, piece)))
		oneKind(t, err)
		if err == nil && (m.EntityID == "" || len(m.Certificates) == 0) {
			t.Error("accepted without id or certificate")
		}
	})
}

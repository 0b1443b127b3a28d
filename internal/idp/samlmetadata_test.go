package idp_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pintail/internal/clock"
	"pintail/internal/idp"
	"pintail/internal/idp/idptest"
)

func TestSAMLMetadata(t *testing.T) {
	t.Parallel()
	p := idptest.NewSAML(t, clock.Fixed(noon))
	p.Rotate()
	m, err := idp.ParseSAMLMetadata([]byte(p.Metadata()))
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Certificates) != 2 || m.Certificates[0].Subject.CommonName != "idp.example.com" {
		t.Errorf("%d certificates", len(m.Certificates))
	}
	m.Certificates = nil
	want := &idp.SAMLMetadata{
		EntityID: "https://idp.example.com/saml/metadata",
		SignOn:   []idp.SAMLEndpoint{{Binding: "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect", Location: "https://idp.example.com/saml/sso"}},
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Error(diff)
	}
}

// keyDescriptor writes a certificate of a key into a KeyDescriptor.
func keyDescriptor(t *testing.T, use string, public, private any) string {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: noon}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return `<md:KeyDescriptor` + use + `><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>
		` + base64.StdEncoding.EncodeToString(der) + `
	</X509Certificate></X509Data></KeyInfo></md:KeyDescriptor>`
}

func TestSAMLMetadataVariants(t *testing.T) {
	t.Parallel()
	p := idptest.NewSAML(t, clock.Fixed(noon))
	good := p.Metadata()
	declaration, entity, _ := strings.Cut(good, "<!-- of a test -->")
	group := func(entities ...string) string {
		return `<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" validUntil="2027-01-01T00:00:00Z">` +
			strings.Join(entities, "") + `</md:EntitiesDescriptor>`
	}
	key := regexp.MustCompile(`(?s)<md:KeyDescriptor.*</md:KeyDescriptor>`)
	keys := func(replacement string) string { return key.ReplaceAllString(good, replacement) }
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	service := `<md:EntityDescriptor entityID="sp"><md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"/></md:EntityDescriptor>`
	replace := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("no %q in the metadata", old)
		}
		return strings.ReplaceAll(good, old, new)
	}
	for _, test := range []struct {
		name, document string
		good           bool
		until          time.Time
	}{
		{"as it is", good, true, time.Time{}},
		{"without declaration", entity, true, time.Time{}},
		{"a key for everything", replace(` use="signing"`, ""), true, time.Time{}},
		{"until a day", replace(`<md:EntityDescriptor `, `<md:EntityDescriptor validUntil="2026-12-24T18:00:00Z" `), true, time.Date(2026, 12, 24, 18, 0, 0, 0, time.UTC)},
		{"a role until a day", replace(`<md:IDPSSODescriptor `, `<md:IDPSSODescriptor validUntil="2026-12-24T18:00:00.5+01:00" `), true, time.Date(2026, 12, 24, 17, 0, 0, 5e8, time.UTC)},
		{"among others", group(service, entity), true, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"two providers", group(entity, entity), false, time.Time{}},
		{"no provider", group(service), false, time.Time{}},
		{"a group in a group", group(group(entity)), false, time.Time{}},
		{"until no day", replace(`<md:EntityDescriptor `, `<md:EntityDescriptor validUntil="tomorrow" `), false, time.Time{}},
		{"no entity id", replace(`entityID="https://idp.example.com/saml/metadata"`, ""), false, time.Time{}},
		{"an entity id elsewhere", replace(`entityID=`, `md:entityID=`), false, time.Time{}},
		{"a long entity id", replace(`entityID="`, `entityID="`+strings.Repeat("a", 1024)), false, time.Time{}},
		{"SAML 1.1 only", replace(`"urn:oasis:names:tc:SAML:2.0:protocol"`, `"urn:oasis:names:tc:SAML:1.1:protocol"`), false, time.Time{}},
		{"SAML 1.1 too", replace(`"urn:oasis:names:tc:SAML:2.0:protocol"`, `"urn:oasis:names:tc:SAML:1.1:protocol urn:oasis:names:tc:SAML:2.0:protocol"`), true, time.Time{}},
		{"another namespace", replace(`"urn:oasis:names:tc:SAML:2.0:metadata"`, `"urn:example"`), false, time.Time{}},
		{"a key for encryption only", replace(`use="signing"`, `use="encryption"`), false, time.Time{}},
		{"no key", keys(""), false, time.Time{}},
		{"too many keys", keys(strings.Repeat(key.FindString(good), 17)), false, time.Time{}},
		{"the most keys", keys(strings.Repeat(key.FindString(good), 16)), true, time.Time{}},
		{"a key of another kind", keys(keyDescriptor(t, "", elliptical.Public(), elliptical)), false, time.Time{}},
		{"a short key", keys(keyDescriptor(t, "", short.Public(), short)), false, time.Time{}},
		{"a key of another kind beside", keys(keyDescriptor(t, "", elliptical.Public(), elliptical) + key.FindString(good)), true, time.Time{}},
		{"a short key for encryption", keys(key.FindString(good) + keyDescriptor(t, ` use="encryption"`, short.Public(), short)), true, time.Time{}},
		{"no certificate", regexp.MustCompile(`MII[^<]*`).ReplaceAllString(good, "MIIB"), false, time.Time{}},
		{"no base64", regexp.MustCompile(`MII[^<]*`).ReplaceAllString(good, "*"), false, time.Time{}},
		{"a comment in a certificate", strings.Replace(good, "MII", "M<!-- -->II", 1), true, time.Time{}},
		{"a document type", declaration + `<!DOCTYPE md:EntityDescriptor>` + entity, false, time.Time{}},
		{"an entity", declaration + `<!DOCTYPE e [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + strings.Replace(entity, "persistent", "&x;", 1), false, time.Time{}},
		{"an undeclared entity", strings.Replace(good, "persistent", "&x;", 1), false, time.Time{}},
		{"a stylesheet", declaration + `<?xml-stylesheet href="x"?>` + entity, false, time.Time{}},
		{"UTF-16", strings.Replace(good, "UTF-8", "UTF-16", 1), false, time.Time{}},
		{"cut off", good[:len(good)-10], false, time.Time{}},
		{"two documents", entity + entity, false, time.Time{}},
		{"text behind", good + "x", false, time.Time{}},
		{"nothing", "", false, time.Time{}},
		{"no XML", "{}", false, time.Time{}},
		{"too long", good + strings.Repeat(" ", 2<<20), false, time.Time{}},
		{"too deep", group(strings.Repeat("<a>", 40) + strings.Repeat("</a>", 40)), false, time.Time{}},
		{"too many elements", group(entity, strings.Repeat("<a/>", 5000)), false, time.Time{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, err := idp.ParseSAMLMetadata([]byte(test.document))
			if !test.good {
				wants(t, err, idp.ErrMalformed)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !m.ValidUntil.Equal(test.until) {
				t.Errorf("valid until %v", m.ValidUntil)
			}
		})
	}
}

package idp

import (
	"testing"

	"pintail/internal/clock"
	"pintail/internal/idp/idptest"
)

// What is read afterwards is not what arrived but what was verified, which has lost its
// signature.
func TestVerifiedIsReadAnew(t *testing.T) {
	t.Parallel()
	p := idptest.NewSAML(t, clock.Fixed(noon))
	m, err := ParseSAMLMetadata([]byte(p.Metadata()))
	if err != nil {
		t.Fatal(err)
	}
	for _, sign := range []idptest.Signed{idptest.SignAssertion, idptest.SignResponse, idptest.SignBoth} {
		arrived, err := parseResponse(p.Respond(idptest.SAMLResponse{Sign: sign}))
		if err != nil {
			t.Fatal(err)
		}
		signed, err := verifier{m.Certificates, noon, false}.verify(arrived)
		if err != nil {
			t.Fatal(err)
		}
		if signed.assertion == arrived.assertion || len(children(signed.assertion, nsSignature, "Signature")) > 0 {
			t.Errorf("%d: the assertion is the one that arrived", sign)
		}
		if anew := signed.response != arrived.response; anew != (sign != idptest.SignAssertion) {
			t.Errorf("%d: the response is read anew: %v", sign, anew)
		}
	}
}

package idp_test

import (
	"context"
	"testing"

	"pintail/internal/clock"
	"pintail/internal/idp/idptest"
)

// BenchmarkOIDC verifies a token by keys that are known.
func BenchmarkOIDC(b *testing.B) {
	for _, alg := range []string{"RS256", "ES256"} {
		b.Run(alg, func(b *testing.B) {
			c := clock.Fixed(noon)
			p := idptest.NewOIDC(b, c, alg)
			v := validator(b, c)
			token := p.Token("app", "anna")
			accept(b, v, p, token)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.OIDC(context.Background(), provider(p), token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkSAML verifies a response whose assertion is signed.
func BenchmarkSAML(b *testing.B) {
	c := clock.Fixed(noon)
	p := idptest.NewSAML(b, c)
	v := validator(b, c)
	ours := trusting(b, p)
	ours.Holder = "benchmark"
	response := p.Respond(idptest.SAMLResponse{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.SAML(context.Background(), ours, response); err != nil {
			b.Fatal(err)
		}
	}
}

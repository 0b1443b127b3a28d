package userpool_test

import (
	"crypto/x509"
	"encoding/base64"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

func (w *world) certificate(pool *types.UserPoolType) (string, error) {
	out, err := w.GetSigningCertificate(w.t.Context(), &idp.GetSigningCertificateInput{UserPoolId: pool.Id})
	if err != nil {
		return "", err
	}
	return *out.Certificate, nil
}

func TestSigningCertificate(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p, other := w.pool(), w.pool()
		// All that ask at once get the same one.
		got := make([]string, 4)
		together(len(got), func(i int) {
			var err error
			if got[i], err = w.certificate(p); err != nil {
				t.Error(err)
			}
		})
		w.start()
		again, err := w.certificate(p)
		if err != nil || slices.ContainsFunc(got, func(text string) bool { return text != again }) {
			t.Errorf("the certificate changes: %v", err)
		}
		if foreign, err := w.certificate(other); err != nil || foreign == again {
			t.Errorf("two pools share a certificate: %v", err)
		}
		der, err := base64.StdEncoding.DecodeString(again)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		if err := parsed.CheckSignature(parsed.SignatureAlgorithm, parsed.RawTBSCertificate, parsed.Signature); err != nil {
			t.Error("not signed by itself:", err)
		}
		now := w.clock.Now()
		if now.Before(parsed.NotBefore) || parsed.NotAfter.Before(now.AddDate(10, 0, 0).Add(-time.Hour)) || parsed.Subject.CommonName != *p.Id {
			t.Errorf("certificate of %s from %s until %s", parsed.Subject, parsed.NotBefore, parsed.NotAfter)
		}
		_, err = w.GetSigningCertificate(t.Context(), &idp.GetSigningCertificateInput{UserPoolId: aws.String("us-east-1_Nowhere00")})
		wants(t, err, "ResourceNotFoundException", "User pool us-east-1_Nowhere00 does not exist.")
	})
}

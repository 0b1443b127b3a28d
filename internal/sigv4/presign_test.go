package sigv4_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"pintail/internal/sigv4"
)

// A presigned URL is the one that AWS's own signer makes.
func TestPresignAsAWS(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 17, 2, 0, time.UTC)
	for _, raw := range []string{
		"http://127.0.0.1:9400/_pintail/live", "https://auth.example.org/_pintail/live?app=6f1c&attribute=screen%3Dcheck+out&messages=&last=5",
	} {
		for _, token := range []string{"", "a/session+token="} {
			const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
			who := sigv4.Credentials{AccessKeyID: "AKIDEXAMPLE", Secret: "wJalrXUtnFEMI", Token: token}
			r, err := http.NewRequest(http.MethodGet, raw+"", nil)
			if err != nil {
				t.Fatal(err)
			}
			got := sigv4.Presign(r, who, "us-east-1", "pintail", at, time.Hour)
			q := r.URL.Query()
			q.Set("X-Amz-Expires", "3600")
			r.URL.RawQuery = q.Encode()
			want, _, err := v4.NewSigner().PresignHTTP(t.Context(), aws.Credentials{AccessKeyID: who.AccessKeyID, SecretAccessKey: who.Secret, SessionToken: token}, r, empty, "pintail", "us-east-1", at)
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := url.Parse(want)
			if err != nil {
				t.Fatal(err)
			}
			if got.Query().Encode() != theirs.Query().Encode() {
				t.Errorf("%s, token %q:\n got %s\nwant %s", raw, token, got.Query().Encode(), theirs.Query().Encode())
			}
			if r, err = http.NewRequest(http.MethodGet, got.String(), nil); err != nil {
				t.Fatal(err)
			}
			v := sigv4.Verifier{Now: func() time.Time { return at.Add(59 * time.Minute) }}
			if _, err := v.Verify(r, nil, "pintail", func(_, given string) (string, error) { return who.Secret, nil }); err != nil {
				t.Errorf("%s: %v", raw, err)
			}
			v.Now = func() time.Time { return at.Add(61 * time.Minute) }
			if _, err := v.Verify(r, nil, "pintail", func(_, given string) (string, error) { return who.Secret, nil }); err == nil {
				t.Errorf("%s is good after an hour", raw)
			}
		}
	}
}

package sigv4_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"pgregory.net/rapid"

	"pintail/internal/sigv4"
)

// call is a request to be signed by the SDK's signer.
type call struct {
	Method, Host, Path string // the path escaped
	Query              url.Values
	Header             http.Header
	Body               string
	Service, Region    string
	Token              string
	At                 time.Time
}

const (
	sdkKey    = "ASIAEXAMPLE00000001"
	sdkSecret = "k/ey+of a test, nowhere else"
)

// plainCall is an ordinary call of an Amplify app.
func plainCall() call {
	return call{
		Method: "PUT", Host: "pinpoint.us-east-1.amazonaws.com",
		Path:  "/v1/apps/0123456789abcdef0123456789abcdef/endpoints/us-east-1%3A77a451a8",
		Query: url.Values{}, Header: http.Header{"Content-Type": {"application/json"}},
		Body: `{"EffectiveDate":"2026-11-21T07:57:22.434Z"}`, Service: "mobiletargeting", Region: "us-east-1", At: suiteTime,
	}
}

// request builds the unsigned request.
func (c call) request(t interface{ Fatalf(string, ...any) }) *http.Request {
	path, err := url.PathUnescape(c.Path)
	if err != nil {
		t.Fatalf("generated a bad path %q: %v", c.Path, err)
	}
	r, err := http.NewRequest(c.Method, "https://"+c.Host, strings.NewReader(c.Body))
	if err != nil {
		t.Fatalf("building the request: %v", err)
	}
	r.URL.Path, r.URL.RawPath, r.URL.RawQuery = path, c.Path, c.Query.Encode()
	r.Header = c.Header.Clone()
	return r
}

func (c call) credentials() aws.Credentials {
	return aws.Credentials{AccessKeyID: sdkKey, SecretAccessKey: sdkSecret, SessionToken: c.Token}
}

// sign returns the request as a server receives it, signed in its header.
func (c call) sign(t interface{ Fatalf(string, ...any) }) (*http.Request, []byte) {
	r := c.request(t)
	err := v4.NewSigner().SignHTTP(context.Background(), c.credentials(), r, hashOf(c.Body), c.Service, c.Region, c.At)
	if err != nil {
		t.Fatalf("signing: %v", err)
	}
	return sent(t, r)
}

// presign returns the request as a server receives it, presigned. payload is
// the hash to sign in the body's place.
func (c call) presign(t interface{ Fatalf(string, ...any) }, payload string) (*http.Request, []byte) {
	r := c.request(t)
	signed, headers, err := v4.NewSigner().PresignHTTP(context.Background(), c.credentials(), r, payload, c.Service, c.Region, c.At)
	if err != nil {
		t.Fatalf("presigning: %v", err)
	}
	r, err = http.NewRequest(c.Method, signed, strings.NewReader(c.Body))
	if err != nil {
		t.Fatalf("building the presigned request: %v", err)
	}
	for name, values := range headers {
		if name != "Host" && name != "Content-Length" {
			r.Header[name] = values
		}
	}
	return sent(t, r)
}

func hashOf(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// calls generates requests with everything that canonicalisation has to treat.
func calls() *rapid.Generator[call] {
	text := rapid.StringOf(rapid.RuneFrom([]rune("abzAZ09-._~ !\"#$%&'()*+,/:;<=>?@[]^`{|}é漢")))
	segment := rapid.OneOf(
		rapid.Map(text, url.PathEscape),
		rapid.SampledFrom([]string{"v1", "apps", ".", "..", "", "%2F", "us-east-1:11111111-2222", "a%252Fb", "%e6%bc%a2"}),
	)
	value := rapid.OneOf(
		rapid.StringMatching(`[!-~]([ \t!-~]{0,20}[!-~])?`),
		rapid.SampledFrom([]string{"", " a  b   c ", "é", "\tx\t", "a,b"}),
	)
	name := rapid.SampledFrom([]string{"Content-Type", "X-Amz-Target", "X-Amz-User-Agent", "Amz-Sdk-Request", "My-Header", "X-Amz-Meta-A"})
	return rapid.Custom(func(t *rapid.T) call {
		c := call{
			Method:  rapid.SampledFrom([]string{"GET", "POST", "PUT", "DELETE"}).Draw(t, "method"),
			Host:    rapid.SampledFrom([]string{"localhost:8080", "pinpoint.us-east-1.amazonaws.com", "[::1]:9000", "example.org"}).Draw(t, "host"),
			Path:    "/" + strings.Join(rapid.SliceOfN(segment, 0, 5).Draw(t, "path"), "/"),
			Query:   url.Values{},
			Header:  http.Header{},
			Service: rapid.SampledFrom([]string{"mobiletargeting", "cognito-idp", "sts"}).Draw(t, "service"),
			Region:  rapid.SampledFrom([]string{"us-east-1", "us-gov-west-1", "us-east-1.push.example.org/", "eu-west-3.push.example.org:8443/#"}).Draw(t, "region"),
			Token:   rapid.SampledFrom([]string{"", "IQoJb3JpZ2luX2VjEXAMPLE//+=="}).Draw(t, "token"),
			At:      suiteTime.Add(time.Duration(rapid.IntRange(0, 1e6).Draw(t, "seconds")) * time.Second),
		}
		for _, n := range rapid.SliceOfN(text, 0, 4).Draw(t, "parameters") {
			c.Query[n] = rapid.SliceOfN(text, 1, 3).Draw(t, "values")
		}
		for _, n := range rapid.SliceOfN(name, 0, 4).Draw(t, "headers") {
			c.Header[n] = rapid.SliceOfN(value, 1, 3).Draw(t, "values")
		}
		if c.Method != "GET" {
			c.Body = rapid.OneOf(text, rapid.Just(`{"BatchItem":{}}`)).Draw(t, "body")
		}
		return c
	})
}

func TestAgreesWithSDK(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := calls().Draw(t, "call")
		r, body := c.sign(t)
		verifyAsSent(t, c, r, body, false)
	})
}

func TestAgreesWithSDKPresigned(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := calls().Draw(t, "call")
		if rapid.Bool().Draw(t, "expires") {
			c.Query.Set("X-Amz-Expires", "300")
		}
		r, body := c.presign(t, hashOf(c.Body))
		verifyAsSent(t, c, r, body, true)
	})
}

func verifyAsSent(t *rapid.T, c call, r *http.Request, body []byte, presigned bool) {
	got, err := at(c.At.Add(time.Minute)).Verify(r, body, c.Service, knows(sdkKey, sdkSecret, c.Token))
	if err != nil {
		t.Fatalf("%v\n%s", err, refusal(t, err).Detail)
	}
	region, _ := sigv4.CutRegion(c.Region)
	want := sigv4.Verified{AccessKeyID: sdkKey, Region: region, Service: c.Service, Host: c.Host, SignedAt: c.At, Presigned: presigned}
	if *got != want {
		t.Fatalf("got %+v, want %+v", *got, want)
	}
	scope := sigv4.Scope{AccessKeyID: sdkKey, Date: c.At.Format("20060102"), Region: c.Region, Service: c.Service}
	if s, ok := sigv4.ScopeOf(r); !ok || s != scope {
		t.Fatalf("ScopeOf: got %+v, %v, want %+v", s, ok, scope)
	}
}

// TestTampering changes one thing that a signature covers.
func TestTampering(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := calls().Draw(t, "call")
		c.Path += "/last"
		c.Query.Set("q", "value")
		c.Header.Set("My-Header", "value")
		c.Method, c.Body, c.Token = "POST", "{}"+c.Body, "token"
		r, body := c.sign(t)
		tamperings := []func(){
			func() { body[flip(t, body)] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit") },
			func() { body = append(body, ' ') },
			func() { body = body[1:] },
			func() { r.Method = "PUT" },
			func() { r.Host = "x" + r.Host },
			func() { r.URL.Path, r.URL.RawPath = r.URL.Path+"x", "" },
			func() { r.URL.Path, r.URL.RawPath = strings.Replace(r.URL.Path, "last", "lost", 1), "" },
			func() { r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "q=value", "q=volue", 1) },
			func() { r.URL.RawQuery += "&more" },
			func() { r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "q=value", "Q=value", 1) },
			func() { r.URL.RawQuery += "&%zz" },
			func() { r.Header.Set("My-Header", "Value") },
			func() { r.Header.Add("My-Header", "value") },
			func() { r.Header.Del("My-Header") },
			func() { r.Header.Set("X-Amz-Date", c.At.Add(time.Second).Format("20060102T150405Z")) },
			func() { rewrite(r, c.Region, "ap-south-1") },
			func() { rewrite(r, "my-header;", "") },
			func() { rewrite(r, "x-amz-security-token", "x-amz-security-tokens") },
			func() { flipSignature(t, r) },
		}
		if v, err := at(c.At).Verify(r, body, c.Service, knows(sdkKey, sdkSecret, c.Token)); err != nil || v == nil {
			t.Fatalf("refused before tampering: %v", err)
		}
		tamperings[rapid.IntRange(0, len(tamperings)-1).Draw(t, "tampering")]()
		_, err := at(c.At).Verify(r, body, c.Service, knows(sdkKey, sdkSecret, c.Token))
		if e := refusal(t, err); e.Kind != sigv4.SignatureDoesNotMatch {
			t.Fatalf("refused with %v", e)
		}
	})
}

// flip draws an index into b.
func flip(t *rapid.T, b []byte) int { return rapid.IntRange(0, len(b)-1).Draw(t, "index") }

// rewrite replaces a part of the Authorization header that must be there.
func rewrite(r *http.Request, old, replacement string) {
	header := r.Header.Get("Authorization")
	if !strings.Contains(header, old) {
		panic(fmt.Sprintf("no %q in %q", old, header))
	}
	r.Header.Set("Authorization", strings.Replace(header, old, replacement, 1))
}

// flipSignature changes one of the 64 digits, perhaps only its case.
func flipSignature(t *rapid.T, r *http.Request) {
	header := []byte(r.Header.Get("Authorization"))
	digits := header[len(header)-64:]
	i := flip(t, digits)
	if upper := bytes.ToUpper(digits)[i]; upper != digits[i] && rapid.Bool().Draw(t, "case") {
		digits[i] = upper
	} else if digits[i] == '0' {
		digits[i] = '1'
	} else {
		digits[i] = '0'
	}
	r.Header.Set("Authorization", string(header))
}

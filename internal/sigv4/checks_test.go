package sigv4_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"pintail/internal/sigv4"
)

const (
	goodCredential = "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request"
	goodHeaders    = "SignedHeaders=host;x-amz-date"
	goodSignature  = "Signature=" + vanilla
	goodHeader     = "AWS4-HMAC-SHA256 " + goodCredential + ", " + goodHeaders + ", " + goodSignature
	wrongSignature = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)

// Each case is the vanilla request with something wrong, and, since AWS reports
// only the first problem, with something wrong for a later check too.
func TestHeaderChecks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		authorization string
		date          string // of X-Amz-Date; "-" for none
		target        string
		kind          sigv4.Kind
		message       string
	}{
		{name: "1 both forms", authorization: "Bearer x", target: "/?X-Amz-Algorithm=AWS4-HMAC-SHA256", kind: sigv4.SignatureDoesNotMatch,
			message: "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."},
		{name: "2 neither", kind: sigv4.MissingAuthenticationToken, message: "Request is missing Authentication Token"},
		{name: "2 query without the algorithm", target: "/?X-Amz-Signature=x&X-Amz-Credential=y", kind: sigv4.MissingAuthenticationToken,
			message: "Request is missing Authentication Token"},
		{name: "3 another algorithm", authorization: "AWS4-HMAC-SHA1 Credential", kind: sigv4.IncompleteSignature,
			message: "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1'."},
		{name: "3 version 4a", authorization: strings.Replace(goodHeader, "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", 1), kind: sigv4.IncompleteSignature,
			message: "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'."},
		{name: "3 a token of another scheme is not repeated", authorization: "Bearer secret", kind: sigv4.IncompleteSignature,
			message: "Unsupported AWS 'algorithm': 'Bearer'."},
		{name: "3 nor is much of one without a scheme", authorization: strings.Repeat("x", 33), kind: sigv4.IncompleteSignature,
			message: "Unsupported AWS 'algorithm': '" + strings.Repeat("x", 32) + "'."},
		{name: "4 no equal-sign", authorization: "AWS4-HMAC-SHA256 Credential=a, Signature", date: "-", kind: sigv4.IncompleteSignature,
			message: "'Signature' not a valid key=value pair (missing equal-sign) in Authorization header: 'AWS4-HMAC-SHA256 Credential=a, Signature'."},
		{name: "5 all missing", authorization: "AWS4-HMAC-SHA256", date: "-", kind: sigv4.IncompleteSignature,
			message: "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. " +
				"Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a " +
				"'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256"},
		{name: "5 one missing, date bad", authorization: "AWS4-HMAC-SHA256 Credential=a,SignedHeaders=date,", date: "today", kind: sigv4.IncompleteSignature,
			message: "Authorization header requires 'Signature' parameter. Authorization=AWS4-HMAC-SHA256 Credential=a,SignedHeaders=date,"},
		{name: "6 host not signed", authorization: "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=x-amz-date, Signature=x", date: "today", kind: sigv4.SignatureDoesNotMatch,
			message: "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."},
		{name: "7 not a date", authorization: "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=x", date: "2015-08-30T12:36:00Z", kind: sigv4.IncompleteSignature,
			message: "Date must be in ISO-8601 'basic format'. Got '2015-08-30T12:36:00Z'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{name: "7 fractions of a second", authorization: goodHeader, date: "20150830T123600.5Z", kind: sigv4.IncompleteSignature,
			message: "Date must be in ISO-8601 'basic format'. Got '20150830T123600.5Z'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{name: "7 HTTP's format in X-Amz-Date", authorization: goodHeader, date: "Sun, 30 Aug 2015 12:36:00 GMT", kind: sigv4.IncompleteSignature,
			message: "Date must be in ISO-8601 'basic format'. Got 'Sun, 30 Aug 2015 12:36:00 GMT'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{name: "8 too old", authorization: "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=x", date: "20150830T123059Z", kind: sigv4.SignatureDoesNotMatch,
			message: "Signature expired: 20150830T123059Z is now earlier than 20150830T123100Z (20150830T123600Z - 5 min.)"},
		{name: "8 not yet", authorization: "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=x", date: "20150830T124101Z", kind: sigv4.SignatureDoesNotMatch,
			message: "Signature not yet current: 20150830T124101Z is still later than 20150830T124100Z (20150830T123600Z + 5 min.)"},
		{name: "9 four elements", authorization: "AWS4-HMAC-SHA256 Credential=a/b/c/d, SignedHeaders=host, Signature=x", kind: sigv4.IncompleteSignature,
			message: "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b/c/d'"},
		{name: "10 everything", authorization: "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=x", kind: sigv4.SignatureDoesNotMatch,
			message: "Credential should be scoped to a valid region, not 'c'. Credential should be scoped to correct service: 'service'. " +
				"Credential should be scoped with a valid terminator: 'aws4_request', not 'e'. " +
				"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: 'b' != '20150830', from '20150830T123600Z'."},
		{name: "10 the service, before the key", authorization: "AWS4-HMAC-SHA256 Credential=AKIDOTHER/20150830/us-east-1/sts/aws4_request, " + goodHeaders + ", Signature=x",
			kind: sigv4.SignatureDoesNotMatch, message: "Credential should be scoped to correct service: 'service'."},
		{name: "11 unknown key, before the signature", authorization: "AWS4-HMAC-SHA256 Credential=AKIDOTHER/20150830/us-east-1/service/aws4_request, " + goodHeaders + ", Signature=x",
			kind: sigv4.InvalidClientTokenID, message: "The security token included in the request is invalid."},
		{name: "12 signature", authorization: goodHeader + "0", kind: sigv4.SignatureDoesNotMatch, message: wrongSignature},
		{name: "12 signature cut short", authorization: goodHeader[:len(goodHeader)-1], kind: sigv4.SignatureDoesNotMatch, message: wrongSignature},
		{name: "12 signed header not sent", authorization: strings.Replace(goodHeader, "x-amz-date", "x-amz-date;x-amz-target", 1),
			kind: sigv4.SignatureDoesNotMatch, message: wrongSignature},
		{name: "repeated part", authorization: goodHeader + ", " + goodSignature, kind: sigv4.IncompleteSignature,
			message: "'Signature' must appear only once in the Authorization header."},
		{name: "too many headers", authorization: "AWS4-HMAC-SHA256 Credential=a, Signature=x, SignedHeaders=host" + strings.Repeat(";a", 100), kind: sigv4.IncompleteSignature,
			message: "No more than 100 headers can be signed."},
		{name: "too long", authorization: goodHeader + strings.Repeat(" ", 8<<10), target: "/?X-Amz-Algorithm=x", kind: sigv4.IncompleteSignature,
			message: "Authorization header must not be longer than 8192 bytes."},
		{name: "path too long", authorization: goodHeader, target: "/" + strings.Repeat("x", 8<<10), kind: sigv4.IncompleteSignature,
			message: "Request path must not be longer than 8192 bytes."},
		{name: "query too long", authorization: goodHeader, target: "/?" + strings.Repeat("x", 64<<10+1), kind: sigv4.IncompleteSignature,
			message: "Query string must not be longer than 65536 bytes."},
		{name: "unchanged", authorization: goodHeader},
		{name: "a part that nobody knows", authorization: goodHeader + ", Extra=1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := vanillaRequest(t, c.target)
			if c.authorization != "" {
				r.Header["Authorization"] = []string{c.authorization}
			}
			switch c.date {
			case "":
				r.Header.Set("X-Amz-Date", "20150830T123600Z")
			case "-":
			default:
				r.Header.Set("X-Amz-Date", c.date)
			}
			_, err := at(suiteTime).Verify(r, nil, "service", knows(suiteKey, suiteSecret, ""))
			expect(t, err, c.kind, c.message)
		})
	}
}

func vanillaRequest(t *testing.T, target string) *http.Request {
	t.Helper()
	u, err := url.ParseRequestURI("/" + strings.TrimPrefix(target, "/"))
	if err != nil {
		t.Fatal(err)
	}
	return &http.Request{Method: "GET", URL: u, Host: "example.amazonaws.com", Header: http.Header{}}
}

// expect compares a refusal; an empty message stands for acceptance.
func expect(t *testing.T, err error, kind sigv4.Kind, message string) {
	t.Helper()
	if message == "" {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	if e := refusal(t, err); e.Kind != kind || e.Message != message {
		t.Errorf("got  %v %q\nwant %v %q", e.Kind, e.Message, kind, message)
	}
}

func TestQueryChecks(t *testing.T) {
	t.Parallel()
	good := url.Values{
		"X-Amz-Algorithm": {"AWS4-HMAC-SHA256"}, "X-Amz-Credential": {"AKIDEXAMPLE/20150830/us-east-1/service/aws4_request"},
		"X-Amz-Date": {"20150830T123600Z"}, "X-Amz-SignedHeaders": {"host"}, "X-Amz-Expires": {"60"}, "X-Amz-Signature": {"x"},
	}
	const badExpires = "X-Amz-Expires must be a number of seconds from 1 to 604800. Got '%s'."
	for _, c := range []struct {
		name    string
		change  url.Values // a nil value removes the parameter
		kind    sigv4.Kind
		message string
	}{
		{"3 algorithm", url.Values{"X-Amz-Algorithm": {"AWS4-ECDSA-P256-SHA256"}, "X-Amz-Date": nil}, sigv4.IncompleteSignature,
			"Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'."},
		{"5 all missing", url.Values{"X-Amz-Credential": nil, "X-Amz-Signature": nil, "X-Amz-SignedHeaders": nil, "X-Amz-Date": nil, "X-Amz-Expires": nil}, sigv4.IncompleteSignature,
			"AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-Signature'. " +
				"AWS query-string parameters must include 'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Date'. " +
				"Re-examine the query-string parameters."},
		{"6 host", url.Values{"X-Amz-SignedHeaders": {"content-type"}, "X-Amz-Date": {"x"}}, sigv4.SignatureDoesNotMatch,
			"'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."},
		{"7 date, unprintable", url.Values{"X-Amz-Date": {"x\x00\n\xff"}}, sigv4.IncompleteSignature,
			"Date must be in ISO-8601 'basic format'. Got 'x???'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{"expires zero", url.Values{"X-Amz-Expires": {"0"}}, sigv4.IncompleteSignature, fmt.Sprintf(badExpires, "0")},
		{"expires over a week", url.Values{"X-Amz-Expires": {"604801"}}, sigv4.IncompleteSignature, fmt.Sprintf(badExpires, "604801")},
		{"expires negative", url.Values{"X-Amz-Expires": {"-1"}}, sigv4.IncompleteSignature, fmt.Sprintf(badExpires, "-1")},
		{"expires out of range", url.Values{"X-Amz-Expires": {"99999999999999999999"}}, sigv4.IncompleteSignature, fmt.Sprintf(badExpires, "99999999999999999999")},
		{"8 too old without an expiry of its own", url.Values{"X-Amz-Expires": nil, "X-Amz-Date": {"20150830T122959Z"}}, sigv4.SignatureDoesNotMatch,
			"Signature expired: 20150830T122959Z is now earlier than 20150830T123100Z (20150830T123600Z - 5 min.)"},
		{"8 not yet", url.Values{"X-Amz-Date": {"20150830T124101Z"}}, sigv4.SignatureDoesNotMatch,
			"Signature not yet current: 20150830T124101Z is still later than 20150830T124100Z (20150830T123600Z + 5 min.)"},
		{"9 credential", url.Values{"X-Amz-Credential": {"a"}}, sigv4.IncompleteSignature,
			"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a'"},
		{"10 terminator", url.Values{"X-Amz-Credential": {"a/20150830/us-east-1/service/aws5_request"}}, sigv4.SignatureDoesNotMatch,
			"Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'."},
		{"11 token, before the signature", url.Values{"X-Amz-Security-Token": {"other"}}, sigv4.InvalidClientTokenID,
			"The security token included in the request is invalid"},
		{"12 before 14", url.Values{"X-Amz-Date": {"20150830T003600Z"}}, sigv4.SignatureDoesNotMatch, wrongSignature},
		{"token too long", url.Values{"X-Amz-Security-Token": {strings.Repeat("x", 16<<10+1)}}, sigv4.IncompleteSignature,
			"X-Amz-Security-Token must not be longer than 16384 bytes."},
		{"repeated", url.Values{"X-Amz-Date": {"20150830T123600Z", "20150830T123600Z"}}, sigv4.IncompleteSignature,
			"'X-Amz-Date' must appear only once."},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			query := url.Values{}
			for _, source := range []url.Values{good, c.change} {
				for name, values := range source {
					query[name] = values
				}
			}
			_, err := at(suiteTime).Verify(vanillaRequest(t, "/?"+query.Encode()), nil, "service", knows(suiteKey, suiteSecret, ""))
			expect(t, err, c.kind, c.message)
		})
	}
}

// Check 14, and the edges of both windows.
func TestTimeWindows(t *testing.T) {
	t.Parallel()
	plain := plainCall()
	expiring := plainCall()
	expiring.Query = url.Values{"X-Amz-Expires": {"3600"}}
	sign := func(t *testing.T) (*http.Request, []byte) { return plain.sign(t) }
	presign := func(c call) func(t *testing.T) (*http.Request, []byte) {
		return func(t *testing.T) (*http.Request, []byte) { return c.presign(t, hashOf(c.Body)) }
	}
	for _, c := range []struct {
		name  string
		build func(t *testing.T) (*http.Request, []byte)
		late  time.Duration
		kind  sigv4.Kind // 0 for acceptance
	}{
		{"header, five minutes late", sign, 5 * time.Minute, 0},
		{"header, later", sign, 5*time.Minute + time.Second, sigv4.SignatureDoesNotMatch},
		{"header, five minutes early", sign, -5 * time.Minute, 0},
		{"header, earlier", sign, -5*time.Minute - time.Second, sigv4.SignatureDoesNotMatch},
		{"presigned without expiry, five minutes late", presign(plain), 5 * time.Minute, 0},
		{"presigned without expiry, later", presign(plain), 5*time.Minute + time.Second, sigv4.SignatureDoesNotMatch},
		{"presigned for an hour, at its end", presign(expiring), time.Hour, 0},
		{"presigned for an hour, past its end", presign(expiring), time.Hour + time.Second, sigv4.RequestExpired},
		{"presigned for an hour, early", presign(expiring), -5*time.Minute - time.Second, sigv4.SignatureDoesNotMatch},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, body := c.build(t)
			_, err := at(plain.At.Add(c.late)).Verify(r, body, plain.Service, knows(sdkKey, sdkSecret, ""))
			if c.kind == 0 && err != nil {
				t.Errorf("refused: %v", err)
			}
			if c.kind != 0 && refusal(t, err).Kind != c.kind {
				t.Errorf("got %v, want %v", err, c.kind)
			}
		})
	}
}

// The number of minutes in the refusal is the one that was applied.
func TestSkew(t *testing.T) {
	t.Parallel()
	for service, minutes := range map[string]int{"sts": 15, "iam": 15, "mobiletargeting": 5, "cognito-idp": 5} {
		if got := sigv4.DefaultSkew(service); got != time.Duration(minutes)*time.Minute {
			t.Errorf("DefaultSkew(%q) = %v, want %d minutes", service, got, minutes)
		}
	}
	c := plainCall()
	r, body := c.sign(t)
	v := at(c.At.Add(time.Hour))
	v.Skew = func(service string) time.Duration {
		if service != c.Service {
			t.Errorf("Skew asked for %q", service)
		}
		return 30 * time.Minute
	}
	_, err := v.Verify(r, body, c.Service, knows(sdkKey, sdkSecret, ""))
	expect(t, err, sigv4.SignatureDoesNotMatch,
		"Signature expired: 20150830T123600Z is now earlier than 20150830T130600Z (20150830T133600Z - 30 min.)")
}

func TestLookupErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("the store is down")
	for _, c := range []struct {
		err     error
		kind    sigv4.Kind
		message string
	}{
		{sigv4.ErrUnknownKey, sigv4.InvalidClientTokenID, "The security token included in the request is invalid."},
		{fmt.Errorf("access: %w", sigv4.ErrBadToken), sigv4.InvalidClientTokenID, "The security token included in the request is invalid"},
		{sigv4.ErrExpiredToken, sigv4.ExpiredToken, "The security token included in the request is expired"},
	} {
		call := plainCall()
		r, body := call.sign(t)
		_, err := at(call.At).Verify(r, body, call.Service, func(string, string) (string, error) { return sdkSecret, c.err })
		expect(t, err, c.kind, c.message)
		if text := c.kind.String() + ": " + c.message; err.Error() != text {
			t.Errorf("prints %q, want %q", err, text)
		}
	}
	call := plainCall()
	r, body := call.sign(t)
	_, err := at(call.At).Verify(r, body, call.Service, func(string, string) (string, error) { return "", broken })
	if err != broken {
		t.Errorf("a failing lookup: got %v, want its own error", err)
	}
}

func TestRepeatedHeaders(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256"} {
		c := plainCall()
		c.Token = "token"
		c.Header.Set("X-Amz-Content-Sha256", hashOf(c.Body))
		r, body := c.sign(t)
		r.Header.Add(name, r.Header.Get(name))
		_, err := at(c.At).Verify(r, body, c.Service, knows(sdkKey, sdkSecret, c.Token))
		expect(t, err, sigv4.IncompleteSignature, "'"+name+"' must appear only once.")
	}
}

// What cannot be put in canonical form is refused like a wrong signature; the
// log says why.
func TestDetailOfTheUncomputable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(r *http.Request)
		detail string
	}{
		{"signed header not sent", func(r *http.Request) { r.Header.Del("X-Amz-Target") }, "signed header 'x-amz-target' is not in the request"},
		{"signed headers too long", func(r *http.Request) { r.Header.Set("X-Amz-Target", strings.Repeat("x", 64<<10)) }, "signed headers are longer than 65536 bytes"},
		{"malformed query", func(r *http.Request) { r.URL.RawQuery = "a=%" }, "query string has a malformed percent-escape"},
		{"another body", func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", "x") }, "x-amz-content-sha256 is not the hash of the body: 'x'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			call := plainCall()
			call.Header.Set("X-Amz-Target", "x")
			r, body := call.sign(t)
			c.change(r)
			_, err := at(call.At).Verify(r, body, call.Service, knows(sdkKey, sdkSecret, ""))
			expect(t, err, sigv4.SignatureDoesNotMatch, wrongSignature)
			if e := refusal(t, err); e.Detail != c.detail {
				t.Errorf("detail %q, want %q", e.Detail, c.detail)
			}
		})
	}
}

func TestKindString(t *testing.T) {
	t.Parallel()
	for kind, want := range map[sigv4.Kind]string{
		sigv4.MissingAuthenticationToken: "MissingAuthenticationToken", sigv4.IncompleteSignature: "IncompleteSignature",
		sigv4.SignatureDoesNotMatch: "SignatureDoesNotMatch", sigv4.InvalidClientTokenID: "InvalidClientTokenId",
		sigv4.ExpiredToken: "ExpiredToken", sigv4.RequestExpired: "RequestExpired", 0: "Kind(0)", 7: "Kind(7)",
	} {
		if got := kind.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

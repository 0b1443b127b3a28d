package sigv4_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const (
	suiteToken = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"
	stsToken   = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
	everyByte  = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	formBody   = "Param1=value1"
	formHash   = "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"

	// Where normalised and plain spellings of a path share the signature of GET /.
	vanilla = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
)

// suite holds cases of AWS's Signature Version 4 test suite, with the signatures
// that it publishes. A request is its start line and its own headers. Its case
// of a folded header is left out: HTTP/1.1 parsers unfold with spaces by now.
var suite = []struct {
	name      string
	request   string
	headers   string // signed besides host and x-amz-date
	body      string
	signature string
	token     string
}{
	{name: "get-vanilla", request: "GET / HTTP/1.1", signature: vanilla},
	{name: "get-relative-normalized", request: "GET /example/.. HTTP/1.1", signature: vanilla},
	{name: "get-relative-unnormalized", request: "GET /example/.. HTTP/1.1", signature: "eca7ead57bb5aa5c8e28007acd4ff04e1ff9a0ff3b237ec1554a184887ff9282"},
	{name: "get-relative-relative-normalized", request: "GET /example1/example2/../.. HTTP/1.1", signature: vanilla},
	{name: "get-relative-relative-unnormalized", request: "GET /example1/example2/../.. HTTP/1.1", signature: "dc33e0856fd4baca4d7aa2146c38958283844764f38c74252a333df5e613003b"},
	{name: "get-slash-normalized", request: "GET // HTTP/1.1", signature: vanilla},
	{name: "get-slash-unnormalized", request: "GET // HTTP/1.1", signature: "c88bcd3d312d75078c0cd961d6deae3f4c754924b01669efcfcb439fd5e5b76e"},
	{name: "get-slash-dot-slash-normalized", request: "GET /./ HTTP/1.1", signature: vanilla},
	{name: "get-slash-dot-slash-unnormalized", request: "GET /./ HTTP/1.1", signature: "68714168e6557f8f2de0ef956fc24dc2593a4bd2961f8df51898d8a134695145"},
	{name: "get-slash-pointless-dot-normalized", request: "GET /./example HTTP/1.1", signature: "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
	{name: "get-slash-pointless-dot-unnormalized", request: "GET /./example HTTP/1.1", signature: "beb03f223f7deae4146464f06e29eebbee9c8afbe15c290cf07aa8b119e14cff"},
	{name: "get-slashes-normalized", request: "GET //example// HTTP/1.1", signature: "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
	{name: "get-slashes-unnormalized", request: "GET //example// HTTP/1.1", signature: "87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5"},
	{name: "get-unreserved", request: "GET /" + everyByte + " HTTP/1.1", signature: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
	{name: "get-utf8", request: "GET /ሴ HTTP/1.1", signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
	{name: "get-vanilla-empty-query-key", request: "GET /?Param1=value1 HTTP/1.1", signature: "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
	{name: "get-vanilla-query-order-encoded", request: "GET /?Param-3=Value3&Param=Value2&%E1%88%B4=Value1 HTTP/1.1", signature: "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
	{name: "get-vanilla-query-order-key-case", request: "GET /?Param2=value2&Param1=value1 HTTP/1.1", signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
	{name: "get-vanilla-query-unreserved", request: "GET /?" + everyByte + "=" + everyByte + " HTTP/1.1", signature: "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
	{name: "get-vanilla-utf8-query", request: "GET /?ሴ=bar HTTP/1.1", signature: "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
	{name: "get-header-key-duplicate", request: "GET / HTTP/1.1\nMy-Header1:value2\nMy-Header1:value2\nMy-Header1:value1", headers: "my-header1", signature: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
	{name: "get-header-value-order", request: "GET / HTTP/1.1\nMy-Header1:value4\nMy-Header1:value1\nMy-Header1:value3\nMy-Header1:value2", headers: "my-header1", signature: "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
	{name: "get-header-value-trim", request: "GET / HTTP/1.1\nMy-Header1: value1\nMy-Header2: \"a   b   c\"", headers: "my-header1;my-header2", signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
	{name: "get-vanilla-with-session-token", request: "GET / HTTP/1.1\nX-Amz-Security-Token:" + suiteToken, headers: "x-amz-security-token", token: suiteToken, signature: "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
	{name: "post-vanilla", request: "POST / HTTP/1.1", signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
	{name: "post-vanilla-query", request: "POST /?Param1=value1 HTTP/1.1", signature: "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
	{name: "post-header-key-sort", request: "POST / HTTP/1.1\nMy-Header1:value1", headers: "my-header1", signature: "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
	{name: "post-header-value-case", request: "POST / HTTP/1.1\nMy-Header1:VALUE1", headers: "my-header1", signature: "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
	{name: "post-sts-header-before", request: "POST / HTTP/1.1\nX-Amz-Security-Token:" + stsToken, headers: "x-amz-security-token", token: stsToken, signature: "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
	{name: "post-sts-header-after", request: "POST / HTTP/1.1\nX-Amz-Security-Token:" + stsToken, token: stsToken, signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
	{name: "post-x-www-form-urlencoded (2015)", request: "POST / HTTP/1.1\nContent-Length:13\nContent-Type:application/x-www-form-urlencoded", headers: "content-type", body: formBody, signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
	{name: "post-x-www-form-urlencoded", request: "POST / HTTP/1.1\nContent-Type:application/x-www-form-urlencoded\nContent-Length:13\nx-amz-content-sha256:" + formHash, headers: "content-length;content-type;x-amz-content-sha256", body: formBody, signature: "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"},
	{name: "post-x-www-form-urlencoded-parameters", request: "POST / HTTP/1.1\nContent-Type:application/x-www-form-urlencoded; charset=utf-8\nContent-Length:13\nx-amz-content-sha256:" + formHash, headers: "content-length;content-type;x-amz-content-sha256", body: formBody, signature: "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422"},
}

func TestSuite(t *testing.T) {
	t.Parallel()
	for _, c := range suite {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			// The order of SignedHeaders does not matter here: the verifier sorts it.
			signed := strings.Trim("host;x-amz-date;"+c.headers, ";")
			r, body := received(t, c.request+"\nHost:example.amazonaws.com\nX-Amz-Date:20150830T123600Z\n"+
				"Authorization:AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "+
				"SignedHeaders="+signed+", Signature="+c.signature+"\n\n"+c.body)
			got, err := at(suiteTime).Verify(r, body, "service", knows(suiteKey, suiteSecret, c.token))
			if err != nil {
				t.Fatalf("%v\n%s", err, refusal(t, err).Detail)
			}
			if got.Host != "example.amazonaws.com" || got.Region != "us-east-1" || got.Presigned || !got.SignedAt.Equal(suiteTime) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// The suite's path with a space cannot come over the wire of HTTP/1.1 in Go, but
// the form in which it would arrive can be built.
func TestSuiteSpaceInPath(t *testing.T) {
	t.Parallel()
	r, _ := received(t, "GET / HTTP/1.1\nHost:example.amazonaws.com\nX-Amz-Date:20150830T123600Z\n"+
		"Authorization:AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "+
		"SignedHeaders=host;x-amz-date, Signature=652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741\n\n")
	r.URL = &url.URL{Path: "/example space/", RawPath: "/example space/"}
	if _, err := at(suiteTime).Verify(r, nil, "service", knows(suiteKey, suiteSecret, "")); err != nil {
		t.Fatalf("%v\n%s", err, refusal(t, err).Detail)
	}
}

func TestSuitePresigned(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, request, query, signed, signature string }{
		{"get-slash-dot-slash-normalized", "GET /./", "", "host", "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d"},
		{"get-vanilla-query-order-encoded", "GET /", "Param-3=Value3&Param=Value2&%E1%88%B4=Value1&", "host", "c5f1848ceec943ac2ca68ee720460c23aaae30a2300586597ada94c4a65e4787"},
		{"get-vanilla-utf8-query", "GET /", "ሴ=bar&", "host", "0bdd809b1519ac4f0c1dc3540e2cc46bd0c7f778eda408b2ebf3b913d21ff600"},
		{"get-header-value-trim", "GET /", "", "host%3Bmy-header1%3Bmy-header2", "e7bb0fd515e125e1aec2ecc4c0c17484fb06f6846b927c35e46005dd3df3acd4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, body := received(t, c.request+"?"+c.query+"X-Amz-Algorithm=AWS4-HMAC-SHA256"+
				"&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice%2Faws4_request&X-Amz-Date=20150830T123600Z"+
				"&X-Amz-SignedHeaders="+c.signed+"&X-Amz-Expires=3600&X-Amz-Signature="+c.signature+" HTTP/1.1\n"+
				"Host:example.amazonaws.com\nMy-Header1: value1\nMy-Header2: \"a   b   c\"\n\n")
			got, err := at(suiteTime.Add(time.Hour)).Verify(r, body, "service", knows(suiteKey, suiteSecret, ""))
			if err != nil {
				t.Fatalf("%v\n%s", err, refusal(t, err).Detail)
			}
			if !got.Presigned {
				t.Errorf("got %+v, want a presigned request", got)
			}
		})
	}
}

// The worked example of AWS's documentation of the signing process.
func TestDocumentationListUsers(t *testing.T) {
	t.Parallel()
	r, body := received(t, "GET /?Action=ListUsers&Version=2010-05-08 HTTP/1.1\nHost: iam.amazonaws.com\n"+
		"Content-Type: application/x-www-form-urlencoded; charset=utf-8\nX-Amz-Date: 20150830T123600Z\n"+
		"Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "+
		"SignedHeaders=content-type;host;x-amz-date, "+
		"Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7\n\n")
	if _, err := at(suiteTime).Verify(r, body, "iam", knows(suiteKey, suiteSecret, "")); err != nil {
		t.Fatalf("%v\n%s", err, refusal(t, err).Detail)
	}
}

// The first test suite, of 2011, signs a Date header in HTTP's format.
func TestDateHeader(t *testing.T) {
	t.Parallel()
	r, body := received(t, "GET / HTTP/1.1\nHost:host.foo.com\nDate:Mon, 09 Sep 2011 23:36:00 GMT\n"+
		"Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20110909/us-east-1/host/aws4_request, "+
		"SignedHeaders=date;host, Signature=b27ccfbfa7df52a200ff74193ca6e32d4b48b8856fab7ebf1c595d0670a7e470\n\n")
	now := time.Date(2011, 9, 9, 23, 36, 0, 0, time.UTC)
	if _, err := at(now).Verify(r, body, "host", knows(suiteKey, suiteSecret, "")); err != nil {
		t.Fatalf("%v\n%s", err, refusal(t, err).Detail)
	}
}

// A call as an SDK makes it of a local server: a port in the host, and a target.
func TestCognitoVector(t *testing.T) {
	t.Parallel()
	r, body := received(t, "POST / HTTP/1.1\nHost: localhost:8080\nContent-Length: 67\n"+
		"Content-Type: application/x-amz-json-1.1\nX-Amz-Date: 20150830T123600Z\n"+
		"X-Amz-Target: AWSCognitoIdentityService.DescribeIdentityPool\n"+
		"Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/cognito-identity/aws4_request, "+
		"SignedHeaders=content-type;host;x-amz-date;x-amz-target, "+
		"Signature=dae52f2a2c2dd29466dc13cd3125e65c76481c2e9dc86784b25124400e0506ee\n\n"+
		`{"IdentityPoolId":"us-east-1:11111111-2222-3333-4444-555555555555"}`)
	got, err := at(suiteTime).Verify(r, body, "cognito-identity", knows(suiteKey, suiteSecret, ""))
	if err != nil {
		t.Fatalf("%v\n%s", err, refusal(t, err).Detail)
	}
	if got.Host != "localhost:8080" || r.Method != http.MethodPost {
		t.Errorf("got %+v", got)
	}
}

package sigv4_test

import (
	"net/http"
	"strings"
	"testing"

	"pintail/internal/sigv4"
)

// BenchmarkVerify measures what a signature costs a request of an Amplify app:
// the key known or new, one candidate for the host or four.
func BenchmarkVerify(b *testing.B) {
	for _, c := range []struct {
		name  string
		size  int
		cold  bool
		hosts []string
	}{
		{"2KB", 2 << 10, false, nil},
		{"2KB/4 hosts", 2 << 10, false, []string{"push.example.org", "localhost:8080", "pinpoint.amazonaws.com"}},
		{"2KB/cold", 2 << 10, true, nil},
		{"200KB", 200 << 10, false, nil},
	} {
		b.Run(c.name, func(b *testing.B) {
			call := plainCall()
			call.Body = strings.Repeat("x", c.size)
			call.Token = strings.Repeat("t", 800)
			for _, name := range []string{"Amz-Sdk-Invocation-Id", "Amz-Sdk-Request", "X-Amz-User-Agent"} {
				call.Header.Set(name, "aws-amplify/6.22.1 analytics/1 framework/0")
			}
			r, body := call.sign(b)
			lookup := knows(sdkKey, sdkSecret, call.Token)
			v := at(call.At)
			b.ReportAllocs()
			for b.Loop() {
				if c.cold {
					v = at(call.At)
				}
				v.Hosts = func(*http.Request, sigv4.Scope) []string { return c.hosts }
				if _, err := v.Verify(r, body, call.Service, lookup); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

package sigv4

import (
	"crypto/sha256"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"
)

func TestKeyCacheIsBounded(t *testing.T) {
	t.Parallel()
	var c keyCache
	name := func(i int) keyID {
		return keyID{sha256.Sum256([]byte("secret")), "20150830", strconv.Itoa(i), "sts"}
	}
	const n = 3*generation + 1
	for i := range n {
		c.put(name(i), signingKey{byte(i)})
	}
	if size := len(c.young) + len(c.old); size > 2*generation {
		t.Errorf("holds %d keys, want at most %d", size, 2*generation)
	}
	if key, ok := c.get(name(n - 1)); !ok || key != (signingKey{byte((n - 1) & 0xff)}) {
		t.Errorf("the newest key: got %v, %v", key, ok)
	}
	if _, ok := c.get(name(n - 2)); !ok {
		t.Error("the newest key of the old generation is gone")
	}
	if _, ok := c.get(name(0)); ok {
		t.Error("the oldest key is still there")
	}
	for _, other := range []keyID{
		{sha256.Sum256([]byte("other")), "20150830", strconv.Itoa(n - 1), "sts"},
		{sha256.Sum256([]byte("secret")), "20150831", strconv.Itoa(n - 1), "sts"},
		{sha256.Sum256([]byte("secret")), "20150830", strconv.Itoa(n - 1), "iam"},
	} {
		if _, ok := c.get(other); ok {
			t.Errorf("%v was never put", other)
		}
	}
}

// Only what has verified may take a place in the cache.
func TestKeyCacheHoldsVerifiedKeysOnly(t *testing.T) {
	t.Parallel()
	v := Verifier{Now: func() time.Time { return time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC) }}
	secret := func(string, string) (string, error) { return "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", nil }
	request := func() *http.Request { // get-vanilla of AWS's test suite
		return &http.Request{Method: "GET", URL: &url.URL{Path: "/"}, Host: "example.amazonaws.com", Header: http.Header{
			"X-Amz-Date": {"20150830T123600Z"},
			"Authorization": {"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, " +
				"SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		}}
	}
	r := request()
	r.Header.Set("Authorization", r.Header.Get("Authorization")+"0")
	if _, err := v.Verify(r, nil, "service", secret); err == nil {
		t.Fatal("a wrong signature was accepted")
	}
	if n := len(v.keys.young); n != 0 {
		t.Errorf("%d keys after a refusal", n)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if _, err := v.Verify(request(), nil, "service", secret); err != nil {
					t.Errorf("refused: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if n := len(v.keys.young); n != 1 {
		t.Errorf("%d keys, want 1", n)
	}
}

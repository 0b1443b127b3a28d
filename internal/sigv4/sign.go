package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Credentials are an access key, long-term when Token is empty.
type Credentials struct{ AccessKeyID, Secret, Token string }

// Sign adds a signature to a request whose whole body is given: our own command
// line is a client of the server like any other. It signs every header that
// the request has, and the host.
func Sign(r *http.Request, body []byte, who Credentials, region, service string, now time.Time) {
	stamp := now.UTC().Format("20060102T150405Z")
	scope := Scope{AccessKeyID: who.AccessKeyID, Date: stamp[:8], Region: region, Service: service}
	r.Header.Set("X-Amz-Date", stamp)
	if who.Token != "" {
		r.Header.Set("X-Amz-Security-Token", who.Token)
	}
	names := []string{"host"}
	for name := range r.Header {
		names = append(names, strings.ToLower(name))
	}
	slices.Sort(names)
	headers, _ := canonicalHeaders(r, names)
	c := canonicalRequest{method: r.Method, headers: headers, signed: strings.Join(names, ";")}
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	canonical := c.append(nil, candidate{
		path: canonicalPaths(r.URL)[0], query: parseQuery(r.URL.RawQuery).canonical(),
		host: host, payload: hexOf(sha256.Sum256(body)),
	})
	credential := strings.Join([]string{scope.Date, region, service, terminator}, "/")
	key := deriveKey(who.Secret, scope)
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte(algorithmName + "\n" + stamp + "\n" + credential + "\n" + hexOf(sha256.Sum256(canonical))))
	r.Header.Set("Authorization", algorithmName+" Credential="+who.AccessKeyID+"/"+credential+
		", SignedHeaders="+c.signed+", Signature="+hex.EncodeToString(mac.Sum(nil)))
}

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
	scope, stamp := newScope(who, region, service, now)
	r.Header.Set("X-Amz-Date", stamp)
	if who.Token != "" {
		r.Header.Set("X-Amz-Security-Token", who.Token)
	}
	names := []string{"host"}
	for name := range r.Header {
		names = append(names, strings.ToLower(name))
	}
	slices.Sort(names)
	signature := signatureOf(r, names, who.Secret, scope, stamp, hexOf(sha256.Sum256(body)))
	r.Header.Set("Authorization", algorithmName+" Credential="+who.AccessKeyID+"/"+scope.credential()+
		", SignedHeaders="+strings.Join(names, ";")+", Signature="+signature)
}

// newScope returns the scope of a signature that is made now, and its time stamp.
func newScope(who Credentials, region, service string, now time.Time) (s Scope, stamp string) {
	stamp = now.UTC().Format("20060102T150405Z")
	return Scope{AccessKeyID: who.AccessKeyID, Date: stamp[:8], Region: region, Service: service}, stamp
}

// credential is the scope as signatures name it, without the key.
func (s Scope) credential() string {
	return strings.Join([]string{s.Date, s.Region, s.Service, terminator}, "/")
}

// signatureOf signs a request's headers of these sorted names, and everything else
// but its body, of which the hash is given.
func signatureOf(r *http.Request, names []string, secret string, scope Scope, stamp, payload string) string {
	headers, _ := canonicalHeaders(r, names)
	c := canonicalRequest{method: r.Method, headers: headers, signed: strings.Join(names, ";")}
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	canonical := c.append(nil, candidate{
		path: canonicalPaths(r.URL)[0], query: parseQuery(r.URL.RawQuery).canonical(), host: host, payload: payload,
	})
	key := deriveKey(secret, scope)
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte(algorithmName + "\n" + stamp + "\n" + scope.credential() + "\n" + hexOf(sha256.Sum256(canonical))))
	return hex.EncodeToString(mac.Sum(nil))
}

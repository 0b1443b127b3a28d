package sigv4

import (
	"crypto/sha256"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Presign returns the URL of a request without a body, signed in its query for a
// time from now on: what a browser can open that cannot sign.
func Presign(r *http.Request, who Credentials, region, service string, now time.Time, life time.Duration) *url.URL {
	scope, stamp := newScope(who, region, service, now)
	q := r.URL.Query()
	q.Set("X-Amz-Algorithm", algorithmName)
	q.Set("X-Amz-Credential", who.AccessKeyID+"/"+scope.credential())
	q.Set("X-Amz-Date", stamp)
	q.Set("X-Amz-Expires", strconv.Itoa(int(life.Seconds())))
	q.Set("X-Amz-SignedHeaders", "host")
	if who.Token != "" {
		q.Set("X-Amz-Security-Token", who.Token)
	}
	signed := *r.URL
	signed.RawQuery = q.Encode()
	r = r.Clone(r.Context())
	r.URL = &signed
	r.Header = http.Header{}
	signature := signatureOf(r, []string{"host"}, who.Secret, scope, stamp, hexOf(sha256.Sum256(nil)))
	signed.RawQuery += "&X-Amz-Signature=" + signature
	return &signed
}

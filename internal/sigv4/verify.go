// Package sigv4 verifies AWS Signature Version 4 on incoming requests: in the
// Authorization header, and presigned in the query. The wire calls it with the
// whole body before it decodes an operation; access looks the keys up.
//
// A request's story: [ScopeOf] tells the router which service it claims to be
// for. [Verifier.Verify] then checks it in the order in which AWS does, because
// clients act on which refusal comes first, and computes the signature of every
// reading that an honest signer can have had of the request. There are several:
// a wrapper or proxy leaves another host name in the signature than the one
// received, SDKs disagree on whether a path's dot segments are resolved, and a
// presigned URL may have got its session token after it was signed.
//
// The package does no I/O, holds no secrets (only keys derived from them, for a
// day, a region and a service) and reads nothing from the clock but through
// [Verifier.Now]. Version 4a, the asymmetric sister, is an unsupported algorithm.
//
// A verified path may still hold dot segments and repeated slashes, and its
// signature covers either its own spelling or the resolved one. A router must
// not give such a path a meaning that its resolved form does not have.
package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxHosts is how many candidates for the signed host are tried, the received
// one included. Each costs about a microsecond.
const maxHosts = 16

const unsignedPayload = "UNSIGNED-PAYLOAD"

// Lookup returns the secret of an access key for the session token that came
// with it ("" for none), or refuses with [ErrUnknownKey], [ErrBadToken] or
// [ErrExpiredToken]. Any other error is a failure of the lookup itself, which
// Verify hands back untouched. An empty secret is treated as an unknown key.
type Lookup func(accessKeyID, sessionToken string) (secret string, err error)

// Verifier verifies signatures. It remembers the signing keys that it derived,
// a bounded number of them. Now must be set; a Verifier must not be copied, and
// is safe for concurrent use.
type Verifier struct {
	// Now is the server's clock.
	Now func() time.Time

	// Skew is how far a request's time may be from Now, either way. Whole
	// minutes; the number appears in refusals. [DefaultSkew] when nil.
	Skew func(service string) time.Duration

	// Hosts returns further names under which a request may have been signed,
	// besides its Host: what a trusted proxy forwarded, the AWS name that the
	// scope implies, configured aliases. At most 15 are tried. May be nil.
	Hosts func(r *http.Request, s Scope) []string

	// AllowUnsignedPayload accepts UNSIGNED-PAYLOAD in place of the body's hash.
	AllowUnsignedPayload bool

	keys keyCache
}

// Verified is what a verified request is known to have said.
type Verified struct {
	AccessKeyID string
	Region      string // the real region, see [CutRegion]
	Service     string // signing name
	Host        string // the host name that was signed
	SignedAt    time.Time
	Presigned   bool
}

// DefaultSkew returns the tolerance that AWS's services have been seen to name
// in their refusals: 15 minutes for sts and iam, 5 minutes for the others.
func DefaultSkew(service string) time.Duration {
	if service == "sts" || service == "iam" {
		return 15 * time.Minute
	}
	return 5 * time.Minute
}

// Verify checks that r, whose whole body is given, was signed for the service
// with a secret that lookup knows, and not long ago. service is the signing name
// of the service that the request was dispatched to. A refusal is an [*Error];
// any other error is one of lookup's own.
func (v *Verifier) Verify(r *http.Request, body []byte, service string, lookup Lookup) (*Verified, error) {
	c, err := parse(r)
	if err != nil {
		return nil, err
	}
	now := v.Now().UTC()
	skew := DefaultSkew
	if v.Skew != nil {
		skew = v.Skew
	}
	if err := c.checkTime(now, skew(service)); err != nil {
		return nil, err
	}
	region, err := c.checkScope(service)
	if err != nil {
		return nil, err
	}
	secret, err := lookup(c.scope.AccessKeyID, c.token)
	if err == nil && secret == "" {
		err = ErrUnknownKey
	}
	if err != nil {
		return nil, denied(err)
	}
	host, err := v.match(r, body, c, secret)
	if err != nil {
		return nil, err
	}
	if c.expires > 0 && now.After(c.at.Add(c.expires)) {
		return nil, &Error{Kind: RequestExpired, Message: "Request has expired."}
	}
	return &Verified{
		AccessKeyID: c.scope.AccessKeyID, Region: region, Service: c.scope.Service,
		Host: host, SignedAt: c.at, Presigned: c.presigned,
	}, nil
}

// checkTime is check 8. A presigned request that names its own end is not held
// to the past half of the window.
func (c *claim) checkTime(now time.Time, skew time.Duration) error {
	minutes := int(skew.Minutes())
	if oldest := now.Add(-skew); c.expires == 0 && c.at.Before(oldest) {
		return &Error{Kind: SignatureDoesNotMatch, Message: fmt.Sprintf(
			"Signature expired: %s is now earlier than %s (%s - %d min.)",
			c.timestamp, oldest.Format(timeFormat), now.Format(timeFormat), minutes)}
	}
	if newest := now.Add(skew); c.at.After(newest) {
		return &Error{Kind: SignatureDoesNotMatch, Message: fmt.Sprintf(
			"Signature not yet current: %s is still later than %s (%s + %d min.)",
			c.timestamp, newest.Format(timeFormat), now.Format(timeFormat), minutes)}
	}
	return nil
}

// checkScope is checks 9 and 10. It returns the real region.
func (c *claim) checkScope(service string) (region string, err error) {
	scope, term, ok := parseCredential(c.credential)
	if !ok {
		return "", incomplete("Credential must have exactly 5 slash-delimited elements, "+
			"e.g. keyid/date/region/service/term, got '%s'", echo(c.credential, maxEcho))
	}
	c.scope = scope
	var problems []string
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	region, ok = CutRegion(scope.Region)
	if !ok {
		problem("Credential should be scoped to a valid region, not '%s'.", echo(scope.Region, maxEcho))
	}
	if scope.Service != service {
		problem("Credential should be scoped to correct service: '%s'.", service)
	}
	if term != terminator {
		problem("Credential should be scoped with a valid terminator: '%s', not '%s'.", terminator, echo(term, maxEcho))
	}
	if day := c.at.Format(dateFormat); scope.Date != day {
		problem("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'.",
			echo(scope.Date, maxEcho), day, c.timestamp)
	}
	if problems != nil {
		return "", &Error{Kind: SignatureDoesNotMatch, Message: strings.Join(problems, " ")}
	}
	return region, nil
}

// match is check 12. It computes the signature of every reading of the request
// and returns the host of the first one that matches. It always goes through
// all of them, so that time does not tell which one did.
func (v *Verifier) match(r *http.Request, body []byte, c *claim, secret string) (host string, err error) {
	request, candidates, problem := v.candidates(r, body, c)
	if problem != "" {
		return "", mismatch(problem)
	}
	id := keyID{sha256.Sum256([]byte(secret)), c.scope.Date, c.scope.Region, c.scope.Service}
	key, cached := v.keys.get(id)
	if !cached {
		key = deriveKey(secret, c.scope)
	}
	mac := hmac.New(sha256.New, key[:])
	found := false
	var signature [2 * sha256.Size]byte
	buffer := make([]byte, 0, 2<<10)
	for _, candidate := range candidates {
		buffer = request.append(buffer[:0], candidate)
		hash := sha256.Sum256(buffer)
		buffer = c.appendStringToSign(buffer[:0], hash)
		mac.Reset()
		mac.Write(buffer)
		hex.Encode(signature[:], mac.Sum(buffer[:0]))
		if hmac.Equal(signature[:], []byte(c.signature)) && !found {
			host, found = candidate.host, true
		}
	}
	if !found {
		return "", mismatch(c.explain(request, candidates))
	}
	if !cached {
		v.keys.put(id, key)
	}
	return host, nil
}

// appendStringToSign appends the text that the signature is computed of.
func (c *claim) appendStringToSign(dst []byte, hash [sha256.Size]byte) []byte {
	dst = append(dst, algorithmName+"\n"...)
	dst = append(dst, c.timestamp...)
	dst = append(dst, '\n')
	for _, part := range [...]string{c.scope.Date, c.scope.Region, c.scope.Service} {
		dst = append(dst, part...)
		dst = append(dst, '/')
	}
	dst = append(dst, terminator+"\n"...)
	return hex.AppendEncode(dst, hash[:])
}

// candidates lists the readings of a request that an honest signer can have
// had; the first is the plainest. problem, for the log, says why there is none.
func (v *Verifier) candidates(r *http.Request, body []byte, c *claim) (*canonicalRequest, []candidate, string) {
	if c.query.broken {
		return nil, nil, "query string has a malformed percent-escape"
	}
	headers, problem := canonicalHeaders(r, c.headers)
	if problem != "" {
		return nil, nil, problem
	}
	payloads := v.payloads(c, body)
	if payloads == nil {
		return nil, nil, "x-amz-content-sha256 is not the hash of the body: '" + echo(c.payload, 64) + "'"
	}
	queries := []string{c.query.canonical()}
	if c.presigned {
		queries[0] = c.query.canonical("X-Amz-Signature")
		if c.query.count("X-Amz-Security-Token") > 0 {
			queries = append(queries, c.query.canonical("X-Amz-Signature", "X-Amz-Security-Token"))
		}
	}
	hosts := v.hosts(r, c.scope)
	var all []candidate
	for _, path := range canonicalPaths(r.URL) {
		for _, query := range queries {
			for _, payload := range payloads {
				for _, host := range hosts {
					all = append(all, candidate{path, query, host, payload})
				}
			}
		}
	}
	return &canonicalRequest{r.Method, headers, strings.Join(c.headers, ";")}, all, ""
}

// hosts returns the candidates for the signed host, the received one first.
func (v *Verifier) hosts(r *http.Request, s Scope) []string {
	hosts := []string{collapse(r.Host)}
	if v.Hosts == nil {
		return hosts
	}
	for _, host := range v.Hosts(r, s) {
		if len(hosts) == maxHosts {
			break
		}
		if host != "" && !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// payloads returns what may stand for the body in the canonical request, or nil
// when the request declares something that the body is not.
//
// A presigned request is no exception: the SDKs sign the hash of the body that
// will be sent, which for a GET is the hash of nothing, and Amplify's beacons
// are presigned with the hash of the events that they carry.
func (v *Verifier) payloads(c *claim, body []byte) []string {
	if c.payload == unsignedPayload && v.AllowUnsignedPayload {
		return []string{unsignedPayload}
	}
	hash := hexOf(sha256.Sum256(body))
	switch {
	case c.payload != "" && c.payload != hash:
		return nil
	case c.payload == "" && c.presigned && v.AllowUnsignedPayload:
		return []string{hash, unsignedPayload} // presigners need not send what they signed
	}
	return []string{hash}
}

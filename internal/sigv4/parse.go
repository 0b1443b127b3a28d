package sigv4

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	algorithmName = "AWS4-HMAC-SHA256"
	terminator    = "aws4_request"

	timeFormat = "20060102T150405Z" // ISO-8601 basic, the only one in a string to sign
	dateFormat = "20060102"

	// Bounds on what a stranger can make the verifier parse, in bytes and counts.
	// Real requests stay far below: the longest thing in them is a session token.
	maxAuthorization = 8 << 10
	maxPath          = 8 << 10
	maxQuery         = 64 << 10
	maxToken         = 16 << 10
	maxSignedHeaders = 100
	maxEcho          = 512

	// maxExpires is the longest life of a presigned URL (Signature Version 4
	// query parameters, X-Amz-Expires).
	maxExpires = 7 * 24 * time.Hour
)

// claim is what a request says about its own signature, parsed but not believed.
type claim struct {
	scope      Scope // set by parseScope
	credential string
	headers    []string // the signed ones: lower case, sorted, without repetition
	signature  string
	timestamp  string // of the signing, in timeFormat
	at         time.Time
	presigned  bool
	expires    time.Duration // of a presigned request; 0 when it does not say
	token      string
	payload    string // declared payload hash, "" when none is
	query      query
}

// parse reads the signature off a request: checks 1 to 7 of AWS's order, after
// the bounds. It leaves the credential in one piece, because AWS judges the
// time first.
func parse(r *http.Request) (*claim, error) {
	if err := checkBounds(r); err != nil {
		return nil, err
	}
	c := &claim{query: parseQuery(r.URL.RawQuery)}
	authorization := r.Header["Authorization"]
	algorithm, presigned := c.query.get("X-Amz-Algorithm")
	switch {
	case presigned && len(authorization) > 0:
		return nil, &Error{Kind: SignatureDoesNotMatch,
			Message: "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."}
	case presigned:
		c.presigned = true
	case len(authorization) == 0:
		return nil, &Error{Kind: MissingAuthenticationToken, Message: "Request is missing Authentication Token"}
	default:
		algorithm, _, _ = strings.Cut(authorization[0], " ")
	}
	if algorithm != algorithmName {
		return nil, incomplete("Unsupported AWS 'algorithm': '%s'.", echo(algorithm, 32))
	}
	if name := c.repeated(r); name != "" {
		return nil, incomplete("'%s' must appear only once.", name)
	}
	read := c.readHeader
	if presigned {
		read = c.readQuery
	}
	if err := read(r); err != nil {
		return nil, err
	}
	return c, nil
}

// checkBounds refuses what no signer sends and what would cost us too much.
func checkBounds(r *http.Request) error {
	size := 0
	for _, v := range r.Header["Authorization"] {
		size += len(v)
	}
	switch {
	case size > maxAuthorization:
		return incomplete("Authorization header must not be longer than %d bytes.", maxAuthorization)
	case len(r.URL.Path) > maxPath:
		return incomplete("Request path must not be longer than %d bytes.", maxPath)
	case len(r.URL.RawQuery) > maxQuery:
		return incomplete("Query string must not be longer than %d bytes.", maxQuery)
	}
	return nil
}

// Where a request says what, by name. Said twice, it would be ambiguous.
var (
	singleHeaders = []string{"Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256"}
	singleParams  = []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders",
		"X-Amz-Date", "X-Amz-Expires", "X-Amz-Security-Token", "X-Amz-Content-Sha256"}
)

// repeated returns the name of a header or parameter that the verifier would
// have to choose a value of, or "".
func (c *claim) repeated(r *http.Request) string {
	for _, name := range singleHeaders {
		if len(r.Header[name]) > 1 {
			return name
		}
	}
	if c.presigned {
		for _, name := range singleParams {
			if c.query.count(name) > 1 {
				return name
			}
		}
	}
	return ""
}

// readHeader reads the form in which the Authorization header says everything.
func (c *claim) readHeader(r *http.Request) error {
	authorization := r.Header.Get("Authorization")
	signedHeaders, err := c.readAuthorization(authorization)
	if err != nil {
		return err
	}
	date := r.Header.Get("X-Amz-Date")
	plain := date == "" // then the Date header counts, which may have HTTP's format
	if plain {
		date = r.Header.Get("Date")
	}
	var missing []string
	for _, part := range []struct{ name, value string }{
		{"Credential", c.credential}, {"Signature", c.signature}, {"SignedHeaders", signedHeaders},
	} {
		if part.value == "" {
			missing = append(missing, "Authorization header requires '"+part.name+"' parameter.")
		}
	}
	if date == "" {
		missing = append(missing, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	if missing != nil {
		return incomplete("%s Authorization=%s", strings.Join(missing, " "), echo(authorization, maxEcho))
	}
	c.token = r.Header.Get("X-Amz-Security-Token")
	c.payload = r.Header.Get("X-Amz-Content-Sha256")
	return c.settle(signedHeaders, date, plain)
}

// readAuthorization takes the Authorization header apart.
func (c *claim) readAuthorization(header string) (signedHeaders string, err error) {
	_, rest, _ := strings.Cut(header, " ")
	for part := range strings.SplitSeq(rest, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			return "", incomplete("'%s' not a valid key=value pair (missing equal-sign) in Authorization header: '%s'.",
				echo(part, maxEcho), echo(header, maxEcho))
		}
		var target *string
		switch name {
		case "Credential":
			target = &c.credential
		case "SignedHeaders":
			target = &signedHeaders
		case "Signature":
			target = &c.signature
		default:
			continue
		}
		if *target != "" {
			return "", incomplete("'%s' must appear only once in the Authorization header.", name)
		}
		*target = value
	}
	return signedHeaders, nil
}

// readQuery reads the form in which the query string says everything.
func (c *claim) readQuery(r *http.Request) error {
	var missing []string
	require := func(name string) string {
		value, _ := c.query.get(name)
		if value == "" {
			missing = append(missing, "AWS query-string parameters must include '"+name+"'.")
		}
		return value
	}
	c.credential = require("X-Amz-Credential")
	c.signature = require("X-Amz-Signature")
	signedHeaders := require("X-Amz-SignedHeaders")
	date := require("X-Amz-Date")
	if missing != nil {
		return incomplete("%s Re-examine the query-string parameters.", strings.Join(missing, " "))
	}
	c.token = c.query.orHeader("X-Amz-Security-Token", r)
	c.payload = c.query.orHeader("X-Amz-Content-Sha256", r)
	if err := c.settle(signedHeaders, date, false); err != nil {
		return err
	}
	if expires, ok := c.query.get("X-Amz-Expires"); ok {
		seconds, err := strconv.ParseUint(expires, 10, 32)
		c.expires = time.Duration(seconds) * time.Second
		if err != nil || c.expires == 0 || c.expires > maxExpires {
			return incomplete("X-Amz-Expires must be a number of seconds from 1 to %d. Got '%s'.",
				int(maxExpires.Seconds()), echo(expires, 32))
		}
	}
	return nil
}

// settle interprets what both forms have in common: checks 6 and 7.
func (c *claim) settle(signedHeaders, date string, plain bool) error {
	if len(c.token) > maxToken {
		return incomplete("X-Amz-Security-Token must not be longer than %d bytes.", maxToken)
	}
	if strings.Count(signedHeaders, ";") >= maxSignedHeaders {
		return incomplete("No more than %d headers can be signed.", maxSignedHeaders)
	}
	c.headers = strings.Split(strings.ToLower(signedHeaders), ";")
	slices.Sort(c.headers)
	c.headers = slices.Compact(c.headers)
	if !slices.ContainsFunc(c.headers, isHost) {
		return &Error{Kind: SignatureDoesNotMatch,
			Message: "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."}
	}
	at, err := time.Parse(timeFormat, date)
	if err == nil && at.Format(timeFormat) != date {
		at = time.Time{} // Parse lets fractions of a second pass
	}
	if err != nil && plain {
		at, _ = http.ParseTime(date)
	}
	if at.IsZero() {
		return incomplete("Date must be in ISO-8601 'basic format'. Got '%s'. See http://en.wikipedia.org/wiki/ISO_8601",
			echo(date, 64))
	}
	c.at = at.UTC()
	c.timestamp = c.at.Format(timeFormat)
	return nil
}

// isHost reports whether a signed header stands for the host: by its name, or
// by the one that HTTP/2 gives it.
func isHost(name string) bool { return name == "host" || name == ":authority" }

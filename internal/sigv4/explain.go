package sigv4

import (
	"crypto/sha256"
	"strings"
)

// explain describes for the log what was computed for a signature that did not
// match: the string to sign, for comparison with the client's, and the canonical
// request behind it with everything hidden that may be a secret.
func (c *claim) explain(request *canonicalRequest, candidates []candidate) string {
	plainest := candidates[0]
	hash := sha256.Sum256(request.append(nil, plainest))
	var b strings.Builder
	b.WriteString("string to sign:\n")
	b.Write(c.appendStringToSign(nil, hash))

	shown := *request
	shown.headers = make([]header, len(request.headers))
	for i, h := range request.headers {
		if h.name == "x-amz-security-token" || h.name == "cookie" {
			h.value = hidden
		}
		shown.headers[i] = h
	}
	plainest.query = c.query.redacted().canonical("X-Amz-Signature")
	b.WriteString("\ncanonical request:\n")
	b.Write(shown.append(nil, plainest))

	b.WriteString("\nhosts tried:")
	seen := map[string]bool{}
	for _, v := range candidates {
		if !seen[v.host] {
			seen[v.host] = true
			b.WriteString(" " + v.host)
		}
	}
	return b.String()
}

// hidden stands in for a value that the log must not hold.
const hidden = "hidden"

// redacted returns the query without the values that may be secrets: the
// session token, and whatever an application or operation put there itself.
func (q query) redacted() query {
	shown := query{params: make([]param, len(q.params))}
	for i, p := range q.params {
		if !strings.HasPrefix(p.name, "X-Amz-") || p.name == "X-Amz-Security-Token" {
			p.value = hidden
		}
		shown.params[i] = p
	}
	return shown
}

package sigv4

import (
	"cmp"
	"encoding/hex"
	"net/http"
	"net/textproto"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
)

// maxCanonicalHeaders bounds the bytes of the signed headers.
const maxCanonicalHeaders = 64 << 10

// param is one query parameter, decoded.
type param struct{ name, value string }

// query is a parsed query string. Unlike url.Values it keeps the order.
type query struct {
	params []param
	broken bool // some percent-escape was malformed
}

// parseQuery takes a raw query string apart. A plus sign is a space, which is
// how the services, and Go, read it.
func parseQuery(raw string) (q query) {
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name, err1 := url.QueryUnescape(name)
		value, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil {
			q.broken = true
			continue
		}
		q.params = append(q.params, param{name, value})
	}
	return q
}

// get returns the first value of a parameter.
func (q query) get(name string) (value string, ok bool) {
	for _, p := range q.params {
		if p.name == name {
			return p.value, true
		}
	}
	return "", false
}

// orHeader returns the first value of a parameter, or of the header of that
// name where there is no such parameter.
func (q query) orHeader(name string, r *http.Request) string {
	if value, ok := q.get(name); ok {
		return value
	}
	return r.Header.Get(name)
}

// count returns how often a parameter is given.
func (q query) count(name string) (n int) {
	for _, p := range q.params {
		if p.name == name {
			n++
		}
	}
	return n
}

// canonical writes the query as it is signed: encoded, sorted by encoded name,
// then value, without the parameters named.
func (q query) canonical(without ...string) string {
	if len(q.params) == 0 {
		return ""
	}
	encoded := make([]param, 0, len(q.params))
	for _, p := range q.params {
		if !slices.Contains(without, p.name) {
			encoded = append(encoded, param{escape(p.name, false), escape(p.value, false)})
		}
	}
	slices.SortFunc(encoded, func(a, b param) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.value, b.value))
	})
	var b strings.Builder
	for i, p := range encoded {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p.name)
		b.WriteByte('=')
		b.WriteString(p.value)
	}
	return b.String()
}

// canonicalPaths returns the ways in which a signer may have written the path:
// as it came over the wire, and with dot segments and repeated slashes resolved
// where that differs. AWS resolves them; the SDK for Go and Amplify do not. Each
// is encoded once more, whatever the wire had encoded already.
func canonicalPaths(u *url.URL) []string {
	// Not EscapedPath alone: it repairs what a client should have escaped but did
	// not, and such a client signed the bytes that it sent.
	raw := u.RawPath
	if decoded, err := url.PathUnescape(raw); raw == "" || err != nil || decoded != u.Path {
		raw = u.EscapedPath()
	}
	if !strings.HasPrefix(raw, "/") {
		raw = "/" + raw
	}
	resolved := path.Clean(raw)
	if resolved != "/" && strings.HasSuffix(raw, "/") {
		resolved += "/"
	}
	if resolved == raw {
		return []string{escape(raw, true)}
	}
	return []string{escape(raw, true), escape(resolved, true)}
}

// header is one signed header, its value canonical: repetitions joined by
// commas, spaces trimmed and runs of them collapsed.
type header struct{ name, value string }

// canonicalHeaders collects the signed headers. The value of the host is left
// empty, since there may be several candidates for it. problem, for the log,
// says why there is no canonical form.
func canonicalHeaders(r *http.Request, names []string) (headers []header, problem string) {
	headers = make([]header, 0, len(names))
	size := 0
	for _, name := range names {
		if isHost(name) {
			headers = append(headers, header{name, ""})
			continue
		}
		values := headerValues(r, name)
		if len(values) == 0 {
			return nil, "signed header '" + echo(name, 64) + "' is not in the request"
		}
		value := collapse(values[0])
		if len(values) > 1 {
			trimmed := make([]string, len(values))
			for i, v := range values {
				trimmed[i] = collapse(v)
			}
			value = strings.Join(trimmed, ",")
		}
		if size += len(name) + len(value) + 2; size > maxCanonicalHeaders {
			return nil, "signed headers are longer than " + strconv.Itoa(maxCanonicalHeaders) + " bytes"
		}
		headers = append(headers, header{name, value})
	}
	return headers, ""
}

// headerValues returns the values of a header. A length that is known without
// its header, as in HTTP/2, counts as the header.
func headerValues(r *http.Request, name string) []string {
	values := r.Header[textproto.CanonicalMIMEHeaderKey(name)]
	if len(values) == 0 && name == "content-length" && r.ContentLength >= 0 {
		return []string{strconv.FormatInt(r.ContentLength, 10)}
	}
	return values
}

// collapse trims a header value and turns its inner runs of spaces into one.
func collapse(s string) string {
	s = strings.Trim(s, " ")
	if strings.Contains(s, "  ") {
		words := strings.Split(s, " ")
		s = strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " ")
	}
	return strings.Trim(s, " \t")
}

// canonicalRequest is everything that a signature covers, with the parts that
// may vary between candidates left open.
type canonicalRequest struct {
	method  string
	headers []header
	signed  string // the names of headers, joined by semicolons
}

// candidate is one reading of a request that its signer may have signed.
type candidate struct{ path, query, host, payload string }

// append appends the canonical request of a candidate to dst.
func (c *canonicalRequest) append(dst []byte, v candidate) []byte {
	dst = append(dst, c.method...)
	dst = append(dst, '\n')
	dst = append(dst, v.path...)
	dst = append(dst, '\n')
	dst = append(dst, v.query...)
	dst = append(dst, '\n')
	for _, h := range c.headers {
		value := h.value
		if isHost(h.name) {
			value = v.host
		}
		dst = append(dst, h.name...)
		dst = append(dst, ':')
		dst = append(dst, value...)
		dst = append(dst, '\n')
	}
	dst = append(dst, '\n')
	dst = append(dst, c.signed...)
	dst = append(dst, '\n')
	return append(dst, v.payload...)
}

// unreserved holds the bytes that RFC 3986 never escapes.
var unreserved = func() (set [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~") {
		set[c] = true
	}
	return set
}()

// escape percent-encodes all but the unreserved bytes, and the slashes unless
// they are to be kept.
func escape(s string, keepSlash bool) string {
	keep := func(c byte) bool { return unreserved[c] || keepSlash && c == '/' }
	plain := 0
	for plain < len(s) && keep(s[plain]) {
		plain++
	}
	if plain == len(s) {
		return s
	}
	const digits = "0123456789ABCDEF"
	dst := append(make([]byte, 0, len(s)+16), s[:plain]...)
	for i := plain; i < len(s); i++ {
		if c := s[i]; keep(c) {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(dst)
}

// hexOf returns the lower-case hexadecimal form of a hash.
func hexOf(sum [32]byte) string { return hex.EncodeToString(sum[:]) }

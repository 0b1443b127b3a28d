package sigv4

import (
	"net/http"
	"strings"
)

// Scope is what a request claims about itself in its credential: whose key
// signed it, and for which day, region and service. A claim, nothing more,
// until [Verifier.Verify] has agreed.
type Scope struct {
	AccessKeyID string
	Date        string // YYYYMMDD
	Region      string // as signed; see [CutRegion] for the real one
	Service     string // signing name: "mobiletargeting"
}

// ScopeOf reads the scope that a request claims, in its Authorization header
// or, presigned, in its query. It is cheap and checks nothing, and is meant for
// choosing the service that a request goes to. ok is false when the request has
// no signature of this version, or one whose credential cannot be read.
func ScopeOf(r *http.Request) (s Scope, ok bool) {
	credential, ok := credentialOf(r)
	if !ok {
		return Scope{}, false
	}
	s, _, ok = parseCredential(credential)
	return s, ok
}

// credentialOf finds the text of the credential, if there is one to find.
func credentialOf(r *http.Request) (string, bool) {
	if values := r.Header["Authorization"]; len(values) > 0 {
		algorithm, rest, _ := strings.Cut(values[0], " ")
		if algorithm != algorithmName || len(rest) > maxAuthorization {
			return "", false
		}
		for part := range strings.SplitSeq(rest, ",") {
			if v, ok := strings.CutPrefix(strings.TrimSpace(part), "Credential="); ok {
				return v, true
			}
		}
		return "", false
	}
	// A POST of the Query protocol may name these in its body; nobody signs that way.
	if len(r.URL.RawQuery) > maxQuery || !strings.Contains(r.URL.RawQuery, "X-Amz-Credential") {
		return "", false
	}
	return parseQuery(r.URL.RawQuery).get("X-Amz-Credential")
}

// parseCredential splits keyid/date/region/service/term. The region is whatever
// remains in the middle: an Amplify app that was pointed here through its region
// setting signs with "us-east-1.push.example.org/" in that place.
func parseCredential(credential string) (s Scope, term string, ok bool) {
	var rest string
	if s.AccessKeyID, rest, ok = strings.Cut(credential, "/"); !ok {
		return Scope{}, "", false
	}
	if s.Date, rest, ok = strings.Cut(rest, "/"); !ok {
		return Scope{}, "", false
	}
	if rest, term, ok = cutLast(rest); !ok {
		return Scope{}, "", false
	}
	if s.Region, s.Service, ok = cutLast(rest); !ok {
		return Scope{}, "", false
	}
	return s, term, true
}

// cutLast cuts s around its last slash.
func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// CutRegion returns the AWS region at the head of a scope's region:
// "us-east-1" of "us-east-1", and also of "us-east-1.push.example.org/", which
// Amplify signs with when its region setting carries a host name. ok is false
// when there is no well-formed region at the head.
func CutRegion(region string) (name string, ok bool) {
	end := strings.IndexFunc(region, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-')
	})
	if end < 0 {
		end = len(region)
	}
	name = region[:end]
	first, last := strings.IndexByte(name, '-'), strings.LastIndexByte(name, '-')
	if first != 2 || last <= first+1 || len(name)-last > 3 || last == len(name)-1 {
		return "", false
	}
	// xx, then one word or more, then one or two digits: us-east-1, us-gov-west-1.
	words, number := name[:last], name[last+1:]
	if strings.Contains(words, "--") || strings.HasSuffix(words, "-") ||
		strings.ContainsAny(words, "0123456789") || strings.Trim(number, "0123456789") != "" {
		return "", false
	}
	return name, true
}

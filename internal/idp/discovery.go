package idp

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

const wellKnown = "/.well-known/openid-configuration"

// Bounds of how long a provider's keys are trusted. Cache-Control decides between them.
const (
	minFresh     = 5 * time.Minute
	maxFresh     = 24 * time.Hour
	defaultFresh = time.Hour
)

// CheckIssuer tells whether a text can be the issuer of an OpenID Connect provider
// (OpenID Connect Discovery, section 2): an https URL without query, fragment and user.
// Plain http is for [FetchConfig.AllowLoopback], which decides when it is fetched.
func CheckIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	switch {
	case err != nil || len(issuer) > 255:
		return refuse(ErrMalformed, "the issuer is not a URL")
	case u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.Opaque != "":
		return refuse(ErrMalformed, "the issuer %s is not an https URL", shown(issuer))
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.Contains(issuer, "#"):
		return refuse(ErrMalformed, "the issuer %s is more than scheme, host and path", shown(issuer))
	}
	return nil
}

// fetchKeys finds an issuer's keys by its discovery document, and says how long they are
// fresh.
func fetchKeys(ctx context.Context, f *fetcher, issuer string) ([]publicKey, time.Duration, error) {
	if err := CheckIssuer(issuer); err != nil {
		return nil, 0, err
	}
	got, err := f.document(ctx, strings.TrimSuffix(issuer, "/")+wellKnown, maxDocument)
	if err != nil {
		return nil, 0, err
	}
	var discovered struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if !jsontext.Value(got.body).IsValid() || json.Unmarshal(got.body, &discovered) != nil {
		return nil, 0, refuse(ErrUnreachable, "%s has no discovery document", shown(issuer))
	}
	if discovered.Issuer != issuer {
		return nil, 0, refuse(ErrUnreachable, "%s calls itself %s", shown(issuer), shown(discovered.Issuer))
	}
	got, err = f.document(ctx, discovered.Keys, maxDocument)
	if err != nil {
		return nil, 0, err
	}
	keys, err := parseKeySet(got.body)
	if err != nil {
		return nil, 0, err
	}
	return keys, freshFor(got.header), nil
}

// freshFor reads how long an answer may be kept (RFC 9111, sections 4.2 and 5.2).
func freshFor(h http.Header) time.Duration {
	fresh := defaultFresh
	for directive := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(directive)), "=")
		switch name {
		case "no-store", "no-cache":
			return minFresh
		case "max-age":
			seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31)
			if err != nil {
				return minFresh
			}
			age, _ := strconv.ParseUint(h.Get("Age"), 10, 31)
			fresh = time.Duration(seconds)*time.Second - time.Duration(age)*time.Second
		}
	}
	return min(max(fresh, minFresh), maxFresh)
}

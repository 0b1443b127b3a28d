package idp

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	maxAudiences = 100
	maxSubject   = 255 // characters; OpenID Connect Core, section 2
)

// claims are what a token says. Nothing of it is verified here.
type claims struct {
	issuer, subject, azp string
	audience             []string
	amr                  []string
	issued, expires      time.Time
	notBefore            time.Time // zero if not said
	all                  map[string]any
}

// parseClaims reads the claims that every ID token has, in the form that it must have
// them in.
func parseClaims(payload []byte) (c claims, err error) {
	if value := jsontext.Value(payload); !value.IsValid() || value.Kind() != '{' {
		return c, refuse(ErrMalformed, "the claims are not a JSON object")
	}
	d := json.NewDecoder(bytes.NewReader(payload))
	d.UseNumber()
	if err := d.Decode(&c.all); err != nil {
		return c, refuse(ErrMalformed, "the claims are not a JSON object")
	}
	r := claimReader{all: c.all}
	c.issuer = r.text("iss", true)
	c.subject = r.text("sub", true)
	c.azp = r.text("azp", false)
	c.audience = r.texts("aud", true)
	c.amr = r.amr()
	c.expires = r.date("exp", true)
	c.issued = r.date("iat", true)
	c.notBefore = r.date("nbf", false)
	if r.refused == nil && len(c.subject) > maxSubject {
		r.refused = refuse(ErrMalformed, "the subject is longer than %d bytes", maxSubject)
	}
	if r.refused != nil {
		return c, r.refused
	}
	return c, nil
}

// claimReader reads members by name, and remembers the first that is not as it has to be.
type claimReader struct {
	all     map[string]any
	refused *Error
}

func (r *claimReader) refuse(name, what string) {
	if r.refused == nil {
		r.refused = refuse(ErrMalformed, "claim %s %s", name, what)
	}
}

// text reads a claim that is a non-empty string.
func (r *claimReader) text(name string, required bool) string {
	value, found := r.all[name]
	if !found {
		if required {
			r.refuse(name, "is missing")
		}
		return ""
	}
	text, ok := value.(string)
	if !ok || text == "" {
		r.refuse(name, "is not a string")
	}
	return text
}

// texts reads a claim that is a string or an array of some.
func (r *claimReader) texts(name string, required bool) []string {
	list, isList := r.all[name].([]any)
	if !isList {
		if text := r.text(name, required); text != "" {
			return []string{text}
		}
		return nil
	}
	if len(list) == 0 || len(list) > maxAudiences {
		r.refuse(name, "is an array of none or too many")
		return nil
	}
	texts := make([]string, len(list))
	for i, value := range list {
		text, ok := value.(string)
		if !ok || text == "" {
			r.refuse(name, "holds what is not a string")
		}
		texts[i] = text
	}
	return texts
}

// amr reads the methods of authentication, which some issuers write as one string and
// an empty array says nothing.
func (r *claimReader) amr() []string {
	if list, ok := r.all["amr"].([]any); ok && len(list) == 0 {
		return nil
	}
	if r.all["amr"] == nil {
		return nil
	}
	return r.texts("amr", false)
}

// date reads a claim that counts seconds, which AWS takes in whole numbers only.
func (r *claimReader) date(name string, required bool) time.Time {
	value, found := r.all[name]
	if !found {
		if required {
			r.refuse(name, "is missing")
		}
		return time.Time{}
	}
	const year9999 = 253402300799
	number, _ := value.(json.Number)
	seconds, err := strconv.ParseInt(number.String(), 10, 64)
	if err != nil || seconds <= 0 || seconds > year9999 {
		r.refuse(name, "is not a date in whole seconds")
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// at judges whether the token is valid at a moment. An end is an end: grace is only for
// a clock that runs ahead of ours.
func (c *claims) at(now time.Time) error {
	switch {
	case !now.Before(c.expires):
		e := refuse(ErrExpired, "since %s", c.expires.Format(time.RFC3339))
		e.Expired = c.expires
		return e
	case now.Add(skew).Before(c.notBefore):
		return refuse(ErrNotYetValid, "not before %s", c.notBefore.Format(time.RFC3339))
	case now.Add(skew).Before(c.issued):
		return refuse(ErrNotYetValid, "issued at %s, which is in the future", c.issued.Format(time.RFC3339))
	case !c.issued.Before(c.expires):
		return refuse(ErrMalformed, "it expires before it is issued")
	}
	return nil
}

// client returns the client that the token was made for. Like Cognito, and as section
// 3.1.3.7 of OpenID Connect Core demands where there are several audiences, it goes by
// the authorized party if the token names one.
func (c *claims) client(trusted Clients) (string, error) {
	client := c.azp
	if client == "" {
		if len(c.audience) > 1 {
			return "", refuse(ErrAudience, "several audiences and no authorized party")
		}
		client = c.audience[0]
	}
	if !trusted.trust(client) {
		return "", refuse(ErrAudience, "made for %s", shown(client))
	}
	return client, nil
}

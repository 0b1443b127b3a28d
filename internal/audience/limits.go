package audience

import (
	"strings"
	"time"
	"unicode/utf8"

	"pintail/internal/gen/pinpoint"
)

// Limits of endpoints and users (Pinpoint quotas). Lengths are in characters.
const (
	maxAttributeName  = 50
	maxAttributeValue = 100
	maxValues         = 50       // of one attribute
	maxSize           = 15 << 10 // bytes of an endpoint's, or a user's, names and values
	maxBatch          = 100      // endpoints of one request

	// maxID bounds endpoint and user ids, in bytes: what the directory keeps as
	// a key. AWS publishes no limit.
	maxID = 1024
)

func badRequest(format string, args ...any) error {
	return pinpoint.BadRequestException.Newf(format, args...)
}

// plain tells whether the directory can keep every text.
func plain(texts ...string) bool {
	for _, s := range texts {
		if strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s) {
			return false
		}
	}
	return true
}

// CheckEndpointID holds an endpoint id against the rules of the Pinpoint API
// reference (EndpointBatchItem.Id) and of the directory. It returns
// BadRequestException.
func CheckEndpointID(id string) error {
	switch {
	case id == "":
		return badRequest("Missing Id")
	case len(id) > maxID:
		return badRequest("An endpoint id has at most %d bytes.", maxID)
	case strings.ContainsAny(id, "${}") || !plain(id):
		return badRequest("An endpoint id must not contain $, { or }, or characters that are not text.")
	}
	return nil
}

// checkRequest holds a request against every rule that does not depend on the
// endpoint.
func checkRequest(r *pinpoint.EndpointRequest) error {
	if err := checkAttributes(r.Attributes); err != nil {
		return err
	}
	for name := range r.Metrics {
		if err := checkName(name); err != nil {
			return err
		}
	}
	if s := r.EndpointStatus; s != "" && s != active && s != inactive {
		return badRequest("EndpointStatus must be ACTIVE or INACTIVE.")
	}
	if o := r.OptOut; o != "" && o != optOutAll && o != optOutNone {
		return badRequest("OptOut must be ALL or NONE.")
	}
	if err := checkLocation(r.Location); err != nil {
		return err
	}
	if err := checkUser(r.User); err != nil {
		return err
	}
	if d := r.Demographic; d != nil && !plain(d.AppVersion, d.Locale, d.Make, d.Model, d.ModelVersion, d.Platform, d.PlatformVersion, d.Timezone) ||
		!plain(r.Address, r.RequestId, string(r.ChannelType)) {
		return errText
	}
	return nil
}

var errText = badRequest("A value holds a character that is not text.")

func checkName(name string) error {
	if n := utf8.RuneCountInString(name); n == 0 || n > maxAttributeName {
		return badRequest("Attribute and metric names must have 1 to %d characters.", maxAttributeName)
	}
	if !plain(name) {
		return errText
	}
	return nil
}

func checkAttributes(attributes map[string][]string) error {
	for name, values := range attributes {
		if err := checkName(name); err != nil {
			return err
		}
		if len(values) > maxValues {
			return badRequest("An attribute has at most %d values.", maxValues)
		}
		for _, value := range values {
			if utf8.RuneCountInString(value) > maxAttributeValue {
				return badRequest("An attribute value has at most %d characters.", maxAttributeValue)
			}
			if !plain(value) {
				return errText
			}
		}
	}
	return nil
}

func checkUser(u *pinpoint.EndpointUser) error {
	if u == nil {
		return nil
	}
	if len(u.UserId) > maxID {
		return badRequest("A user id has at most %d bytes.", maxID)
	}
	if !plain(u.UserId) {
		return errText
	}
	return checkAttributes(u.UserAttributes)
}

func checkLocation(l *pinpoint.EndpointLocation) error {
	switch {
	case l == nil:
		return nil
	case l.Latitude != nil && (*l.Latitude < -90 || *l.Latitude > 90):
		return badRequest("Latitude must be between -90 and 90.")
	case l.Longitude != nil && (*l.Longitude < -180 || *l.Longitude > 180):
		return badRequest("Longitude must be between -180 and 180.")
	case !plain(l.City, l.Country, l.PostalCode, l.Region):
		return errText
	}
	return nil
}

// checkEndpoint judges an endpoint as it would be after a patch.
func checkEndpoint(e *endpoint) error {
	switch {
	case e.ChannelType == "" && e.Address != "":
		return badRequest("Missing ChannelType")
	case e.ChannelType != "" && e.ChannelType != pinpoint.ChannelTypeInApp && e.Address == "":
		return badRequest("Missing Address")
	case e.size() > maxSize:
		return badRequest("An endpoint has at most %d KB.", maxSize>>10)
	}
	return nil
}

// size counts the bytes of what clients can make large.
func (e *endpoint) size() int {
	n := len(e.ID) + len(e.Address) + len(e.UserID) + len(e.RequestID) + attributesSize(e.Attributes) + attributesSize(e.Unclaimed)
	for name := range e.Metrics {
		n += len(name) + 8
	}
	if d := e.Demographic; d != nil {
		n += len(d.AppVersion) + len(d.Locale) + len(d.Make) + len(d.Model) + len(d.ModelVersion) + len(d.Platform) + len(d.PlatformVersion) + len(d.Timezone)
	}
	if l := e.Location; l != nil {
		n += len(l.City) + len(l.Country) + len(l.PostalCode) + len(l.Region) + 16
	}
	return n
}

func attributesSize(attributes map[string][]string) int {
	n := 0
	for name, values := range attributes {
		n += len(name)
		for _, value := range values {
			n += len(value)
		}
	}
	return n
}

// ParseTime reads a date as Pinpoint's clients write it: ISO 8601 with a time
// and a zone, with or without fractions of a second, of which milliseconds are
// kept. Years are 1970 to 9999.
func ParseTime(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t, err = time.Parse("2006-01-02T15:04:05Z0700", text)
	}
	if err != nil {
		return time.Time{}, err
	}
	t = t.UTC().Truncate(time.Millisecond)
	if year := t.Year(); year < 1970 || year > 9999 {
		return time.Time{}, badRequest("The year %d is not between 1970 and 9999.", year)
	}
	return t, nil
}

package audience

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"pintail/internal/gen/pinpoint"
	"pintail/internal/wire"
)

// maxPhoneNumber bounds what is looked at, in characters.
const maxPhoneNumber = 100

// phoneType is what Pinpoint calls a kind of numbers (Pinpoint API reference,
// NumberValidateResponse).
type phoneType struct {
	name string
	code int32
}

var (
	phoneMobile   = phoneType{"MOBILE", 0}
	phoneLandline = phoneType{"LANDLINE", 1}
	phoneVoIP     = phoneType{"VOIP", 2}
	phoneInvalid  = phoneType{"INVALID", 3}
	phoneOther    = phoneType{"OTHER", 4}
)

// phoneTypes are the kinds that the numbering plans tell apart. Where they give
// mobile phones and landlines the same numbers, as in North America, it counts
// that a text message may arrive.
var phoneTypes = map[phonenumbers.PhoneNumberType]phoneType{
	phonenumbers.MOBILE:               phoneMobile,
	phonenumbers.FIXED_LINE_OR_MOBILE: phoneMobile,
	phonenumbers.FIXED_LINE:           phoneLandline,
	phonenumbers.VOIP:                 phoneVoIP,
}

var countryCode = regexp.MustCompile(`^[A-Za-z]{2}$`)

// phoneNumberValidate implements PhoneNumberValidate, by the numbering plans
// alone: whether somebody has the number only a carrier knows.
func (s *Service) phoneNumberValidate(_ context.Context, _ *wire.Call, in *pinpoint.PhoneNumberValidateRequest) (*pinpoint.PhoneNumberValidateResponse, error) {
	text, country := in.NumberValidateRequest.PhoneNumber, in.NumberValidateRequest.IsoCountryCode
	switch {
	case text == "":
		return nil, badRequest("Missing PhoneNumber")
	case utf8.RuneCountInString(text) > maxPhoneNumber:
		return nil, badRequest("PhoneNumber has at most %d characters.", maxPhoneNumber)
	case country != "" && !countryCode.MatchString(country):
		return nil, badRequest("IsoCountryCode must be a country's code of two letters.")
	}
	out := &pinpoint.NumberValidateResponse{OriginalPhoneNumber: text, OriginalCountryCodeIso2: strings.ToUpper(country)}
	number, err := parsePhone(text, out.OriginalCountryCodeIso2)
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return answerPhone(out, phoneInvalid), nil
	}
	out.CleansedPhoneNumberE164 = phonenumbers.Format(number, phonenumbers.E164)
	out.CleansedPhoneNumberNational = phonenumbers.GetNationalSignificantNumber(number)
	out.CountryCodeNumeric = strconv.Itoa(int(number.GetCountryCode()))
	out.CountryCodeIso2, out.Country = countryOf(number)
	// Some numbers say which time zone they are in, others leave a choice.
	if zones, err := phonenumbers.GetTimezonesForNumber(number); err == nil && len(zones) == 1 && zones[0] != phonenumbers.UNKNOWN_TIMEZONE {
		out.Timezone = zones[0]
	}
	kind, ok := phoneTypes[phonenumbers.GetNumberType(number)]
	if !ok {
		kind = phoneOther
	}
	return answerPhone(out, kind), nil
}

func answerPhone(out *pinpoint.NumberValidateResponse, kind phoneType) *pinpoint.PhoneNumberValidateResponse {
	out.PhoneType, out.PhoneTypeCode = kind.name, &kind.code
	return &pinpoint.PhoneNumberValidateResponse{NumberValidateResponse: out}
}

// parsePhone reads a number of a country, or, where none is given, one that
// begins with its country's code, with or without a plus sign.
func parsePhone(text, country string) (*phonenumbers.PhoneNumber, error) {
	if country == "" && !strings.HasPrefix(text, "+") {
		text = "+" + text
	}
	return phonenumbers.Parse(text, country)
}

// countryOf returns the code and the English name of a number's country. Numbers
// of no country, such as those of satellites, have neither.
func countryOf(number *phonenumbers.PhoneNumber) (code, name string) {
	code = phonenumbers.GetRegionCodeForNumber(number)
	region, err := language.ParseRegion(code)
	if err != nil || !region.IsCountry() {
		return "", ""
	}
	return code, display.English.Regions().Name(region)
}

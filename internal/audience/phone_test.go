package audience_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func (s *server) phone(t testing.TB, number, country string) (*types.NumberValidateResponse, error) {
	t.Helper()
	in := &types.NumberValidateRequest{PhoneNumber: &number}
	if country != "" {
		in.IsoCountryCode = &country
	}
	out, err := s.PhoneNumberValidate(t.Context(), &pinpoint.PhoneNumberValidateInput{NumberValidateRequest: in})
	if err != nil {
		return nil, err
	}
	return out.NumberValidateResponse, nil
}

// Numbers that regulators have set aside for films and examples, and some of
// which the numbering plan itself says what they are.
func TestPhoneNumberValidate(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, test := range []struct {
		number, country string
		kind            string
		code            int32
		e164, national  string
		iso, numeric    string
		name, zone      string
	}{
		{"+442071838750", "", "LANDLINE", 1, "+442071838750", "2071838750", "GB", "44", "United Kingdom", "Europe/London"},
		{"020 7183 8750", "GB", "LANDLINE", 1, "+442071838750", "2071838750", "GB", "44", "United Kingdom", "Europe/London"},
		{"07400 123456", "gb", "MOBILE", 0, "+447400123456", "7400123456", "GB", "44", "United Kingdom", ""}, // or Guernsey, or ...
		{"49 1512 3456789", "", "MOBILE", 0, "+4915123456789", "15123456789", "DE", "49", "Germany", "Europe/Berlin"},
		{"+1 (206) 555-0142", "DE", "MOBILE", 0, "+12065550142", "2065550142", "US", "1", "United States", "America/Los_Angeles"},
		{"1 800 555 2368", "US", "OTHER", 4, "+18005552368", "8005552368", "US", "1", "United States", ""},
		{"+33 9 87 65 43 21", "", "VOIP", 2, "+33987654321", "987654321", "FR", "33", "France", "Europe/Paris"},
		{"+39 02 1234567", "", "LANDLINE", 1, "+39021234567", "021234567", "IT", "39", "Italy", "Europe/Rome"},
		{"+800 1234 5678", "", "OTHER", 4, "+80012345678", "12345678", "", "800", "", ""},
		{"+44207", "", "INVALID", 3, "", "", "", "", "", ""},
		{"0207 183 8750", "", "INVALID", 3, "", "", "", "", "", ""},
		{"020 7183 8750", "US", "INVALID", 3, "", "", "", "", "", ""},
		{"020 7183 8750", "ZZ", "INVALID", 3, "", "", "", "", "", ""},
		{"not a number", "", "INVALID", 3, "", "", "", "", "", ""},
		{"Ä\x01", "DE", "INVALID", 3, "", "", "", "", "", ""},
	} {
		t.Run(test.number+" "+test.country, func(t *testing.T) {
			got, err := s.phone(t, test.number, test.country)
			must(t, err)
			text := func(s string) *string {
				if s == "" {
					return nil
				}
				return &s
			}
			want := &types.NumberValidateResponse{
				OriginalPhoneNumber: &test.number, OriginalCountryCodeIso2: text(strings.ToUpper(test.country)),
				PhoneType: &test.kind, PhoneTypeCode: &test.code,
				CleansedPhoneNumberE164: text(test.e164), CleansedPhoneNumberNational: text(test.national),
				CountryCodeIso2: text(test.iso), CountryCodeNumeric: text(test.numeric), Country: text(test.name), Timezone: text(test.zone),
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(types.NumberValidateResponse{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPhoneNumberValidateRefuses(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	_, err := s.phone(t, "", "")
	refused(t, err, "BadRequestException", "Missing PhoneNumber")
	_, err = s.phone(t, strings.Repeat("1", 101), "")
	refused(t, err, "BadRequestException", "PhoneNumber has at most 100 characters.")
	for _, country := range []string{"USA", "1", "U$"} {
		_, err = s.phone(t, "+12065550142", country)
		refused(t, err, "BadRequestException", "IsoCountryCode must be a country's code of two letters.")
	}
	if code, answer := s.raw(t, "POST", "/v1/phone/number/validate", `null`); code != 400 || answer["__type"] != "BadRequestException" {
		t.Errorf("no body: %d %v", code, answer)
	}
}

// TestAnyPhoneNumber: whatever is typed, the answer is one of the known kinds,
// and the same number cleansed is taken for what it was.
func TestAnyPhoneNumber(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	rapid.Check(t, func(r *rapid.T) {
		number := rapid.OneOf(
			rapid.StringOfN(rapid.RuneFrom([]rune("0123456789+-() .;=x/a٣＋,#*")), 1, 30, -1),
			rapid.StringMatching(`\+[1-9][0-9]{5,13}`),
			rapid.StringOfN(rapid.Rune(), 1, 20, -1),
		).Draw(r, "number")
		country := rapid.SampledFrom([]string{"", "US", "GB", "DE", "ZZ", "RU"}).Draw(r, "country")
		got, err := s.phone(t, number, country)
		if err != nil {
			r.Fatalf("%q: %v", number, err)
		}
		kinds := map[string]int32{"MOBILE": 0, "LANDLINE": 1, "VOIP": 2, "INVALID": 3, "OTHER": 4}
		if code, ok := kinds[*got.PhoneType]; !ok || code != *got.PhoneTypeCode {
			r.Fatalf("%q is %s, %d", number, *got.PhoneType, *got.PhoneTypeCode)
		}
		if *got.PhoneType == "INVALID" {
			return
		}
		again, err := s.phone(t, *got.CleansedPhoneNumberE164, "")
		must(t, err)
		if aws.ToString(again.CleansedPhoneNumberE164) != *got.CleansedPhoneNumberE164 || *again.PhoneType != *got.PhoneType {
			r.Errorf("%q is %s, %s, and then %s, %s", number, *got.CleansedPhoneNumberE164, *got.PhoneType, aws.ToString(again.CleansedPhoneNumberE164), *again.PhoneType)
		}
	})
}

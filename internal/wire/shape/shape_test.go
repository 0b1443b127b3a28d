package shape

import (
	"errors"
	"math"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestErrorPath(t *testing.T) {
	t.Parallel()
	err := In("Tags", In("2", In("Value", Problem("expected a string"))))
	if got := err.Error(); got != "Tags.2.Value: expected a string" {
		t.Error(got)
	}
	other := errors.New("other")
	if In("Tags", other) != other {
		t.Error("a foreign error was changed")
	}
}

func TestTimeFormats(t *testing.T) {
	t.Parallel()
	moment := time.Date(2014, 4, 29, 18, 30, 38, 120_999_999, time.FixedZone("", 3600))
	for format, want := range map[TimeFormat]string{
		UnixTimestamp: "1398792638.12",
		ISO8601:       "2014-04-29T17:30:38.120Z",
		RFC822:        "Tue, 29 Apr 2014 17:30:38 GMT",
	} {
		if got := string(format.Append(nil, moment)); got != want {
			t.Errorf("%s: got %s, want %s", format, got, want)
		}
	}
	for text, format := range map[string]TimeFormat{
		"": UnixTimestamp, "now": UnixTimestamp, "1e300": UnixTimestamp, "-62135596800": UnixTimestamp, "253402300800": UnixTimestamp,
		"2014-04-29": ISO8601, "2014-04-29T17:30:38": ISO8601, "2014-02-30T17:30:38Z": ISO8601, "0000-01-01T00:00:00Z": ISO8601,
		"Tue, 29 Apr 2014 17:30:38 CET": RFC822, "1398792638": RFC822,
	} {
		var refusal *Error
		if got, err := format.Parse(text); !errors.As(err, &refusal) || !got.IsZero() {
			t.Errorf("%s: %q is %v, %v", format, text, got, err)
		}
	}
}

func TestTimeRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Range(minTime.UnixMilli(), maxTime.UnixMilli()).Draw(t, "ms")
		for _, format := range []TimeFormat{UnixTimestamp, ISO8601, RFC822} {
			want := time.UnixMilli(ms).UTC()
			if format == RFC822 {
				want = want.Truncate(time.Second)
			}
			text := string(format.Append(nil, want))
			if got, err := format.Parse(text); err != nil || !got.Equal(want) {
				t.Errorf("%s: %s is %v, %v, want %v", format, text, got, err, want)
			}
		}
	})
}

func TestFloats(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{"0": 0, "-1.5": -1.5, "1E3": 1000, "+.5": 0.5} {
		if got, err := ParseFloat(text, 64); err != nil || got != want {
			t.Errorf("%s is %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "NaN", "inf", "Infinity", "0x1p4", "1_000", "1e", "--1", "1e400"} {
		if got, err := ParseFloat(text, 64); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if got, err := AppendFloat(nil, f, 64); err == nil {
			t.Errorf("%v is %s", f, got)
		}
	}
}

func TestOtherTypesPanic(t *testing.T) {
	t.Parallel()
	for _, v := range []any{new(map[string]string), new(uint8), new([]string)} {
		value := reflect.ValueOf(v).Elem()
		if IsScalar(value.Type()) {
			t.Errorf("%s is a scalar", value.Type())
		}
		for _, f := range []func(){
			func() { _ = SetText(value, "1", ISO8601) },
			func() { _, _ = AppendText(nil, value, ISO8601) },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s has a text form", value.Type())
					}
				}()
				f()
			}()
		}
	}
}

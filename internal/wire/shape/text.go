package shape

import (
	"encoding/base64"
	"math"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"
)

var (
	timeType = reflect.TypeFor[time.Time]()
	blobType = reflect.TypeFor[[]byte]()
)

// SetText sets v, a scalar or a pointer to one, to the value that the text
// stands for. Blobs are base64, timestamps in the format f.
func SetText(v reflect.Value, text string, f TimeFormat) error {
	switch v.Type() {
	case timeType:
		t, err := f.Parse(text)
		if err != nil {
			return err
		}
		v.Set(reflect.ValueOf(t))
		return nil
	case blobType:
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return Problem("expected base64")
		}
		v.SetBytes(b)
		return nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		elem := reflect.New(v.Type().Elem())
		if err := SetText(elem.Elem(), text, f); err != nil {
			return err
		}
		v.Set(elem)
		return nil
	case reflect.String:
		if !utf8.ValidString(text) {
			return Problem("the text is not valid UTF-8")
		}
		v.SetString(text)
		return nil
	case reflect.Bool:
		if text != "true" && text != "false" {
			return Problem("expected true or false")
		}
		v.SetBool(text == "true")
		return nil
	}
	return setNumber(v, text)
}

func setNumber(v reflect.Value, text string) error {
	switch v.Kind() {
	case reflect.Int32, reflect.Int64:
		n, err := ParseInt(text, v.Type().Bits())
		if err != nil {
			return err
		}
		v.SetInt(n)
		return nil
	case reflect.Float32, reflect.Float64:
		n, err := ParseFloat(text, v.Type().Bits())
		if err != nil {
			return err
		}
		v.SetFloat(n)
		return nil
	}
	panic("shape: " + v.Type().String() + " has no text form")
}

// ParseInt reads a decimal integer of the given size.
func ParseInt(s string, bits int) (int64, error) {
	n, err := strconv.ParseInt(s, 10, bits)
	switch {
	case err == nil:
		return n, nil
	case n != 0:
		return 0, Problem("the number is out of range")
	}
	return 0, Problem("expected an integer")
}

// AppendText writes the text form of a scalar, or of what a pointer to one
// points to. It refuses numbers that no protocol can carry.
func AppendText(dst []byte, v reflect.Value, f TimeFormat) ([]byte, error) {
	switch v.Type() {
	case timeType:
		return f.Append(dst, v.Interface().(time.Time)), nil
	case blobType:
		return base64.StdEncoding.AppendEncode(dst, v.Bytes()), nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		return AppendText(dst, v.Elem(), f)
	case reflect.String:
		return append(dst, v.String()...), nil
	case reflect.Bool:
		return strconv.AppendBool(dst, v.Bool()), nil
	case reflect.Int32, reflect.Int64:
		return strconv.AppendInt(dst, v.Int(), 10), nil
	case reflect.Float32, reflect.Float64:
		return AppendFloat(dst, v.Float(), v.Type().Bits())
	}
	panic("shape: " + v.Type().String() + " has no text form")
}

// AppendFloat writes a number in its shortest form, with an exponent only where
// ECMAScript would write one. It refuses infinities and NaN.
func AppendFloat(dst []byte, f float64, bits int) ([]byte, error) {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return dst, Problem("the number is not finite")
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, bits), nil
}

// IsScalar tells whether values of the type have a text form.
func IsScalar(t reflect.Type) bool {
	switch t {
	case timeType, blobType:
		return true
	}
	switch t.Kind() {
	case reflect.Pointer:
		return t.Elem().Kind() != reflect.Struct && IsScalar(t.Elem())
	case reflect.String, reflect.Bool, reflect.Int32, reflect.Int64, reflect.Float32, reflect.Float64:
		return true
	}
	return false
}

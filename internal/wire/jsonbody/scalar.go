package jsonbody

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"pintail/internal/wire/shape"
)

type stringCodec struct{}

func (stringCodec) decode(s *scanner, v reflect.Value) error {
	text, err := s.string()
	if err != nil {
		return err
	}
	v.SetString(text)
	return nil
}

func (s *scanner) string() (string, error) {
	text, err := s.text()
	if err != nil {
		return "", err
	}
	return s.intern(text), nil
}

func (stringCodec) append(dst []byte, v reflect.Value) ([]byte, error) {
	return quote(dst, v.String()), nil
}

// quote writes a JSON string. Invalid UTF-8, which no request can bring in,
// becomes U+FFFD: an answer is always JSON.
func quote(dst []byte, text string) []byte {
	dst, _ = jsontext.AppendQuote(dst, text)
	return dst
}

type boolCodec struct{}

func (boolCodec) decode(s *scanner, v reflect.Value) error {
	b, err := s.boolean()
	if err != nil {
		return err
	}
	v.SetBool(b)
	return nil
}

func (boolCodec) append(dst []byte, v reflect.Value) ([]byte, error) {
	return strconv.AppendBool(dst, v.Bool()), nil
}

type intCodec struct{ bits int }

func (c intCodec) decode(s *scanner, v reflect.Value) error {
	text, err := s.number()
	if err != nil {
		return err
	}
	n, err := shape.ParseInt(string(text), c.bits)
	if err != nil {
		return err
	}
	v.SetInt(n)
	return nil
}

func (intCodec) append(dst []byte, v reflect.Value) ([]byte, error) {
	return strconv.AppendInt(dst, v.Int(), 10), nil
}

type floatCodec struct{ bits int }

func (c floatCodec) decode(s *scanner, v reflect.Value) error {
	n, err := s.float(c.bits)
	if err != nil {
		return err
	}
	v.SetFloat(n)
	return nil
}

func (s *scanner) float64() (float64, error) { return s.float(64) }

func (s *scanner) float(bits int) (float64, error) {
	text, err := s.number()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseFloat(string(text), bits)
	if err != nil {
		return 0, shape.Problem("the number is out of range")
	}
	return n, nil
}

func (c floatCodec) append(dst []byte, v reflect.Value) ([]byte, error) {
	return shape.AppendFloat(dst, v.Float(), c.bits)
}

// timeCodec reads and writes timestamps: numbers when they count seconds,
// strings in the other formats.
type timeCodec struct{ format shape.TimeFormat }

func (c timeCodec) decode(s *scanner, v reflect.Value) error {
	t, err := c.read(s)
	if err != nil {
		return err
	}
	*v.Addr().Interface().(*time.Time) = t
	return nil
}

func (c timeCodec) read(s *scanner) (time.Time, error) {
	if c.format == shape.UnixTimestamp {
		seconds, err := s.float64()
		if err != nil {
			return time.Time{}, err
		}
		return shape.FromSeconds(seconds)
	}
	text, err := s.text()
	if err != nil {
		return time.Time{}, err
	}
	return c.format.Parse(string(text))
}

func (c timeCodec) append(dst []byte, v reflect.Value) ([]byte, error) {
	t := v.Interface().(time.Time)
	if c.format == shape.UnixTimestamp {
		return c.format.Append(dst, t), nil
	}
	return append(c.format.Append(append(dst, '"'), t), '"'), nil
}

// blobCodec reads and writes base64.
type blobCodec struct{}

func (blobCodec) decode(s *scanner, v reflect.Value) error {
	text, err := s.text()
	if err != nil {
		return err
	}
	blob, err := base64.StdEncoding.AppendDecode(make([]byte, 0, base64.StdEncoding.DecodedLen(len(text))), text)
	if err != nil {
		return shape.Problem("expected base64")
	}
	v.SetBytes(blob)
	return nil
}

func (blobCodec) append(dst []byte, v reflect.Value) ([]byte, error) {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, v.Bytes())
	return append(dst, '"'), nil
}

// documentCodec passes free-form JSON through unread.
type documentCodec struct{}

func (documentCodec) decode(s *scanner, v reflect.Value) error {
	s.peek()
	start := s.pos
	if err := s.skip(); err != nil {
		return err
	}
	v.SetBytes(slices.Clone(s.data[start:s.pos]))
	return nil
}

func (documentCodec) append(dst []byte, v reflect.Value) ([]byte, error) {
	if !json.Valid(v.Bytes()) {
		return dst, shape.Problem("the document is not JSON")
	}
	return append(dst, v.Bytes()...), nil
}
